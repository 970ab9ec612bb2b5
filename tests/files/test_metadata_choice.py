"""What goes on in the clear by choice, as Pillow reads it; what is put back on restoring."""

import io
import struct

import numpy as np
import pytest
from file_cases import SRGB, saved
from metadata_files import EVERY_PLACE, PANO, PICTURE, RGB, camera_exif, exif_of, tiff_of, webp_of, xmp_of
from PIL import Image

from fastperturb.errors import ImageFileError
from fastperturb.files.exif_tags import all_tags, upright, write_exif
from fastperturb.files.metadata import choose, put_back, read_metadata, to_seal
from fastperturb.files.metadata_choice import CHOICES, clean_text, keep_text, parse_keep
from fastperturb.files.metadata_jpeg import join_jpeg, kept_segments, left_out, original_segments
from fastperturb.files.metadata_sealed import pack_sealed, unpack_sealed
from fastperturb.files.reading import decode
from fastperturb.files.writing import encode

TARGETS = ("PNG", "WebP", "TIFF", "JPEG")
CAMERA, DATE, PLACE = {0x10F, 0x110, 0x829A, 0x8827}, {0x132, 0x9003, 0x9011}, {1, 2, 3, 4, 0x11}


def read_back(data):
    """(tags of the first two directories, tags of the position, XMP packet) as Pillow reads them."""
    with Image.open(io.BytesIO(data)) as image:
        exif = image.getexif()
        xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or exif.get(700) or b""
        return {**exif, **exif.get_ifd(0x8769)}, exif.get_ifd(0x8825), xmp if isinstance(xmp, bytes) else xmp.encode()


def written(data, target, keep):
    picture = decode(data)
    blocks = choose(read_metadata(data), parse_keep(keep))
    return b"".join(encode(picture.pixels, target, icc=picture.icc, blocks=blocks))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("keep", ["none", "camera", "date", "place", "date,place", "all"])
def test_what_is_chosen_goes_on_and_nothing_else(target, keep, order):
    data = webp_of((b"EXIF", camera_exif(order)), (b"XMP ", xmp_of()))
    tags, gps, _ = read_back(written(data, target, keep))
    wanted = parse_keep(keep)
    assert set(tags) & CAMERA == (CAMERA if "camera" in wanted else set())
    assert set(tags) & DATE == (DATE if "date" in wanted else set())
    assert set(gps) & PLACE == (PLACE if "place" in wanted else set())
    assert (0x1D in gps) == ("date" in wanted)
    assert not {0x13B, 0xA431, 0x112, 0x927C} & set(tags) or target == "TIFF"
    if "place" in wanted:
        assert gps[2] == (52.0, 30.0, 15.5)
        assert gps[0x11] == 270.5
    if "camera" in wanted:
        assert (tags[0x110], tags[0x8827], float(tags[0x829A])) == ("Acme One", 200, 0.01)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("packet", [xmp_of(), xmp_of("<GPano:FullPanoWidthPixels>400</GPano:FullPanoWidthPixels>", "")])
def test_a_panorama_stays_one_if_it_is_asked_for(target, packet):
    data = webp_of((b"XMP ", packet))
    assert b">400<" in read_back(written(data, target, "pano"))[2]
    assert b"CreateDate" not in read_back(written(data, target, "pano"))[2]
    assert read_back(written(data, target, "all"))[2].count(b"CreateDate") == (2 if PANO.encode() in packet else 0)
    assert not read_back(written(data, target, "date"))[2].count(b"GPano")


def test_a_turned_jpeg_whose_coefficients_stay_keeps_its_tag_and_no_other():
    plain = saved(
        Image.fromarray(RGB), "JPEG", exif=b"Exif\0\0" + camera_exif(orientation=6), icc_profile=SRGB, xmp=xmp_of()
    )
    tags, gps, xmp = read_back(join_jpeg(plain, kept_segments(plain, parse_keep("none"))))
    assert (tags, gps, xmp) == ({0x112: 6}, {}, b"")
    upright_tags = read_back(join_jpeg(plain, kept_segments(plain, parse_keep("none"), orientation=1)))[0]
    assert upright_tags == {}
    kept = kept_segments(plain, parse_keep("icc,camera"))
    with Image.open(io.BytesIO(join_jpeg(plain, kept))) as image:
        assert image.getexif()[0x110] == "Acme One"
        assert image.info["icc_profile"] == decode(plain).icc
        assert np.array_equal(np.array(image), np.array(Image.open(io.BytesIO(plain))))


@pytest.mark.parametrize("orientation", [0, 1, 9])
def test_a_jpeg_that_stands_upright_needs_no_tag(orientation):
    plain = saved(Image.fromarray(RGB), "JPEG", exif=b"Exif\0\0" + camera_exif(orientation=orientation))
    assert read_back(join_jpeg(plain, kept_segments(plain, parse_keep("none"))))[0] == {}


@pytest.mark.parametrize(("kind", "name", "data"), EVERY_PLACE)
def test_what_was_sealed_is_put_back_as_it_was(kind, name, data):
    before = read_metadata(data)
    sealed = unpack_sealed(pack_sealed(to_seal(before)))
    if kind == "JPEG":
        bare = join_jpeg(data, [])
        assert not read_metadata(bare).parts
        back = join_jpeg(bare, original_segments(sealed), sealed.trailer)
        assert read_metadata(back) == before
        if name != "between scans":  # they come back before the first
            assert back == data
        assert unpack_sealed(left_out(data, name="a.jpg")).parts == before.parts
        return
    picture = decode(data)
    parts = encode(picture.pixels, kind, icc=picture.icc, blocks=put_back(sealed, kind, grey=False))
    assert read_metadata(b"".join(parts) + sealed.trailer).parts == before.parts
    assert np.array_equal(decode(b"".join(parts)).pixels, picture.pixels)


@pytest.mark.parametrize("target", ["PNG", "WebP", "TIFF"])
def test_metadata_come_back_in_another_format_too(target):
    data = saved(
        Image.fromarray(RGB), "JPEG", exif=b"Exif\0\0" + camera_exif(orientation=6), icc_profile=SRGB, xmp=xmp_of()
    )
    pixels = decode(data).pixels
    blocks = put_back(unpack_sealed(left_out(data)), target, grey=False)
    out = b"".join(encode(pixels, target, blocks=blocks))
    tags, gps, xmp = read_back(out)
    assert (tags[0x13B], tags[0xA431], tags.get(0x112, 1)) == ("Zaphod Beeblebrox", "SERIAL-4711", 1)
    assert gps[0x11] == 270.5
    assert xmp == xmp_of()
    assert read_metadata(out).icc == SRGB
    assert np.array_equal(decode(out).pixels, pixels)


def test_a_turned_picture_comes_back_upright_with_a_tag_that_says_so():
    exif, xmp = (
        camera_exif(orientation=6),
        xmp_of("", 'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"'),
    )
    data = webp_of((b"EXIF", exif), (b"XMP ", xmp))
    out = b"".join(
        encode(decode(data).pixels, "WebP", blocks=put_back(to_seal(read_metadata(data)), "WebP", grey=False))
    )
    assert np.array_equal(decode(out).pixels, np.rot90(RGB, -1))
    assert read_back(out)[0][0x112] == 1
    assert b'tiff:Orientation="1"' in read_back(out)[2]
    assert len(read_metadata(out).exif) == len(exif)


def test_a_profile_of_other_pixels_is_not_put_back():
    grey = saved(Image.fromarray(RGB[..., 0]), "PNG", icc_profile=SRGB)
    blocks = put_back(to_seal(read_metadata(grey)), "PNG", grey=True)
    assert b"iCCP" not in [kind for kind, _ in blocks.own]
    assert put_back(to_seal(read_metadata(grey)), "TIFF", grey=True).icc is None


def test_every_tag_survives_from_one_byte_order_to_the_other():
    little, big = camera_exif("<"), camera_exif(">")
    assert write_exif(all_tags(little)) == write_exif(all_tags(big))
    assert all_tags(write_exif(all_tags(big))) == all_tags(little)
    assert upright(camera_exif(">", orientation=6)) == camera_exif(">", orientation=1)
    assert upright(b"Exif\0\0" + camera_exif(orientation=3)) == b"Exif\0\0" + camera_exif(orientation=1)


def test_a_tiff_keeps_its_pixels_and_tells_its_own_tags():
    data = tiff_of([(0x010F, b"Acme"), (0x0132, b"2024:05:06 07:08:09")], [(0x9003, 2, 20, b"2024:05:06 07:08:09\0")])
    tags = read_back(written(data, "PNG", "all"))[0]
    assert (tags[0x10F], tags[0x132], tags[0x9003]) == ("Acme", "2024:05:06 07:08:09", "2024:05:06 07:08:09")
    assert read_metadata(data).exif
    assert decode(data).pixels.tobytes() == RGB.tobytes()


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (0x0132, b"yesterday"),
        (0x0132, b"2024:05:06 07:08:09 and more"),
        (0x010F, b"x" * 65),
        (0x010F, b"\xff\xfe\x01"),
        (0x010F, b""),
        (0x0110, b"one\ntwo"),
    ],
)
def test_values_that_are_not_what_they_must_be_are_left_out(tag, value):
    data = webp_of((b"EXIF", exif_of([(tag, value)])))
    assert choose(read_metadata(data), parse_keep("all")).exif == b""


def test_numbers_of_other_types_and_counts_are_left_out():
    short = struct.pack("<H", 7)
    for entry in [
        (0x8827, 3, 3, short * 3),
        (0x829A, 10, 1, bytes(8)),
        (0x8822, 7, 1, b"\1"),
        (0x8822, 4, 2, bytes(8)),
    ]:
        assert choose(read_metadata(webp_of((b"EXIF", exif_of([], [entry])))), parse_keep("all")).exif == b""
    wide = exif_of([], [(0x8822, 4, 1, struct.pack("<I", 2))])
    assert read_back(written(webp_of((b"EXIF", wide)), "PNG", "all"))[0][0x8822] == 2


def test_choices_are_named():
    assert parse_keep("all") == frozenset(CHOICES) - {"credit", "names"}
    assert parse_keep("none") == frozenset()
    assert parse_keep(" date, place ") == {"date", "place"}
    assert keep_text(parse_keep("place,date")) == "date,place"
    assert keep_text(frozenset()) == "none"
    for text in ("", "everything", "none,date", "date,,place", "Date"):
        with pytest.raises(ValueError, match=r"keep must name some of .*, or 'all', or be 'none' alone"):
            parse_keep(text)


def test_texts_are_lines_of_words():
    assert clean_text("  two\n\tlines ", 50) == "two lines"
    assert clean_text("x" * 51, 50) is None
    assert clean_text("\0\1", 50) is None
    assert clean_text("家" * 150, 200) == "家" * 150
    assert clean_text("Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz", 100) is not None
    assert clean_text("word " * 300, 2000) == ("word " * 300).strip()
    assert clean_text("q" * 101, 200) is None
    assert clean_text(" ".join(["A1b2" * 5] * 60), 2000) is None


def test_a_damaged_jpeg_is_refused_and_not_written_in_part():
    plain = saved(Image.fromarray(RGB), "JPEG")
    for data in (plain[:-2], plain[:10], b"\xff\xd8\xff" + b"\xe0\0\1"):
        with pytest.raises(ImageFileError):
            kept_segments(data)
        with pytest.raises(ImageFileError):
            join_jpeg(data, [])


def test_trailers_too_long_to_be_sealed_are_left_out_for_good():
    plain = saved(Image.fromarray(RGB), "JPEG", comment=PICTURE)
    whole = plain + bytes(2**24)
    sealed = unpack_sealed(left_out(whole, name="long.jpg"))
    assert (sealed.name, sealed.trailer) == ("long.jpg", b"")
    assert sealed.parts == read_metadata(plain).parts
    assert to_seal(read_metadata(whole), name="long.jpg").trailer == b""
