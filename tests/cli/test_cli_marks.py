"""How runs know what others did: marks with and without a key, and records that lie beside."""

import hashlib
import json
import os

import pytest
from cli_cases import BOXES, lines_of, same, tree

from fastperturb.cli.app import run
from fastperturb.files import read_image

KEYLESS = ("--boxes", "boxes.json", "--one-time-key")


@pytest.mark.parametrize("suffix", ["bmp", "pnm"])
def test_a_record_that_a_killed_run_left_without_its_image_is_no_obstacle(folder, here, capsys, suffix):
    job = ["perturb", "in/a.png", "-o", "out", *BOXES, "--format", suffix]
    assert run(job) == 0
    (here / "out" / f"a.{suffix}").unlink()
    assert run(job) == 0
    assert run(["restore", "out", "-o", "back", "--key-file", "my.key"]) == 0
    assert same("back/a.png", "in/a.png")
    (here / "out" / f"a.{suffix}").unlink()
    (here / "out" / f"a.{suffix}.json").write_text("{}")  # of some other program
    capsys.readouterr()
    assert run(job) == 1
    assert f"out/a.{suffix}.json: File exists" in capsys.readouterr().err
    assert tree(here / "out") == [f"a.{suffix}.json"]


def test_where_the_record_goes_is_an_option_like_others(folder, here, capsys):
    job = ["perturb", "in/a.png", "-o", "out", *BOXES]
    assert run(job) == 0
    assert run([*job, "--record-beside"]) == 1
    assert "is not the result of this input and these options" in capsys.readouterr().err
    assert tree(here / "out") == ["a.png"]
    assert run([*job, "--record-beside", "--force"]) == 0
    assert tree(here / "out") == ["a.png", "a.png.json"]
    assert run([*job, "--record-beside"]) == 0
    assert "unchanged" in capsys.readouterr().err
    (here / "out" / "a.png.json").unlink()
    assert run([*job, "--record-beside"]) == 1
    assert "out/a.png exists, and its record a.png.json is missing; --force writes it anew" in capsys.readouterr().err
    assert run([*job, "--record-beside", "--force"]) == 0
    assert run([*job, "--force"]) == 0
    assert tree(here / "out") == ["a.png"]


def test_a_copy_without_a_face_needs_no_record_beside(folder, here, capsys):
    (here / "boxes.json").write_text("{}")
    job = ["perturb", "in/a.png", "-o", "out", *BOXES, "--record-beside", "--on-no-face", "copy", "--json"]
    assert run(job) == run(job) == 0
    statuses = [item["status"] for item in lines_of(capsys.readouterr().out) if "status" in item]
    assert statuses == ["copied", "unchanged"]


def test_a_record_does_not_outlive_its_picture(folder, here, capsys):
    assert run(["perturb", "in/a.png", "-o", "x.bmp", *BOXES]) == 0
    assert run(["perturb", "in/a.png", "-o", "x.bmp", *KEYLESS, "--force"]) == 0
    assert not (here / "x.bmp.json").exists()
    capsys.readouterr()
    assert run(["restore", "x.bmp", "-o", "y.png", "--key-file", "my.key"]) == 1
    assert "no record" in capsys.readouterr().err
    (here / "x.bmp.json").write_text('{"title": "IMG_0001.jpg"}')
    assert run(["perturb", "in/a.png", "-o", "x.bmp", *KEYLESS, "--force"]) == 0
    assert (here / "x.bmp.json").read_text() == '{"title": "IMG_0001.jpg"}'


def test_without_a_key_a_mark_tells_nothing_of_the_input(folder, here):
    """Two inputs of other size, time and content get one mark, so it cannot confirm which a file came from."""
    (here / "boxes.json").write_text(json.dumps({name: [[5, 6, 20, 22]] for name in ("a.png", "b.pgm")}))
    os.utime(folder / "b.pgm", (1_000_000, 1_000_000))
    for command in (["perturb", *KEYLESS], ["view", *KEYLESS[:2]]):
        assert run([command[0], "in/a.png", "in/b.pgm", "-o", command[0], *command[1:]]) == 0
        marks = {read_image(here / command[0] / name).texts["fastperturb-job"] for name in ("a.png", "b.png")}
        assert len(marks) == 1
    assert run(["perturb", "in/a.png", "in/b.pgm", "-o", "keyed", *BOXES]) == 0
    assert len({read_image(here / "keyed" / name).texts["fastperturb-job"] for name in ("a.png", "b.png")}) == 2


def test_marks_link_neither_copies_nor_originals_of_equal_size_and_time(folder, here, capsys):
    """Two originals that differ in one byte, at one time; and one original, protected twice."""
    data = bytearray((folder / "b.pgm").read_bytes())
    data[-1] ^= 255
    (folder / "c.pgm").write_bytes(data)
    for name in ("b.pgm", "c.pgm"):
        os.utime(folder / name, (1_000_000, 1_000_000))
    (here / "boxes.json").write_text(json.dumps({name: [[5, 6, 20, 22]] for name in ("b.pgm", "c.pgm")}))
    windows = (*BOXES, "--cells", "4")
    for output in ("one", "two"):
        assert run(["perturb", "in/b.pgm", "in/c.pgm", "-o", output, *windows]) == 0
    shown = [here / output / name for output in ("one", "two") for name in ("b.png", "c.png")]
    marks = {read_image(path).texts["fastperturb-job"] for path in shown}
    assert len(marks) == 4
    assert {len(mark) for mark in marks} == {48}
    capsys.readouterr()
    assert run(["perturb", "in/b.pgm", "in/c.pgm", "-o", "one", *windows]) == 0
    assert capsys.readouterr().err.endswith(": 2 unchanged\n")
    os.utime(folder / "b.pgm", (1_000_001, 1_000_001))
    assert run(["perturb", "in/b.pgm", "-o", "one", *windows]) == 1


def test_without_a_key_what_is_newer_than_its_input_is_done(folder, here, capsys):
    job = ["perturb", "in/a.png", "-o", "out", *KEYLESS]
    before = hashlib.sha256((folder / "a.png").read_bytes()).digest()
    assert run(job) == run(job) == 0
    assert "in/a.png: unchanged" in capsys.readouterr().err
    assert run([*job, "--cells", "3"]) == 1
    later = (here / "out" / "a.png").stat().st_mtime + 10
    os.utime(folder / "a.png", (later, later))
    assert run(job) == 1
    assert "is not the result of this input" in capsys.readouterr().err
    assert run([*job, "--force"]) == 0
    assert hashlib.sha256((folder / "a.png").read_bytes()).digest() == before


def test_a_single_file_gets_one_line(folder, here, capsys):
    assert run(["perturb", "in/a.png", "-o", "x.png", *BOXES]) == 0
    assert run(["perturb", "in/a.png", "-o", "x.png", *BOXES]) == 0
    assert run(["restore", "x.png", "-o", "y.png", "--key-file", "my.key"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "fastperturb: in/a.png: perturbed, x.png",
        "fastperturb: in/a.png: unchanged, x.png",
        "fastperturb: x.png: restored, y.png",
    ]
    assert run(["perturb", "in/a.png", "-o", "x.png", *BOXES, "-q", "--force"]) == 0
    assert capsys.readouterr() == ("", "")
