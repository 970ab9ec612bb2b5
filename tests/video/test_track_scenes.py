"""Cuts are found where they are, and neither movement nor light makes one."""

import numpy as np
import pytest
from made_up_video import background, drawn

from fastperturb.video.scenes import Picture, changed_tiles, with_cuts


def cuts_of(images):
    marked = list(with_cuts((i, i / 30, image) for i, image in enumerate(images)))
    assert [frame.number for frame in marked] == list(range(len(images)))
    assert all(frame.picture.image is image for frame, image in zip(marked, images, strict=True))
    return [frame.number for frame in marked if frame.cut]


def scene(seed, count, speed=0):
    wide = np.hstack([background(seed=seed), background(seed=seed + 100)])
    return [wide[:, speed * i : speed * i + 640] for i in range(count)]


def test_a_cut_between_two_pictures():
    assert cuts_of(scene(1, 20) + scene(2, 20) + scene(3, 20)) == [20, 40]


def test_a_cut_between_two_moving_pictures_and_none_within():
    assert cuts_of(scene(1, 20, speed=12) + scene(5, 20, speed=12)) == [20]


def test_a_cut_to_the_last_frame_is_one():
    assert cuts_of([*scene(1, 10), *scene(2, 1)]) == [10]


@pytest.mark.parametrize("length", [1, 2])
def test_a_flash_is_none(length):
    white = np.full((360, 640, 3), 255, np.uint8)
    images = scene(1, 40)
    images[15 : 15 + length] = [white] * length
    assert cuts_of(images) == []


def test_a_scene_that_gets_dark_slowly_is_one():
    (image,) = scene(1, 1)
    assert cuts_of([(image * (1 - i / 40)).astype(np.uint8) for i in range(40)]) == []


def test_a_large_thing_that_passes_is_none():
    images = [drawn([(20 * i - 300, 0, 250, 360, (30, 90, 30))], background(seed=4)) for i in range(40)]
    assert cuts_of(images) == []


def test_short_videos():
    assert cuts_of([]) == []
    assert cuts_of(scene(1, 1)) == []
    assert cuts_of(scene(1, 2)) == []


def test_noise_changes_no_tile_and_a_face_does():
    image = background(1280, 720)
    noisy = np.clip(image + np.random.default_rng(0).normal(0, 8, image.shape), 0, 255).astype(np.uint8)
    assert not changed_tiles(Picture(image).tiles, Picture(noisy).tiles).any()
    changed = changed_tiles(Picture(image).tiles, Picture(drawn([(600, 300, 40, 50, (200, 160, 140))], image)).tiles)
    assert changed.any()
    rows, columns = np.nonzero(changed)
    assert 300 / 16 - 1 <= rows.min() <= rows.max() <= 350 / 16 + 1
    assert 600 / 16 - 1 <= columns.min() <= columns.max() <= 640 / 16 + 1
