"""What is kept beside the pixels of a file: orientation, colour profiles, records; and chunks of a PNG."""

import json
import struct
import zlib

import cv2
import numpy as np
import pytest
from file_cases import COLOURS, GREY, LOSSLESS, RGB, RGBA, SRGB, noise, opened, saved, table_profile, tiff
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from version_1 import perturb_v1

import fastperturb as fp
from fastperturb.files import png, read_image, read_record, write_image
from fastperturb.files.icc import colours_alone


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
    if kind != "WEBP" or int(cv2.__version__.split(".")[0]) >= 5:  # as docs/howto-server.md says
        turned = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        assert np.abs(turned.astype(int) - pixels).max() <= (8 if kind == "JPEG" else 0)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("suffix", [".png", ".webp", ".tiff"])
def test_a_profile_is_kept_and_nothing_else(tmp_path, kind, suffix):
    exif = Image.Exif()
    exif[271] = "a camera that nobody must know of"
    text = {"comment": b"a comment"} if kind == "JPEG" else {}
    picture = opened(tmp_path, saved(Image.fromarray(RGB), kind, icc_profile=SRGB, exif=exif, **text))
    assert picture.icc == COLOURS
    path = tmp_path / f"out{suffix}"
    write_image(path, picture.pixels, icc=picture.icc)
    assert read_image(path).icc == COLOURS
    assert np.array_equal(read_image(path).pixels, picture.pixels)
    with Image.open(path) as image:
        assert image.info["icc_profile"] == COLOURS
        assert np.array_equal(np.array(image), picture.pixels)
    assert b"camera" not in path.read_bytes()
    assert b"comment" not in path.read_bytes()


def test_a_jpeg_profile_in_many_parts_is_joined_and_half_a_one_is_none(tmp_path):
    body = colours_alone(table_profile(33), "RGB ")
    assert len(body) > 200_000
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
    kinds = {kind: bytes(body) for kind, body in png.chunks((tmp_path / "x.png").read_bytes())}
    assert kinds[b"fpSL"] == record.to_bytes()
    assert list(kinds)[-2:] == [b"IDAT", b"fpSL"]  # what must be found first stands first


def test_others_can_read_a_record_of_version_1(tmp_path, key):
    hidden, record = perturb_v1(RGB, [((5, 5, 30, 30), 4, 500)], key)
    write_image(tmp_path / "x.png", hidden, record)
    with Image.open(tmp_path / "x.png") as image:
        assert json.loads(image.info["fastperturb-record"])["key_id"] == key.id
    assert read_record(tmp_path / "x.png") == record


@pytest.mark.parametrize("suffix", [".webp", ".tiff", ".png"])
def test_others_can_read_what_holds_texts_and_alpha(tmp_path, key, suffix):
    image = RGBA.copy()
    image[..., 3] = np.clip(image[..., 3], 1, 254)
    hidden, record = fp.perturb(image, (5, 5, 30, 30), key)
    write_image(tmp_path / f"x{suffix}", hidden, record, icc=SRGB)
    assert read_record(tmp_path / f"x{suffix}") == record
    with Image.open(tmp_path / f"x{suffix}") as theirs:
        assert np.array_equal(np.array(theirs), hidden)
        assert theirs.info["icc_profile"] == COLOURS


def test_a_jpeg_keeps_a_profile_of_any_length(tmp_path):
    for points in (2, 23, 28, 60):
        profile = colours_alone(table_profile(points), "RGB ")
        write_image(tmp_path / "x.jpg", cv2.GaussianBlur(RGB, (0, 0), 4), icc=profile)
        assert read_image(tmp_path / "x.jpg").icc == profile
        with Image.open(tmp_path / "x.jpg") as theirs:
            assert theirs.info["icc_profile"] == profile
            assert theirs.info["jfif"]


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
