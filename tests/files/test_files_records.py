"""Records made by hand, and records in files that somebody spoiled: too large, twice, nested, with odd names."""

import dataclasses
import json
import struct
import tracemalloc

import cv2
import numpy as np
import pytest
from file_cases import RGB, opened, saved, tiff
from PIL import Image
from version_1 import perturb_v1

import fastperturb as fp
from fastperturb.files import png, read_record
from fastperturb.record import MAX_RECORD_BYTES, MAX_REGIONS, RegionRecord


@pytest.fixture
def pair(image, key):
    return perturb_v1(image, [((5, 6, 30, 40), 4, 1000), (fp.Region(-3, 20, 20, 20, "ellipse"), 3, 200)], key)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version must be 1, got 2; a newer release may know it"),
        ({"version": True}, "version must be 1, got True"),
        ({"key_id": "XY"}, "key_id must be 16 lower-case hexadecimal digits, got 'XY'"),
        ({"key_id": b"0" * 16}, "key_id must be 16"),
        ({"key_id": "0" * 16 + "\n"}, "key_id must be 16"),
        ({"nonce": bytes(23)}, "nonce must be 24 bytes"),
        ({"tag": "0" * 32}, "tag must be 16 bytes, got '0000"),
        ({"shape": [60, 80]}, r"shape must have 2 or 3 numbers, got \[60, 80\]"),
        ({"shape": (60, 80, 5)}, r"shape\[2\] must be a whole number from 1 to 4, got 5"),
        ({"shape": (60.0, 80)}, r"shape\[0\] must be a whole number"),
        ({"dtype": "float64"}, "dtype must be one of uint8, uint16, float32, got 'float64'"),
        ({"dtype": np.uint8}, "dtype must be one of"),
        ({"regions": ()}, "regions must name 1 to 65535 regions, got 0"),
        ({"regions": ((5, 6, 30, 40),)}, "regions must be a tuple of RegionRecord"),
        ({"regions": []}, "regions must be a tuple of RegionRecord"),
    ],
)
def test_a_record_made_by_hand_is_checked_too(pair, change, message):
    with pytest.raises(fp.errors.RecordError, match=message):
        dataclasses.replace(pair[1], **change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"region": (5, 6, 30, 40)}, "region must be a Region, got tuple"),
        ({"window": 1}, "window must be a whole number from 2"),
        ({"window": 2.5}, "window must be a whole number"),
        ({"pixels": -1}, "pixels must be a whole number from 0"),
        ({"moved": True}, "moved must be a whole number"),
    ],
)
def test_a_region_of_a_record_made_by_hand_is_checked_too(pair, change, message):
    with pytest.raises(fp.errors.RecordError, match=message):
        dataclasses.replace(pair[1].regions[0], **change)


def test_the_largest_record_is_read_and_more_is_refused_before_it_is_parsed(pair):
    far = 2**31 - 1
    item = RegionRecord(fp.Region(-far, -far, far, far), far, far, far)
    largest = dataclasses.replace(pair[1], regions=(item,) * MAX_REGIONS)
    text = largest.to_json(indent=1)
    assert len(text) < MAX_RECORD_BYTES
    assert fp.Record.from_json(text) == largest
    for longer in (text.ljust(MAX_RECORD_BYTES + 1), text.ljust(MAX_RECORD_BYTES + 1).encode()):
        with pytest.raises(fp.errors.RecordError, match="up to 16777216 bytes, got 16777217"):
            fp.Record.from_json(longer)


def test_errors_of_records_are_short_and_can_be_printed(pair):
    data = json.loads(pair[1].to_json())
    names = {f"\x1b[31m{number}\n" + "x" * 1000: 0 for number in range(50)}
    long = "\x1b\n" * 10_000
    spoilt = [
        {**data, **names},
        {**data, "version": long},
        {**data, "dtype": long},
        {**data, "regions": [{**data["regions"][0], "shape": long}]},
        {**data, "regions": [{**data["regions"][0], "x": long}]},
        {**data, "regions": [{**data["regions"][0], **names}]},
    ]
    for case in spoilt:
        with pytest.raises(fp.errors.RecordError) as caught:
            fp.Record.from_json(json.dumps(case))
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 600
    with pytest.raises(fp.errors.RecordError, match=r"has unknown .* and 45 more"):
        fp.Record.from_json(json.dumps(spoilt[0]))


def png_with(*texts):
    parts = png.with_chunks([saved(Image.fromarray(RGB), "PNG")], None, {})
    chunks = [png.chunk(b"tEXt", text) for text in texts]
    return b"".join([bytes(parts[0]), *chunks, bytes(parts[1])])


def webp_with(*blocks):
    data = saved(Image.fromarray(RGB), "WEBP", lossless=True)
    data += b"".join(struct.pack("<4sI", b"fpTX", len(block)) + block + bytes(len(block) % 2) for block in blocks)
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


def jpeg_with(*comments):
    data = saved(Image.fromarray(cv2.GaussianBlur(RGB, (0, 0), 4)), "JPEG")
    return data[:2] + b"".join(struct.pack(">BBH", 0xFF, 0xFE, 2 + len(c)) + c for c in comments) + data[2:]


def tiff_with(*blocks):
    return tiff(RGB, photometric="rgb", extratags=[(65_111, 7, len(block), block, True) for block in blocks])


DEEP = b"[" * 60_000


@pytest.mark.parametrize("make", [webp_with, jpeg_with, tiff_with])
def test_a_block_of_another_program_is_no_text_of_ours_however_deep(tmp_path, make):
    for block in (DEEP, b'{"fastperturb-job":' + DEEP, b'["fastperturb-job"]', b'{"fastperturb-job": 7}', b"\xff"):
        picture = opened(tmp_path, make(block))
        assert picture.pixels.shape == RGB.shape
        assert picture.texts == {}
    assert opened(tmp_path, make(b'{"fastperturb-job": "x", "other": "y"}')).texts == {"fastperturb-job": "x"}


@pytest.mark.parametrize("make", [png_with, webp_with, jpeg_with])
def test_two_records_in_one_file_are_refused(tmp_path, pair, make):
    text = pair[1].to_json()
    block = f"fastperturb-record\0{text}" if make is png_with else json.dumps({"fastperturb-record": text})
    assert opened(tmp_path, make(block.encode())).texts == {"fastperturb-record": text}
    with pytest.raises(fp.errors.ImageFileError, match="two texts by the keyword 'fastperturb-record'"):
        opened(tmp_path, make(block.encode(), block.encode()))


def test_two_records_in_one_block_or_tag_are_refused(tmp_path):
    twice = b'{"fastperturb-record": "x", "fastperturb-record": "y"}'
    for make in (webp_with, jpeg_with, tiff_with):
        with pytest.raises(fp.errors.ImageFileError, match="two texts by the keyword 'fastperturb-record'"):
            opened(tmp_path, make(twice))
    data = bytearray(tiff_with(b'{"fastperturb-record": "x"}'))
    place = data.index(struct.pack("<HH", 65_111, 7))
    data[place - 12 : place - 10] = struct.pack("<H", 65_111)
    with pytest.raises(fp.errors.ImageFileError, match="two tags 65111"):
        opened(tmp_path, data)


def test_a_record_that_would_fill_the_memory_is_refused_before_it_is_parsed(tmp_path):
    bomb = b"[[],[]," * 2_500_000
    for make, head in ((png_with, b"fastperturb-record\0"), (webp_with, b'{"fastperturb-record":')):
        path = tmp_path / "bomb"
        path.write_bytes(make(head + bomb))
        tracemalloc.start()
        try:
            with pytest.raises(fp.errors.RecordError, match=r"up to 16777216 bytes|no record inside"):
                read_record(path)
            assert tracemalloc.get_traced_memory()[1] < 6 * len(bomb)
        finally:
            tracemalloc.stop()
