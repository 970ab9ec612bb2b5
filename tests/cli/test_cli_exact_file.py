"""``--exact-file``: the very bytes of a file of any format come back, and what is said of formats that do not."""

import hashlib
import io
import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from cli_cases import lines_of, tree
from file_cases import SRGB, saved
from jpeg_cases import jpeg, picture
from metadata_files import PICTURE, camera_exif
from PIL import Image

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files import pack_sealed, read_image, read_metadata, write_image
from fastperturb.files.exact_file import keep_whole_file
from fastperturb.files.metadata_sealed import SealedFile

KEY = ("--key-file", "my.key")
BOXES = ("--boxes", "boxes.json", *KEY)
BOX = [[20, 30, 60, 70]]
EXIF = camera_exif(thumbnail=PICTURE)
TIME = 1_600_000_000_123_456_789


def tiff16():
    deep = picture().astype(np.uint16) * 257
    return cv2.imencode(".tiff", deep, [cv2.IMWRITE_TIFF_COMPRESSION, 1])[1].tobytes()


def heic():
    pillow_heif = pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    try:
        pillow_heif.from_pillow(Image.fromarray(picture())).save(buffer, quality=95, exif=b"Exif\0\0" + EXIF)
    except RuntimeError as error:
        pytest.skip(f"no encoder of HEIC: {error}")
    return buffer.getvalue()


def avif():
    pytest.importorskip("PIL.AvifImagePlugin")
    return saved(Image.fromarray(picture()), "AVIF", quality=95, exif=EXIF)


SHOWN = Image.fromarray(picture())
MAKERS = {
    "a.jpg": jpeg,
    "b.jpe": jpeg,
    "c.JPEG": lambda: jpeg(grey=True, mode="progressive"),
    "d.jfif": jpeg,
    "e.insp": lambda: jpeg() + b"what a camera of panoramas adds",
    "f.png": lambda: saved(SHOWN, "PNG", exif=EXIF, icc_profile=SRGB) + b"behind the end",
    "g.webp": lambda: saved(SHOWN, "WEBP", exif=EXIF, lossless=True),
    "h.bmp": lambda: saved(SHOWN, "BMP"),
    "i.ppm": lambda: saved(SHOWN, "PPM"),
    "j.tif": lambda: saved(SHOWN, "TIFF", exif=EXIF),
    "k.tiff": lambda: saved(SHOWN, "TIFF", compression="tiff_lzw"),
    "l.tiff": tiff16,
    "m.heic": heic,
    "n.avif": avif,
    "o.png": jpeg,  # of another format than its name says
    "p.jpg": lambda: saved(SHOWN, "PNG"),
}


@pytest.fixture
def laid(here):
    """Lays a file, with a box for it."""

    def lay(name, data):
        path = here / "in" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        os.utime(path, ns=(TIME, TIME))
        (here / "boxes.json").write_text(json.dumps({name: BOX}))
        return path

    return lay


@pytest.mark.parametrize("protect", ["surrogate", "windows"])
@pytest.mark.parametrize("name", MAKERS)
def test_the_very_file_comes_back(laid, here, name, protect, capsys):
    original = laid(name, MAKERS[name]())
    digest = hashlib.sha256(original.read_bytes()).digest()
    assert run(["perturb", "in", "-o", "out", *BOXES, "--exact-file", "--protect", protect]) == 0
    assert "comes back" not in capsys.readouterr().err
    assert all(hashlib.sha256((here / "out" / item).read_bytes()).digest() != digest for item in tree(here / "out"))
    assert run(["restore", "out", "-o", "back", *KEY, "--json"]) == 0
    *results, _ = lines_of(capsys.readouterr().out)
    assert [item["exact_file"] for item in results] == [True]
    assert tree(here / "back") == [name]
    assert hashlib.sha256((here / "back" / name).read_bytes()).digest() == digest
    assert (here / "back" / name).stat().st_mtime_ns == TIME
    assert run(["restore", "out", "-o", "back", *KEY]) == 0
    assert (here / "back" / name).stat().st_mtime_ns == TIME
    (here / "back" / name).write_bytes(b"mine")
    assert run(["restore", "out", "-o", "back", *KEY]) == 1
    assert (here / "back" / name).read_bytes() == b"mine"


NOT_AS_THEY_CAME = {
    "a.jpg": ("windows", "a.png", "a JPEG comes back as a PNG of the same pixels", "was a JPEG, and is a PNG"),
    "m.heic": (
        "surrogate",
        "m.png",
        "a HEIC or AVIF comes back as a PNG of the same",
        "was a HEIC or AVIF, and is a PNG",
    ),
    "n.avif": (
        "surrogate",
        "n.png",
        "a HEIC or AVIF comes back as a PNG of the same",
        "was a HEIC or AVIF, and is a PNG",
    ),
}


@pytest.mark.parametrize("name", NOT_AS_THEY_CAME)
def test_what_comes_back_in_another_format_is_said(laid, here, name, capsys):
    protect, back, before, after = NOT_AS_THEY_CAME[name]
    laid(name, MAKERS[name]())
    assert run(["perturb", "in", "-o", "out", *BOXES, "--protect", protect]) == 0
    assert before in capsys.readouterr().err
    assert run(["perturb", "in", "-o", "json", *BOXES, "--protect", protect, "--json"]) == 0
    facts, summary = lines_of(capsys.readouterr().out)
    assert any(before in note for note in facts["notes"])
    assert any(before in note for note in summary["summary"]["notes"])
    assert run(["restore", "out", "-o", "back", *KEY]) == 0
    assert after in capsys.readouterr().err
    assert tree(here / "back") == [back]


@pytest.mark.parametrize("name", ["b.jpe", "d.jfif", "e.insp", "f.png", "h.bmp", "j.tif"])
def test_nothing_is_said_of_what_comes_back_as_it_came(laid, here, name, capsys):
    laid(name, MAKERS[name]())
    assert run(["perturb", "in", "-o", "out", *BOXES]) == 0
    assert run(["restore", "out", "-o", "back", *KEY]) == 0
    err = capsys.readouterr().err
    assert "comes back" not in err
    assert "of the same pixels" not in err
    assert tree(here / "back") == [name]


def test_another_format_has_the_metadata_of_the_very_file(laid, here):
    laid("f.png", MAKERS["f.png"]())
    assert run(["perturb", "in", "-o", "out", *BOXES, "--exact-file"]) == 0
    assert run(["restore", "out/f.png", "-o", "x.webp", *KEY]) == 0
    assert read_metadata(Path("x.webp").read_bytes()).exif == EXIF
    assert np.array_equal(read_image("x.webp").pixels, picture())


def test_changed_surroundings_give_pixels_where_rows_are_needed(laid, here, capsys):
    """Of a BMP the rows are not sealed; of a PNG the file is, and comes back whatever became of the rest."""
    for name, exact in (("h.bmp", False), ("f.png", True)):
        laid(name, MAKERS[name]())
        assert run(["perturb", f"in/{name}", "-o", "out", *BOXES, "--exact-file"]) == 0
        place = here / "out" / Path(name).with_suffix(".png")
        shown = read_image(place)
        shown.pixels[-3:] = 0
        write_image(place, shown.pixels, fp.files.read_record(place))
        assert run(["restore", str(place), "-o", "back", *KEY, "--json"]) == 0
        facts = lines_of(capsys.readouterr().out)[-2]
        assert facts["exact_file"] == exact
        assert "surroundings" in facts["message"]
        assert ((here / "back" / name).read_bytes() == (here / "in" / name).read_bytes()) == exact
        assert np.array_equal(read_image(here / "back" / name).pixels[:-3], picture()[:-3])


def test_a_sealed_file_that_is_no_picture_is_not_written(here, capsys):
    """Whoever can write to a key can seal any bytes as a file."""
    key = fp.Key.from_text((here / "my.key").read_text().strip())
    pixels = picture()
    for number, (name, data, kind) in enumerate(
        [("a.png", b"#!/bin/sh\n", "PNG"), ("b.sh", MAKERS["f.png"](), "PNG"), ("c.png", jpeg(), "PNG")]
    ):
        sealed = SealedFile(name, kind, None, exact=keep_whole_file(data, pixels))
        hidden, record = fp.perturb(pixels, [tuple(BOX[0])], key, fp.Surrogate(), metadata=pack_sealed(sealed))
        (here / "out").mkdir(exist_ok=True)
        write_image(here / "out" / f"{number}.png", hidden, record)
    assert run(["restore", "out", "-o", "back", *KEY]) == 0
    err = capsys.readouterr().err
    assert "the file does not come back as it was: not an image" in err
    assert "what was sealed as a PNG is a JPEG" in err
    assert tree(here / "back") == ["a.png", "b.png", "c.png"]
    assert (here / "back" / "b.png").read_bytes() == MAKERS["f.png"]()
    for name in ("a.png", "c.png"):
        assert np.array_equal(read_image(here / "back" / name).pixels, pixels)


@pytest.mark.parametrize("name", ["m.heic", "n.avif"])
def test_a_very_file_needs_no_decoder_to_come_back(laid, here, name, monkeypatch):
    data = laid(name, MAKERS[name]()).read_bytes()
    assert run(["perturb", "in", "-o", "out", *BOXES, "--exact-file"]) == 0

    def nothing(*_):
        raise fp.errors.MissingExtra("HEIC needs the extra heif")

    monkeypatch.setattr("fastperturb.files.heif.import_extra", nothing)
    assert run(["restore", "out", "-o", "back", *KEY]) == 0
    assert (here / "back" / name).read_bytes() == data
    assert run(["restore", "out", "-o", "png", "--format", "png", *KEY]) == 0
    assert len(tree(here / "png")) == 1


def test_a_file_that_is_too_large_to_be_sealed_is_refused(laid, here, capsys, monkeypatch):
    monkeypatch.setattr("fastperturb.files.exact_bytes._MOST", 1000)
    laid("f.png", MAKERS["f.png"]())
    assert run(["perturb", "in", "-o", "out", *BOXES, "--exact-file"]) == 1
    assert "bytes beside its pixels, and 1000 can be sealed" in capsys.readouterr().err
    assert not tree(here / "out") if (here / "out").exists() else True
