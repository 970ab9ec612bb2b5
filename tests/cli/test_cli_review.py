"""The command ``review``, its file of boxes, and what ``perturb`` makes of it."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import errno
import json
import os
import signal
import sys
from pathlib import Path

import httpx
import numpy as np
import pytest
from cli_cases import astronaut, here, lines_of
from photographs import astronaut as portrait
from review_cases import Desk, box, photos, reviewing

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.cli.batch.review_file import InUse, ReviewFile
from fastperturb.cli.commands.review import Wish, _detector
from fastperturb.faces import finder
from fastperturb.files import read_image, write_image
from fastperturb.video import Rules

KEY = ("--key-file", "my.key", "-q")


@pytest.fixture
def reviewed(here, photos):
    """A review of three pictures: a face to hide and one to spare, nobody, and one that is not done."""
    desk = Desk(photos, here / "boxes.jsonl").look()
    desk.put("a.png", [box(5, 6, 20, 22), box(30, 4, 12, 14, "spared")])
    desk.put("b.png", [])
    desk.file.close()
    return photos


def protected(*more):
    return run(["perturb", "photos", "-o", "out", "--boxes", "boxes.jsonl", "--protect", "black", *KEY, *more])


def test_perturb_hides_what_was_reviewed_and_leaves_what_is_spared(reviewed, here, capsys):
    assert protected("--json", "--on-no-face", "copy") == 1
    lines = {line["file"]: line for line in lines_of(capsys.readouterr().out) if "file" in line}
    assert lines["photos/a.png"]["status"] == "perturbed"
    assert lines["photos/b.png"]["status"] == "copied"
    assert "not reviewed yet" in lines["photos/sub/c.png"]["message"]
    assert not (here / "out/sub").exists(), "what nobody looked at is not passed on, not even as a copy"
    before, after = read_image("photos/a.png").pixels, read_image("out/a.png").pixels
    assert not after[6:28, 5:25].any()
    assert np.array_equal(after[4:18, 30:42], before[4:18, 30:42])


def test_perturb_refuses_boxes_of_another_content(reviewed, here, capsys):
    os.utime("photos/a.png", ns=(1, 1))  # another time alone does not matter
    assert protected() == 1
    assert (here / "out/a.png").exists()
    write_image("photos/a.png", np.zeros((40, 50, 3), np.uint8))
    assert protected("--force") == 1
    assert "it changed after its boxes were reviewed" in capsys.readouterr().err


def test_boxes_of_locate_are_taken_over_and_other_entries_stay(here, photos):
    lines = [
        {"file": "photos/a.png", "faces": [{"x": 1, "y": 2, "width": 9, "height": 9, "score": 0.7}]},
        {"file": "elsewhere.png", "faces": [[1, 2, 3, 4]]},
        {"summary": {"files": 2}},
    ]
    path = here / "faces.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    desk = Desk(Path("photos"), path).look()
    try:
        assert [(item["x"], item["kind"]) for item in desk.item("a.png")["boxes"]] == [(1, "face"), (30, "perhaps")]
        assert desk.entries()["elsewhere.png"] == lines[1]
    finally:
        desk.file.close()


def test_one_review_at_a_time(here, photos):
    path = here / "boxes.jsonl"
    first = ReviewFile(path)
    with pytest.raises(InUse):
        ReviewFile(path)
    assert run(["review", "photos", "--boxes", "boxes.jsonl", "--no-browser"]) == 2
    first.close()
    ReviewFile(path).close()
    assert [item.name for item in here.iterdir() if "lock" in item.name] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a.png": [[1, 2, 3]]}', "must be x, y, width and height"),
        ('{"a.png": [{"x": 1, "y": 2, "width": 1e999, "height": 2}]}', "must be x, y, width and height"),
        ('{"a.png": [{"x": 1, "y": 2, "width": 3, "height": 2, "score": "high"}]}', "must be x, y, width and height"),
        ("nothing", "is not JSON"),
    ],
)
def test_files_that_hold_no_boxes_are_refused(here, photos, capsys, text, words):
    (here / "bad.json").write_text(text)
    assert run(["review", "photos", "--boxes", "bad.json", "--no-browser"]) == 2
    assert words in capsys.readouterr().err
    assert (here / "bad.json").read_text() == text


def test_tables_and_missing_folders_are_refused(here, photos, capsys):
    assert run(["review", "photos", "--boxes", "t.csv"]) == 2
    assert "JSON Lines" in capsys.readouterr().err
    (here / "tracks.json").write_text('{"format":"fastperturb tracks","version":1}')
    assert run(["review", "photos", "--boxes", "tracks.json"]) == 2
    assert "tracks of a video" in capsys.readouterr().err
    assert run(["review", "photos", "--boxes", "no/such/b.jsonl"]) == 2
    assert "--boxes FILE names a place" in capsys.readouterr().err
    (here / "empty").mkdir()
    assert run(["review", "empty", "--no-browser"]) == 1


@pytest.mark.skipif(sys.platform == "win32" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may all")
def test_a_read_only_place_is_refused_before_anything_is_reviewed(here, photos, capsys):
    (here / "ro").mkdir(mode=0o500)
    assert run(["review", "photos", "--boxes", "ro/b.jsonl"]) == 2
    assert "Permission denied" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="no Ctrl-C can be sent there")
def test_the_command_prints_its_address_and_ends_with_ctrl_c(here, photos):
    with reviewing("photos", "--turned", "no") as (process, address):
        home, _, token = address.partition("/#")
        assert home.startswith("http://127.0.0.1:")
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=home, headers=headers, timeout=30) as client:
            while (data := client.get("/api/review").json())["waiting"]:
                pass
            number = next(item["id"] for item in data["items"] if item["name"] == "b.png")
            revision = client.get(f"/api/pictures/{number}").json()["revision"]
            body = {"revision": revision, "boxes": [box(1, 2, 9, 9)], "done": True}
            assert client.put(f"/api/pictures/{number}", json=body).json()["saving"]["state"] == "saved"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        assert "1 of 4 pictures reviewed, 1 cannot be read" in errors
        assert "broken.png: damaged" in errors
    entries = {entry["file"]: entry for entry in lines_of((here / "photos.boxes.jsonl").read_text())}
    assert entries["b.png"]["faces"] == [{"x": 1, "y": 2, "width": 9, "height": 9, "by": "hand"}]
    assert {entry["review"] for name, entry in entries.items() if name != "b.png"} == {"open"}


@pytest.mark.parametrize("preset", ["fast", "careful"])
def test_faces_of_a_review_are_those_that_perturb_finds(preset):
    """A look for lower scores may come to others, with any score: they are perhaps faces."""
    pixels = portrait().read()[..., :3]
    choices = {"boxes": None, "turned": None, "names": None, "port": 0, "no_browser": True, "max_pixels": 10**8}
    for threshold in (None, 0.99):
        sure, more = _detector(Wish(threshold=threshold, preset=preset, **choices))(pixels)
        assert sure == fp.locate(pixels, find=preset, threshold=threshold)
        assert more[0] == fp.locate(pixels, find=preset)[0]
    assert sure == []
    sure, more = _detector(Wish(threshold=0.99, preset=preset, **choices | {"names": "yunet"}))(pixels)
    assert (sure, len(more)) == ([], 1)


@pytest.mark.parametrize("score", [None, 0.3])
def test_videos_of_a_review_are_looked_at_as_perturb_does(here, photos, monkeypatch, score):
    seen = []
    monkeypatch.setattr("fastperturb.server.review.videos.follower", lambda *given: seen.append(given))
    monkeypatch.setattr("fastperturb.server.review.running.run", lambda *_: None)
    given = [] if score is None else ["--min-score", str(score)]
    run(["review", "photos", "--no-browser", *given])
    ((detector, rules),) = seen
    assert repr(detector) == repr(finder("fast", threshold=score))
    assert rules == (Rules() if score is None else Rules(threshold=score))


def test_a_read_only_disk_is_named_with_the_way_out(here, photos, capsys, monkeypatch):
    """For whoever may write anywhere too: the system's answer of a disk that is mounted read-only."""

    def read_only(path, *_rest):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    with monkeypatch.context() as patch:
        patch.setattr("fastperturb.cli.batch.review_file._lock", read_only)
        assert run(["review", "photos", "--no-browser"]) == 2
    told = capsys.readouterr().err
    assert "Read-only file system" in told
    assert "--boxes FILE names a place that can be written to" in told
    assert not list(here.glob("*.jsonl"))
