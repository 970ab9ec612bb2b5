"""HEIC and AVIF: read upright, with colours, metadata and notes of what is lost; damaged ones are refused."""

import io
import os

import numpy as np
import pytest
from bounds import bounded
from file_cases import COLOURS, SRGB
from hypothesis import given, settings
from hypothesis import strategies as st
from jpeg_cases import picture
from metadata_files import NAME, PEOPLE, PICTURE, camera_exif, traces, xmp_of

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.errors import ImageFileError, MissingExtra
from fastperturb.files import heif, read_image, read_metadata
from fastperturb.files.reading import decode, read_header, starts_as_image

pillow_heif = pytest.importorskip("pillow_heif")
Image = pytest.importorskip("PIL.Image")
pytest.importorskip("PIL.AvifImagePlugin")

TURNS = [1, 3, 6, 8]


def heic(image, **options):
    buffer = io.BytesIO()
    try:
        pillow_heif.from_pillow(image).save(buffer, quality=95, **options)
    except RuntimeError as error:
        pytest.skip(f"no encoder of HEIC: {error}")
    return buffer.getvalue()


def avif(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "AVIF", quality=95, **options)
    return buffer.getvalue()


MAKERS = {"HEIC": heic, "AVIF": avif}


def full(kind, orientation=1):
    exif, prefix = camera_exif(orientation=orientation, thumbnail=PICTURE), b"Exif\0\0" if kind == "HEIC" else b""
    return MAKERS[kind](Image.fromarray(picture()), exif=prefix + exif, xmp=xmp_of(PEOPLE), icc_profile=SRGB)


def turned(pixels, orientation):
    return {1: pixels, 3: pixels[::-1, ::-1], 6: np.rot90(pixels, -1), 8: np.rot90(pixels, 1)}[orientation]


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("orientation", TURNS)
def test_pictures_stand_upright(kind, orientation):
    read = decode(full(kind, orientation))
    expected = turned(picture(), orientation)
    assert read.pixels.shape == expected.shape
    assert read.pixels.flags.c_contiguous
    assert np.abs(read.pixels.astype(int) - expected).mean() < 8
    assert read.format == "HEIF"
    assert read.icc == COLOURS


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_grey_and_transparent_ones(kind, mode):
    image = Image.fromarray(picture()).convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.fromarray(picture()[..., 0].copy()))
    read = decode(MAKERS[kind](image))
    assert read.pixels.shape == ((181, 203) if mode == "L" else (181, 203, 4))


def test_ten_bits_are_kept_and_said():
    samples = np.random.default_rng(0).integers(0, 2**16, (40, 50, 3), np.uint16)
    buffer = io.BytesIO()
    pillow_heif.from_bytes(mode="RGB;16", size=(50, 40), data=samples.tobytes()).save(buffer, quality=95)
    read = decode(buffer.getvalue())
    assert read.pixels.dtype == np.uint16
    assert read.pixels.max() > 256
    assert read.notes == ("10 bits a sample: kept in PNG and TIFF of 16 bits",)


def test_further_pictures_are_left_out_and_said():
    several = pillow_heif.from_pillow(Image.fromarray(picture()))
    several.add_from_pillow(Image.fromarray(picture()[:30, :30]))
    buffer = io.BytesIO()
    several.save(buffer, quality=95)
    assert decode(buffer.getvalue()).notes == ("1 further pictures are left out for good",)
    buffer = io.BytesIO()
    frames = [Image.fromarray(picture()), Image.fromarray(picture()[::-1].copy())]
    frames[0].save(buffer, "AVIF", save_all=True, append_images=frames[1:])
    with pytest.raises(ImageFileError, match="animated"):
        decode(buffer.getvalue())


@pytest.mark.parametrize("kind", MAKERS)
def test_metadata_are_read_and_no_picture_goes_on(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FASTPERTURB_KEY", raising=False)
    (tmp_path / "my.key").write_text(fp.Key.generate().to_text() + "\n")
    (tmp_path / "my.key").chmod(0o600)
    (tmp_path / "boxes.json").write_text(f'{{"IMG.{kind.lower()}": [[20, 30, 60, 70]]}}')
    (tmp_path / "in").mkdir()
    name = tmp_path / "in" / f"IMG.{kind.lower()}"
    name.write_bytes(full(kind))
    os.utime(name, ns=(10**18, 10**18))
    found = read_metadata(name.read_bytes())
    assert found.icc == SRGB
    assert b"Acme One" in found.exif
    assert PEOPLE.encode()[:20] in found.xmp
    key = ["--key-file", "my.key"]
    assert run(["perturb", "in", "-o", "out", "--boxes", "boxes.json", *key, "--keep", "date,icc"]) == 0
    hidden = (tmp_path / "out" / "IMG.png").read_bytes()
    assert not traces(hidden)
    assert NAME.encode() not in hidden
    assert b"2024:05:06 07:08:09" in hidden
    assert run(["restore", "out", "-o", "back", *key]) == 0
    back = tmp_path / "back" / "IMG.png"
    assert np.array_equal(read_image(back).pixels, read_image(name).pixels)
    assert back.stat().st_mtime_ns == 10**18
    assert b"Acme One" in read_metadata(back.read_bytes()).exif
    assert run(["perturb", "in", "-o", "jpegs", "--boxes", "boxes.json", *key, "--format", "jpg"]) == 0
    assert (tmp_path / "jpegs" / "IMG.jpg").is_file()


@pytest.mark.parametrize("kind", MAKERS)
def test_too_many_pixels_are_refused_before_they_are_decoded(kind, monkeypatch):
    data = full(kind)
    monkeypatch.setattr(heif, "decode_pixels", None)
    with pytest.raises(ImageFileError, match="more than the limit of 1000"):
        decode(data, max_pixels=1000)
    assert starts_as_image(data[:32])


@pytest.mark.parametrize("brand", [b"msf1", b"hevc", b"avis"])
def test_sequences_are_refused(brand):
    with pytest.raises(ImageFileError, match="animated"):
        read_header(b"\0\0\0\x18ftyp" + brand + bytes(40))


def test_without_the_extra_the_error_names_it(monkeypatch):
    monkeypatch.setattr(heif, "import_extra", _missing)
    for kind in MAKERS:
        with pytest.raises(MissingExtra, match="heif"):
            decode(full(kind))


def _missing(module, extra):
    raise MissingExtra(f"{module} cannot be imported; install it with: pip install 'fastperturb[{extra}]'")


SAMPLES = {kind: MAKERS[kind](Image.fromarray(picture()[:40, :40])) for kind in MAKERS}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_broken_ones(kind, data):
    broken = bytearray(SAMPLES[kind])
    for _ in range(data.draw(st.integers(0, 4))):
        broken[data.draw(st.integers(12, len(broken) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(broken[: data.draw(st.integers(12, len(broken)))])
    with bounded(3, 200):
        try:
            decode(cut, max_pixels=10**6)
            read_metadata(cut)
        except ImageFileError:
            pass
