"""The command line as people first meet it: unset keys, exit codes, camera pairs, other formats, one cause for many."""

import errno
import json
import time

import numpy as np
import pytest
from cli_cases import BOXES, lines_of, same, tree

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.cli.batch import writer as batch_writer
from fastperturb.cli.batch.progress import Outcome, Report
from fastperturb.cli.commands.evaluate import _Lines
from fastperturb.files import read_image, write_image

OWN = ("--boxes", "boxes.json")
MP4 = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(64)


def flat(seed, *shape, dtype=np.uint8):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (40, 50, *shape), dtype)


def boxes_for(here, *names):
    (here / "boxes.json").write_text(json.dumps({name: [[5, 6, 20, 22]] for name in names}))


@pytest.mark.parametrize("method", [(), ("--method", "permutation:cells=3")])
def test_a_key_that_is_not_there_is_asked_for(folder, here, capsys, method):
    assert run(["perturb", "in", "-o", "out", *OWN, *method]) == 2
    err = capsys.readouterr().err
    assert all(word in err for word in ("--key-file FILE", "FASTPERTURB_KEY", "--one-time-key"))
    assert not (here / "out").exists()
    assert run(["perturb", "in", "-o", "out", *OWN, *method, "--one-time-key"]) == 0


def test_a_key_that_was_named_among_the_inputs_is_told(here, capsys):
    assert run(["perturb", "face.png", "my.key", "-o", "out"]) == 2
    assert "my.key was taken for a picture: --key-file my.key" in capsys.readouterr().err


def test_a_key_among_the_results_is_told(folder, here, capsys):
    (here / "out" / "keys").mkdir(parents=True)
    (here / "my.key").rename(here / "out" / "keys" / "k")
    assert run(["perturb", "in", "-o", "out", "--boxes", "boxes.json", "--key-file", "out/keys/k"]) == 0
    assert "out/keys/k lies among the results: who gets that folder gets the key" in capsys.readouterr().err
    (here / "out" / "keys" / "k").rename(here / "my.key")
    assert run(["perturb", "in", "-o", "out2", "--boxes", "boxes.json", "--key-file", "my.key"]) == 0
    assert "among the results" not in capsys.readouterr().err


def test_an_empty_variable_is_no_key_either(folder, here, capsys, monkeypatch):
    monkeypatch.setenv("FASTPERTURB_KEY", "")
    assert run(["perturb", "in", "-o", "out", *OWN]) == 2
    assert "FASTPERTURB_KEY" in capsys.readouterr().err
    assert not (here / "out").exists()


def test_the_exit_code_tells_no_face_from_failed(here):
    (here / "sky").mkdir()
    write_image("sky/1.png", np.full((60, 80, 3), 90, np.uint8))
    job = ["perturb", "sky", "face.png", "--key-file", "my.key", "-o"]
    assert run([*job, "out"]) == 3
    assert run([*job, "skipped", "--on-no-face", "skip"]) == 0
    (here / "sky" / "2.png").write_bytes(b"no image")
    assert run([*job, "again"]) == 1
    assert run(["locate", "sky/1.png"]) == 0


def test_the_report_says_3_only_where_nothing_failed(here):
    for statuses, code in (
        (["perturbed"], 0),
        (["perturbed", "no face"], 3),
        (["no face", "failed"], 1),
        (["no face", "no record"], 1),
        ([], 1),
    ):
        report = Report(len(statuses))
        for status in statuses:
            report.add(Outcome(here, status))
        assert report.finish(False) == code
        assert report.finish(True) == 130


def test_a_camera_pair_is_no_clash(here, capsys):
    (here / "in").mkdir()
    write_image("in/IMG_1.JPG", flat(0, 3))
    (here / "in" / "IMG_1.CR2").write_bytes(b"II*\0\x10\0\0\0CR\2\0" + bytes(64))
    boxes_for(here, "IMG_1.JPG")
    assert run(["perturb", "in", "-o", "out", *BOXES, "--json"]) == 1
    raw, jpeg, _ = lines_of(capsys.readouterr().out)
    assert (raw["status"], jpeg["status"]) == ("failed", "perturbed")
    assert "not supported: .CR2" in raw["message"]
    assert tree(here / "out") == ["IMG_1.JPG"]


def test_webp_falls_back_to_png_picture_by_picture(here, capsys):
    (here / "in").mkdir()
    clear = np.dstack([flat(1, 3), np.where(np.arange(50) < 25, 0, 255).astype(np.uint8) + np.zeros((40, 1), np.uint8)])
    pictures = {"clear.png": clear, "deep.png": flat(2, 3, dtype=np.uint16), "grey.png": flat(3), "rgb.png": flat(4, 3)}
    for name, pixels in pictures.items():
        write_image(f"in/{name}", pixels)
    boxes_for(here, *pictures)
    job = ["perturb", "in", "-o", "out", *BOXES, "--format", "webp"]
    assert run([*job, "--json"]) == 0
    out, err = capsys.readouterr()
    *results, last = lines_of(out)
    assert [item.get("instead_of") for item in results] == ["WebP", "WebP", "WebP", None]
    assert last["summary"]["png_instead_of"] == {"WebP": 3}
    assert "3 written as PNG, for WebP cannot hold them" in err
    assert tree(here / "out") == ["clear.png", "deep.png", "grey.png", "rgb.webp"]
    assert run([*job, "--json"]) == 0
    assert {item["status"] for item in lines_of(capsys.readouterr().out)[:-1]} == {"unchanged"}
    assert run(["restore", "out", "-o", "back", "--key-file", "my.key", "--format", "png"]) == 0
    assert all(same(f"in/{name}", f"back/{name}") for name in pictures)
    assert run(["perturb", "in/grey.png", "-o", "one", *BOXES, "--format", "webp"]) == 0
    assert "one/grey.png, for WebP cannot hold it" in capsys.readouterr().err.replace("\\", "/")
    assert run(["perturb", "in/grey.png", "-o", "grey.webp", *BOXES]) == 1  # the name was given
    assert "WebP of grey pixels; PNG keeps them" in capsys.readouterr().err


@pytest.mark.parametrize(("extension", "options"), [("bmp", ()), ("pnm", ()), ("jpg", ("--allow-lossy",))])
def test_other_formats_fall_back_too(here, extension, options):
    (here / "in").mkdir()
    write_image("in/a.png", np.dstack([flat(1, 3), flat(2)]))
    boxes_for(here, "a.png")
    job = ["perturb", "in", "-o", "out", *BOXES, "--format", extension, *options]
    assert run(job) == 0
    assert run(job) == 0
    assert tree(here / "out") == ["a.png"]
    assert run(["restore", "out", "-o", "back", "--key-file", "my.key"]) == 0
    assert same("in/a.png", "back/a.png")


def test_videos_and_documents_are_named(folder, here, capsys, monkeypatch):
    monkeypatch.setattr("fastperturb.cli.batch.paths.can_read_videos", lambda: False)  # without the extra
    for name in ("a.png.seal", "b.mp4", "c.PDF", "notes.txt", "sub/d.mov", "sub/e.avi", "sub/f.mkv"):
        (folder / name).write_bytes(b"x")
    assert run(["perturb", "in", "-o", "out", *BOXES, "--json"]) == 0
    out, err = capsys.readouterr()
    assert (
        "6 other files ignored, of which these may show faces: in/b.mp4, in/c.PDF, in/sub/d.mov and 2 more"
        in err.replace("\\", "/")
    )
    summary = lines_of(out)[-1]["summary"]
    assert summary["ignored"] == 6
    assert summary["videos_and_documents"]["count"] == 5
    assert len(summary["videos_and_documents"]["first"]) == 3


@pytest.mark.parametrize(
    ("start", "name"), [(MP4, "MP4 video"), (MP4.replace(b"isom", b"qt  ", 1), "QuickTime video"), (b"%PDF-1.7", "PDF")]
)
def test_a_video_that_is_named_is_called_one(here, capsys, start, name):
    (here / "x.bin").write_bytes(start)
    assert run(["perturb", "x.bin", "-o", "out", "--key-file", "my.key"]) == 1
    assert f"not supported: {name}" in capsys.readouterr().err


def test_changed_options_are_told_once(here, capsys):
    (here / "in").mkdir()
    names = [f"{number:02}.png" for number in range(20)]
    for number, name in enumerate(names):
        write_image(f"in/{name}", flat(number, 3))
    boxes_for(here, *names)
    job = ["perturb", "in", "-o", "out", *BOXES]
    assert run(job) == 0
    capsys.readouterr()
    assert run([*job, "--window", "6"]) == 1
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 5  # three files, the rest, the summary
    assert "17 more, 20 files in all: an output exists, and is not the result of this input" in err[3]
    assert "20 failed" in err[4]
    assert run([*job, "--window", "6", "--verbose"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 21
    assert run([*job, "--window", "6", "--json"]) == 1
    *results, last = lines_of(capsys.readouterr().out)
    assert sum("exists, and is not the result" in item["message"] for item in results) == 20
    assert list(last["summary"]["causes"].values()) == [20]


def test_a_full_disk_is_one_cause_and_damage_is_not(folder, here, capsys, monkeypatch):
    for number in range(6):
        (folder / f"bad{number}.png").write_bytes(b"no image")

    def full(path, *_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(batch_writer, "write_file", full)
    assert run(["perturb", "in", "-o", "out", *BOXES]) == 1
    err = capsys.readouterr().err
    assert err.count("not an image") == 6
    assert "2 more, 5 files in all: No space left on device" in err


def test_a_long_run_without_a_terminal_says_how_far_it_is(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    lines = _Lines()
    for second in range(101):
        now[0] = float(second)
        lines("dlib on mosaic", second, 100.0)
    told = capsys.readouterr().err.splitlines()
    assert [line.split(" of ")[0] for line in told] == [f"fastperturb: evaluate: {n}%" for n in (0, 30, 60, 90, 100)]


@pytest.mark.parametrize("call", [fp.locate, lambda image: fp.perturb(image, (0, 0, 9, 9), fp.Key.generate())])
def test_what_is_no_array_is_refused_with_what_to_do(here, call):
    pillow = pytest.importorskip("PIL.Image")
    for thing, advice in (
        ("face.png", r"fastperturb\.files\.read_image\(path\)\.pixels reads"),
        (here / "face.png", r"fastperturb\.files\.read_image\(path\)\.pixels reads"),
        ((here / "face.png").read_bytes(), "cv2.imdecode"),
        (pillow.fromarray(read_image("face.png").pixels), r"np\.asarray\(image\)"),
        (read_image("face.png"), "its pixels attribute"),
    ):
        with pytest.raises(TypeError, match=advice):
            call(thing)
