"""Contact sheets of runs with videos: the tracks' frames in the result, the original's only when asked for."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import base64
import re

import cv2
import numpy as np
import pytest

pytest.importorskip("av")

from cli_cases import here
from tiny_videos import picture, write_clip

from fastperturb.cli.app import run
from fastperturb.files import read_image
from fastperturb.video.contact_sheet import PICTURE
from fastperturb.video.track_file import VideoTracks
from fastperturb.video.tracks import Track

RED = (230, 20, 20)


@pytest.fixture
def done(here):
    """A clip with a red square, of which a track is given, protected; and the track's file."""

    def moving(index):
        frame = picture(index, 160, 120)
        frame[30:70, 20 + 2 * index : 60 + 2 * index] = RED
        return frame

    (here / "in").mkdir()
    write_clip(here / "in/clip.mp4", frames=20, width=160, height=120, pictures=moving, audio=False)
    boxes = np.array([[20.0 + 2 * i, 30, 40, 40] for i in range(20)])
    track = Track(0, boxes, np.full(20, 0.9), np.zeros(20))
    tracks = VideoTracks(160, 120, np.arange(20) / 25, (track,))
    (here / "tracks.json").write_text(tracks.to_json())
    assert (
        run(
            ["perturb", "in", "-o", "out", "--boxes", "tracks.json", "--protect", "black", "--key-file", "my.key", "-q"]
        )
        == 0
    )
    return here


def strips(page):
    """By their words: RGB pictures."""
    found = re.findall(r'<div class="strip"><img alt="(\w+)" src="data:image/jpeg;base64,([^"]+)"', page)
    decoded = {}
    for words, text in found:
        data = np.frombuffer(base64.b64decode(text), np.uint8)
        decoded.setdefault(words, []).append(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])
    return decoded


def middles(strip):
    """The middle of each of the four pictures of a strip's first row."""
    y = 6 + PICTURE // 2
    lefts = [6 + column * (PICTURE + 6) + PICTURE // 2 for column in range(4)]
    return [strip[y - 5 : y + 5, x - 5 : x + 5].reshape(-1, 3).mean(axis=0) for x in lefts]


def test_a_sheet_shows_the_tracks_in_the_result(done):
    assert run(["sheet", "in", "out", "-o", "sheet.html", "--boxes", "tracks.json"]) == 0
    page = (done / "sheet.html").read_text()
    assert "a video: 1 face followed and hidden" in page
    assert "SHA-256" in page
    shown = strips(page)
    assert list(shown) == ["after"]
    for middle in middles(shown["after"][0]):
        assert middle.max() < 60, "black where the square was"


def test_tracks_of_another_video_are_not_shown_as_what_was_hidden(done):
    text = (done / "tracks.json").read_text()
    (done / "tracks.json").write_text(text.replace('"seconds"', f'"sha256":"{64 * "0"}","seconds"'))
    assert run(["sheet", "in", "out", "-o", "sheet.html", "--boxes", "tracks.json"]) == 3
    page = (done / "sheet.html").read_text()
    assert "the video cannot be shown: the tracks are those of another video" in page
    assert strips(page) == {}


def test_originals_are_shown_when_they_are_asked_for(done):
    assert run(["sheet", "in", "out", "-o", "sheet.html", "--boxes", "tracks.json", "--before"]) == 0
    shown = strips((done / "sheet.html").read_text())
    assert list(shown) == ["before", "after"]
    for middle in middles(shown["before"][0]):
        assert np.allclose(middle, RED, atol=40)


def test_a_video_without_a_result_is_to_be_looked_at(done):
    (done / "out/clip.mp4").unlink()
    assert run(["sheet", "in", "out", "-o", "sheet.html", "--boxes", "tracks.json"]) == 3
    assert "MISSED: there is no result" in (done / "sheet.html").read_text()


def test_without_tracks_it_says_how_to_see_them(done):
    assert run(["sheet", "in", "out", "-o", "sheet.html"]) == 0
    page = (done / "sheet.html").read_text()
    assert "--boxes names its tracks" in page
    assert "1: 1 with a result, 0 to look at" in page
    assert strips(page) == {}


def test_a_run_makes_its_sheet(done):
    arguments = ["--boxes", "tracks.json", "--protect", "black", "--key-file", "my.key", "-q", "--force"]
    assert run(["perturb", "in", "-o", "out", *arguments, "--sheet", "run.html"]) == 0
    assert list(strips((done / "run.html").read_text())) == ["after"]


def test_a_result_that_cannot_be_read_is_named(done):
    (done / "out/clip.mp4").write_bytes(b"no video")
    assert run(["sheet", "in", "out", "-o", "sheet.html", "--boxes", "tracks.json"]) == 3
    assert "the video cannot be shown" in (done / "sheet.html").read_text()


def test_a_run_shows_the_tracks_that_it_has_followed(here):
    """The run's own tracks, found as faces are; and nothing of a video that was done before."""
    face = cv2.resize(read_image("face.png").pixels, (200, 200), interpolation=cv2.INTER_AREA)

    def moving(index):
        frame = np.full((200, 260, 3), 90, np.uint8)
        frame[:, 2 * index : 200 + 2 * index] = face
        return frame

    (here / "in").mkdir()
    write_clip(here / "in/clip.mp4", frames=20, width=260, height=200, pictures=moving, audio=False)
    command = [
        "perturb",
        "in",
        "-o",
        "out",
        "--protect",
        "black",
        "--key-file",
        "my.key",
        "-q",
        "--sheet",
        "sheet.html",
    ]
    assert run(command) == 0
    page = (here / "sheet.html").read_text()
    assert "a video: 1 face followed and hidden" in page
    shown = strips(page)
    assert list(shown) == ["after"]
    for middle in middles(shown["after"][0]):
        assert middle.max() < 60, "black where the face was"
    assert run(command) == 0
    page = (here / "sheet.html").read_text()
    assert strips(page) == {}
    assert "a video with a result; --boxes names its tracks" in page
