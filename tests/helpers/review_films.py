"""What tests of the review's videos share: a clip whose frames tell their numbers, its tracks, and a review of it.

Needs PyAV.
"""

import numpy as np
import pytest
from review_cases import Desk
from tiny_videos import write_clip

from fastperturb.video import Track
from fastperturb.video.perturbing import survey_frames

FRAMES, WIDTH, HEIGHT = 40, 96, 64


def level(index, *_):
    """A frame whose number is in its grey: 5 levels apart, so that coding keeps it."""
    picture = np.full((HEIGHT, WIDTH, 3), 20 + 5 * index, np.uint8)
    picture[: HEIGHT // 2, : WIDTH // 2] = 0  # tells which way is up
    return picture


def track(number, first, count, score, x=10.0):
    boxes = np.tile([x, 8.0, 16.0, 20.0], (count, 1))
    boxes[:, 0] += np.arange(count)
    scores = np.full(count, score)
    scores[1::2] = np.nan
    return Track(first, boxes, scores, np.zeros(count), number)


def follow(path, progress):
    """Knows the clip's tracks; passes over its frames as the real one does."""
    follow.calls += 1
    return [track(0, 2, 20, 0.95), track(1, 10, 9, 0.7, x=50.0)], survey_frames(path, progress)


follow.calls = 0


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "photos"
    path.mkdir()
    write_clip(
        path / "clip.mp4", frames=FRAMES, width=WIDTH, height=HEIGHT, pictures=level, options={"crf": "8", "bf": "2"}
    )
    return path


@pytest.fixture
def desk(folder, tmp_path):
    desk = Desk(folder, tmp_path / "photos.boxes.jsonl", follow).look()
    yield desk
    desk.file.close()
