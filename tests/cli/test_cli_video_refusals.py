"""Wishes that videos cannot fulfil: each is refused by name, and what the run can do without them is done."""

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("pyrage")

from cli_cases import lines_of, tree
from tiny_videos import moving_box, write_clip

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.cli.batch.video_wishes import ARCHIVE_NOTE, KEEP_NOTE
from fastperturb.errors import VideoFileError
from fastperturb.files import read_image
from fastperturb.video import Coding, VideoOptions, perturb_video

KEY = ("--key-file", "my.key")


@pytest.fixture
def protected(here):
    """out/film.mp4, protected to a public key, its sealed file beside; the original is film.mp4."""
    write_clip(here / "film.mp4", frames=4)
    (here / "out").mkdir()
    perturb_video("film.mp4", "out/film.mp4", fp.Key.from_file("my.key"), tracks=[], allow_no_face=True)
    return here / "out"


@pytest.mark.parametrize("more", [(), ("--dry-run",), ("--on-no-record", "copy")])
def test_one_face_of_a_video_does_not_bring_back_all(here, protected, more, capsys):
    assert run(["perturb", "face.png", "-o", "out/face.png", *KEY, "-q"]) == 0
    assert run(["restore", "out", "-o", "back", "--face", "0", *KEY, *more]) == 1
    assert "film.mp4: a video comes back as a whole, with every face: no --face" in capsys.readouterr().err
    assert tree(here / "back") == ([] if "--dry-run" in more else ["face.png"])
    assert run(["restore", "out/film.mp4", "-o", "back", "--face", "0", *KEY, *more]) == 1
    assert not (here / "back/film.mp4").exists()


def test_a_video_that_anyone_can_have_made_is_told_and_refused(here, protected, capsys):
    key = fp.Key.from_file("my.key")
    perturb_video("film.mp4", "out/film.mp4", key.public(), tracks=[], allow_no_face=True, overwrite=True)
    for more in ((), ("--dry-run",)):
        assert run(["restore", "out", "-o", "back", "--origin", "key", *KEY, *more]) == 1
        assert "film.mp4: anyone who has the public key can have sealed it" in capsys.readouterr().err
        assert tree(here / "back") == []
    assert run(["restore", "out", "-o", "back", *KEY, "-q"]) == 0
    assert "film.mp4: restored; anyone who has the public key can have sealed it" in capsys.readouterr().err
    assert (here / "back/film.mp4").read_bytes() == (here / "film.mp4").read_bytes()
    assert run(["restore", "out", "-o", "back", "--origin", "key", *KEY]) == 1  # nor is it "unchanged"
    assert run(["inspect", "out/film.mp4", *KEY, "--json"]) == 0
    assert lines_of(capsys.readouterr().out)[0]["made_by"] == "anyone"


def test_a_video_that_was_changed_stays_refused(here, protected, capsys):
    sealed = protected / "film.mp4.age"
    sealed.write_bytes(sealed.read_bytes()[:-1])
    assert run(["restore", "out", "-o", "back", "--no-verify", *KEY]) == 1
    assert "was changed or cut since it was written; --no-verify is for pictures alone" in capsys.readouterr().err
    assert tree(here / "back") == []


NEW = ("rekey", "--new-key-file", "new.key")


@pytest.mark.parametrize("command", [NEW, ("forget", "--all")])
def test_protected_videos_are_not_left_out_of_what_changes_records(here, protected, command, capsys):
    """Beside, inside, a sealed file alone, a folder below, a video that is named: all are named and fail."""
    assert run(["keygen", "-o", "new.key"]) == 0
    assert run(["perturb", "face.png", "-o", "out/face.png", *KEY, "-q"]) == 0
    (protected / "sub").mkdir()
    key = fp.Key.from_file("my.key")
    perturb_video("film.mp4", "out/sub/inside.mkv", key, tracks=[], allow_no_face=True)
    (protected / "alone.mp4.age").write_bytes((protected / "film.mp4.age").read_bytes())
    (protected / "clear.mp4").write_bytes((here / "film.mp4").read_bytes())
    (protected / ".hidden.mp4").write_bytes((protected / "sub/inside.mkv").read_bytes())
    (protected / "not.mp4.age").write_bytes(b"no sealed file")
    (protected / "rubbish.mkv").write_bytes(b"\x1aE\xdf\xa3 rubbish")
    before = {name: (protected / name).read_bytes() for name in tree(protected) if name != "face.png"}
    capsys.readouterr()
    name, *more = command
    assert run([name, "out", *more, *KEY, "--json"]) == 1
    told = capsys.readouterr()
    *results, last = lines_of(told.out)
    failed = {item["file"].replace("\\", "/"): item["message"] for item in results if item["status"] == "failed"}
    assert sorted(failed) == ["out/alone.mp4.age", "out/film.mp4", "out/sub/inside.mkv"]
    assert all(text.startswith(f"a protected video, which {name} does not cover") for text in failed.values())
    assert last["summary"]["counts"] == {"failed": 3, "rekeyed" if name == "rekey" else "forgotten": 1}
    assert last["summary"]["ignored"] == 3
    assert all(path in told.err.replace("\\", "/") for path in failed)
    assert {name: (protected / name).read_bytes() for name in before} == before
    assert run([name, "out/film.mp4", *more, *KEY]) == 1
    assert f"a protected video, which {name} does not cover" in capsys.readouterr().err


@pytest.fixture
def mixed(here):
    """in/: a photograph of a face, and films of two kinds."""
    (here / "in").mkdir()
    (here / "face.png").rename(here / "in/face.png")
    write_clip(here / "in/a.mp4", frames=4)
    write_clip(here / "in/b.mkv", frames=4)
    (here / "away.json").write_text('[{"file": "a.mp4", "faces": [{"x": 1, "y": 2, "width": 30, "height": 40}]}]')
    return here / "in"


def still(path):
    """Pictures of a film that shows one photograph of a face, on grey."""
    import cv2

    shown = np.full((160, 256, 3), 110, np.uint8)
    shown[16:144, 60:188] = cv2.resize(read_image(path).pixels[0:256, 100:356], (128, 128))
    return lambda _index: shown


LOOKING = ("--grow", "--features", "--least", "--ignore", "--shape")
WHOLE = "videos have regions over the whole head: "
NO_IGNORE = "in videos faces are looked for everywhere: no --ignore"
REFUSED = [
    (("--grow", "0.2", "--protect", "black"), "ab", WHOLE + "no --grow"),
    (("--least", "20", "--protect", "black", "--grow", "0.1"), "ab", WHOLE + "no --grow and no --least"),
    (("--least", "20"), "ab", WHOLE + "no --least"),
    (("--shape", "box", "--protect", "black"), "ab", WHOLE + "no --shape box"),
    (("--ignore", "0,0,10,10"), "ab", NO_IGNORE),
    (("--ignore", "away.json"), "a", NO_IGNORE),
    (("--reproducible",), "ab", "what restores a video is sealed anew each time: no --reproducible"),
    (("--seals", "inside"), "a", ".mp4 files hold no sealed file, .mkv and .webm do: no --seals inside"),
    (("--record-beside",), "b", "what restores a .mkv video lies inside: no --record-beside"),
    (("--drop-metadata",), "ab", "the sealed original of a video holds all its metadata: no --drop-metadata"),
    (("--exact-file", "--protect", "windows", "--lossless"), "ab", "not as the file: no --exact-file"),
    (("--features", "--lossless"), "ab", WHOLE + "no --features"),
]


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
@pytest.mark.parametrize(("options", "films", "words"), REFUSED)
def test_options_that_a_video_would_ignore_refuse_it(here, mixed, options, films, words, more, capsys):
    """Each by name; the picture beside it is done, and so are videos that can have what was asked for."""
    job = ["perturb", "in", "-o", "out", *KEY, "--on-no-face", "skip", "--json", *options, *more]
    assert run(job) == 1
    *results, _ = lines_of(capsys.readouterr().out)
    told = {item["file"].replace("\\", "/"): (item["status"], item.get("message", "")) for item in results}
    for name in ("a.mp4", "b.mkv"):
        status, message = told[f"in/{name}"]
        assert status == ("failed" if name[0] in films else "skipped")
        assert (words in message) == (name[0] in films)
    assert told["in/face.png"][0] == "perturbed"
    written = {name.removesuffix(".json") for name in tree(here / "out")}
    assert written == (set() if more else {"face.png"})


def test_what_can_be_had_is_not_refused(here, mixed, capsys):
    """Nothing is sealed of what is for good; an ellipse is what videos have."""
    for options in (("--drop-metadata", "--one-time-key"), ("--shape", "ellipse", "--protect", "black", *KEY)):
        assert run(["perturb", "in/a.mp4", "-o", "out", "--on-no-face", "skip", *options]) == 0
    assert run(["perturb", "in/b.mkv", "-o", "out", "--on-no-face", "skip", "--seals", "inside", *KEY]) == 0


def test_a_threshold_and_looking_into_given_tracks_are_refused(here, mixed, capsys):
    rng = np.random.default_rng(0)
    fp.strength.fit_threshold(rng.integers(0, 256, (6, 16, 16), np.uint8)).save("fit.threshold")
    assert run(["perturb", "in/a.mp4", "-o", "out", *KEY, "--lossless", "--threshold", "fit.threshold"]) == 1
    assert "windows of videos take a window or cells, and a coverage: no --threshold" in capsys.readouterr().err
    assert run(["perturb", "in/a.mp4", "-o", "out", *KEY, "--boxes", "away.json", "--every", "1"]) == 2
    assert "--boxes are taken as they are: no --every" in capsys.readouterr().err
    assert not (here / "out").exists()


@pytest.mark.parametrize(("options", "words"), [item[::2] for item in REFUSED if item[0][0] in LOOKING])
def test_locate_refuses_what_it_would_ignore_of_a_video(here, mixed, options, words, capsys):
    given = [text for text in options if text not in ("--protect", "black", "--lossless")]
    assert run(["locate", "in", "-o", "look", "--json", *given]) == 1
    *results, _ = lines_of(capsys.readouterr().out)
    assert words in results[0]["message"]
    assert [item["status"] for item in results[:2]] == [
        "failed",
        "without face" if "away.json" in options else "failed",
    ]
    assert results[2]["status"] == "located"


def test_a_dry_run_of_locate_writes_no_tracks(here, mixed, capsys):
    assert run(["locate", "in", "-o", "look", "--dry-run"]) == 0
    assert tree(here / "look") == []


def test_an_archive_says_what_lies_beside_and_what_stays_behind(here, mixed, capsys):
    """The film of a face that is known: a photograph in motion, without a look for it."""
    film = write_clip(here / "face.mp4", width=256, height=160, frames=3, pictures=still(mixed / "face.png"))
    for kind, beside in (("mp4", True), ("mkv", False)):
        job = ["perturb", str(film), "-o", f"out.{kind}", *KEY, "--purpose", "archive", "--keep", "icc,date"]
        assert run([*job, "--json"]) == 0
        told = lines_of(capsys.readouterr().out)[0]["notes"]
        assert (ARCHIVE_NOTE in told, KEEP_NOTE in told) == (beside, True)
        assert (here / f"out.{kind}.age").exists() == beside


def test_larger_frames_than_may_be_are_refused(here, mixed, capsys):
    """By all that decodes or describes them: frames of 96 x 64 have 6,144 pixels."""
    job = ["perturb", "in/a.mp4", *KEY, "--protect", "windows", "--lossless", "--on-no-face", "copy"]
    limits = ("--max-pixels", "6143"), ("--max-pixels", "6144")
    tracks = moving_box(4)
    options = VideoOptions(coding=Coding(lossless=True))
    perturb_video("in/a.mp4", "out.mkv", fp.Key.from_file("my.key"), fp.Strength(), tracks=[tracks], options=options)
    jobs = (
        [*job, "-o", "copy.mkv"],
        ["locate", "in/a.mp4"],
        ["inspect", "in/a.mp4"],
        ["restore", "out.mkv", "-o", "back.mkv", *KEY],
    )
    for arguments in jobs:
        before = tree(here)
        assert run([*arguments, *limits[0]]) == 1
        assert "frames of 96 x 64 pixels are more than the limit of 6143" in capsys.readouterr().err
        assert tree(here) == before
        assert run([*arguments, *limits[1]]) == 0
    given = VideoOptions(max_pixels=6143)
    with pytest.raises(VideoFileError, match="more than the limit of 6143"):
        perturb_video("in/a.mp4", "given.mp4", None, tracks=[tracks], options=given)
    with pytest.raises(ValueError, match="max_pixels must be at least 1, got 0"):
        VideoOptions(max_pixels=0)
