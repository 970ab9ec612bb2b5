"""Image files written and read back bit for bit, files of other makers read right, orientation, profiles, records."""

import io
import json
import struct
import zlib

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

import fastperturb as fp
from fastperturb.files import FORMATS, png, read_image, read_record, reading, write_image
from fastperturb.files.header import Header

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LOSSLESS = [suffix for suffix, name in FORMATS.items() if name != "JPEG"]


def noise(*shape, dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(image, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, image, **options)
    return buffer.getvalue()


def opened(tmp_path, data, name="file"):
    path = tmp_path / name
    path.write_bytes(data)
    return read_image(path)


SHAPES = [((40, 61), np.uint8), ((40, 61, 3), np.uint8), ((40, 61, 4), np.uint8)]
SHAPES += [(shape, np.uint16) for shape, _ in SHAPES] + [((1, 1), np.uint8), ((1, 1, 3), np.uint16)]


@pytest.mark.parametrize(("shape", "dtype"), SHAPES, ids=str)
@pytest.mark.parametrize("suffix", LOSSLESS)
def test_what_is_written_is_read_back_bit_for_bit_or_refused(tmp_path, suffix, shape, dtype):
    image = noise(*shape, dtype=dtype)
    if shape[-1] == 4:
        image[:20, ..., 3] = 0  # colours under full transparency count too
    path = tmp_path / f"image{suffix}"
    try:
        write_image(path, image)
    except fp.ImageFileError as error:
        assert "PNG keeps them" in str(error)  # noqa: PT017
        assert not path.exists()
        assert suffix != ".png"
        return
    picture = read_image(path)
    assert picture.pixels.dtype == dtype
    assert np.array_equal(picture.pixels, image)
    assert picture.pixels.shape == shape
    assert picture.pixels.flags.c_contiguous
    assert picture.pixels.flags.writeable


def test_formats_hold_what_the_table_says(tmp_path):
    def holds(suffix, *shape, dtype=np.uint8):
        try:
            write_image(tmp_path / f"x{suffix}", np.maximum(noise(*shape, dtype=dtype), 1))
        except fp.ImageFileError:
            return False
        return True

    kinds = [
        ((9, 9), np.uint8),
        ((9, 9, 3), np.uint8),
        ((9, 9, 4), np.uint8),
        ((9, 9), np.uint16),
        ((9, 9, 3), np.uint16),
    ]
    table = {suffix: "".join("-+"[holds(suffix, *shape, dtype=dtype)] for shape, dtype in kinds) for suffix in FORMATS}
    assert table == {
        ".png": "+++++",
        ".tif": "+++++",
        ".tiff": "+++++",
        ".webp": "-++--",
        ".bmp": "++---",
        ".ppm": "-+--+",
        ".pgm": "+--+-",
        ".pnm": "++-++",
        ".jpg": "++---",
        ".jpeg": "++---",
    }


def test_webp_refuses_what_it_would_change(tmp_path):
    opaque = noise(9, 9, 4)
    opaque[..., 3] = 255
    clear = noise(9, 9, 4)
    clear[0, 0, 3] = 0
    for image in (opaque, clear):
        with pytest.raises(fp.ImageFileError, match="PNG keeps them"):
            write_image(tmp_path / "x.webp", image)
    with pytest.raises(fp.ImageFileError, match="16383 pixels a side"):
        write_image(tmp_path / "x.webp", np.zeros((1, 16384, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []


RGB, GREY, RGBA = noise(40, 61, 3), noise(40, 61), noise(40, 61, 4)
RGB16, GREY16, RGBA16 = (
    noise(40, 61, 3, dtype=np.uint16),
    noise(40, 61, dtype=np.uint16),
    noise(40, 61, 4, dtype=np.uint16),
)
GREY_ALPHA = np.dstack((GREY, GREY, GREY, RGBA[..., 3]))
PALETTE = Image.fromarray(RGB).quantize(16)
PALETTE_RGB = np.array(PALETTE.convert("RGB"))
FOREIGN = {
    "png": (saved(Image.fromarray(RGB), "PNG"), RGB),
    "png with grey and alpha": (
        saved(Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(RGBA[..., 3])]), "PNG"),
        GREY_ALPHA,
    ),
    "png with palette": (saved(PALETTE, "PNG"), PALETTE_RGB),
    "png with 1 bit": (saved(Image.fromarray(GREY > 99), "PNG"), np.where(GREY > 99, 255, 0).astype(np.uint8)),
    "png of 16 bit": (saved(Image.fromarray(GREY16), "PNG"), GREY16),
    "webp": (saved(Image.fromarray(RGB), "WEBP", lossless=True), RGB),
    "webp with alpha": (saved(Image.fromarray(RGBA), "WEBP", lossless=True, exact=True), RGBA),
    "bmp": (saved(Image.fromarray(RGB), "BMP"), RGB),
    "grey bmp": (saved(Image.fromarray(GREY), "BMP"), GREY),
    "bmp with palette": (saved(PALETTE, "BMP"), PALETTE_RGB),
    "tiff with alpha": (saved(Image.fromarray(RGBA), "TIFF"), RGBA),
    "tiff with palette": (saved(PALETTE, "TIFF"), PALETTE_RGB),
    "tiff": (tiff(RGB, photometric="rgb"), RGB),
    "tiff of 16 bit": (tiff(RGB16, photometric="rgb"), RGB16),
    "tiff of 16 bit with alpha": (tiff(RGBA16, photometric="rgb", extrasamples=["unassalpha"]), RGBA16),
    "tiff, big-endian": (tiff(RGB16, photometric="rgb", byteorder=">"), RGB16),
    "big tiff": (tiff(GREY16, photometric="minisblack", bigtiff=True), GREY16),
    "tiff, deflated": (tiff(RGB, photometric="rgb", compression="zlib"), RGB),
    "tiff in planes": (tiff(np.moveaxis(RGB, 2, 0).copy(), photometric="rgb", planarconfig="separate"), RGB),
    "tiff, white is zero": (tiff(GREY, photometric="miniswhite"), 255 - GREY),
    "pgm": (b"P5\n# made by hand\n61 40\n255\n" + GREY.tobytes(), GREY),
    "pgm of 16 bit": (b"P5 61 40 65535\n" + GREY16.astype(">u2").tobytes(), GREY16),
    "plain pgm": (b"P2 61 40 255\n" + " ".join(map(str, GREY.ravel())).encode(), GREY),
    "plain ppm": (b"P3 61 40 255\n" + " ".join(map(str, RGB.ravel())).encode(), RGB),
    "ppm": (b"P6 61 40 255\n" + RGB.tobytes(), RGB),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_files_of_other_makers(tmp_path, name):
    data, expected = FOREIGN[name]
    pixels = opened(tmp_path, data).pixels
    assert pixels.shape == expected.shape
    assert pixels.dtype == expected.dtype
    assert np.array_equal(pixels, expected)


def test_transparent_colours_become_alpha(tmp_path):
    sample = int(GREY[3, 4])
    pixels = opened(tmp_path, saved(Image.fromarray(GREY), "PNG", transparency=sample)).pixels
    assert np.array_equal(pixels, np.dstack((GREY, GREY, GREY, np.where(sample == GREY, 0, 255).astype(np.uint8))))
    colour = tuple(RGB[3, 4].tolist())
    pixels = opened(tmp_path, saved(Image.fromarray(RGB), "PNG", transparency=colour)).pixels
    assert np.array_equal(pixels[..., 3] == 0, (colour == RGB).all(axis=2))


def test_jpeg_is_decoded_as_its_maker_does(tmp_path):
    smooth = cv2.GaussianBlur(RGB, (0, 0), 4)
    for image in (smooth, smooth[..., 0].copy()):
        for options in ({}, {"progressive": True}, {"restart_marker_rows": 1}):
            data = saved(Image.fromarray(image), "JPEG", quality=95, **options)
            pixels = opened(tmp_path, data).pixels
            assert pixels.shape == image.shape
            theirs = np.array(Image.open(io.BytesIO(data))).astype(int)
            assert np.abs(pixels.astype(int) - theirs).max() <= 4


def test_the_content_decides_not_the_name(tmp_path):
    picture = opened(tmp_path, saved(Image.fromarray(RGB), "PNG"), "photo.jpg")
    assert picture.format == "PNG"
    assert np.array_equal(picture.pixels, RGB)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientation_is_applied(tmp_path, kind, orientation):
    image = np.zeros((20, 30, 3), np.uint8)
    image[:10, :10] = (250, 0, 0)
    image[10:, 20:] = (0, 0, 250)
    image[:10, 20:] = (0, 250, 0)
    if kind == "TIFF":
        data = tiff(image, photometric="rgb", extratags=[(274, 3, 1, orientation, True)])
    else:
        exif = Image.Exif()
        exif[274] = orientation
        options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}.get(kind, {})
        data = saved(Image.fromarray(image), kind, exif=exif, **options)
    upright = {  # EXIF: where the stored row 0 and column 0 are to be seen
        1: image,
        2: image[:, ::-1],
        3: image[::-1, ::-1],
        4: image[::-1],
        5: image.swapaxes(0, 1),
        6: np.rot90(image, -1),
        7: image[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(image),
    }[orientation]
    pixels = opened(tmp_path, data).pixels
    assert pixels.shape == upright.shape
    assert np.abs(pixels.astype(int) - upright).max() <= (8 if kind == "JPEG" else 0)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("suffix", [".png", ".webp", ".tiff"])
def test_a_profile_is_kept_and_nothing_else(tmp_path, kind, suffix):
    exif = Image.Exif()
    exif[271] = "a camera that nobody must know of"
    text = {"comment": b"a comment"} if kind == "JPEG" else {}
    picture = opened(tmp_path, saved(Image.fromarray(RGB), kind, icc_profile=SRGB, exif=exif, **text))
    assert picture.icc == SRGB
    path = tmp_path / f"out{suffix}"
    write_image(path, picture.pixels, icc=picture.icc)
    assert read_image(path).icc == SRGB
    assert np.array_equal(read_image(path).pixels, picture.pixels)
    with Image.open(path) as image:
        assert image.info["icc_profile"] == SRGB
        assert np.array_equal(np.array(image), picture.pixels)
    assert b"camera" not in path.read_bytes()
    assert b"comment" not in path.read_bytes()


def test_a_jpeg_profile_in_many_parts_is_joined_and_half_a_one_is_none(tmp_path):
    body = SRGB + bytes(200_000)
    data = saved(Image.fromarray(RGB), "JPEG", icc_profile=body)
    assert opened(tmp_path, data).icc == body
    place = data.index(b"ICC_PROFILE\0\x02")
    assert opened(tmp_path, data[:place] + b"ICC_PROFILX" + data[place + 11 :]).icc is None


def test_a_profile_of_another_kind_of_image_is_left_out(tmp_path):
    for image, icc in ((GREY, SRGB), (RGB, SRGB[:16] + b"GRAY" + SRGB[20:]), (RGB, b"nonsense")):
        write_image(tmp_path / "x.png", image, icc=icc)
        assert b"iCCP" not in (tmp_path / "x.png").read_bytes()


@pytest.mark.parametrize("suffix", LOSSLESS)
@pytest.mark.parametrize("inside", [True, False])
def test_a_record_goes_along_and_restores(tmp_path, key, suffix, inside):
    image = noise(50, 60, dtype=np.uint8) if suffix == ".pgm" else noise(50, 60, 3)
    hidden, record = fp.perturb(image, (5, 5, 30, 30), key)
    path = tmp_path / f"photo{suffix}"
    write_image(path, hidden, record, inside=inside)
    beside = tmp_path / f"photo{suffix}.json"
    assert beside.exists() == (suffix in (".bmp", ".ppm", ".pgm", ".pnm") or not inside)
    assert read_record(path) == record
    assert np.array_equal(fp.restore(read_image(path).pixels, read_record(path), key), image)


def test_others_can_read_our_png_and_its_record(tmp_path, key):
    hidden, record = fp.perturb(RGB, (5, 5, 30, 30), key)
    write_image(tmp_path / "x.png", hidden, record, icc=SRGB)
    with Image.open(tmp_path / "x.png") as image:
        assert np.array_equal(np.array(image), hidden)
        assert json.loads(image.info["fastperturb-record"])["key_id"] == key.id


def test_a_record_inside_wins_over_one_beside(tmp_path, key):
    hidden, record = fp.perturb(RGB, (5, 5, 30, 30), key)
    write_image(tmp_path / "x.png", hidden, record)
    (tmp_path / "x.png.json").write_text("not a record")
    assert read_record(tmp_path / "x.png") == record


@given(st.binary(max_size=300), st.sampled_from([b"tEXt", b"iCCP", b"IDAT", b"zzZz"]))
def test_chunks_are_read_as_they_are_written(body, kind):
    head = png.chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    data = png.SIGNATURE + head + png.chunk(kind, body) + png.chunk(b"IEND", b"")
    assert [(name, bytes(part)) for name, part in png.chunks(data)][1:] == [(kind, body)]
    assert zlib.crc32(kind + body) == int.from_bytes(png.chunk(kind, body)[-4:], "big")


def test_a_header_says_nothing_that_it_does_not_know():
    assert Header("PNG", 3, 4).texts == {}
    assert Header("PNG", 3, 4).orientation == 1


def test_bytes_are_decoded_as_files_are(tmp_path):
    data = saved(Image.fromarray(RGB), "PNG")
    for form in (data, bytearray(data), memoryview(data)):
        assert np.array_equal(reading.decode(form).pixels, RGB)
