"""The review's videos over HTTP: tracks told, spared, deleted, longer, moved, added; frames; saved and gone on with."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("av")

from review_cases import Desk
from review_films import FRAMES, HEIGHT, WIDTH, desk, folder, follow, track
from tiny_videos import write_clip

from fastperturb.bounded_files import digest_of
from fastperturb.cli.app import run
from fastperturb.video.track_file import VideoTracks


def details(desk):
    return desk.send("GET", "/api/videos/0").json()


def change(desk, *changes, done=False, **more):
    body = {"revision": details(desk)["revision"], "changes": list(changes), "done": done, **more}
    return desk.send("POST", "/api/videos/0", json=body)


def at(desk, frame):
    return {box["track"]: box for box in desk.send("GET", f"/api/videos/0/frames/{frame}").json()["boxes"]}


def saved(desk):
    return VideoTracks.read(desk.path.parent / "photos.tracks/clip.mp4.tracks.json")


def test_a_video_is_listed_with_its_tracks_the_unsure_first(desk):
    (item,) = desk.queue()["items"]
    assert (item["kind"], item["name"], item["state"], item["faces"]) == ("video", "clip.mp4", "open", 2)
    assert item["reason"] == "lowest mean score 0.70"
    told = details(desk)
    assert [entry["id"] for entry in told["tracks"]] == [1, 0]
    assert told["tracks"][0] | {"first": 10, "last": 18, "from": 0.4, "seen": 5, "spared": False} == told["tracks"][0]
    assert (told["frames"], told["width"], told["height"]) == (FRAMES, WIDTH, HEIGHT)
    assert (
        at(desk, 10)[1] | {"x": 50, "y": 8, "width": 16, "height": 20, "kind": "face", "score": 0.7} == at(desk, 10)[1]
    )
    assert "score" not in at(desk, 11)[1], "a box that was filled in has none"


def test_tracks_are_spared_and_deleted_and_saved_as_perturb_takes_them(desk):
    answer = change(desk, {"do": "spare", "track": 0, "spared": True}, {"do": "delete", "track": 1}, done=True)
    assert answer.status_code == 200, answer.text
    assert answer.json()["saving"]["state"] == "saved"
    (kept,) = saved(desk).tracks
    assert (kept.id, kept.spared) == (0, True)
    entry = desk.entries()["clip.mp4"]
    assert entry["review"] == "done"
    assert entry["tracks"] == "photos.tracks/clip.mp4.tracks.json"
    assert (entry["width"], entry["height"], entry["frames"]) == (WIDTH, HEIGHT, FRAMES)
    assert "faces" not in entry


def test_a_track_is_made_longer_shorter_and_moved(desk):
    assert change(desk, {"do": "span", "track": 1, "first": 4, "last": 30}).status_code == 200
    assert at(desk, 4)[1]["x"] == 50, "it stands still where nobody looked"
    assert at(desk, 30)[1]["x"] == 58
    assert change(desk, {"do": "place", "track": 1, "frame": 30, "box": [70, 8, 16, 20]}).status_code == 200
    assert [at(desk, frame)[1]["x"] for frame in (18, 24, 30)] == [58, 64, 70], "straight from where it was last seen"
    assert change(desk, {"do": "place", "track": 1, "frame": 36, "box": [70, 2, 16, 20]}).status_code == 200
    assert (at(desk, 33)[1]["y"], at(desk, 36)[1]["y"]) == (5, 2), "a box beyond its end makes it longer"
    assert change(desk, {"do": "span", "track": 1, "first": 12, "last": 16}).status_code == 200
    assert 1 not in at(desk, 11)
    assert 1 not in at(desk, 17)
    assert saved(desk).tracks[1].last == 16


def test_a_track_is_added_for_half_a_second_on_both_sides(desk):
    answer = change(desk, {"do": "add", "frame": 20, "box": [30, 30, 12, 14]}).json()
    assert answer["added"] == [2]
    (added,) = [entry for entry in answer["item"]["tracks"] if entry["id"] == 2]
    assert (added["first"], added["last"], added["drawn"]) == (8, 32, 1)
    assert at(desk, 8)[2] | {"x": 30, "y": 30, "width": 12, "height": 14} == at(desk, 8)[2]
    assert len(saved(desk).tracks) == 3


def test_changes_are_undone_one_by_one(desk):
    before = saved(desk).to_json()
    change(desk, {"do": "delete", "track": 1})
    change(desk, {"do": "spare", "track": 0, "spared": True})
    assert change(desk, undo=True).json()["item"]["undo"] is True
    assert [entry["spared"] for entry in details(desk)["tracks"]] == [False]
    assert change(desk, undo=True).json()["item"]["undo"] is False
    assert saved(desk).to_json() == before


def test_a_review_of_a_video_goes_on_where_it_was_and_follows_nothing_again(desk, folder):
    change(desk, {"do": "delete", "track": 1}, done=True)
    desk.file.close()
    calls = follow.calls
    again = Desk(folder, desk.path, follow).look()
    try:
        (item,) = again.queue()["items"]
        assert (item["state"], item["faces"]) == ("done", 1)
        assert follow.calls == calls
        assert again.entries() == desk.entries()
    finally:
        again.file.close()


def test_a_video_that_changed_is_followed_anew_and_its_old_tracks_are_kept(desk, folder):
    change(desk, {"do": "delete", "track": 1}, done=True)
    desk.file.close()
    write_clip(folder / "clip.mp4", frames=FRAMES + 2, width=WIDTH, height=HEIGHT)
    again = Desk(folder, desk.path, follow).look()
    try:
        (item,) = again.queue()["items"]
        assert (item["state"], item["stale"], item["faces"]) == ("open", True, 2)
        assert "changed after" in item["reason"]
        old = desk.path.parent / "photos.tracks/clip.mp4.tracks.json.old"
        assert len(VideoTracks.read(old).tracks) == 1
        assert saved(again).frame_count == FRAMES + 2
    finally:
        again.file.close()


def test_tracks_that_locate_wrote_are_taken_over_if_they_are_of_this_video(folder, tmp_path):
    place = tmp_path / "photos.tracks/clip.mp4.tracks.json"
    place.parent.mkdir()
    seconds = np.arange(FRAMES) / 25
    for frames, state in ((FRAMES, "open"), (FRAMES - 1, "broken")):
        place.write_text(VideoTracks(WIDTH, HEIGHT, seconds[:frames], (track(5, 1, 3, 0.8),)).to_json())
        desk = Desk(folder, tmp_path / "photos.boxes.jsonl", follow).look()
        try:
            (item,) = desk.queue()["items"]
            assert item["state"] == state
            assert item["reason"].startswith("lowest mean score 0.80" if state == "open" else "the tracks are those of")
        finally:
            desk.file.close()
            desk.path.unlink(missing_ok=True)


def test_tracks_of_another_video_are_refused_and_those_that_are_taken_say_of_which_one_they_are(folder, tmp_path):
    place = tmp_path / "photos.tracks/clip.mp4.tracks.json"
    place.parent.mkdir()
    tracks, digest = (track(5, 1, 3, 0.8),), digest_of(folder / "clip.mp4")
    for rate, of, words in (
        (30, None, "the tracks are those of a video with other times"),
        (25, 64 * "0", "the tracks are those of another video"),
        (25, digest, "lowest mean score 0.80"),
        (25, None, "lowest mean score 0.80"),
    ):
        place.write_text(VideoTracks(WIDTH, HEIGHT, np.arange(FRAMES) / rate, tracks, of).to_json())
        desk = Desk(folder, tmp_path / "photos.boxes.jsonl", follow).look()
        try:
            assert desk.queue()["items"][0]["reason"].startswith(words)
            if "score" in words:
                assert change(desk, {"do": "spare", "track": 5, "spared": True}).status_code == 200
                assert saved(desk).sha256 == digest
        finally:
            desk.file.close()
            desk.path.unlink(missing_ok=True)


def test_saved_tracks_that_were_replaced_by_another_videos_are_refused(desk, folder):
    assert saved(desk).sha256 == digest_of(folder / "clip.mp4")
    change(desk, {"do": "delete", "track": 1}, done=True)
    desk.file.close()
    place = desk.path.parent / "photos.tracks/clip.mp4.tracks.json"
    place.write_text(replace(VideoTracks.read(place), sha256=64 * "0").to_json())
    again = Desk(folder, desk.path, follow).look()
    try:
        (item,) = again.queue()["items"]
        assert (item["state"], item["reason"][:37]) == ("broken", "the tracks are those of another video")
    finally:
        again.file.close()


def test_two_windows_do_not_write_over_each_other(desk):
    old = details(desk)["revision"]
    assert change(desk, {"do": "delete", "track": 1}).status_code == 200
    body = {"revision": old, "changes": [{"do": "delete", "track": 0}], "done": False}
    late = desk.send("POST", "/api/videos/0", json=body)
    assert late.status_code == 409
    assert [entry["id"] for entry in late.json()["item"]["tracks"]] == [0]


def test_tracks_that_another_program_wrote_are_not_lost(desk):
    path = desk.path.parent / "photos.tracks/clip.mp4.tracks.json"
    path.write_text(path.read_text() + "\n")
    answer = change(desk, {"do": "delete", "track": 1}).json()
    assert answer["saving"]["state"] == "failed"
    assert "clip.mp4.tracks.json was changed by another program" in answer["saving"]["message"]
    assert len(saved(desk).tracks) == 2
    assert desk.send("POST", "/api/save", json={"overwrite": True}).json()["saving"]["state"] == "saved"
    assert len(saved(desk).tracks) == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"do": "fly", "track": 0},
        {"do": [], "track": 0},
        {"do": {}, "track": 0},
        {"do": "spare", "track": 0},
        {"do": "delete", "track": 9},
        {"do": "delete", "track": True},
        {"do": "span", "track": 0, "first": 30, "last": 35},
        {"do": "span", "track": 0, "first": 5, "last": 4},
        {"do": "span", "track": 0, "first": -1, "last": 4},
        {"do": "span", "track": 0, "first": 0, "last": FRAMES},
        {"do": "place", "track": 0, "frame": 3, "box": [1, 2, 3]},
        {"do": "place", "track": 0, "frame": 3, "box": [1, 2, 3, 0]},
        {"do": "place", "track": 0, "frame": 3, "box": [WIDTH, 2, 3, 4]},
        {"do": "add", "frame": 1.5, "box": [1, 2, 3, 4]},
        "delete",
    ],
)
def test_changes_that_make_no_sense_change_nothing(desk, bad):
    before = details(desk)
    answer = change(desk, {"do": "delete", "track": 1}, bad)
    assert answer.status_code == 400, answer.text
    assert details(desk) == before
    assert len(saved(desk).tracks) == 2


def test_videos_are_named_where_nothing_reads_them(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("fastperturb.cli.batch.paths.can_read_videos", lambda: False)
    desk = Desk(folder, tmp_path / "photos.boxes.jsonl", follow).look()
    try:
        (item,) = desk.queue()["items"]
        assert item["state"] == "broken"
        assert "a video, not reviewed here: the extra video is needed" in item["reason"]
        assert not desk.path.exists()
    finally:
        desk.file.close()


def test_broken_and_too_large_videos_are_named(folder, tmp_path):
    (folder / "broken.mp4").write_bytes((folder / "clip.mp4").read_bytes()[:200])
    write_clip(folder / "large.mp4", frames=2, width=160, height=120)
    desk = Desk(folder, tmp_path / "photos.boxes.jsonl", follow).look()
    try:
        reasons = {item["name"]: item["reason"] for item in desk.queue()["items"] if item["state"] == "broken"}
        assert set(reasons) == {"broken.mp4", "large.mp4"}
        assert "160 x 120 pixels are more than the limit" in reasons["large.mp4"]
    finally:
        desk.file.close()


def test_perturb_takes_the_reviewed_tracks_of_a_folder(desk, folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copy(folder / "clip.mp4", folder / "other.mp4")
    where = ("photos", "-o", "out", "--boxes", "photos.boxes.jsonl")
    arguments = ["perturb", *where, "--protect", "black", "--one-time-key", "--json"]
    assert run(arguments) == 1
    lines = {line["file"]: line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "file" in line}
    assert "not reviewed yet" in lines["photos/clip.mp4"]["message"]
    change(desk, {"do": "delete", "track": 0}, {"do": "span", "track": 1, "first": 0, "last": 10}, done=True)
    assert run(arguments) == 3
    lines = {line["file"]: line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "file" in line}
    assert (lines["photos/clip.mp4"]["status"], lines["photos/clip.mp4"]["covered"]) == ("perturbed", 11)
    assert lines["photos/other.mp4"]["status"] == "no face", "a video that nobody reviewed is not guessed at"
