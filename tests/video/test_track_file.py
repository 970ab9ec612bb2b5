"""Tracks as JSON: they come back as they were, one text for equal tracks, and what is wrong is refused and named."""

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastperturb.video.track_file import MAX_BYTES, VideoTracks, is_track_file
from fastperturb.video.tracks import Track


def make_track(first, boxes, scores=None, turns=None, **rest):
    boxes = np.array(boxes, np.float64)
    scores = np.full(len(boxes), np.nan) if scores is None else np.array(scores, np.float64)
    return Track(first, boxes, scores, np.zeros(len(boxes)) if turns is None else np.array(turns, np.float64), **rest)


def equal(one, other):
    return (
        (one.first, one.id, one.spared, one.area) == (other.first, other.id, other.spared, other.area)
        and np.array_equal(one.boxes, other.boxes)
        and np.array_equal(one.scores, other.scores, equal_nan=True)
        and np.array_equal(one.turns, other.turns)
    )


@st.composite
def videos(draw):
    frames = draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    tracks = []
    for number in range(draw(st.integers(0, 4))):
        first = draw(st.integers(0, frames - 1))
        count = draw(st.integers(1, frames - first))
        boxes = np.round(rng.uniform(-50, 900, (count, 4)).cumsum(0) / 7, 1)
        boxes[:, 2:] = np.maximum(np.abs(boxes[:, 2:]), 0.1)
        scores = np.round(rng.uniform(0, 1, count), 3)
        scores[rng.uniform(size=count) < 0.5] = np.nan
        turns = np.round(rng.uniform(-179, 180, count))
        spared, area = bool(rng.integers(2)), ("head", "face")[rng.integers(2)]
        tracks.append(make_track(first, boxes, scores, turns, id=2 * number, spared=spared, area=area))
    seconds = np.round(rng.uniform(0, 0.1, frames).cumsum(), 6)
    digest = draw(st.none() | st.binary(min_size=32, max_size=32).map(bytes.hex))
    return VideoTracks(1280, 720, seconds, tuple(tracks), digest)


@given(videos())
@settings(max_examples=60)
def test_tracks_come_back(video):
    text = video.to_json()
    again = VideoTracks.from_json(text)
    assert (again.width, again.height, again.sha256) == (1280, 720, video.sha256)
    assert np.array_equal(again.seconds, video.seconds)
    assert len(again.tracks) == len(video.tracks)
    assert all(map(equal, again.tracks, video.tracks))
    assert again.to_json() == text
    assert is_track_file(text[:300].encode())


def test_the_order_of_tracks_does_not_matter():
    one, two = make_track(0, [[1, 2, 3, 4]], id=1), make_track(0, [[5, 6, 7, 8]], id=0)
    texts = {VideoTracks(10, 10, np.zeros(1), tracks).to_json() for tracks in ((one, two), (two, one))}
    assert len(texts) == 1


def test_filled_frames_on_a_line_are_left_out():
    boxes = [[10 + 2 * i, 20, 30, 40] for i in range(11)]
    track = make_track(3, boxes, [0.9, *[np.nan] * 9, 0.8])
    text = VideoTracks(100, 100, np.arange(14) / 25, (track,)).to_json()
    assert '"boxes":[[3,10,20,30,40,0.9,0],[13,30,20,30,40,0.8,0]]' in text
    assert equal(VideoTracks.from_json(text).tracks[0], track)


def written(**changes):
    boxes = [[0, 10, 20, 30, 40], [4, 18, 20, 30, 48.5, 0.7, -90]]
    track = {"id": 0, "spared": False, "area": "head", "boxes": boxes}
    data = {
        "format": "fastperturb tracks", "version": 1, "width": 640, "height": 360, "frames": 5,
        "seconds": [0, 0.04, 0.08, 0.12, 0.16], "tracks": [track],
    }  # fmt: skip
    for name, value in changes.items():
        (track if name in track else data)[name] = value
    return json.dumps({name: value for name, value in data.items() if value is not ...})


def test_a_file_by_hand_needs_few_boxes():
    (track,) = VideoTracks.from_json(written()).tracks
    assert track.boxes.tolist()[2] == [14, 20, 30, 44.2]
    assert np.isnan(track.scores[:4]).all()
    assert track.scores[4] == 0.7
    assert track.turns.tolist() == [0, -22, -45, -68, -90]
    assert VideoTracks.from_json(written(tracks=[])).tracks == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "boxes"}, "must be 'fastperturb tracks', version 1, got 'boxes'"),
        ({"version": 2}, "version 1, got 'fastperturb tracks', 2"),
        ({"version": True}, "got 'fastperturb tracks', True"),
        ({"version": 1.0}, "got 'fastperturb tracks', 1.0"),
        ({"width": 0}, "width must be a whole number from 1 to 65535, got 0"),
        ({"height": 1e3}, "height must be a whole number"),
        ({"frames": 6}, "seconds must be one for each of the 6 frames, got 5"),
        ({"frames": 10**9}, "frames must be a whole number from 1 to"),
        ({"seconds": ...}, "missing: seconds, unknown: none"),
        ({"more": 1}, "unknown: more"),
        ({"sha256": 3}, "sha256 must be 64 hexadecimal digits, small letters, got 3"),
        ({"sha256": "A" * 64}, "sha256 must be 64 hexadecimal digits"),
        ({"sha256": "a" * 65}, "sha256 must be 64 hexadecimal digits"),
        ({"seconds": [0, 1, 2, 3, 1]}, "seconds must be finite and ascend"),
        ({"seconds": [0, 1, 2, 3, "4"]}, "seconds must hold numbers, got '4'"),
        ({"seconds": [0, 1, 2, 3, 1e300]}, "seconds must hold numbers, got 1e"),
        ({"tracks": {}}, "tracks must be a list"),
        ({"tracks": [3]}, r"tracks\[0\] must be an object, got 3"),
        ({"id": -1}, r"tracks\[0\].id must be a whole number from 0"),
        ({"spared": 1}, r"tracks\[0\].spared must be true or false, got 1"),
        ({"area": "hair"}, r'tracks\[0\].area must be "head" or "face", got \'hair\''),
        ({"boxes": []}, r"tracks\[0\].boxes must be a list of at least one box"),
        ({"boxes": [[0, 1, 2, 3]]}, r"tracks\[0\].boxes\[0\] must be \[frame, x"),
        ({"boxes": [[5, 1, 2, 3, 4]]}, "the frame must be a whole number from 0 to 4, got 5"),
        ({"boxes": [[1, 1, 2, 3, 4], [1, 1, 2, 3, 4]]}, "must ascend by their frames"),
        ({"boxes": [[1, 1, 2, 0, 4]]}, "sides over 0"),
        ({"boxes": [[1, 1e7, 2, 3, 4]]}, "a place within 1000000 pixels"),
        ({"boxes": [[1, 1, 2, 3, 4, 1.5]]}, "a score of 0 to 1 or null"),
        ({"boxes": [[1, 1, 2, 3, 4, None, 200]]}, "a turn over -180 up to 180"),
        ({"boxes": [[1, True, 2, 3, 4]]}, "must hold numbers, got True"),
    ],
)
def test_what_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        VideoTracks.from_json(written(**changes))


def test_texts_that_are_no_json(tmp_path):
    with pytest.raises(ValueError, match="must be JSON"):
        VideoTracks.from_json("{")
    with pytest.raises(ValueError, match="NaN is no number"):
        VideoTracks.from_json(written().replace("0.12", "NaN"))
    with pytest.raises(ValueError, match="'spared' is given twice in one object"):
        VideoTracks.from_json(written().replace('"spared"', '"spared": false, "spared"', 1))
    with pytest.raises(ValueError, match=r"nested too deeply|must be JSON|must be an object"):
        VideoTracks.from_json("[" * 200_000)
    with pytest.raises(ValueError, match="may have up to 67108864 bytes"):
        VideoTracks.from_json(" " * (MAX_BYTES + 1))
    path = tmp_path / "tracks.json"
    path.write_text(written(version=7), encoding="utf-8")
    with pytest.raises(ValueError, match=r"tracks\.json: must be 'fastperturb tracks', version 1"):
        VideoTracks.read(path)


def test_ids_differ_and_other_videos_are_refused():
    one = make_track(0, [[1, 2, 3, 4]])
    with pytest.raises(ValueError, match="with different ids"):
        VideoTracks(10, 10, np.zeros(1), (one, one))
    with pytest.raises(ValueError, match="track 0 ends in frame 3, and there are 2"):
        VideoTracks(10, 10, np.zeros(2), (make_track(3, [[1, 2, 3, 4]]),))
    video = VideoTracks(10, 20, np.zeros(1), (one,))
    video.check_video(10, 20, np.zeros(1))
    with pytest.raises(ValueError, match="of a video of 10 x 20 with 1 frames, got one of 20 x 10 with 1"):
        video.check_video(20, 10, np.zeros(1))


def test_another_video_of_that_size_and_as_many_frames_is_refused(tmp_path):
    """It has other times; or, where its times are equal, another digest, if the file of tracks says one."""
    film, other = tmp_path / "film.mp4", tmp_path / "other.mp4"
    film.write_bytes(b"film")
    other.write_bytes(b"other")
    seconds = np.arange(30) / 30
    found = VideoTracks(10, 20, seconds, (), hashlib.sha256(b"film").hexdigest())
    again = VideoTracks.from_json(found.to_json())
    assert again.sha256 == found.sha256
    again.check_video(10, 20, seconds)
    again.check_file(film)
    with pytest.raises(ValueError, match=r"with other times: frame 1 was at 0\.033333 s, got 0\.040000 s"):
        again.check_video(10, 20, np.arange(30) / 25)
    with pytest.raises(ValueError, match="those of another video, or it was changed since: its SHA-256 was"):
        again.check_file(other)
    old = VideoTracks.from_json(VideoTracks(10, 20, seconds, ()).to_json())
    assert old.sha256 is None
    old.check_file(other)
    old.check_file(tmp_path / "none.mp4")


def test_a_track_says_what_is_wrong_with_it():
    with pytest.raises(ValueError, match="of at least one frame"):
        make_track(0, np.zeros((0, 4)))
    with pytest.raises(ValueError, match="have sides over 0"):
        make_track(0, [[1, 2, 0, 4]])
    with pytest.raises(ValueError, match="first frame and id must be 0 or more"):
        make_track(-1, [[1, 2, 3, 4]])
    assert repr(make_track(2, [[1, 2, 3, 4]], spared=True)) == "<Track 0, frames 2 to 2, head, spared>"
