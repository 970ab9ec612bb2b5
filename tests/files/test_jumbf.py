"""JUMBF boxes in APP11 segments: of any length there and back; cut, doubled and shuffled packets are named."""

import struct

import pytest
from file_cases import segment
from jpeg_cases import jpeg

import fastperturb as fp
from fastperturb.files import jumbf
from fastperturb.files.jpeg import read_header
from fastperturb.files.jumbf import JSON_CONTENT, PROTECTION_CONTENT, Packets, Superbox

SMALL = Superbox(JSON_CONTENT, "fastperturb.a", ((b"json", b"{}"),))
LARGE = Superbox(PROTECTION_CONTENT, "fastperturb.b", ((b"pspd", b"\0x\0"), (b"bidb", bytes(range(256)) * 800)))


def read(bodies, prefix="fastperturb."):
    packets = Packets()
    for body in bodies:
        packets.add(body)
    return packets.boxes(prefix)


def test_boxes_of_any_length_there_and_back():
    bodies = jumbf.segments([SMALL, LARGE])
    assert [len(body) for body in bodies[1:4]] == [65_525, 65_525, 65_525]
    assert len(bodies) == 5
    assert read(bodies) == [SMALL, LARGE]
    assert read(bodies, "fastperturb.b") == [LARGE]
    assert read(bodies, "other.") == []


def test_the_bytes_are_those_of_the_standard():
    (body,) = jumbf.segments([SMALL])
    description = struct.pack(">I4s", 39, b"jumd") + JSON_CONTENT + b"\3fastperturb.a\0"
    content = struct.pack(">I4s", 10, b"json") + b"{}"
    length = 8 + len(description) + len(content)
    assert body == b"JP" + struct.pack(">HII4s", 1, 1, length, b"jumb") + description + content


def test_every_packet_of_a_box_repeats_its_length_and_type():
    for number, body in enumerate(jumbf.segments([LARGE]), 1):
        assert body[:2] == b"JP"
        assert struct.unpack(">HII4s", body[2:16]) == (1, number, len(LARGE.to_bytes()), b"jumb")


def test_boxes_of_others_between_ours_are_stepped_over():
    other = Superbox(JSON_CONTENT, "c2pa", ((b"json", b"1"),))
    bodies = jumbf.segments([SMALL, other, LARGE])
    assert read(bodies) == [SMALL, LARGE]
    for odd in (b"", b"JP", b"XX" + bodies[0][2:], b"JP" + bytes(30), bodies[1][:40]):
        assert read([odd, *bodies]) == [SMALL, LARGE]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda bodies: bodies[:-1], "is cut"),
        (lambda bodies: [bodies[0], bodies[2], bodies[1], *bodies[3:]], "out of order"),
        (lambda bodies: [*bodies, bodies[-1]], "out of order or double"),
        (lambda bodies: [*bodies[:-1], bodies[-1][:-1]], "is cut"),
        (lambda bodies: [*bodies[:-1], bodies[-1] + b"\0"], "is cut"),
    ],
)
def test_damaged_boxes_are_named(change, message):
    with pytest.raises(fp.errors.ImageFileError, match=f"damaged: .*fastperturb.b.* {message}"):
        read(change(jumbf.segments([LARGE])))


def test_a_box_whose_inner_lengths_are_wrong():
    data = bytearray(jumbf.segments([SMALL])[0])
    at = data.rindex(b"json") - 4
    for length in (0, 7, 9, 11, 2**31):
        data[at : at + 4] = struct.pack(">I", length)
        with pytest.raises(fp.errors.ImageFileError, match="JUMBF box is cut"):
            read([bytes(data)])


def with_boxes(*boxes):
    data = jpeg()
    return data[:2] + b"".join(segment(0xEB, body) for body in jumbf.segments(boxes)) + data[2:]


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([Superbox(JSON_CONTENT, "fastperturb.record", ((b"json", b"[" * 10**5),))], "holds no record"),
        ([Superbox(JSON_CONTENT, "fastperturb.record", ((b"json", b'{"a": 1}'),))], "holds no record"),
        ([Superbox(JSON_CONTENT, "fastperturb.record", ())], "must hold one 'json', got 0"),
        ([Superbox(JSON_CONTENT, "fastperturb.record", ((b"json", b"{}"),))] * 2, "two records"),
        ([Superbox(PROTECTION_CONTENT, "fastperturb.seal.0", ((b"bidb", b"1"),))], "seals without their record"),
    ],
)
def test_boxes_of_ours_that_hold_something_else(boxes, message):
    with pytest.raises(fp.errors.ImageFileError, match=message):
        read_header(with_boxes(*boxes))
