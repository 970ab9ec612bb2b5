"""Metadata of broken, lying and hostile files and seals: read or refused by our own error, soon, in little memory."""

import contextlib
import struct
import zlib

import pytest
from bounds import bounded
from file_cases import saved, segment
from hypothesis import given
from hypothesis import strategies as st
from metadata_files import EVERY_PLACE, LETTERS, RGB, camera_exif, directory, png_places, webp_of, xmp_of
from PIL import Image

from fastperturb.errors import ImageFileError, RecordError
from fastperturb.files import exact_bytes
from fastperturb.files.exif_tags import all_tags, upright, write_exif
from fastperturb.files.metadata import choose, put_back, read_metadata, sealed_metadata, to_seal
from fastperturb.files.metadata_choice import CHOICES
from fastperturb.files.metadata_exif import chosen_tags
from fastperturb.files.metadata_jpeg import join_jpeg, kept_segments, original_segments, split_segments
from fastperturb.files.metadata_sealed import MAX_BYTES, SealedFile, pack_sealed, padded_length, unpack_sealed
from fastperturb.files.metadata_xmp import MAX_XMP_BYTES, chosen_properties, write_xmp
from fastperturb.files.png import chunk

EVERYTHING = frozenset(CHOICES)
SAMPLES = [data for kind, name, data in EVERY_PLACE if "maker note" in name or name in ("C2PA", "caBX", "MPF", "JFXX")]
JPEG = saved(Image.fromarray(RGB), "JPEG")
SEALED = pack_sealed(
    SealedFile("photo.jpg", "JPEG", 7, segment(0xE1, b"Exif\0\0" + camera_exif()), b"behind", b"bytes")
)


@st.composite
def broken(draw, originals):
    data = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(data) - 1))
        data[place] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(1, len(data)))] if draw(st.booleans()) else data)


@given(broken([*SAMPLES, JPEG, webp_of((b"EXIF", camera_exif(">")), (b"XMP ", xmp_of()))]))
def test_broken_files(data):
    with bounded(1, 40):
        try:
            metadata = read_metadata(data)
            choose(metadata, EVERYTHING)
            sealed = unpack_sealed(pack_sealed(to_seal(metadata)))
            put_back(sealed, "PNG", grey=False)
            if metadata.format == "JPEG":
                join_jpeg(data, kept_segments(data, EVERYTHING))
        except ImageFileError:
            pass


@given(broken([camera_exif("<"), camera_exif(">"), camera_exif(thumbnail=b"x" * 99)]))
def test_broken_exif(block):
    with bounded(1, 20):
        tags = chosen_tags(block, EVERYTHING, orientation=None)
        assert len(write_exif(tags)) < 9000
        again = write_exif(all_tags(block))
        assert len(again) <= len(block) + 6 + 3 * 2000 * 13
        assert len(upright(block)) == len(block)


@given(
    broken([xmp_of(), xmp_of("<dc:rights>x</dc:rights>"), xmp_of().decode().encode("utf-16")]) | st.binary(max_size=300)
)
def test_broken_xmp(packet):
    with bounded(1, 20):
        written = write_xmp(chosen_properties(packet, EVERYTHING))
        assert chosen_properties(written, EVERYTHING) == chosen_properties(packet, EVERYTHING)


@given(st.binary(max_size=200), st.sampled_from(["JPEG", "PNG", "WebP", "TIFF", "HEIF", "BMP", ""]))
def test_sealed_parts_of_anybody(parts, name):
    sealed = SealedFile("a.png", name, 0, parts)
    for target in ("PNG", "WebP", "TIFF", "JPEG"):
        with contextlib.suppress(RecordError):
            put_back(sealed, target, grey=True)


@given(broken([SEALED]))
def test_broken_seals(data):
    try:
        sealed = unpack_sealed(data)
    except RecordError:
        return
    assert pack_sealed(sealed) == data
    try:
        original_segments(sealed)
    except RecordError:
        assert sealed.parts != unpack_sealed(SEALED).parts or sealed.format != "JPEG"


@pytest.mark.parametrize("keep", [frozenset(), EVERYTHING])
def test_tags_that_all_name_the_same_bytes(keep):
    entries = [(1000 + i, 7, 30_000, bytes(8)) for i in range(2500)]
    block = b"II*\0" + struct.pack("<I", 8) + directory(entries, 8)
    block = block.replace(bytes(8), struct.pack("<II", 8, 8)) + bytes(30_000)
    with bounded(1, 40):
        chosen_tags(block, keep)
        assert len(write_exif(all_tags(block))) < 2 * len(block)


def test_directories_that_point_to_themselves():
    block = (
        b"II*\0" + struct.pack("<I", 8) + directory([(0x8769, 4, 1, b"\x08\0\0\0"), (0x8825, 4, 1, b"\x08\0\0\0")], 8)
    )
    with bounded(1, 10):
        assert not all_tags(block)
        assert not chosen_tags(block, EVERYTHING)


def test_xmp_that_would_fill_the_memory_is_not_read():
    entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10 if i else "x" * 99}">' for i in range(12))
    bomb = f'<!DOCTYPE x [{entities}]><x xmlns:GPano="http://ns.google.com/photos/1.0/panorama/">&a11;</x>'.encode()
    outside = b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'
    deep = b"<a>" * 100_000 + b"</a>" * 100_000
    wide = xmp_of("", " ".join(f'dc:a{i}="{i}"' for i in range(40_000)))
    long = xmp_of(f"<dc:rights>{'word ' * 150_000}</dc:rights>")
    with bounded(3, 60):
        for packet in (bomb, outside, deep, long, wide):
            assert chosen_properties(packet, EVERYTHING - {"pano", "date"}) == {}
        assert chosen_properties(xmp_of() + b" " * MAX_XMP_BYTES, EVERYTHING) == {}


def test_many_properties_of_one_name_stay_few():
    inside = "".join(f"<dc:subject><rdf:Bag><rdf:li>{i}</rdf:li></rdf:Bag></dc:subject>" for i in range(5000))
    found = chosen_properties(xmp_of(inside), EVERYTHING)
    assert len(found["dc:subject"]) == 50


@pytest.mark.parametrize(
    "name", ["../x.jpg", "a/b.jpg", "..", ".", "a\\b.jpg", "a\0.jpg", "a\n.jpg", "\u202egpj.exe", "x" * 1025, "\ud800"]
)
def test_names_are_no_paths(name):
    with pytest.raises(ValueError, match="a name must"):
        pack_sealed(SealedFile(name))
    raw = name.encode("utf-8", "surrogatepass")
    body = b"fastperturb metadata\1" + struct.pack("<BI", 1, len(raw)) + raw
    rest = padded_length(len(body) + 5) - len(body) - 5
    with pytest.raises(RecordError, match="name no file"):
        unpack_sealed(body + struct.pack("<BI", 0, rest) + bytes(rest))


def _sealed(*items, rest=None, tail=b""):
    body = b"fastperturb metadata\1" + b"".join(struct.pack("<BI", kind, len(data)) + data for kind, data in items)
    rest = padded_length(len(body) + 5) - len(body) - 5 if rest is None else rest
    return body + struct.pack("<BI", 0, rest) + bytes(rest) + tail


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "form"),
        (b"fastperturb metadata\2", "form"),
        (b"fastperturb metadata\1", "cut short"),
        (_sealed()[:-1], "cut short"),
        (_sealed(tail=b"\0"), "zeros"),
        (_sealed()[:-1] + b"\1", "zeros"),
        (_sealed(rest=5), "padded"),
        (_sealed(rest=4096 * 3), "padded"),
        (_sealed((2, b"PNG"), (1, b"a")), "item 1"),
        (_sealed((1, b"a"), (1, b"a")), "item 1"),
        (_sealed((1, b"")), "item 1 of 0"),
        (_sealed((7, b"a")), "item 7"),
        (_sealed((1, b"\xff")), "name no file"),
        (_sealed((2, b"P/G")), "name no format"),
        (_sealed((2, b"P" * 17)), "name no format"),
        (_sealed((2, b"\xff")), "name no file"),
        (_sealed((3, bytes(7))), "name no file"),
    ],
)
def test_what_is_not_exactly_sealed_metadata_is_refused(data, why):
    with pytest.raises(RecordError, match=why):
        unpack_sealed(data)


def test_a_length_that_nothing_has_takes_no_memory():
    with bounded(1, 5), pytest.raises(RecordError, match="cut short"):
        unpack_sealed(b"fastperturb metadata\1" + struct.pack("<BI", 4, 2**32 - 1) + bytes(99))


def test_the_most_that_can_be_sealed():
    most = MAX_BYTES - len(b"fastperturb metadata\1") - 10
    assert len(pack_sealed(SealedFile(parts=bytes(most)))) == MAX_BYTES
    with pytest.raises(ValueError, match="up to 16777208 bytes to be sealed"):
        pack_sealed(SealedFile(parts=bytes(most + 1)))
    with pytest.raises(ValueError, match="64 bits"):
        pack_sealed(SealedFile(changed=2**63))
    assert padded_length(1) == 4088


@pytest.mark.parametrize(
    "raw", [b"\xff\xe1\0\1", b"\xff\xe1\0", b"\xff\xda\0\2", b"\xff\xc0\0\2", b"\xff\xe1\0\7abc", b"x"]
)
def test_parts_that_are_no_metadata_of_a_jpeg(raw):
    with pytest.raises(RecordError, match="whole segments"):
        list(split_segments(raw))
    with pytest.raises(RecordError):
        original_segments(SealedFile(format="PNG"))


@pytest.mark.parametrize("kind", [b"IHDR", b"IEND", b"PLTE", b"tRNS", b"acTL", b"fdAT", b"fpSL", b"te t", b"\xffabc"])
def test_chunks_that_pixels_need_do_not_come_out_of_a_seal(kind):
    raw = struct.pack("<4sI", kind, 0)
    with pytest.raises(RecordError, match="whole chunks of a PNG"):
        sealed_metadata(SealedFile(format="PNG", parts=raw))
    for webp in (b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"fpSL", b"fpTX", b"a\0bc"):
        with pytest.raises(RecordError, match="whole chunks of a WebP"):
            sealed_metadata(SealedFile(format="WebP", parts=struct.pack("<4sI", webp, 0)))
    with pytest.raises(RecordError, match="format that holds some"):
        sealed_metadata(SealedFile(format="BMP", parts=b"x"))


def test_a_text_of_a_png_that_inflates_to_much_is_bounded():
    plain = next(png_places())[1]
    packed = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(2**26))
    data = (
        plain[:33] + chunk(b"iTXt", packed) + chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(bytes(2**26)))
    )
    with bounded(2, 30):
        assert read_metadata(data + plain[33:]).xmp == b""
        assert LETTERS not in read_metadata(data + plain[33:]).exif


def test_chunks_that_no_seal_could_give_back_are_refused_by_name():
    with pytest.raises(ImageFileError, match="four printable characters, and one is"):
        read_metadata(webp_of((b"\0P8X", b"x")))
    with pytest.raises(ImageFileError, match="may be 10000 chunks, and here are 10001"):
        read_metadata(webp_of(*[(b"note", b"")] * 10_001))
    many = b"".join(chunk(b"tEXt", b"a\0b") for _ in range(10_001))
    plain = next(data for data in SAMPLES if data.startswith(b"\x89PNG"))
    with pytest.raises(ImageFileError, match="may be 10000 chunks, and here are 100"):
        read_metadata(plain[:33] + many + plain[33:])
    assert read_metadata(webp_of(*[(b"note", b"")] * 10_000)).format == "WebP"


def test_a_bomb_for_very_files_is_refused_before_it_is_unpacked(monkeypatch):
    stream = zlib.compress(bytes(2**26), 9) + b"\0"
    for length in (exact_bytes.MAX_CONTENT + 1, 2**32 - 1):
        with bounded(1, 8), pytest.raises(RecordError, match="must be at most 268435456 bytes"):
            exact_bytes.unpack_exact(struct.pack("<B32sI", exact_bytes.WHOLE, bytes(32), length) + stream)
    with bounded(1, 8), pytest.raises(RecordError, match="must hold 5 bytes"):
        exact_bytes.unpack_exact(struct.pack("<B32sI", exact_bytes.WHOLE, bytes(32), 5) + stream)
    monkeypatch.setattr(exact_bytes, "MAX_CONTENT", 9)
    assert exact_bytes.unpack_exact(exact_bytes.pack_exact(exact_bytes.WHOLE, b"9" * 9, b"9" * 9)).content == b"9" * 9
    with pytest.raises(ImageFileError, match="would need 10 bytes, and 9 can be kept"):
        exact_bytes.pack_exact(exact_bytes.WHOLE, b"", bytes(10))
