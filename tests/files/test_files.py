"""Image files written and read back bit for bit, and files of other makers read right."""

import io
import os
import threading

import cv2
import numpy as np
import pytest
from file_cases import GREY, GREY16, LOSSLESS, RGB, RGB16, RGBA, RGBA16, noise, opened, saved, tiff
from PIL import Image

import fastperturb as fp
from fastperturb.files import FORMATS, read_image, reading, write_image
from fastperturb.files.header import Header

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
    except fp.errors.ImageFileError as error:
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
        except fp.errors.ImageFileError:
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
        **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".jfi", ".pjpeg", ".pjp", ".insp"), "++---"),
    }


def test_webp_refuses_what_it_would_change(tmp_path):
    opaque = noise(9, 9, 4)
    opaque[..., 3] = 255
    clear = noise(9, 9, 4)
    clear[0, 0, 3] = 0
    for image in (opaque, clear):
        with pytest.raises(fp.errors.ImageFileError, match="PNG keeps them"):
            write_image(tmp_path / "x.webp", image)
    with pytest.raises(fp.errors.ImageFileError, match="16383 pixels a side"):
        write_image(tmp_path / "x.webp", np.zeros((1, 16384, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []


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


def test_a_header_says_nothing_that_it_does_not_know():
    assert Header("PNG", 3, 4).texts == {}
    assert Header("PNG", 3, 4).orientation == 1


def test_bytes_are_decoded_as_files_are(tmp_path):
    data = saved(Image.fromarray(RGB), "PNG")
    for form in (data, bytearray(data), memoryview(data)):
        assert np.array_equal(reading.decode(form).pixels, RGB)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_read_to_its_end_though_it_has_no_size(tmp_path):
    image, pipe = noise(200, 200, 3), tmp_path / "pipe"  # more than a pipe holds at a time
    write_image(tmp_path / "a.png", image)
    os.mkfifo(pipe)
    feeder = threading.Thread(target=lambda: pipe.write_bytes((tmp_path / "a.png").read_bytes()))
    feeder.start()
    assert np.array_equal(read_image(pipe).pixels, image)
    feeder.join()
