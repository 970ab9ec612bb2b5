"""Trails are made whole: pieces joined, ends added, single frames of another size or turn put right."""

import numpy as np
import pytest

from fastperturb.faces.tilt import Box
from fastperturb.video.detecting import Seen
from fastperturb.video.linking import Trail
from fastperturb.video.smoothing import Scene, finish_scene

SCENE = Scene(100, np.arange(200) / 25, (360, 640, 3), 2.0)


def trail(frames, place=lambda i: (100.0, 80.0), size=40.0, turn=0.0):
    return Trail(list(frames), [Seen(Box(*place(i), size, size, turn), 0.9) for i in frames])


def test_boxes_are_in_pixels_of_the_video_and_frames_those_of_it():
    (track,) = finish_scene([trail(range(150, 160))], SCENE, gap=2.0, linger=0.0)
    assert (track.first, track.last) == (150, 159)
    assert track.boxes[0].tolist() == [160, 120, 80, 80]


def test_one_frame_of_another_size_or_turn_is_none():
    whole = trail(range(150, 170))
    for place, box in ((5, Box(100, 80, 90, 90, 0)), (11, Box(100, 80, 40, 40, 30)), (12, Box(100, 80, 12, 12, 0))):
        whole.seen[place] = Seen(box, 0.9)
    (track,) = finish_scene([whole], SCENE, gap=2.0, linger=0.0)
    assert np.unique(track.boxes, axis=0).tolist() == [[160, 120, 80, 80]]
    assert not track.turns.any()


def test_a_turn_goes_the_short_way():
    turned = trail([150, 151, 152, 160, 161, 162], turn=170.0)
    turned.seen[3:] = [Seen(Box(100, 80, 40, 40, -170.0), 0.9)] * 3
    (track,) = finish_scene([turned], SCENE, gap=2.0, linger=0.0)
    assert np.abs(track.turns).min() >= 170


def test_pieces_of_one_face_are_joined_within_the_gap_only():
    pieces = [trail(range(150, 160)), trail(range(190, 200))]
    (track,) = finish_scene(pieces, SCENE, gap=2.0, linger=0.0)
    assert (track.first, track.last) == (150, 199)
    assert np.isnan(track.scores[10:40]).all()
    pieces = [trail(range(150, 160)), trail(range(190, 200))]
    assert len(finish_scene(pieces, SCENE, gap=1.0, linger=0.0)) == 2
    apart = [trail(range(150, 160)), trail(range(190, 200), lambda i: (300.0, 80.0))]
    assert len(finish_scene(apart, SCENE, gap=2.0, linger=0.0)) == 2


def test_ends_go_on_as_the_face_moved_and_stay_within_the_scene():
    moving = trail(range(103, 113), lambda i: (100.0 + 5 * (i - 103), 80.0))
    (track,) = finish_scene([moving], SCENE, gap=2.0, linger=0.4)
    assert (track.first, track.last) == (100, 122)
    assert track.boxes[0, 0] < 2 * 80 - 20
    assert track.boxes[-1, 0] > 2 * (80 + 45) + 20
    assert np.isnan(track.scores[[0, 1, 2, -1]]).all()


def test_a_face_that_left_the_picture_is_not_followed_out_of_it():
    leaving = trail(range(150, 160), lambda i: (20.0 - 4 * (i - 150), 80.0))
    (track,) = finish_scene([leaving], SCENE, gap=2.0, linger=2.0)
    assert 160 <= track.last <= 163
    assert -2 * 4 <= track.boxes[-1, 0] + track.boxes[-1, 2] <= 2 * 4


@pytest.mark.parametrize(("count", "most"), [(1, 3), (2, 5)])
def test_short_tracks_get_short_ends(count, most):
    (track,) = finish_scene([trail(range(150, 150 + count))], SCENE, gap=2.0, linger=2.0)
    assert (track.first, track.last) == (150 - most, 149 + count + most)
