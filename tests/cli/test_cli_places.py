"""No result takes the place of another, and no seal goes that belongs to a picture elsewhere."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_cases import here, lines_of, same, tree, two  # noqa: F401
from file_cases import SRGB, saved
from metadata_files import PEOPLE, camera_exif, xmp_of
from PIL import Image

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files import read_image, write_image
from fastperturb.files.metadata_blocks import Blocks

KEY = ("--key-file", "my.key")
BOX = [[5, 6, 30, 32]]


def colours(seed):
    return np.random.default_rng(seed).integers(0, 256, (60, 70, 3), np.uint8)


def perturb(*more, code=0):
    assert run(["perturb", *more, "--boxes", "boxes.json", "-q"]) == code


@pytest.fixture
def twins(here):  # noqa: F811
    """Two pictures whose results have one name: c.jpg is a PNG within, so that its result is one too."""
    (here / "in").mkdir()
    write_image("x.png", colours(1))
    shutil.move("x.png", "in/c.jpg")
    write_image("in/c.png", colours(2))
    (here / "boxes.json").write_text(json.dumps({"c.jpg": BOX, "c.png": BOX}))
    fp.Key.generate().public().to_file("far.pub")
    return here


@pytest.mark.parametrize("more", [(), ("--force",)])
def test_a_png_instead_of_another_format_takes_no_place_that_is_taken(twins, capsys, more):
    perturb("in", "-o", "out", *KEY, *more, "--jobs", "1", code=1)
    err = capsys.readouterr().err
    assert "in/c.jpg: not supported: another kind of picture as a JPEG" in err
    assert "would be out/c.png, where that of in/c.png may go; --full-names" in err
    assert tree("out") == ["c.png"]
    assert run(["restore", "out", "-o", "back", *KEY, "-q"]) == 0
    assert same("back/c.png", "in/c.png")
    perturb("in", "-o", "all", *KEY, *more, "--full-names")
    for name, original in (("c.png", "in/c.png"), ("c.jpg.png", "in/c.jpg")):
        assert run(["restore", f"all/{name}", "-o", "one.png", *KEY, "--force"]) == 0
        assert same("one.png", original)
    assert run(["restore", "all", "-o", "both", *KEY, "--force", "--jobs", "1"]) == 1  # their originals have one name
    assert "its original has the name of that of all/c.jpg.png, c.png" in capsys.readouterr().err


def test_nobody_else_is_called_unchanged_in_the_place_of_a_png_instead(twins, capsys):
    shutil.move("in/c.png", "later.png")
    perturb("in", "-o", "out", "--one-time-key")
    perturb("in", "-o", "out", "--one-time-key")
    assert tree("out") == ["c.png"]
    shutil.move("later.png", "in/c.png")
    capsys.readouterr()
    assert run(["perturb", "in", "-o", "out", "--one-time-key", "--boxes", "boxes.json", "--json"]) == 1
    lines = lines_of(capsys.readouterr().out)[:-1]
    assert [line["status"] for line in lines] == ["failed", "failed"]
    assert "out/c.png exists, and is not the result of this input" in lines[1]["message"]


@pytest.mark.parametrize("more", [[], ["--record-beside"]])
def test_a_copy_in_the_clear_is_called_one_in_the_place_of_a_png_instead_too(twins, capsys, more):
    Path("in/c.png").unlink()
    (twins / "boxes.json").write_text(json.dumps({"c.jpg": []}))
    job = ["perturb", "in", "-o", "out", "--boxes", "boxes.json", "--on-no-face", "copy", "--json"]
    for status in ("copied", "unchanged"):
        capsys.readouterr()
        assert run([*job, *(["--to", "far.pub", *more] if more else ["--one-time-key"])]) == 0
        assert lines_of(capsys.readouterr().out)[0]["status"] == status
    assert tree("out") == ["c.png"]
    assert run(["sheet", "in", "out", "-o", "sheet.html"]) == 3
    assert "COPIED in the clear" in Path("sheet.html").read_text()


def test_no_output_is_another_input(here, capsys):  # noqa: F811
    write_image("1.png", colours(1))
    write_image("2.png", colours(2))
    (here / "boxes.json").write_text(json.dumps({"1.png": BOX, "2.png": BOX}))
    perturb("1.png", "2.png", "-o", "out", *KEY)
    for old, new in (("1", "x"), ("2", "1"), ("x", "2")):
        shutil.move(f"out/{old}.png", f"out/{new}.png")
    before = {name: Path("out", name).read_bytes() for name in tree("out")}
    assert run(["restore", "out/1.png", "out/2.png", "-o", "out", "--force", *KEY, "--jobs", "1"]) == 1
    assert "the output would be another input, out/2.png" in capsys.readouterr().err
    assert {name: Path("out", name).read_bytes() for name in tree("out")} == before
    assert run(["restore", "out/1.png", "out/2.png", "-o", "back", *KEY]) == 0


def test_what_is_not_there_is_not_forgotten(two, here, capsys):  # noqa: F811
    perturb("two.png", "-o", "out.png", *KEY, "--seals", "beside")
    before = Path("out.png").read_bytes()
    shutil.move("out.png.seal", "kept")
    for chosen in ("--face=0", "--all", "--metadata"):
        assert run(["forget", "out.png", chosen, *KEY]) == 1
        assert "seals that lie beside are not at hand (NAME.seal)" in capsys.readouterr().err
    assert Path("out.png").read_bytes() == before
    shutil.copy("kept", "out.png.seal")
    assert run(["forget", "out.png", "--face", "0", *KEY]) == 0
    assert run(["restore", "out.png", "--face", "1", "-o", "one.png", *KEY]) == 0
    shutil.copy("kept", "out.png.seal")  # of the record that was
    capsys.readouterr()
    assert run(["inspect", "out.png", "--json"]) == 1
    (line, _) = lines_of(capsys.readouterr().out)
    assert [region["seal"] for region in line["record"]["regions"]] == ["erased", "beside"]
    assert "out.png.seal" in line["message"]


@pytest.mark.parametrize("command", ["rekey", "forget"])
def test_a_seal_of_another_picture_stays(two, here, command):  # noqa: F811
    perturb("two.png", "-o", "out.png", *KEY, "--seals", "beside")
    seal = Path("out.png.seal").read_bytes()
    shutil.move("out.png", "published.png")
    perturb("two.png", "-o", "out.png", *KEY)
    fp.Key.generate().to_file("new.key")
    more = ["--new-key-file", "new.key"] if command == "rekey" else ["--all"]
    assert run([command, "out.png", *KEY, *more]) == 0
    assert Path("out.png.seal").read_bytes() == seal
    shutil.copy("out.png.seal", "published.png.seal")
    assert run(["restore", "published.png", "-o", "back.png", *KEY]) == 0
    assert same("back.png", "two.png")


def test_the_last_forgotten_seal_goes_with_its_file(two, here):  # noqa: F811
    perturb("two.png", "-o", "out.png", *KEY, "--seals", "beside")
    assert run(["forget", "out.png", "--all", *KEY]) == 0
    assert tree(here) == ["boxes.json", "face.png", "my.key", "out.png", "two.png"]


def test_what_stays_in_the_clear_stays_when_a_record_changes(here, capsys):  # noqa: F811
    def clear():
        capsys.readouterr()
        assert run(["inspect", "out.tif", "--json"]) == 0
        return lines_of(capsys.readouterr().out)[0]["in_the_clear"]

    write_image("t.tif", colours(3), metadata=Blocks(exif=camera_exif(), xmp=xmp_of(PEOPLE)))
    (here / "boxes.json").write_text(json.dumps({"t.tif": BOX}))
    perturb("t.tif", "-o", "out.tif", *KEY, "--keep", "all")
    before = clear()
    assert {"date", "camera"} <= set(before)
    fp.Key.generate().to_file("new.key")
    assert run(["rekey", "out.tif", *KEY, "--new-key-file", "new.key"]) == 0
    assert clear() == before


@pytest.mark.parametrize("name", ["a.png", "a.webp"])
def test_what_stands_behind_a_picture_comes_back(here, name, capsys):  # noqa: F811
    write_image(name, colours(4))
    with Path(name).open("ab") as file:
        file.write(b"BEHIND THE PICTURE")
    (here / "boxes.json").write_text(json.dumps({name: BOX}))
    perturb(name, "-o", "out", *KEY)
    assert b"BEHIND" not in Path("out", name).read_bytes()
    assert run(["restore", "out", "-o", "back", *KEY]) == 0
    assert Path("back", name).read_bytes().endswith(b"BEHIND THE PICTURE")
    assert same(f"back/{name}", name)
    capsys.readouterr()
    assert run(["restore", "out", "-o", "other", "--format", "tiff", *KEY, "--json"]) == 0
    notes = lines_of(capsys.readouterr().out)[0]["notes"]
    assert notes == ["what stood behind its picture, 18 bytes, stays in the seal: a TIFF does not get it"]


@pytest.mark.parametrize(("keep", "there"), [("none", False), ("icc", True)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_copies_in_the_clear_keep_what_keep_names(here, kind, keep, there):  # noqa: F811
    name = {"PNG": "p.png", "JPEG": "p.jpg"}[kind]
    Path(name).write_bytes(saved(Image.fromarray(colours(5)), kind, icc_profile=SRGB))
    (here / "boxes.json").write_text(json.dumps({name: []}))
    perturb(name, "-o", "out", *KEY, "--on-no-face", "copy", "--keep", keep)
    assert (read_image(f"out/{name}").icc is not None) == there


@pytest.mark.parametrize(
    ("choice", "code", "status"), [("fail", 1, "failed"), ("skip", 0, "skipped"), ("copy", 0, "copied")]
)
def test_json_of_a_photo_service_is_no_record(here, capsys, choice, code, status):  # noqa: F811
    write_image("a.png", colours(6))
    Path("a.png.json").write_text('{"title": "a.png", "creationTime": {"timestamp": "1"}}')
    assert run(["restore", "a.png", "-o", "out", *KEY, "--on-no-record", choice, "--json"]) == code
    line = lines_of(capsys.readouterr().out)[0]
    assert line["status"] == status
    if code == 0:
        assert "no record inside, and a.png.json is none" in line["message"]


def test_a_damaged_record_is_not_taken_for_one_of_others(here):  # noqa: F811
    write_image("b.pgm", colours(7)[..., 0])
    (here / "boxes.json").write_text(json.dumps({"b.pgm": BOX}))
    perturb("b.pgm", "-o", "out.pgm", *KEY)
    beside = Path("out.pgm.json")
    text = beside.read_bytes()
    for damaged in (text[: len(text) // 2], b""):
        beside.write_bytes(damaged)
        assert run(["restore", "out.pgm", "-o", "back.pgm", *KEY, "--on-no-record", "copy"]) == 1


def test_json_of_another_program_is_never_replaced_by_a_record(here, capsys):  # noqa: F811
    write_image("a.png", colours(8))
    (here / "boxes.json").write_text(json.dumps({"a.png": BOX}))
    Path("out").mkdir()
    Path("out/a.png.json").write_text('{"title": "a.png"}')
    perturb("a.png", "-o", "out", *KEY, "--record-beside", "--force", code=1)
    assert "out/a.png.json: File of another program" in capsys.readouterr().err
    assert tree("out") == ["a.png.json"]
    assert Path("out/a.png.json").read_text() == '{"title": "a.png"}'
