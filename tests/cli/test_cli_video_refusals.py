"""Wishes that videos cannot fulfil: each is refused by name, and what the run can do without them is done."""

import pytest

pytest.importorskip("av")
pytest.importorskip("pyrage")

from cli_cases import lines_of, tree
from tiny_videos import write_clip

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.video import perturb_video

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
