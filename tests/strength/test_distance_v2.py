"""The distance law of record version 2: mean and variance against all arrangements of small windows; its inverse."""

import itertools
import math

import numpy as np
import pytest
import reference_v2
import strategies
from distance_checks import check_scatter, check_sum_over_windows
from hypothesis import given, settings
from skimage.data import astronaut

from fastperturb import _core


@pytest.fixture(scope="module")
def photograph():
    return np.ascontiguousarray(astronaut()[:300, 100:400])


def enumerated(x, moved):
    """Mean and variance of the squared error over all subsets of `moved` pixels and all permutations of each."""
    errors = [
        sum(((x[a] - x[b]) ** 2).sum() for a, b in zip(subset, order, strict=True))
        for subset in itertools.combinations(range(len(x)), moved)
        for order in itertools.permutations(subset)
    ]
    return np.mean(errors), np.var(errors)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize(
    ("pixels", "channels", "moved"),
    [(2, 2, 2), (3, 1, 2), (3, 4, 3), (4, 1, 3), (5, 1, 2), (5, 3, 3), (5, 2, 4), (6, 3, 6), (6, 1, 5), (7, 2, 7)],
)
def test_mean_and_variance_are_those_of_all_arrangements(dtype, pixels, channels, moved):
    image = np.random.default_rng(3).integers(0, 256, (1, pixels, channels)).astype(dtype) * dtype(200)
    expected = enumerated(image[0].astype(float), moved)
    ((mean, variance),) = _core.expect_error(image, [(0, 0, pixels, 1, 0, pixels, moved)], 2)
    assert mean == pytest.approx(expected[0], rel=1e-12)
    assert variance == pytest.approx(expected[1], rel=1e-9, abs=1e-9 * mean**2)
    spread = image[0].astype(float).var(axis=0, ddof=1).sum()
    assert mean == pytest.approx(2 * (moved - 1) * spread, rel=1e-12)


def enumerated_by_pairs(x, moved):
    """The same out of the distances of all pairs, without enumerating permutations: for windows of any size.

    E is the sum over drawn pixels p of d(p, P), P where p goes; each P is one of the k drawn, P = p gives nothing.
    """
    n, k = len(x), moved
    pairs = ((x[:, None] - x[None]) ** 2).sum(axis=2)
    total, squares, ends = pairs.sum(), (pairs**2).sum(), (pairs.sum(axis=1) ** 2).sum()

    def drawn(r):
        """The chance that r given different pixels are all drawn."""
        return math.prod((k - i) / (n - i) for i in range(r)) if k >= r else 0.0

    both = 1 / (k * (k - 1))  # two given pixels go to two given places
    square = drawn(2) * squares / k  # of one pixel with itself
    square += both * drawn(2) * squares  # two change places
    square += 2 * both * drawn(3) * (ends - squares)  # one goes where the other was, which goes to a third place
    square += both * drawn(4) * (total**2 - 4 * ends + 2 * squares)  # they go to two others
    mean = drawn(2) * total / k
    return mean, square - mean**2


@given(strategies.jobs(max_side=24, version=2))
@settings(max_examples=60)
def test_the_law_of_any_job_is_that_of_its_windows(job):
    check_sum_over_windows(job, 2, reference_v2, enumerated_by_pairs)


@pytest.mark.parametrize(("pixels", "moved"), [(2, 2), (3, 3), (5, 4), (6, 6), (6, 3)])
def test_the_sums_over_pairs_are_right(pixels, moved):
    x = np.random.default_rng(pixels).normal(size=(pixels, 2))
    assert enumerated_by_pairs(x, moved) == pytest.approx(enumerated(x, moved), rel=1e-9)


@pytest.mark.parametrize("moved", [2, 3, 40, 300])
def test_what_comes_out_scatters_as_the_law_says(photograph, moved):
    check_scatter(photograph, 2, moved, lambda key: [key])


@pytest.mark.parametrize("window", [4, 13, 200])
@pytest.mark.parametrize("pixels", [20, 40, 500, 1500, 9000, 15400])
def test_solving_undoes_the_law(photograph, window, pixels):
    region = (70, 60, 110, 140, 0, window)
    ((goal, _),) = _core.expect_error(photograph, [(*region, pixels)], 2)
    (found,), expected, least, most = _core.solve_pixels(photograph, [(*region, 0)], goal, 2)
    ((again, _),) = _core.expect_error(photograph, [(*region, found)], 2)
    ((everything, _),) = _core.expect_error(photograph, [(*region, 15_400)], 2)
    assert expected == pytest.approx(again, rel=1e-12)
    assert most == pytest.approx(everything, rel=1e-12)
    assert least <= expected
    assert abs(10 * math.log10(expected / goal)) < 0.05 + 5 / pixels
    if pixels > 5000:  # windows of 4 give the same error with 1,500 pixels by threes as with 1,945 by pairs
        assert abs(found - pixels) <= 0.01 * pixels


def test_regions_that_overlap_are_solved_with_their_own_pixels(photograph):
    core = [(60, 50, 90, 120, 1, 12, 0), (110, 60, 90, 120, 1, 12, 0)]
    owned = _core.owned_pixels(300, 300, core, 2)
    assert owned != _core.owned_pixels(300, 300, core, 1)
    moments = _core.expect_error(photograph, [(*r[:6], n) for r, n in zip(core, owned, strict=True)], 2)
    goal = sum(mean for mean, _ in moments) / 3
    pixels, expected, _, _ = _core.solve_pixels(photograph, core, goal, 2)
    assert expected == pytest.approx(goal, rel=0.01)
    assert pixels[0] / owned[0] == pytest.approx(pixels[1] / owned[1], abs=0.001)


def test_rims_that_join_are_counted_to_the_window_before(photograph):
    """13 columns in windows of 4: the last one is 5 wide, in the sums of columns too."""
    crop = np.ascontiguousarray(photograph[100:113, 150:163])
    ((mean, _),) = _core.expect_error(crop, [(0, 0, 13, 13, 0, 4, 169)], 2)
    expected = 0.0
    for rows in (slice(0, 4), slice(4, 8), slice(8, 13)):
        for columns in (slice(0, 4), slice(4, 8), slice(8, 13)):
            x = crop[rows, columns].reshape(-1, 3).astype(float)
            expected += 2 * (len(x) - 1) * x.var(axis=0, ddof=1).sum()
    assert mean == pytest.approx(expected, rel=1e-12)
