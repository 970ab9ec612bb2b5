"""Uniform windows of uint8 up to 11 x 11 are summed in whole numbers: near float64 for the hardest pictures too."""

from functools import cache

import numpy as np
import pytest

from fastperturb import _core
from fastperturb.metrics import SsimOptions, ssim, ssim_map

SIZES = (3, 5, 7, 9, 11)
SHAPES = [(40, 61), (23, 300, 1), (31, 45, 2), (29, 420, 3), (12, 33, 4), (11, 11, 3)]


@cache
def expected_maps(shape, size, sample_covariance):
    """Pairs of pictures, and what is right for them."""
    return [(a, b, exact_map(a, b, size, sample_covariance)) for a, b in pictures(shape)]


def pictures(shape):
    """Pairs whose sums reach the ends of what is held: black, white, checks, noise at both ends, steps."""
    rng = np.random.default_rng(sum(shape))
    noise = rng.integers(0, 256, shape, np.uint8)
    checks = ((np.indices(shape[:2]).sum(axis=0) % 2) * 255).astype(np.uint8)
    checks = np.broadcast_to(checks.reshape(*shape[:2], *([1] * (len(shape) - 2))), shape).copy()
    white, black = np.full(shape, 255, np.uint8), np.zeros(shape, np.uint8)
    steps = white.copy()
    steps[: shape[0] // 2] = 0
    yield from ((white, black), (checks, 255 - checks), (noise, 255 - noise), (steps, white), (noise, checks))
    yield white, white - (noise % 2)
    yield np.where(noise < 128, 0, 255).astype(np.uint8), noise


def exact_map(a, b, size, sample_covariance):
    """SSIM of whole windows by integer sums, then float64."""
    a, b = a.reshape(*a.shape[:2], -1).astype(np.int64), b.reshape(*b.shape[:2], -1).astype(np.int64)

    def summed(image):
        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size), axis=(0, 1))
        return windows.sum(axis=(-1, -2))

    n = size * size
    factor = n / (n - 1) if sample_covariance else 1.0
    c1, c2 = (0.01 * 255 * n) ** 2, (0.03 * 255 * n) ** 2 / factor
    x, y, squares, products = summed(a), summed(b), summed(a * a + b * b), summed(2 * a * b)
    top = (2 * x * y + c1) * (n * products - 2 * x * y + c2)
    return top / ((x * x + y * y + c1) * (n * squares - x * x - y * y + c2))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("sample_covariance", [False, True])
def test_every_window_is_within_float_of_exact(isa, size, sample_covariance):
    options = SsimOptions(window="uniform", size=size, sample_covariance=sample_covariance)
    radius = size // 2
    for shape in SHAPES:
        for a, b, expected in expected_maps(shape, size, sample_covariance):
            found = ssim_map(a, b, options=options).reshape(*shape[:2], -1)
            found = found[radius : shape[0] - radius, radius : shape[1] - radius]
            np.testing.assert_allclose(found, expected, rtol=0, atol=4e-7)
            assert np.abs(found).max() <= 1.0
            assert ssim(a, b, options=options) == pytest.approx(expected.mean(), abs=1e-6)


@pytest.mark.parametrize("size", SIZES)
def test_rows_that_are_skipped_do_not_change_the_sums_below(isa, size):
    rng = np.random.default_rng(size)
    a = rng.integers(0, 256, (150, 90, 3), np.uint8)
    b = a.copy()
    for top in (3, 60, 97, 141):
        b[top : top + 5] = rng.integers(0, 256, (5, 90, 3))
    options = SsimOptions(window="uniform", size=size)
    expected = exact_map(a, b, size, False)
    assert ssim(a, b, options=options) == pytest.approx(expected.mean(), abs=1e-6)
    mask = rng.random((150, 90)) < 0.3
    radius = size // 2
    inside = mask[radius:-radius, radius:-radius]
    assert ssim(a, b, options=options, region=mask) == pytest.approx(expected[inside].mean(), abs=1e-6)


@pytest.mark.parametrize("data_range", [1e-7, 1e-3, 1e9])
def test_constants_out_of_the_usual_give_the_same_score(data_range):
    rng = np.random.default_rng(9)
    a, b = (rng.integers(0, 256, (40, 50), np.uint8) for _ in range(2))
    options = SsimOptions(window="uniform")
    whole = ssim(a, b, options=options, data_range=data_range)
    floats = ssim(a.astype(np.float64), b.astype(np.float64), options=options, data_range=data_range)
    assert whole == pytest.approx(floats, abs=1e-6)


def test_the_largest_whole_numbers_do_not_wrap():
    a = np.full((64, 64, 3), 255, np.uint8)
    b = a.copy()
    b[32, 32] = 254
    for name in _core.available_isas():
        _core.use_isa(name)
        found = ssim_map(a, b, options=SsimOptions(window="uniform", size=11))
        assert found.min() > 0.99
        assert found.max() == 1.0
    _core.use_isa(_core.available_isas()[0])
