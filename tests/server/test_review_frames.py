"""Single frames of the review's videos: any of them in any order, upright, reduced, around a track."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import cv2
import numpy as np
import pytest

pytest.importorskip("av")

import av
from review_cases import Desk
from review_films import FRAMES, HEIGHT, WIDTH, desk, folder, follow, level
from tiny_videos import write_clip
from turned_videos import turn_in_stream

from fastperturb.video.passed import Passed


def shown(answer):
    assert answer.headers["content-type"] == "image/jpeg", answer.text
    return cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.avi", "clip.gif"])
def test_any_frame_is_shown_in_any_order(name, tmp_path):
    codec = {"clip.avi": "mpeg4", "clip.gif": "gif"}.get(name, "libx264")
    pixels = "rgb8" if codec == "gif" else "yuv420p"
    options = {"g": "7", "bf": "2"} if codec == "libx264" else {}
    (tmp_path / "photos").mkdir()
    clip = {"frames": FRAMES, "width": WIDTH, "height": HEIGHT, "codec": codec, "pixels": pixels, "audio": False}
    write_clip(tmp_path / "photos" / name, pictures=level, options=options, **clip)
    desk = Desk(tmp_path / "photos", tmp_path / "photos.boxes.jsonl", follow).look()
    try:
        assert desk.queue()["items"][0]["state"] == "open", desk.queue()
        with av.open(str(tmp_path / "photos" / name)) as container:
            truth = [frame.to_ndarray(format="rgb24")[-8:, -8:].mean() for frame in container.decode(video=0)]
        for frame in (39, 0, 20, 21, 19, 38, 7, 6, 39, 13):
            picture = shown(desk.send("GET", f"/api/videos/0/frames/{frame}/image?side=96"))
            assert picture.shape == (HEIGHT, WIDTH, 3)
            assert picture[-8:, -8:].mean() == pytest.approx(truth[frame], abs=2), frame
            assert picture[:8, :8].mean() < 12
    finally:
        desk.file.close()


def test_frames_are_upright_and_reduced_and_tracks_are_shown_with_their_surroundings(desk, tmp_path):
    assert shown(desk.send("GET", "/api/videos/0/frames/5/image?side=64")).shape[1] == 64
    around = shown(desk.send("GET", "/api/videos/0/frames/12/image?side=96&track=1"))
    assert around.shape == (176, 176, 3)
    for bad, status in (("5/image?side=9", 400), ("40/image", 404), ("5/image?track=1", 404), ("5/image?track=x", 400)):
        assert desk.send("GET", f"/api/videos/0/frames/{bad}").status_code == status, bad
    assert desk.send("GET", "/api/videos/0/frames/40").status_code == 404
    assert desk.send("GET", "/api/videos/7").status_code == 404
    turned = tmp_path / "turned"
    turned.mkdir()
    write_clip(turned / "clip.mp4", frames=3, width=WIDTH, height=HEIGHT, rotation=90, pictures=level)
    other = Desk(
        turned,
        tmp_path / "turned.boxes.jsonl",
        lambda path, _: ([], Passed([0, 24, 48], 1 / 600, size=(HEIGHT, WIDTH))),
    )
    try:
        other.look()
        assert shown(other.send("GET", "/api/videos/0/frames/1/image?side=96")).shape == (WIDTH, HEIGHT, 3)
    finally:
        other.file.close()


def test_every_frame_is_turned_as_the_first_one_where_that_alone_says_a_turn(folder, tmp_path):
    (tmp_path / "turned").mkdir()
    assert turn_in_stream(folder / "clip.mp4", tmp_path / "turned/clip.mp4", 90)[:3] == [90, 0, 0]
    desk = Desk(tmp_path / "turned", tmp_path / "turned.boxes.jsonl", follow).look()
    try:
        for frame in (39, 0, 1, 20):
            picture = shown(desk.send("GET", f"/api/videos/0/frames/{frame}/image?side=96"))
            assert picture.shape == (WIDTH, HEIGHT, 3)
            assert picture[-8:, :8].mean() < 12, "the black corner, which is above on the left as it is stored"
    finally:
        desk.file.close()
