"""The command line when something is wrong: files, inputs, outputs, options; no face; what is missing."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from cli_cases import BOXES, WINDOWS, lines_of, same, tree

from fastperturb.cli.app import run
from fastperturb.files import read_image


def test_lossy_files_are_refused_with_a_key(folder, here, capsys):
    for output in (["-o", "x.jpg"], ["-o", "x", "--format", "jpg"]):
        assert run(["perturb", "in/a.png", *output, *BOXES, *WINDOWS]) == 2
        assert "could not be restored" in capsys.readouterr().err
    assert not (here / "x").exists()
    assert run(["perturb", "in/a.png", "-o", "x.jpg", *BOXES, *WINDOWS, "--allow-lossy"]) == 0
    assert "will not be the originals" in capsys.readouterr().err
    assert run(["restore", "x.jpg", "-o", "y.png", "--key-file", "my.key"]) == 1
    assert "were changed since they were written; --no-verify" in capsys.readouterr().err
    assert run(["restore", "x.jpg", "-o", "y.png", "--key-file", "my.key", "--no-verify"]) == 0
    assert "what is restored is not the original" in capsys.readouterr().err
    difference = np.abs(read_image("y.png").pixels.astype(int) - read_image("in/a.png").pixels)
    assert 0 < difference.mean() < 60


def test_no_option_takes_a_key_itself(capsys):
    for command in ("perturb", "restore", "inspect"):
        assert run([command, "--key", "fpkey1_x", "a.png"]) == 2
    assert "fpkey1" not in capsys.readouterr().out


@pytest.mark.parametrize(("choice", "code", "written"), [("fail", 3, False), ("skip", 0, False), ("copy", 0, True)])
def test_no_face_is_not_success(folder, here, capsys, choice, code, written):
    job = ["perturb", "in/a.png", "-o", "out.png", "--key-file", "my.key", "--on-no-face", choice, "--json"]
    assert run(job) == code
    out, err = capsys.readouterr()
    assert "in/a.png: no face found" in err
    status = {"fail": "no face", "skip": "skipped", "copy": "copied"}[choice]
    assert lines_of(out)[0]["status"] == status
    assert lines_of(out)[-1]["summary"]["counts"] == {status: 1}
    assert (here / "out.png").exists() == written
    if written:
        assert same("out.png", "in/a.png")
        assert run(job) == 0
        assert lines_of(capsys.readouterr().out)[0]["status"] == "unchanged"
        assert run([*job[:-2], "fail"]) == 1


@pytest.mark.parametrize(("choice", "code", "written"), [("fail", 1, 1), ("skip", 0, 1), ("copy", 0, 2)])
def test_no_record_is_not_success(folder, here, capsys, choice, code, written):
    assert run(["perturb", "in/a.png", "-o", "out", *BOXES]) == 0
    (here / "out" / "plain.png").write_bytes((folder / "a.png").read_bytes())
    capsys.readouterr()
    for first in (True, False):
        job = ["restore", "out", "-o", "back", "--key-file", "my.key", "--on-no-record", choice]
        assert run(job) == code
        assert ("plain.png: no record inside" in capsys.readouterr().err) == (choice != "copy" or first)
        assert len(tree(here / "back")) == written
        assert same("back/a.png", "in/a.png")
    if choice == "copy":
        assert same("back/plain.png", "in/a.png")


def test_a_record_that_is_none_is_told(folder, here, capsys):
    (folder / "a.png.json").write_text('{"title": "IMG_0001.jpg"}')  # as photo services write them
    assert run(["perturb", "in/a.png", "-o", "x.png", *BOXES]) == 0
    assert run(["view", "in/a.png", "-o", "v.png", "--boxes", "boxes.json"]) == 0
    assert run(["restore", "in/a.png", "-o", "y.png", "--key-file", "my.key"]) == 1
    assert "in/a.png.json: a record must be a JSON object" in capsys.readouterr().err
    assert run(["view", "in/b.pgm", "-o", "w.png"]) == 3
    assert "no record and no face found; nothing written" in capsys.readouterr().err


def test_an_error_that_nobody_foresaw_fails_its_file_alone(folder, here, capsys, monkeypatch):
    def broken(path):
        if path.name == "a.png":
            raise MemoryError
        if path.name == "b.pgm":
            raise RuntimeError("two\nlines")
        return path.read_bytes()

    monkeypatch.setattr("fastperturb.cli.commands.perturb.read_bytes", broken)
    assert run(["perturb", "in", "-o", "out", *BOXES]) == 1
    err = capsys.readouterr().err
    assert "in/a.png: not enough memory\n" in err
    assert "in/b.pgm: unexpected RuntimeError: two lines\n" in err
    assert len(tree(here / "out")) == 3


def test_a_bad_file_does_not_lose_the_others(folder, here, capsys):
    (folder / "a0.png").write_bytes((folder / "a.png").read_bytes()[:-20])
    (folder / "sub" / "b.jpg").write_text("not a picture")
    (folder / "sub" / "notes.txt").write_text("not meant to be one")
    boxes = json.loads((here / "boxes.json").read_text())
    (here / "boxes.json").write_text(json.dumps({**boxes, "a0.png": [[1, 1, 9, 9]], "sub/b.jpg": [[1, 1, 9, 9]]}))
    assert run(["perturb", "in", "-o", "out", *BOXES, "--json"]) == 1
    out, err = capsys.readouterr()
    results = lines_of(out)
    assert [item["file"] for item in results[:-1]] == [
        f"in/{name}"
        for name in ("a.png", "a0.png", "b.pgm", "sub/b.jpg", "sub/c.tiff", "sub/deep/d.bmp", "sub/deep/e.png")
    ]
    assert [item["status"] == "failed" for item in results[:-1]] == [False, True, False, True, False, False, False]
    assert results[1]["error"] == "ImageFileError"
    assert results[-1]["summary"]["counts"] == {"perturbed": 5, "failed": 2}
    assert results[-1]["summary"]["ignored"] == 1
    assert "in/a0.png: damaged: the file ends" in err
    assert "in/sub/b.jpg: not an image" in err
    assert len(tree(here / "out")) == 5


def test_inputs_that_are_not_there(folder, here, capsys):
    assert run(["perturb", "none.png", "in/a.png", "-o", "out", *BOXES]) == 1
    assert "none.png: no such file or folder" in capsys.readouterr().err
    assert tree(here / "out") == ["a.png"]
    (here / "empty").mkdir()
    assert run(["perturb", "empty", "-o", "out", *BOXES]) == 1
    assert "no images found in empty" in capsys.readouterr().err


def test_two_inputs_never_go_to_one_output(folder, here, capsys):
    (folder / "sub" / "c.png").write_bytes((folder / "a.png").read_bytes())
    for inputs, done in ((["in"], 4), (["in/sub/c.png", "in/sub/c.tiff"], 0), (["in/a.png", "in/a.png"], 0)):
        assert run(["perturb", *inputs, "-o", "out", *BOXES, "--format", "png"]) == 1
        err = capsys.readouterr().err
        assert err.count("would both be written to") == 2
        assert len(tree(here / "out")) == done
        shutil.rmtree(here / "out", ignore_errors=True)
    assert run(["perturb", "in", "face.png", "in/sub", "-o", "out", *BOXES, "--format", "png"]) == 1
    assert "would both be written to" in capsys.readouterr().err
    shutil.rmtree(here / "out", ignore_errors=True)
    (here / "other" / "sub").mkdir(parents=True)
    assert run(["perturb", "in/sub", "other/sub", "-o", "out", *BOXES]) == 2
    assert not (here / "out").exists()
    boxes = {
        "c.png": [[1, 1, 9, 9]],
        "c.tiff": [[1, 1, 9, 9]],
        "deep/d.bmp": [[1, 1, 9, 9]],
        "deep/e.png": [[1, 1, 9, 9]],
    }
    (here / "boxes.json").write_text(json.dumps(boxes))
    assert run(["perturb", "in/sub", "-o", "out", *BOXES, "--full-names", "--format", "png"]) == 0
    assert tree(here / "out") == ["c.png.png", "c.tiff.png", "deep/d.bmp.png", "deep/e.png.png"]


def test_output_and_input_in_each_other(folder, here, capsys):
    assert run(["perturb", "in", "-o", "in", *BOXES]) == 2
    assert "the output folder is the input folder" in capsys.readouterr().err
    for _ in range(2):  # the second time, results lie within the input folder
        assert run(["perturb", "in", "-o", "in/out", *BOXES]) == 0
    assert "5 unchanged" in capsys.readouterr().err
    before = (folder / "a.png").read_bytes()
    for output in (["-o", "in/a.png"], ["-o", "in"], ["-o", "in/sub/../a.png"]):
        assert run(["perturb", "in/a.png", *output, *BOXES, "--force"]) == 1
        assert "the output would be the input itself" in capsys.readouterr().err
    (here / "link.png").symlink_to(folder / "a.png")
    assert run(["perturb", "link.png", "-o", "in/a.png", *BOXES, "--force"]) == 1
    assert (folder / "a.png").read_bytes() == before


def test_outputs_that_cannot_be(folder, here, capsys):
    assert run(["perturb", "in", "-o", "out.png", *BOXES]) == 2
    assert run(["perturb", "in", "-o", "face.png", *BOXES]) == 2
    assert run(["perturb", "in", *BOXES]) == 2
    assert run(["perturb", "in/a.png", "-o", "in/a.png/x.png", *BOXES]) == 1
    assert "in/a.png" in capsys.readouterr().err


def test_a_perturbed_picture_is_not_perturbed_again(folder, capsys):
    assert run(["perturb", "in/a.png", "-o", "out.png", *BOXES]) == 0
    assert run(["perturb", "out.png", "-o", "twice.png", *BOXES]) == 1
    assert "perturbed already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--window", "8", "--cells", "4"], "window or cells, not both"),
        (["--pixels", "8", "--coverage", ".4"], "give one of pixels, coverage, psnr, distance, mse"),
        (["--window", "1"], "window must be at least 4, got 1"),
        (["--window", "9223372036854775808"], "window must be at most 2147483647, got 9223372036854775808"),
        (["--window", "1" + 400 * "0"], "window must be at most 2147483647, got 1000"),
        (["--protect", "mosaic:cells=1" + 400 * "0"], "cells must be at most 2147483647, got 1000"),
        (["--window", "big"], "--window must be a whole number of pixels or 'region', got 'big'"),
        (["--coverage", "1.5"], "coverage must be over 0 and up to 1, got 1.5"),
        (["--cells", "0"], "cells must be at least 1"),
        (["--jobs", "0"], "'--jobs'"),
        (["--jobs", "-3"], "'--jobs'"),
        (
            ["--grow", "x"],
            "no --find, --detectors, --detector-model, --min-score, --grow",
        ),
        (
            ["--grow", "0.2"],
            "no --find, --detectors, --detector-model, --min-score, --grow",
        ),
        (["--shape", "star"], "star"),
        (["--format", "gif"], "gif"),
        (["--max-pixels", "0"], "'--max-pixels'"),
        (["--nonsense"], "--nonsense"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_one_line_and_2(folder, here, capsys, options, message):
    assert run(["perturb", "in", "-o", "out", *BOXES, *options]) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert err.startswith("fastperturb: ")
    assert len(err.splitlines()) == 1
    assert out == ""
    assert not (here / "out").exists()


def test_max_pixels(folder, capsys):
    assert run(["perturb", "in/a.png", "-o", "out.png", *BOXES, "--max-pixels", "1999"]) == 1
    assert "50 x 40 pixels are more than the limit of 1999" in capsys.readouterr().err
    assert run(["perturb", "in/a.png", "-o", "out.png", *BOXES, "--max-pixels", "2000"]) == 0


def test_the_program_without_its_extra_says_how_to_get_it(tmp_path):
    code = (
        "import sys; sys.modules['click'] = None; sys.argv = ['fastperturb']; "
        "from fastperturb.__main__ import main; sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'fastperturb[cli]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes")
def test_names_of_any_kind_are_worked_on_and_shown_on_one_line(folder, here, capsys):
    names = [os.fsdecode(b"line\nbreak\x1b[31m.png"), os.fsdecode(b"latin-1 \xe9.png"), "写真 ünï.png", "-o.png"]
    for name in names:
        (here / "odd").mkdir(exist_ok=True)
        (here / "odd" / name).write_bytes((folder / "a.png").read_bytes())
    (here / "boxes.json").write_text(json.dumps({name: [[5, 6, 20, 22]] for name in names}))
    assert run(["perturb", "odd", "-o", "out", *BOXES, "--verbose"]) == 0
    assert len(capsys.readouterr().err.splitlines()) == 5
    assert len(tree(here / "out")) == 4
    assert run(["inspect", "out"]) == 0
    out = capsys.readouterr().out
    assert "out/line\\nbreak\\x1b[31m.png" in out
    assert "out/latin-1 \\udce9.png" in out
    (here / "odd" / names[0]).write_text("no picture")
    assert run(["perturb", "odd", "-o", "more", *BOXES, "--json"]) == 1
    assert {item["file"] for item in lines_of(capsys.readouterr().out)[:-1]} == {f"odd/{name}" for name in names}
