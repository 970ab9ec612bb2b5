"""The view: the same before and after, the means it says, exact for floats in any order, bounded and local."""

import math

import cv2
import numpy as np
import pytest
from core_calls import permute_in_place
from hypothesis import given
from hypothesis import strategies as st
from strategies import SUBKEY, jobs
from version_1 import perturb_v1

import fastperturb as fp
from fastperturb import _core

KINDS = ["mosaic", "linear", "cubic", "lanczos"]


@given(jobs(), st.sampled_from(range(4)), st.booleans())
def test_the_view_is_the_same_before_and_after(job, kind, replicate):
    image, core = job
    hidden, clear = image.copy(), image.copy()
    permute_in_place([(hidden, core, SUBKEY)], False, 1)
    _core.draw_view(hidden, core, kind, 1, replicate)
    _core.draw_view(clear, core, kind, 1, replicate)
    assert hidden.tobytes() == clear.tobytes()


def test_a_mosaic_shows_exact_means_rounded_half_up():
    image = np.repeat(np.array([[0, 1, 10, 10], [0, 1, 11, 11]], np.uint8), 2, axis=1)
    shown = fp.view(image, (0, 0, 8, 2), fp.Strength(window=4), interpolation="mosaic")
    assert shown.tolist() == [[1] * 4 + [11] * 4] * 2


def test_a_mosaic_of_ellipses_averages_only_what_they_own(image):
    region = fp.Region(10, 5, 40, 50, "ellipse")
    shown = fp.view(image, region, fp.Strength(window="region"), interpolation="mosaic")
    changed = (shown != image).any(axis=2)
    ys, xs = np.mgrid[:60, :80]
    inside = ((2 * (xs - 10) + 1 - 40) * 50) ** 2 + ((2 * (ys - 5) + 1 - 50) * 40) ** 2 <= (40 * 50) ** 2
    assert not changed[~inside].any()
    expected = np.floor(image[inside].mean(axis=0) + 0.5)
    assert (shown[inside] == expected).all()


def test_float_means_do_not_depend_on_the_order():
    rng = np.random.default_rng(5)
    values = (rng.normal(size=4096) * 10.0 ** rng.integers(-30, 30, 4096)).astype(np.float32)
    expected = np.float32(math.fsum(values.astype(float)) / 4096)
    for _ in range(5):
        rng.shuffle(values)
        image = values.reshape(64, 64)
        shown = fp.view(image, (0, 0, 64, 64), fp.Strength(window="region"), interpolation="mosaic")
        assert (shown == expected).all()


def test_tiny_and_huge_floats_are_summed_exactly():
    smallest, largest = np.float32(1e-45), np.finfo(np.float32).max
    image = np.array([[largest, -largest, smallest, smallest]], np.float32)
    shown = fp.view(image, (0, 0, 4, 1), fp.Strength(window="region"), interpolation="mosaic")
    assert (shown == np.float32(float(smallest) / 2)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_flat_region_stays_flat(kind):
    image = np.full((50, 60, 3), (7, 130, 255), np.uint8)
    assert (fp.view(image, fp.Region(3, 4, 40, 41, "ellipse"), interpolation=kind) == image).all()


@pytest.mark.parametrize("kind", ["linear", "cubic", "lanczos"])
def test_a_ramp_is_interpolated_as_a_ramp(kind):
    """In the middle, away from the border where the outer mean holds.

    Linear interpolation keeps ramps; cubic convolution with a = -0.75 bends them by up to 8 |a + 0.5| t (1 - t)
    |1 - 2t| = 0.385 for windows of 8, and truncated Lanczos a little.
    """
    image = np.tile(np.arange(96, dtype=np.float32), (96, 1))
    shown = fp.view(image, (0, 0, 96, 96), fp.Strength(window=8), interpolation=kind)
    bend = {"linear": 1e-4, "cubic": 0.386, "lanczos": 0.3}[kind]
    assert np.abs(shown - image)[:, 36:60].max() < bend


@pytest.mark.parametrize("kind", ["linear", "cubic", "lanczos"])
def test_a_repeated_border_is_that_of_opencv(kind):
    """OpenCV's resize of the windows' means repeats its border; inside the outer centres the two borders are one."""
    rng = np.random.default_rng(1)
    image, strength = rng.random((72, 96), np.float32), fp.Strength(window=8)
    means = image.reshape(9, 8, 12, 8).mean(axis=(1, 3))
    how = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC, "lanczos": cv2.INTER_LANCZOS4}[kind]
    expected = cv2.resize(means, (96, 72), interpolation=how)
    shown = fp.view(image, (0, 0, 96, 72), strength, interpolation=kind, border="replicate")
    assert np.abs(shown - expected).max() < 1e-5
    held = fp.view(image, (0, 0, 96, 72), strength, interpolation=kind)
    assert np.abs(shown - held)[4:-4, 4:-4].max() == 0
    assert (np.abs(shown - held).max() > 0.01) == (kind != "linear")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", KINDS)
def test_overshoot_is_clamped(dtype, kind):
    top = np.iinfo(dtype).max
    image = np.zeros((40, 40), dtype)
    image[:, 20:] = top
    shown = fp.view(image, (0, 0, 40, 40), fp.Strength(window=5), interpolation=kind)
    assert shown[20, 0] == 0
    assert shown[20, -1] == top
    assert (np.diff(shown[20].astype(int))[15:24] >= 0).all()


def test_a_record_and_its_regions_give_the_same_view(image, key):
    where = [(10, 5, 40, 50), fp.Region(-5, 30, 30, 60, "ellipse")]
    hidden, record = fp.perturb(image, where, key, fp.Strength(cells=5, coverage=0.3))
    expected = fp.view(image, where, fp.Strength(cells=5))
    assert (fp.view(hidden, record) == expected).all()
    work = hidden.copy()
    assert fp.view(work, record, out=work) is work
    assert (work == expected).all()


def test_bad_arguments(image, key):
    record = fp.perturb(image, (0, 0, 20, 20), key)[1]
    with pytest.raises(ValueError, match="interpolation must be one of mosaic, linear, cubic, lanczos, got 'nearest'"):
        fp.view(image, record, interpolation="nearest")
    with pytest.raises(ValueError, match="border must be hold or replicate, got 'reflect'"):
        fp.view(image, record, border="reflect")
    with pytest.raises(ValueError, match=r"of an image of shape \(60, 80, 3\), got shape \(59, 80, 3\)"):
        fp.view(image[1:], record)
    with pytest.raises(ValueError, match=r"regions\[0\] must touch the image"):
        fp.view(image, (100, 0, 5, 5))
    with pytest.raises(fp.NoFaceFound, match="at least one region"):
        fp.view(image, [])


def test_gaps_take_the_nearest_means():
    """A region of which later ones leave a corner: its windows without pixels do not matter, and cost little."""
    image = np.full((600, 600), 50, np.uint8)
    image[:4, :4] = 200
    where = [(0, 0, 600, 600), (4, 0, 596, 600), (0, 4, 600, 596)]
    _, record = perturb_v1(image, [(box, 2, 0) for box in where], fp.Key(bytes(range(32))))
    shown = fp.view(image, record)
    assert (shown == image).all()
