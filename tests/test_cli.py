"""The command line as its users meet it: files and folders, resuming, keys, boxes, reports, exit codes."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import skimage.data

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files import read_image, read_record, write_image


@pytest.fixture(scope="module")
def astronaut():
    return np.ascontiguousarray(skimage.data.astronaut()[..., :3])


@pytest.fixture
def here(tmp_path, monkeypatch, astronaut):
    """A folder with a key, a photograph of a face, and own boxes for small pictures; the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FASTPERTURB_KEY", raising=False)
    fp.Key(bytes(range(32))).to_file("my.key")
    write_image("face.png", astronaut)
    return tmp_path


@pytest.fixture
def folder(here):
    """Five small pictures in three folders, with a box each in boxes.json."""
    rng = np.random.default_rng(0)
    boxes = {}
    for name in ("a.png", "b.pgm", "sub/c.tiff", "sub/deep/d.bmp", "sub/deep/e.png"):
        path = here / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, rng.integers(0, 256, (40, 50) if name == "b.pgm" else (40, 50, 3), np.uint8))
        boxes[name] = [[5, 6, 20, 22]]
    (here / "boxes.json").write_text(json.dumps(boxes))
    return here / "in"


BOXES = ("--boxes", "boxes.json", "--key-file", "my.key")


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


def tree(path):
    return sorted(str(item.relative_to(path)) for item in path.rglob("*") if item.is_file())


def same(one, other):
    return np.array_equal(read_image(one).pixels, read_image(other).pixels)


def test_a_photograph_there_and_back(here, capsys):
    assert run(["perturb", "face.png", "-o", "hidden.png", "--key-file", "my.key"]) == 0
    assert run(["restore", "hidden.png", "-o", "back.png", "--key-file", "my.key"]) == 0
    assert run(["view", "hidden.png", "-o", "view.png"]) == 0
    assert run(["view", "face.png", "-o", "view of face.png"]) == 0
    assert capsys.readouterr() == ("", "")  # no news is good news
    assert same("face.png", "back.png")
    assert not same("face.png", "hidden.png")
    assert same("view.png", "view of face.png")  # what a view shows is the same before and after
    assert read_record("hidden.png").key_id == fp.Key(bytes(range(32))).id


def test_a_folder_there_and_back(folder, here, capsys):
    assert run(["perturb", "in", "-o", "out", *BOXES, "--jobs", "3"]) == 0
    assert tree(here / "out") == ["a.png", "b.png", "sub/c.png", "sub/deep/d.png", "sub/deep/e.png"]
    assert "5 of 5 files in" in capsys.readouterr().err
    assert run(["restore", "out", "-o", "back", "--key-file", "my.key"]) == 0
    for name in tree(folder):
        restored = here / "back" / os.path.splitext(name)[0]
        assert same(folder / name, f"{restored}.png")
        assert not same(folder / name, f"{here / 'out' / os.path.splitext(name)[0]}.png")


def test_what_is_done_is_not_done_again(folder, here, capsys):
    assert run(["perturb", "in", "-o", "out", *BOXES]) == 0
    times = {name: (here / "out" / name).stat().st_mtime_ns for name in tree(here / "out")}
    (here / "out" / "a.png").unlink()
    capsys.readouterr()
    assert run(["perturb", "in", "-o", "out", *BOXES]) == 0
    assert "1 perturbed, 4 unchanged" in capsys.readouterr().err
    assert {name for name, time in times.items() if (here / "out" / name).stat().st_mtime_ns != time} == {"a.png"}
    assert run(["perturb", "in", "-o", "out", *BOXES, "--force"]) == 0
    assert "5 perturbed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        ["--cells", "4"],
        ["--window", "5"],
        ["--pixels", "99"],
        ["--coverage", ".5"],
        ["--reproducible"],
        ["--shape", "ellipse"],
    ],
    ids=" ".join,
)
def test_a_result_of_other_options_is_neither_kept_nor_lost(folder, here, capsys, change):
    assert run(["perturb", "in/a.png", "-o", "out", *BOXES]) == 0
    before = (here / "out" / "a.png").read_bytes()
    assert run(["perturb", "in/a.png", "-o", "out", *BOXES, *change]) == 1
    assert "is not the result of this input and these options; --force writes it anew" in capsys.readouterr().err
    assert (here / "out" / "a.png").read_bytes() == before
    assert run(["perturb", "in/a.png", "-o", "out", *BOXES, *change, "--force"]) == 0
    assert (here / "out" / "a.png").read_bytes() != before


def test_a_result_of_another_input_box_or_key_or_a_damaged_one_is_not_taken_for_done(folder, here):
    job = ["perturb", "in/a.png", "-o", "out", *BOXES]
    result = here / "out" / "a.png"
    assert run(job) == run(job) == 0
    os.utime(folder / "a.png", (1, 1))
    assert run(job) == 1
    assert run([*job, "--force"]) == run(job) == 0
    (here / "boxes.json").write_text('{"a.png": [[5, 6, 20, 23]]}')
    assert run(job) == 1
    assert run([*job, "--force"]) == run(job) == 0
    fp.Key.generate().to_file("other.key")
    assert run([*job[:-1], "other.key"]) == 1
    data = bytearray(result.read_bytes())
    data[-30] ^= 1
    result.write_bytes(data)
    assert run(job) == 1


@pytest.mark.parametrize("suffix", ["webp", "tiff"])
def test_other_formats_hold_records_and_are_resumed_too(folder, here, suffix, capsys):
    job = ["perturb", "in/sub", "-o", "out", *BOXES, "--format", suffix]
    (here / "boxes.json").write_text(
        json.dumps({name: [[5, 6, 20, 22]] for name in ("c.tiff", "deep/d.bmp", "deep/e.png")})
    )
    assert run(job) == 0
    assert tree(here / "out") == [f"c.{suffix}", f"deep/d.{suffix}", f"deep/e.{suffix}"]
    assert run(job) == 0
    assert "3 unchanged" in capsys.readouterr().err
    assert run(["restore", "out", "-o", "back", "--key-file", "my.key"]) == 0
    assert same("back/c.png", "in/sub/c.tiff")


def test_formats_without_a_place_for_it_have_the_record_beside(folder, here, capsys):
    job = ["perturb", "in/a.png", "-o", "out", *BOXES, "--format", "pnm"]
    assert run(job) == 0
    assert tree(here / "out") == ["a.pnm", "a.pnm.json"]
    assert run(job) == 1
    assert "PNM files cannot tell whose result they are" in capsys.readouterr().err
    assert run(["restore", "out", "-o", "back", "--key-file", "my.key"]) == 0
    assert same("back/a.png", "in/a.png")
    assert run(["perturb", "in/a.png", "-o", "beside", *BOXES, "--record-beside"]) == 0
    assert tree(here / "beside") == ["a.png", "a.png.json"]
    assert b"fastperturb-record" not in (here / "beside" / "a.png").read_bytes()


def test_without_a_key_nothing_can_be_restored_and_that_is_said(folder, here, capsys):
    assert run(["perturb", "in/a.png", "-o", "out", "--boxes", "boxes.json", "--quiet"]) == 0
    assert "no key: a one-time key is made and dropped, so the results can never be restored" in capsys.readouterr().err
    assert not same("out/a.png", "in/a.png")
    with pytest.raises(fp.RecordError):
        read_record("out/a.png")
    assert run(["restore", "out/a.png", "-o", "back.png", "--key-file", "my.key"]) == 1
    assert "no record" in capsys.readouterr().err
    assert run(["perturb", "in/a.png", "-o", "out.jpg", "--boxes", "boxes.json", "--one-time-key", "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_lossy_files_are_refused_with_a_key(folder, here, capsys):
    for output in (["-o", "x.jpg"], ["-o", "x", "--format", "jpg"]):
        assert run(["perturb", "in/a.png", *output, *BOXES]) == 2
        assert "could not be restored" in capsys.readouterr().err
    assert not (here / "x").exists()
    assert run(["perturb", "in/a.png", "-o", "x.jpg", *BOXES, "--allow-lossy"]) == 0
    assert "will not be the originals" in capsys.readouterr().err
    assert run(["restore", "x.jpg", "-o", "y.png", "--key-file", "my.key"]) == 1
    assert "were changed since they were written; --no-verify" in capsys.readouterr().err
    assert run(["restore", "x.jpg", "-o", "y.png", "--key-file", "my.key", "--no-verify"]) == 0
    assert "what is restored is not the original" in capsys.readouterr().err
    difference = np.abs(read_image("y.png").pixels.astype(int) - read_image("in/a.png").pixels)
    assert 0 < difference.mean() < 60


def test_keys(folder, here, capsys, monkeypatch):
    assert run(["keygen", "-o", "new.key"]) == 0
    assert fp.Key.from_file("new.key").id in capsys.readouterr().err
    assert run(["keygen", "-o", "new.key"]) == 1
    assert "never overwritten" in capsys.readouterr().err
    assert run(["perturb", "in/a.png", "-o", "out", *BOXES]) == 0
    restore = ["restore", "out/a.png", "-o", "back"]
    assert run([*restore, "--key-file", "new.key"]) == 1
    assert "made with key" in capsys.readouterr().err
    assert run(restore) == 2
    assert "--key-file, or FASTPERTURB_KEY in the environment" in capsys.readouterr().err
    monkeypatch.setenv("FASTPERTURB_KEY", "fpkey1_secretsecret")
    assert run(restore) == 2
    assert "secretsecret" not in capsys.readouterr().err
    monkeypatch.setenv("FASTPERTURB_KEY", fp.Key.from_file("my.key").to_text())
    assert run(restore) == 0
    assert run([*restore, "--key-file", "none.key", "--force"]) == 2
    assert "none.key: No such file" in capsys.readouterr().err
    assert run([*restore, "--key-file", "in/a.png", "--force"]) == 2
    (here / "my.key").chmod(0o644)
    assert run([*restore, "--key-file", "my.key", "--force"]) == 0
    assert "others can read this key" in capsys.readouterr().err


def test_no_option_takes_a_key_itself(capsys):
    for command in ("perturb", "restore", "inspect"):
        assert run([command, "--key", "fpkey1_x", "a.png"]) == 2
    assert "fpkey1" not in capsys.readouterr().out


@pytest.mark.parametrize(("choice", "code", "written"), [("fail", 1, False), ("skip", 0, False), ("copy", 0, True)])
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
    for inputs in (["in"], ["in/sub/c.png", "in/sub/c.tiff"], ["in/a.png", "in/a.png"], ["in", "face.png", "in/sub"]):
        assert run(["perturb", *inputs, "-o", "out", *BOXES]) == 2
        assert "would both be written to" in capsys.readouterr().err
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
    assert run(["perturb", "in/sub", "-o", "out", *BOXES, "--full-names"]) == 0
    assert tree(here / "out") == ["c.png.png", "c.tiff.png", "deep/d.bmp.png", "deep/e.png.png"]


def test_several_folders_keep_their_names(folder, here):
    (here / "boxes.json").write_text(json.dumps({f"in/{name}": [[1, 1, 9, 9]] for name in tree(folder)}))
    assert run(["perturb", "in/sub/deep", "in/sub", "in/a.png", "-o", "out", *BOXES]) == 0
    assert tree(here / "out") == ["a.png", "deep/d.png", "deep/e.png", "sub/c.png", "sub/deep/d.png", "sub/deep/e.png"]


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
        (["--pixels", "8", "--coverage", ".4"], "pixels or coverage, not both"),
        (["--window", "1"], "window must be at least 2, got 1"),
        (["--window", "big"], "--window must be a whole number of pixels or 'region', got 'big'"),
        (["--coverage", "1.5"], "coverage must be over 0 and up to 1, got 1.5"),
        (["--cells", "0"], "cells must be at least 1"),
        (["--jobs", "0"], "'--jobs'"),
        (["--jobs", "-3"], "'--jobs'"),
        (["--grow", "x"], "'--grow'"),
        (["--grow", "0.2"], "no --detector-model, --threshold, --grow or --features"),
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


@pytest.mark.parametrize(
    ("options", "windows", "moved"),
    [
        (["--window", "7"], 7, 440),
        (["--window", "region"], 22, 440),
        (["--cells", "2"], 10, 440),
        (["--pixels", "99"], 3, 99),
        (["--coverage", "0.5"], 3, 220),
    ],
)
def test_strength_options(folder, options, windows, moved):
    assert run(["perturb", "in/a.png", "-o", "out.png", *BOXES, *options]) == 0
    (item,) = read_record("out.png").regions
    assert (item.window, item.moved) == (windows, moved)


def test_reproducible_results_are_equal(folder):
    for name in ("one", "two", "three"):
        options = [] if name == "three" else ["--reproducible"]
        assert run(["perturb", "in/a.png", "-o", f"{name}.png", *BOXES, *options]) == 0
    assert same("one.png", "two.png")
    assert not same("one.png", "three.png")


def test_max_pixels(folder, capsys):
    assert run(["perturb", "in/a.png", "-o", "out.png", *BOXES, "--max-pixels", "1999"]) == 1
    assert "50 x 40 pixels are more than the limit of 1999" in capsys.readouterr().err
    assert run(["perturb", "in/a.png", "-o", "out.png", *BOXES, "--max-pixels", "2000"]) == 0


def test_the_program_without_its_extra_says_how_to_get_it(tmp_path):
    code = "import sys; sys.modules['click'] = None; sys.argv = ['fastperturb']; from fastperturb.__main__ import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'fastperturb[cli]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_help_pages_and_version(capsys):
    for command in ([], ["perturb"], ["restore"], ["view"], ["locate"], ["inspect"], ["keygen"], ["demo"]):
        assert run([*command, "--help"]) == 0
        out = capsys.readouterr().out
        assert out.startswith("Usage: fastperturb")
        assert max(map(len, out.splitlines())) <= 100
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"fastperturb {fp.__version__}\n"
    assert run([]) == 2
    assert run(["nonsense"]) == 2
