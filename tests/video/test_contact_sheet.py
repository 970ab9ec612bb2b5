"""Contact sheets show the frames that they name, with the region's outline, a row for each track."""

import numpy as np
import pytest
from made_up_video import RATE, drawn

from fastperturb.video.contact_sheet import PICTURE, contact_sheets, frames_to_show
from fastperturb.video.tracks import Track


def make_track(first, count, scores=None, **rest):
    boxes = np.array([[200.0 + 4 * i, 150, 40, 50] for i in range(count)])
    return Track(first, boxes, np.full(count, 0.9) if scores is None else scores, np.zeros(count), **rest)


def frames(count):
    for i in range(count):
        yield i, i / RATE, drawn([(200 + 4 * i, 150, 40, 50, (200, 40 + i, 90))])


def test_the_least_sure_frame_is_in_the_longest_gap_or_has_the_lowest_score():
    scores = np.full(20, 0.9)
    scores[4] = 0.5
    assert frames_to_show(make_track(10, 20, scores)) == (10, 19, 29, 14)
    scores[8:14] = scores[16] = np.nan
    assert frames_to_show(make_track(10, 20, scores)) == (10, 19, 29, 20)
    assert frames_to_show(make_track(3, 5, np.full(5, np.nan))) == (3, 5, 7, 5)
    assert frames_to_show(make_track(3, 1)) == (3, 3, 3, 3)


def test_sheets_show_the_frames_they_name():
    tracks = [make_track(0, 40), make_track(0, 40, id=1, spared=True), make_track(0, 10, id=2)]
    sheets = list(contact_sheets(tracks, frames(40), rows=2))
    assert [sheet.dtype for sheet in sheets] == [np.uint8] * 2
    assert sheets[0].shape[0] > 2 * PICTURE > sheets[1].shape[0] > PICTURE
    for column, frame in enumerate(frames_to_show(tracks[0])[:3]):
        x = 6 + column * (PICTURE + 6) + PICTURE // 2
        middle = sheets[0][6 + PICTURE // 2 - 6 : 6 + PICTURE // 2 + 6, x - 6 : x + 6].reshape(-1, 3).mean(axis=0)
        assert np.allclose(middle, (200, 40 + frame, 90), atol=12), (column, middle)
    shades = sheets[0].astype(int)
    yellow = (shades[..., 0] - shades[..., 2] > 60) & (shades[..., 1] - shades[..., 2] > 60)
    assert np.count_nonzero(yellow) > 500


def test_frames_may_be_reduced_and_large_faces_too():
    track = Track(0, np.array([[400.0, 100, 420, 500]]), np.array([0.9]), np.zeros(1))
    image = drawn([(200, 50, 210, 250, (200, 60, 90))])
    (sheet,) = contact_sheets([track], [(0, 0.0, image)], scale=2.0)
    assert np.allclose(sheet[6 + PICTURE // 2 + 20, 6 + PICTURE // 2], (200, 60, 90), atol=12)


def test_frames_that_do_not_come_stay_grey_and_no_tracks_give_no_sheet():
    (sheet,) = contact_sheets([make_track(50, 3)], frames(5))
    assert (sheet[20:100, 20:100] == 128).all()
    assert list(contact_sheets([], frames(3))) == []
    with pytest.raises(ValueError, match="rows and scale must be over 0, got 0"):
        list(contact_sheets([], [], rows=0))
