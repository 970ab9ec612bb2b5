"""Files that are cut short, lie, or hold what would be lost: each is refused by name."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from file_cases import GREY, RGB, RGB16, RGBA, noise, saved, tiff
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import fastperturb as fp
from fastperturb.files import png, read_image, read_record, reading, write_image

SMOOTH = cv2.GaussianBlur(RGB, (0, 0), 3)


WHOLE = {
    "png": saved(Image.fromarray(RGB), "PNG"),
    "jpeg": saved(Image.fromarray(SMOOTH), "JPEG"),
    "progressive jpeg": saved(Image.fromarray(SMOOTH), "JPEG", progressive=True),
    "webp": saved(Image.fromarray(SMOOTH), "WEBP"),
    "lossless webp": saved(Image.fromarray(RGB), "WEBP", lossless=True),
    "tiff": tiff(RGB, photometric="rgb"),
    "deflated tiff": tiff(RGB, photometric="rgb", compression="zlib"),
    "bmp": saved(Image.fromarray(RGB), "BMP"),
    "pgm": b"P5 61 40 255\n" + GREY.tobytes(),
    "plain pgm": b"P2 61 40 255\n" + " ".join(map(str, GREY.ravel())).encode(),
}


@pytest.mark.parametrize("name", WHOLE)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_refused(name, share):
    data = WHOLE[name]
    cut = data[: min(int(len(data) * share), len(data) - 4)]
    with pytest.raises(fp.errors.ImageFileError):
        reading.decode(cut)
    assert reading.decode(data).pixels.shape[:2] == (40, 61)


@pytest.mark.parametrize("name", WHOLE)
@given(place=st.integers(0), value=st.integers(1, 255))
def test_a_changed_byte_gives_an_image_or_a_refusal_and_never_another_error(name, place, value):
    data = bytearray(WHOLE[name])
    data[place % len(data)] ^= value
    try:
        picture = reading.decode(data, max_pixels=10**6)
    except fp.errors.ImageFileError:
        return
    assert picture.pixels.size <= 4 * 10**6
    assert name != "png" or np.array_equal(picture.pixels, RGB)


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"P5 ", b"BM", b"II*\0", b"RIFF\0\0\0\0WEBP", b"\xff\xd8\xff", png.SIGNATURE]),
)
def test_nonsense_is_refused(tail, head):
    with pytest.raises(fp.errors.ImageFileError):
        reading.decode(head + tail)


def png_of(*chunks):
    return png.SIGNATURE + b"".join(png.chunk(kind, body) for kind, body in (*chunks, (b"IEND", b"")))


HEAD = struct.pack(">IIBBBBB", 61, 40, 8, 0, 0, 0, 0)


ROWS = b"".join(b"\0" + GREY[row].tobytes() for row in range(40))


FRAMES = [Image.fromarray(RGB), Image.fromarray(RGB[::-1].copy())]


PAGES = {"save_all": True, "append_images": FRAMES[1:]}


REFUSED = {
    "empty": (b"", "empty"),
    "text": (b"hello, world", "not an image"),
    "gif": (saved(Image.fromarray(GREY), "GIF"), "GIF"),
    "pixels missing": (png_of((b"IHDR", HEAD)), "no pixels"),
    "half the rows": (png_of((b"IHDR", HEAD), (b"IDAT", zlib.compress(ROWS[: len(ROWS) // 2]))), "cannot decode"),
    "half the stream": (png_of((b"IHDR", HEAD), (b"IDAT", zlib.compress(ROWS)[:1000])), "cannot decode"),
    "wrong crc": (WHOLE["png"][:60] + b"\xff\xff" + WHOLE["png"][62:], "CRC"),
    "animated png": (saved(FRAMES[0], "PNG", **PAGES), "animated PNG"),
    "animated webp": (saved(FRAMES[0], "WEBP", **PAGES), "animated WebP"),
    "tiff of two pages": (saved(FRAMES[0], "TIFF", **PAGES), "several pages"),
    "jpeg without end": (WHOLE["jpeg"][:-2], "end marker"),
    "cmyk jpeg": (saved(Image.fromarray(RGB).convert("CMYK"), "JPEG"), "CMYK"),
    "cmyk tiff": (saved(Image.fromarray(RGB).convert("CMYK"), "TIFF"), "CMYK"),
    "lab tiff": (saved(Image.fromarray(RGB).convert("LAB"), "TIFF"), r"L\*a\*b\*"),
    "1 bit tiff": (saved(Image.fromarray(GREY > 99), "TIFF"), "1 bits"),
    "float tiff": (tiff(GREY.astype(np.float32), photometric="minisblack"), "floating-point"),
    "signed tiff": (tiff(GREY.astype(np.int16), photometric="minisblack"), "signed"),
    "32 bit tiff": (tiff(GREY.astype(np.uint32), photometric="minisblack"), "32 bits"),
    "grey and alpha tiff": (
        tiff(RGBA[..., :2].copy(), photometric="minisblack", extrasamples=["unassalpha"]),
        "2 samples",
    ),
    "premultiplied tiff": (tiff(RGBA, photometric="rgb", extrasamples=["assocalpha"]), "multiplied by alpha"),
    "16 bit planes": (tiff(np.moveaxis(RGB16, 2, 0).copy(), photometric="rgb", planarconfig="separate"), "own plane"),
    "bitmap": (b"P4 8 8\n" + bytes(8), "kind P4"),
    "float map": (b"Pf 8 8 -1\n" + bytes(256), "kind Pf"),
    "10 bit pgm": (b"P5 61 40 1023\n" + GREY.astype(">u2").tobytes(), "1023"),
    "two pgms": (WHOLE["pgm"] * 2, "several"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_be_read_wrong_is_refused_by_name(tmp_path, name):
    data, reason = REFUSED[name]
    path = tmp_path / "file.dat"
    path.write_bytes(data)
    with pytest.raises(fp.errors.ImageFileError, match=reason) as caught:
        read_image(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_alpha_in_a_bmp_is_kept_or_refused_and_four_bytes_a_pixel_are_not_alpha_yet():
    pixels = np.ascontiguousarray(RGBA[::-1, :, [2, 1, 0, 3]]).tobytes()
    head = struct.pack("<IiiHHIIiiII", 108, 61, 40, 1, 32, 3, len(pixels), 0, 0, 0, 0)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + b"BGRs" + bytes(48)
    data = struct.pack("<2sIII", b"BM", 14 + 108 + len(pixels), 0, 14 + 108) + head + masks + pixels
    try:
        assert np.array_equal(reading.decode(data).pixels, RGBA)
    except fp.errors.ImageFileError as error:  # OpenCV 4.9 drops it
        assert "transparency" in str(error)  # noqa: PT017
    assert np.array_equal(reading.decode(saved(Image.fromarray(RGBA), "BMP")).pixels, RGBA[..., :3])


def test_a_jpeg_of_12_bits_and_a_lossless_one_are_refused():
    data = WHOLE["jpeg"]
    place = data.index(b"\xff\xc0")
    with pytest.raises(fp.errors.ImageFileError, match="12 bits"):
        reading.decode(data[: place + 4] + b"\x0c" + data[place + 5 :])
    with pytest.raises(fp.errors.ImageFileError, match="lossless"):
        reading.decode(data[: place + 1] + b"\xc3" + data[place + 2 :])


def test_bombs_are_refused_before_they_are_decoded(tmp_path):
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    (tmp_path / "x.png").write_bytes(png_of((b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000)))))
    with pytest.raises(fp.errors.ImageFileError, match="60000 x 60000 pixels are more than the limit of 268435456"):
        read_image(tmp_path / "x.png")
    write_image(tmp_path / "y.png", noise(10, 11))
    with pytest.raises(fp.errors.ImageFileError, match="limit of 109"):
        read_image(tmp_path / "y.png", max_pixels=109)
    assert read_image(tmp_path / "y.png", max_pixels=110).pixels.shape == (10, 11)


@pytest.mark.parametrize(
    "body",
    [b"name\0\0" + zlib.compress(bytes(2**25)), b"name\0\1", b"", b"name\0\0nonsense", b"n" * 90 + b"\0\0"],
    ids=["bomb", "method", "empty", "nonsense", "name"],
)
def test_a_profile_that_is_broken_or_a_bomb_is_left_out(body):
    data = png_of((b"IHDR", HEAD), (b"iCCP", body), (b"IDAT", zlib.compress(ROWS)))
    picture = reading.decode(data)
    assert picture.icc is None
    assert np.array_equal(picture.pixels, GREY)


def test_files_that_cannot_be_opened(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "none.png")
    with pytest.raises(OSError, match=r"directory|denied"):
        read_image(tmp_path)
    with pytest.raises(FileNotFoundError, match="none"):
        write_image(tmp_path / "none" / "x.png", GREY)


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (GREY.astype(np.float32), TypeError, "must be uint8 or uint16 to be written"),
        (GREY.astype(int), TypeError, "int64"),
        (GREY[..., None], ValueError, r"\(height, width\)"),
        (RGB[..., :2], ValueError, r"\(height, width\)"),
        (GREY[:0], ValueError, "sides"),
    ],
)
def test_images_that_files_cannot_hold(tmp_path, image, error, message):
    with pytest.raises(error, match=message):
        write_image(tmp_path / "x.png", image)
    assert list(tmp_path.iterdir()) == []


def test_names_that_no_format_has(tmp_path):
    for name in ("x", "x.gif", "x.jp2"):
        with pytest.raises(fp.errors.ImageFileError, match=r"\.png"):
            write_image(tmp_path / name, GREY)


def test_a_record_never_goes_to_a_lossy_file_unasked(tmp_path, key):
    hidden, record = fp.perturb(RGB, (5, 5, 30, 30), key)
    with pytest.raises(fp.errors.LossyFormat, match="could not be restored"):
        write_image(tmp_path / "x.jpg", hidden, record)
    assert list(tmp_path.iterdir()) == []
    write_image(tmp_path / "x.jpg", hidden, record, allow_lossy=True)
    with pytest.raises(fp.Tampered):
        fp.restore(read_image(tmp_path / "x.jpg").pixels, read_record(tmp_path / "x.jpg"), key)


def test_a_record_of_another_image_is_refused(tmp_path, key):
    _, record = fp.perturb(RGB, (5, 5, 30, 30), key)
    with pytest.raises(ValueError, match="record must be of the image"):
        write_image(tmp_path / "x.png", RGB[:-1], record)
    with pytest.raises(TypeError, match="record must be a Record"):
        write_image(tmp_path / "x.png", RGB, record.to_json())


def test_records_that_are_missing_or_none(tmp_path):
    path = tmp_path / "x.png"
    write_image(path, RGB)
    with pytest.raises(fp.errors.RecordError, match=r"no record inside, and no x\.png\.json beside it"):
        read_record(path)
    (tmp_path / "x.png.json").write_text('{"photoTakenTime": 1}')
    with pytest.raises(fp.errors.RecordError, match=r"x\.png\.json: a record must be a JSON object"):
        read_record(path)


def test_an_edited_record_inside_is_found_out(tmp_path, key):
    hidden, record = fp.perturb(RGB, (5, 5, 30, 30), key)
    write_image(tmp_path / "x.png", hidden, record)
    data = (tmp_path / "x.png").read_bytes()
    text = record.to_bytes()
    edited = text.replace(struct.pack("<ii", 5, 5), struct.pack("<ii", 6, 5))
    assert edited != text
    (tmp_path / "x.png").write_bytes(data.replace(text, edited))
    with pytest.raises(fp.errors.ImageFileError, match="CRC"):
        read_record(tmp_path / "x.png")
    old, new = (png.chunk(b"fpSL", body) for body in (text, edited))
    assert old in data
    (tmp_path / "x.png").write_bytes(data.replace(old, new))
    with pytest.raises(fp.Tampered):
        fp.restore(read_image(tmp_path / "x.png").pixels, read_record(tmp_path / "x.png"), key)
