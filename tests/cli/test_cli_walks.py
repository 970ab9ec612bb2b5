"""What is found in folders: nothing that looks like a photograph is left out without a word."""

import json
import os
import subprocess
import sys

import pytest
from cli_cases import BOXES, lines_of, same, tree

from fastperturb.cli.app import run

PROGRAM = (sys.executable, "-m", "fastperturb")


def test_photographs_that_cannot_be_read_are_problems(folder, here, capsys):
    for name in ("p.heic", "q.GIF", "r.dng", "sub/s.avif", "sub/notes.txt", ".hidden.heic"):
        (folder / name).write_bytes(b"x")
    (folder / "t.png").symlink_to(here / "nowhere.png")
    (folder / "u.png").symlink_to(folder / "u.png")
    assert run(["perturb", "in", "-o", "out", *BOXES, "--json"]) == 1
    out, err = capsys.readouterr()
    *results, last = lines_of(out)
    failed = [item["file"] for item in results if item["status"] == "failed"]
    assert failed == [f"in/{name}" for name in ("p.heic", "q.GIF", "r.dng", "t.png", "u.png", "sub/s.avif")]
    assert "in/q.GIF: not supported: .GIF; PNG, JPEG, WebP, TIFF, BMP, PGM and PPM are" in err
    assert "in/t.png: a link that leads to no file" in err
    assert last["summary"]["counts"] == {"perturbed": 5, "failed": 6}
    assert last["summary"]["ignored"] == 2
    assert len(tree(here / "out")) == 5


def test_links_to_folders_are_followed_once(folder, here, capsys):
    (here / "album").mkdir()
    (here / "album" / "f.png").write_bytes((folder / "a.png").read_bytes())
    (folder / "linked").symlink_to(here / "album")
    (here / "album" / "around").symlink_to(folder / "sub")
    (folder / "sub" / "back").symlink_to(here / "album")
    (folder / "up").symlink_to(here)
    (folder / "self").symlink_to(folder)
    (folder / "done").symlink_to(here / "out")
    names = [*tree(folder), "linked/f.png", "linked/around/c.tiff", "sub/back/f.png"]
    names += ["linked/around/deep/d.bmp", "linked/around/deep/e.png"]
    (here / "boxes.json").write_text(json.dumps({name: [[5, 6, 20, 22]] for name in names}))
    for _ in range(2):
        assert run(["perturb", "in", "-o", "out", *BOXES]) == 0
        assert tree(here / "out") == sorted(f"{name.rpartition('.')[0]}.png" for name in names)
    assert f"{len(names)} unchanged" in capsys.readouterr().err
    assert run(["restore", "out/linked", "-o", "back", "--key-file", "my.key"]) == 0
    assert same("back/f.png", "in/a.png")


def test_what_was_ignored_is_told_of_a_single_file_too(folder, here, capsys):
    (here / "one").mkdir()
    (here / "one" / "a.png").write_bytes((folder / "a.png").read_bytes())
    (here / "one" / "film.mp4").write_bytes(b"")
    assert run(["perturb", "one", "-o", "out", *BOXES]) == 0
    assert "1 of 1 file in" in (err := capsys.readouterr().err)
    assert "; 1 other file ignored" in err


def test_a_folder_without_images_is_a_problem_and_no_file_failed(here, capsys):
    (here / "empty").mkdir()
    assert run(["perturb", "empty", "-o", "out", *BOXES[2:], "--json"]) == 1
    out, err = capsys.readouterr()
    assert err == "fastperturb: no images found in empty\n"
    assert lines_of(out)[0]["summary"]["counts"] == {}


@pytest.mark.parametrize("name", ["photo.heic", "x.gif", "x.JXL", "x.jpe", "sub/x.nef"])
def test_names_of_formats_that_cannot_be_written_are_no_folders(folder, here, capsys, name):
    for inputs in ("in/a.png", "in"):
        assert run(["perturb", inputs, "-o", name, *BOXES]) == 2
    err = capsys.readouterr().err
    assert f"{os.path.splitext(name)[1]} cannot be written: .png, .webp, .tif, .tiff, .bmp" in err  # noqa: PTH122
    assert not (here / name).exists()
    (here / name).mkdir(parents=True)
    assert run(["perturb", "in/a.png", "-o", name, *BOXES]) == 0
    assert tree(here / name) == ["a.png"]


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a.png": ' + "[" * 200_000])
def test_boxes_that_are_nested_too_deeply(folder, here, capsys, text):
    (here / "deep.json").write_text(text)
    assert run(["perturb", "in/a.png", "-o", "x.png", "--boxes", "deep.json", "--key-file", "my.key"]) == 2
    assert "deep.json: it is nested too deeply" in capsys.readouterr().err


def test_boxes_that_are_no_text_are_named(folder, here, capsys):
    (here / "x.csv").write_bytes("file,x,y,width,height\né.png,1,2,3,4\n".encode("latin-1"))
    assert run(["perturb", "in/a.png", "-o", "x.png", "--boxes", "x.csv", "--key-file", "my.key"]) == 2
    assert "x.csv: 'utf-8' codec can't decode" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes")
def test_names_that_an_encoding_does_not_have_are_escaped(folder, here):
    names = [os.fsdecode(b"latin-1 \xe9.png"), "写真.png", "two\nlines\x1b[31m.png"]
    for name in names:
        (here / name).write_bytes((folder / "a.png").read_bytes())
    environment = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    job = [*PROGRAM, "inspect", *names]
    done = subprocess.run(job, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, len(done.stderr.splitlines())) == (0, 1)
    assert [line for line in done.stdout.splitlines() if line.endswith(".png")] == [
        "latin-1 \\udce9.png",
        "\\u5199\\u771f.png",
        "two\\nlines\\x1b[31m.png",
    ]


def test_no_message_holds_what_a_terminal_would_obey(folder, here, capsys):
    odd = "\x1b[31mk\ney"
    assert run(["keygen", "-o", odd]) == 0
    (here / odd).chmod(0o644)
    assert run(["perturb", "in/a.png", "-o", f"{odd}.png", "--boxes", "boxes.json", "--key-file", odd]) == 0
    assert run(["restore", f"{odd}.png", "-o", f"{odd}.bmp", "--key-file", odd]) == 0
    assert run(["demo", "-o", f"{odd} demo.png"]) == 0
    (here / "record").mkdir()
    (here / "record" / "a.png").write_bytes((folder / "a.png").read_bytes())
    record = {"format": "fastperturb-record", "version": 1, "\x1b[31m\n": 0}
    (here / "record" / "a.png.json").write_text(json.dumps(record))
    assert run(["inspect", "record/a.png", f"{odd}.png"]) == 1
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert all(line.startswith("fastperturb: ") for line in err.splitlines())
    assert err.count("record/a.png") == 2  # the file, and that of its record: none twice
