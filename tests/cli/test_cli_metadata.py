"""Metadata in the command line: what stays in the clear, what is sealed, original names and times on restoring."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from cli_cases import lines_of, same, tree
from file_cases import SRGB, saved
from jpeg_cases import picture
from metadata_files import NAME, PEOPLE, PICTURE, camera_exif, traces, xmp_of
from PIL import Image

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files import pack_sealed, parse_keep, read_image, read_metadata, write_image
from fastperturb.files.metadata_sealed import SealedFile

KEY = ("--key-file", "my.key")
BOX = [[20, 30, 60, 70]]
TIME = 1_600_000_000_123_456_789
FILES = {
    "IMG 1.JPG": ("JPEG", {"xmp": xmp_of(PEOPLE), "icc_profile": SRGB, "quality": 90}),
    "sub/b.png": ("PNG", {"icc_profile": SRGB}),
    "sub/c.webp": ("WEBP", {"xmp": xmp_of(PEOPLE), "lossless": True}),
    "d.bmp": ("BMP", {}),
    "e.jpe": ("JPEG", {"quality": 90}),
}
BOXES = ("--boxes", "boxes.json", *KEY)


@pytest.fixture
def photographs(here):
    shown = Image.fromarray(picture())
    for name, (kind, options) in FILES.items():
        path = here / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        exif = camera_exif(thumbnail=PICTURE)
        more = {} if kind == "BMP" else {"exif": b"Exif\0\0" + exif if kind == "JPEG" else exif}
        path.write_bytes(saved(shown, kind, **options, **more))
        os.utime(path, ns=(TIME, TIME))
    (here / "boxes.json").write_text(json.dumps(dict.fromkeys([*FILES, "b.png"], BOX)))
    return here / "in"


def metadata_of(path):
    return read_metadata(Path(path).read_bytes())


@pytest.mark.parametrize(
    "more", [[], ["--seals", "beside"], ["--protect", "windows"], ["--full-names", "--format", "png"]]
)
def test_names_times_and_metadata_come_back(photographs, here, more, capsys):
    assert run(["perturb", "in", "-o", "out", *BOXES, *more]) == 0
    for name in tree(here / "out"):
        data = (here / "out" / name).read_bytes()
        if not name.endswith(".seal"):
            assert not traces(data)
            assert NAME.encode() not in data
            assert b"Acme" not in data
            assert (here / "out" / name).stat().st_mtime_ns != TIME
    assert run(["restore", "out", "-o", "back", *KEY]) == 0
    jpeg = not {"windows", "png"} & set(more)
    expected = ["IMG 1.JPG", "d.bmp", "e.jpe", "sub/b.png", "sub/c.webp"]
    assert tree(here / "back") == (
        expected if jpeg else sorted(["IMG 1.png", "d.bmp", "e.png", "sub/b.png", "sub/c.webp"])
    )
    for name, original in zip(tree(here / "back"), sorted(FILES), strict=True):
        assert (here / "back" / name).stat().st_mtime_ns == TIME
        assert same(here / "back" / name, here / "in" / original)
        before, after = metadata_of(here / "in" / original), metadata_of(here / "back" / name)
        assert (after.exif, after.xmp, after.icc) == (before.exif, before.xmp, before.icc)
        if Path(name).suffix == Path(original).suffix:
            assert after == before
    capsys.readouterr()
    assert run(["restore", "out", "-o", "back", *KEY]) == 0
    assert "5 unchanged" in capsys.readouterr().err


def test_what_is_kept_is_said_and_in_the_clear(photographs, here, capsys):
    assert run(["perturb", "in", "-o", "out", *BOXES, "--keep", "date,place,icc", "--json"]) == 0
    out, err = capsys.readouterr()
    facts = {item["file"]: item for item in lines_of(out)[:-1]}
    assert facts["in/IMG 1.JPG"]["kept"] == ["date", "place", "icc"]
    assert facts["in/d.bmp"]["kept"] == []
    assert all(item["metadata_sealed"] for item in facts.values())
    assert "in the clear, where a picture has it: when it was taken; where: GPS position" in err
    for name in ("IMG 1.JPG", "sub/b.png", "sub/c.webp"):
        exif = metadata_of(here / "out" / name).exif
        assert b"2024:05:06 07:08:09" in exif
        assert b"Acme" not in exif
        assert not traces((here / "out" / name).read_bytes())
    assert run(["inspect", "out/IMG 1.JPG", *KEY]) == 0
    out = capsys.readouterr().out
    assert "metadata  in the clear: date, place" in out
    assert "original  IMG 1.JPG, JPEG, 2020-09-13T12:26:40+00:00" in out
    assert run(["inspect", "out/IMG 1.JPG", *KEY, "--json"]) == 0
    original = lines_of(capsys.readouterr().out)[0]["original"]
    assert original["exif_bytes"] == len(camera_exif(thumbnail=PICTURE))
    assert run(["inspect", "out/d.png", "--json"]) == 0
    assert "original" not in lines_of(capsys.readouterr().out)[0]


def test_colours_go_too_if_nothing_is_kept(photographs, here):
    assert run(["perturb", "in", "-o", "out", *BOXES, "--keep", "none"]) == 0
    for name in ("IMG 1.JPG", "sub/b.png"):
        assert read_image(here / "out" / name).icc is None
    assert run(["restore", "out", "-o", "back", *KEY]) == 0
    assert metadata_of(here / "back" / "sub" / "b.png").icc == SRGB


def test_nothing_is_sealed_if_nothing_shall_come_back(photographs, here, capsys):
    assert run(["perturb", "in", "-o", "out", *BOXES, "--drop-metadata"]) == 0
    assert run(["restore", "out", "-o", "back", *KEY]) == 0
    assert tree(here / "back") == ["IMG 1.JPG", "d.png", "e.jpe", "sub/b.png", "sub/c.webp"]
    assert metadata_of(here / "back" / "IMG 1.JPG").exif == b""
    assert (
        run(["perturb", "in", "-o", "once", "--boxes", "boxes.json", "--one-time-key", "--keep", "all", "--json"]) == 0
    )
    facts = lines_of(capsys.readouterr().out)[-2]
    assert facts["metadata_sealed"] is False
    assert not any(traces((here / "once" / name).read_bytes()) for name in tree(here / "once"))


@pytest.mark.parametrize("text", ["everything", "date,,place", "none,date"])
def test_a_choice_that_is_none(photographs, text, capsys):
    assert run(["perturb", "in", "-o", "out", *BOXES, "--keep", text]) == 2
    assert "keep must name some of date, place, camera, pano, icc, credit, names" in capsys.readouterr().err


def test_a_forgotten_face_is_not_in_the_metadata_either(photographs, here, capsys):
    assert run(["perturb", "in", "-o", "out", *BOXES]) == 0
    assert run(["forget", "out/IMG 1.JPG", "--all", *KEY]) == 0
    assert run(["inspect", "out/IMG 1.JPG", *KEY]) == 1
    assert "metadata  seal erased" in capsys.readouterr().out
    assert run(["forget", "out/sub/b.png", "--metadata", *KEY]) == 0
    assert run(["restore", "out/sub/b.png", "-o", "b.png", *KEY]) == 0
    assert same("b.png", "in/sub/b.png")
    assert metadata_of("b.png").exif == b""
    assert run(["forget", "out/sub/b.png", "--metadata", *KEY]) == 0
    assert "unchanged" in capsys.readouterr().err


def sealed_as(name, path, key, **more):
    """A protected picture whose seal gives that name."""
    pixels = picture()
    sealed = b"fastperturb metadata\1" if name is None else pack_sealed(SealedFile(name, "PNG", TIME, **more))
    hidden, record = fp.perturb(pixels, [tuple(BOX[0])], key, fp.Surrogate(), metadata=sealed)
    write_image(path, hidden, record)


def test_names_out_of_seals_lead_nowhere_else(here, capsys):
    key = fp.Key.from_text((here / "my.key").read_text().strip())
    (here / "out").mkdir()
    names = {
        "1": "photo.sh",
        "2": ".bashrc.png",
        "3": "two.png",
        "4": "two.png",
        "5": "-rf.png",
        "6": None,
        "7": ".png",
    }
    for place, name in names.items():
        sealed_as(name, here / "out" / f"{place}.png", key)
    assert run(["restore", "out", "-o", "back", "--jobs", "1", *KEY, "--force"]) == 1
    err = capsys.readouterr().err
    assert tree(here / "back") == ["-rf.png", "2.png", "6.png", "7.png", "photo.png", "two.png"]
    assert "4.png: its original has the name of that of out/3.png, two.png; restore it by itself" in err
    assert "6.png: name, time and metadata do not come back: the sealed metadata are cut short" in err
    assert run(["restore", "out/4.png", "-o", "alone", *KEY]) == 0
    assert tree(here / "alone") == ["two.png"]


def test_times_that_no_clock_has(here):
    key = fp.Key.from_text((here / "my.key").read_text().strip())
    for time in (-(2**63), 2**63 - 1):
        hidden, record = fp.perturb(
            picture(), [tuple(BOX[0])], key, fp.Surrogate(), metadata=pack_sealed(SealedFile("a.png", "PNG", time))
        )
        write_image("x.png", hidden, record)
        assert run(["restore", "x.png", "-o", "back", *KEY, "--force"]) == 0
        assert run(["inspect", "x.png", *KEY]) == 0


def test_metadata_of_another_form_than_they_say_do_not_keep_the_faces_away(here, capsys):
    key = fp.Key.from_text((here / "my.key").read_text().strip())
    sealed_as("a.png", here / "x.png", key, parts=b"no chunks")
    assert run(["restore", "x.png", "-o", "back", *KEY]) == 0
    assert "its metadata do not come back: the sealed metadata must be whole chunks" in capsys.readouterr().err
    assert np.array_equal(read_image("back/a.png").pixels, picture())


def test_a_face_key_brings_no_names(photographs, here, capsys):
    assert run(["perturb", "in/sub/b.png", "-o", "x.png", *BOXES]) == 0
    assert run(["restore", "x.png", "-o", "back", "--face", "0", *KEY]) == 0
    assert tree(here / "back") == ["x.png"]
    assert (here / "back" / "x.png").stat().st_mtime_ns != TIME


def test_an_existing_file_of_the_originals_name_stays(photographs, here, capsys):
    assert run(["perturb", "in/d.bmp", "-o", "x.png", *BOXES]) == 0
    (here / "back").mkdir()
    (here / "back" / "d.bmp").write_bytes(b"mine")
    assert run(["restore", "x.png", "-o", "back", *KEY]) == 1
    assert (here / "back" / "d.bmp").read_bytes() == b"mine"
    assert "d.bmp exists" in capsys.readouterr().err


def test_every_name_of_a_choice_is_in_the_help(capsys):
    assert run(["perturb", "--help"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    for name in parse_keep("all,credit,names"):
        assert name in out
