"""Videos on the command line: beside pictures, there and back, looked at before, stopped and gone on with."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("pyrage")

from cli_cases import lines_of, tree
from tiny_videos import picture, read_frames, read_packets, read_rgb, seconds_of, write_clip

from fastperturb.cli.app import run
from fastperturb.cli.batch.live import describe_part

KEY = ("--key-file", "my.key")


@pytest.fixture(scope="module")
def face(astronaut):
    """A photograph of a face, 160 x 128, that is moved about."""
    import cv2

    return cv2.resize(astronaut[0:256, 100:356], (128, 128), interpolation=cv2.INTER_AREA)


@pytest.fixture
def movie(here, face):
    """movie.mp4: a face that moves to the right, on grey, with sound."""

    def frame(index):
        shown = np.full((160, 256, 3), 110, np.uint8) + picture(index, 256, 160) // 32
        shown[16:144, 10 + 6 * index : 138 + 6 * index] = face
        return shown

    return write_clip(here / "movie.mp4", width=256, height=160, pictures=frame, frames=16)


def test_a_folder_of_pictures_and_videos_there_and_back(here, movie, capsys):
    (here / "in" / "sub").mkdir(parents=True)
    movie.rename(here / "in" / "sub" / "movie.mp4")
    (here / "face.png").rename(here / "in" / "face.png")
    assert run(["perturb", "in", "-o", "out", *KEY, "--json"]) == 0
    results = {item["file"]: item for item in lines_of(capsys.readouterr().out)[:-1]}
    found = results["in/sub/movie.mp4"]
    assert (found["status"], found["frames"], found["tracks"], found["codec"]) == ("perturbed", 16, 1, "h264")
    assert found["covered"] == 16
    assert found["sealed"] == "out/sub/movie.mp4.age"
    assert tree(here / "out") == ["face.png", "sub/movie.mp4", "sub/movie.mp4.age"]
    assert run(["perturb", "in", "-o", "out", *KEY, "--json"]) == 0
    assert lines_of(capsys.readouterr().out)[-1]["summary"]["counts"] == {"unchanged": 2}
    assert run(["restore", "out", "-o", "back", *KEY, "--json"]) == 0
    results = {item["file"]: item for item in lines_of(capsys.readouterr().out)[:-1]}
    assert results["out/sub/movie.mp4"]["exact"] == "file"
    assert tree(here / "back") == ["face.png", "sub/movie.mp4"]
    assert (here / "back/sub/movie.mp4").read_bytes() == (here / "in/sub/movie.mp4").read_bytes()
    assert run(["restore", "out", "-o", "back", *KEY, "--json"]) == 0
    assert lines_of(capsys.readouterr().out)[-1]["summary"]["counts"] == {"unchanged": 2}
    (here / "back/sub/movie.mp4").write_bytes(b"another film")
    assert run(["restore", "out", "-o", "back", *KEY]) == 1
    assert "back/sub/movie.mp4: File exists" in capsys.readouterr().err.replace("\\", "/")
    assert (here / "back/sub/movie.mp4").read_bytes() == b"another film"


def test_the_face_is_covered_in_every_frame_and_the_sound_stays(here, movie):
    assert run(["perturb", "movie.mp4", "-o", "out.mp4", "--protect", "black", "--one-time-key", "-q"]) == 0
    assert tree(here) == ["face.png", "movie.mp4", "my.key", "out.mp4"]
    assert seconds_of("out.mp4") == seconds_of("movie.mp4")
    assert read_packets("out.mp4", "audio") == read_packets("movie.mp4", "audio")
    for index, shown in enumerate(read_rgb("out.mp4")):
        face = shown[50:100, 45 + 6 * index : 85 + 6 * index]
        assert face.max() < 40, index
    assert run(["perturb", "movie.mp4", "-o", "mute.mp4", "--no-audio", "--one-time-key", "-q"]) == 0
    with pytest.raises((IndexError, ValueError, StopIteration)):
        read_packets("mute.mp4", "audio")


def test_a_name_that_was_given_is_not_changed(here, movie, capsys):
    original = movie.read_bytes()
    assert run(["perturb", "movie.mp4", "-o", "out.mkv", "--seals", "beside", *KEY]) == 0
    assert run(["restore", "out.mkv", "-o", "again.mkv", *KEY]) == 1
    assert "the original is a .mp4 file: name it again.mp4, got again.mkv" in capsys.readouterr().err
    assert not list(here.glob("again*"))
    assert run(["restore", "out.mkv", "-o", "again.mp4", *KEY]) == 0
    assert run(["restore", "out.mkv", "-o", "again.mkv", *KEY]) == 1
    assert run(["restore", "out.mkv", "-o", "back", *KEY, "--json"]) == 0
    assert (here / "again.mp4").read_bytes() == (here / "back" / "out.mp4").read_bytes() == original
    summary = lines_of(capsys.readouterr().out)[-1]["summary"]
    assert (summary["bytes_in"], summary["bytes_out"]) == ((here / "out.mkv").stat().st_size, len(original))


def test_a_video_that_is_protected_is_not_protected_again(here, movie, capsys):
    assert run(["perturb", "movie.mp4", "-o", "a.mp4", *KEY]) == 0
    assert run(["perturb", "a.mp4", "-o", "b.mp4", *KEY]) == 1
    assert "it is protected already; restore it first" in capsys.readouterr().err
    assert not (here / "b.mp4").exists()


def test_lossless_windows_come_back_and_changed_options_are_told(here, movie, capsys):
    job = ["perturb", "movie.mp4", "-o", "out", "--protect", "windows", *KEY]
    assert run(job) == 1
    assert "windows come back out of a lossless video alone" in capsys.readouterr().err
    assert run([*job, "--lossless"]) == 0
    assert tree(here / "out") == ["movie.mkv"]
    assert run([*job, "--lossless", "--cells", "4"]) == 1
    assert "is not the result of this input and these options" in capsys.readouterr().err
    assert run(["restore", "out/movie.mkv", "-o", "back", *KEY]) == 0
    before, after = read_frames("movie.mp4"), read_frames("back/movie.mkv")
    assert all(
        np.array_equal(x, y) for a, b in zip(before, after, strict=True) for x, y in zip(a[2], b[2], strict=True)
    )


def test_a_public_key_protects_and_its_holder_restores(here, movie, capsys):
    assert run(["keygen", "-o", "owner.key", "--public", "owner.pub"]) == 0
    assert run(["perturb", "movie.mp4", "-o", "out", "--to", "owner.pub"]) == 0
    assert run(["restore", "out", "-o", "back", *KEY]) == 1
    assert "made for another key" in capsys.readouterr().err
    assert tree(here / "back") == []
    assert run(["restore", "out", "-o", "back", "--key-file", "owner.key"]) == 0
    assert (here / "back/movie.mp4").read_bytes() == movie.read_bytes()


def test_looking_before(here, movie, capsys):
    assert run(["locate", "movie.mp4", "--json"]) == 0
    told = lines_of(capsys.readouterr().out)[0]
    assert (told["width"], told["height"], told["frames"]) == (256, 160, 16)
    ((track),) = told["tracks"]
    assert (track["first"], track["last"], track["from"]) == (0, 15, 0.0)
    assert run(["locate", "movie.mp4", "-o", "look"]) == 0
    assert tree(here / "look") == ["movie.tracks-1.png", "movie.tracks.json"]
    assert run(["locate", "movie.mp4", "-o", "look"]) == 1
    (here / "other.mp4").write_bytes(movie.read_bytes() + b"\0\0\0\x08free")
    assert run(["perturb", "other.mp4", "-o", "a.mp4", "--boxes", "look/movie.tracks.json", *KEY]) == 1
    assert "the tracks are those of another video, or it was changed since" in capsys.readouterr().err
    assert run(["locate", "movie.mp4", "-o", "look", "--force"]) == 0
    (here / "own").mkdir()
    (here / "own/movie.tracks-1.png").write_bytes(b"mine")
    assert run(["locate", "movie.mp4", "-o", "own"]) == 1
    assert tree(here / "own") == ["movie.tracks-1.png"]
    assert (here / "own/movie.tracks-1.png").read_bytes() == b"mine"
    text = (here / "look/movie.tracks.json").read_text()
    boxes = ("--boxes", "look/movie.tracks.json")
    assert run(["perturb", "movie.mp4", "-o", "a.mp4", *boxes, "--protect", "black", "--one-time-key"]) == 0
    assert all(shown[60:90, 55 + 6 * i : 75 + 6 * i].max() < 40 for i, shown in enumerate(read_rgb("a.mp4")))
    (here / "look/movie.tracks.json").write_text(text.replace('"spared":false', '"spared":true'))
    capsys.readouterr()
    assert run(["perturb", "movie.mp4", "-o", "b.mp4", *boxes, *KEY]) == 3
    assert "every face that was found is spared" in capsys.readouterr().err
    (here / "look/movie.tracks.json").write_text(text.replace('"width":256', '"width":255'))
    assert run(["perturb", "movie.mp4", "-o", "b.mp4", *boxes, *KEY]) == 1
    assert not (here / "b.mp4").exists()


def test_inspect_says_what_a_video_is_and_whether_the_key_opens_it(here, movie, capsys):
    assert run(["perturb", "movie.mp4", "-o", "out.mkv", *KEY]) == 0
    capsys.readouterr()
    assert run(["inspect", "movie.mp4", "out.mkv", *KEY, "--json"]) == 0
    clear, hidden, _ = lines_of(capsys.readouterr().out)
    assert (clear["protected"], clear["sealed"], clear["codec"], clear["width"]) == (False, None, "h264", 256)
    assert (hidden["protected"], hidden["sealed"], hidden["recipients"]) == (True, "inside", 1)
    assert (hidden["restores"], hidden["holds"], hidden["bytes"]) == (True, "file", movie.stat().st_size)
    assert run(["inspect", "out.mkv", *KEY]) == 0
    assert "brings back the file, byte for byte" in capsys.readouterr().out
    data = bytearray((here / "out.mkv").read_bytes())
    data[-100] ^= 1
    (here / "out.mkv").write_bytes(bytes(data))
    assert run(["inspect", "out.mkv", *KEY]) == 1
    assert "does not restore it" in capsys.readouterr().out
    assert run(["restore", "out.mkv", "-o", "back", *KEY]) == 1
    assert "was changed or cut" in capsys.readouterr().err
    assert tree(here / "back") == []


def test_no_face_is_no_success(here, capsys):
    write_clip(here / "empty.mp4")
    assert run(["perturb", "empty.mp4", "-o", "out", *KEY]) == 3
    assert run(["perturb", "empty.mp4", "-o", "out", *KEY, "--on-no-face", "skip"]) == 0
    assert tree(here / "out") == []
    for _ in range(2):
        assert run(["perturb", "empty.mp4", "-o", "out", *KEY, "--on-no-face", "copy"]) == 0
    assert tree(here / "out") == ["empty.mp4"]
    assert len(read_frames(here / "out/empty.mp4")) == 12
    assert "unchanged" in capsys.readouterr().err


def test_what_does_not_fit_videos_is_said(here, movie, capsys):
    for options, words in (
        (("--grow", "0.2", "--protect", "black"), "no --grow"),
        (("--protect", "noise"), "videos can show surrogate"),
        (("--keep-stream", "7"), "no stream 7 to keep"),
        (("--codec", "gif", "--lossless"), "lossless needs the codec"),
    ):
        assert run(["perturb", "movie.mp4", "-o", "out", *KEY, *options]) in (1, 2)
        assert words in capsys.readouterr().err
    assert run(["perturb", "movie.mp4", "-o", "out.xyz", *KEY]) == 0  # a folder
    assert tree(here / "out.xyz") == ["movie.mp4", "movie.mp4.age"]
    assert run(["perturb", "movie.mp4", "-o", "out.avi", *KEY]) == 2
    assert ".avi cannot be written: .mp4, .m4v, .mov, .mkv, .webm, .gif can" in capsys.readouterr().err


def test_two_videos_that_would_be_one(here, movie, capsys):
    (here / "in").mkdir()
    for name in ("a.mp4", "a.avi"):
        (here / "in" / name).write_bytes(movie.read_bytes())
    assert run(["perturb", "in", "-o", "out", *KEY]) == 1
    assert "would both be written to a.mp4" in capsys.readouterr().err
    assert run(["perturb", "in", "-o", "out", *KEY, "--full-names", "-q"]) == 0
    assert [name for name in tree(here / "out") if name.endswith(".mp4")] == ["a.avi.mp4", "a.mp4.mp4"]


def test_a_sealed_film_is_no_way_back_of_another_one(here, movie, capsys):
    """Its video went elsewhere, or is replaced by one without a seal: its NAME.age stays, and is not taken for it."""
    assert run(["perturb", "movie.mp4", "-o", "p.mp4", *KEY]) == 0
    sealed = (here / "p.mp4.age").read_bytes()
    capsys.readouterr()
    write_clip(here / "empty.mp4")
    for arguments in (("movie.mp4", "--one-time-key"), ("empty.mp4", *KEY, "--on-no-face", "copy")):
        assert run(["perturb", *arguments, "-o", "p.mp4", "--force"]) == 1
        assert "p.mp4.age: File exists: it is not the sealed original of the new p.mp4" in capsys.readouterr().err
    (here / "p.mp4").rename(here / "moved.mp4")
    assert run(["perturb", "movie.mp4", "-o", "p.mp4", *KEY]) == 1
    assert "p.mp4.age: File exists: it may be all that is left of an original" in capsys.readouterr().err
    assert (here / "p.mp4.age").read_bytes() == sealed
    (here / "p.mp4.age").rename(here / "moved.mp4.age")
    assert run(["perturb", "movie.mp4", "-o", "p.mp4", "--one-time-key"]) == 0
    assert run(["inspect", "p.mp4", "moved.mp4", "--json"]) == 0
    assert [told["sealed"] for told in lines_of(capsys.readouterr().out)[:-1]] == [None, "moved.mp4.age"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_video_leaves_nothing_and_goes_on(here, movie, number, capsys):
    """A film of some seconds is stopped while it is worked on; the picture before it is whole."""
    (here / "in").mkdir()
    (here / "face.png").rename(here / "in/a.png")
    frames = [24 * index for index in range(1500)]
    write_clip(
        here / "in/long.mp4",
        width=320,
        height=192,
        times=frames,
        audio=False,
        options={"preset": "ultrafast"},
        pictures=lambda index: np.full((192, 320, 3), index % 250, np.uint8),
    )
    arguments = ["perturb", "in", "-o", "out", *KEY, "--json", "--on-no-face", "copy"]
    program = [sys.executable, "-m", "fastperturb"]
    process = subprocess.Popen([*program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not (here / "out/a.png").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    *results, last = lines_of(out)
    assert [item["file"] for item in results] == [os.path.join("in", "a.png")]  # noqa: PTH118
    assert last["summary"]["interrupted"]
    assert "interrupted after 1 of 2 files" in err
    assert tree(here / "out") == ["a.png"]
    (here / "in/long.mp4").write_bytes(movie.read_bytes())
    capsys.readouterr()
    assert run(arguments) == 0
    assert lines_of(capsys.readouterr().out)[-1]["summary"]["counts"] == {"unchanged": 1, "perturbed": 1}


def test_progress_is_told_in_words():
    assert describe_part("a.mp4", "sealing", 0, None, 1.0) == "a.mp4: sealing"
    assert (
        describe_part("a.mp4", "writing", 300, 900, 5.0) == "a.mp4: writing, frame 300 of 900, 60 frames/s, 0:10 left"
    )
    assert describe_part("a.mp4", "writing", 300, None, 5.0) == "a.mp4: writing, frame 300, 60 frames/s"
    assert describe_part("a.mp4", "x", 10, 9010, 1.0).endswith("15:00 left")


def test_facts_are_json(here, movie, capsys):
    assert run(["perturb", "movie.mp4", "-o", "out", *KEY, "--json"]) == 0
    told, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert told["notes"] == told["left_out"] == []
    assert summary["summary"]["counts"] == {"perturbed": 1}
