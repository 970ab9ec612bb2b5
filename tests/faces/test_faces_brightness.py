"""What brightness a detector is shown: few samples far above the rest, and alpha, decide nothing."""

import cv2
import numpy as np
import pytest
from photographs import astronaut

from fastperturb.faces import YuNet, locate
from fastperturb.faces.pixels import rgb8_copy


@pytest.fixture(scope="module")
def photograph():
    return astronaut().read()


def with_hot_pixel(image):
    copy = image.copy()
    copy[0, 0] = 65_535
    return copy


def with_burnt_in_mark(image):
    copy = image.copy()
    copy[-20:-10, 20:140] = 65_535  # a line of text, 0.46 % of the picture
    return copy


def with_dust(image):
    copy = image.copy()
    rows, columns = np.random.default_rng(1).integers(0, 512, (2, 500))
    copy[rows, columns] = 40_000
    return copy


@pytest.mark.parametrize("bits", [8, 9, 10, 11, 12, 14])
@pytest.mark.parametrize("change", [with_hot_pixel, with_burnt_in_mark, with_dust])
def test_a_few_bright_samples(photograph, bits, change):
    image = photograph.astype(np.uint16) << (bits - 8)
    (face,) = locate(image)
    (found,) = locate(change(image))
    assert found.score > 0.85
    assert found.region.x == pytest.approx(face.region.x, abs=20)


@pytest.mark.parametrize("bits", [8, 9, 10, 12, 16])
@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("alpha", [0, 1, 65_535])
def test_alpha_decides_nothing(photograph, bits, grey, alpha):
    colours = (cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY) if grey else photograph).astype(np.uint16) << (bits - 8)
    image = np.dstack((colours, np.full(colours.shape[:2], alpha, np.uint16)))
    assert locate(image) == locate(colours) != []


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_float_images_that_use_few_bits(photograph, bits):
    image = (photograph.astype(np.float32) * 2 ** (bits - 8)) / np.float32(65_535)
    assert len(locate(image)) == 1
    image[0, 0] = 1.0
    assert len(locate(image)) == 1


def test_a_small_bright_face_in_a_dark_picture(photograph):
    """Its shades are above the quantile, and must not all become white."""
    small = cv2.resize(photograph[50:220, 150:300], (60, 68), interpolation=cv2.INTER_AREA)
    image = np.random.default_rng(2).integers(0, 200, (1000, 1000, 3)).astype(np.uint16)
    image[400:468, 500:560] = small.astype(np.uint16) * 257
    (face,) = locate(image)
    assert 500 <= face.region.x + face.region.width / 2 <= 560


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_the_upper_8_of_the_used_bits_are_shown(photograph, bits):
    image = photograph.astype(np.uint16) << (bits - 8)
    assert np.array_equal(rgb8_copy(image, 512, 512), photograph)


def test_brighter_stays_brighter():
    ramp = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    dark = np.where(ramp < 65_300, ramp // 64, ramp).astype(np.uint16)
    for image in (ramp, dark, (dark / 65_535).astype(np.float32), np.zeros_like(ramp)):
        shown = rgb8_copy(image, 256, 256)[..., 0].astype(int)
        order = np.argsort(image.ravel(), kind="stable")
        assert (np.diff(shown.ravel()[order]) >= 0).all()
    assert rgb8_copy(dark, 256, 256).max() == 255
    assert rgb8_copy(np.zeros_like(ramp), 256, 256).max() == 0


def test_detectors_see_the_same_copy(photograph):
    image = with_hot_pixel(photograph.astype(np.uint16) << 2)
    assert len(YuNet().detect(image)) == 1
