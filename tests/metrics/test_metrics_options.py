"""SSIM's options: what they accept, what they refuse and in which words, and the window that they make."""

import math

import numpy as np
import pytest

from fastperturb.metrics.measures import SsimOptions, ssim, ssim_map, ssim_terms
from fastperturb.metrics.multi_scale import ms_ssim
from fastperturb.metrics.ssim_options import half_window

UNIFORM = SsimOptions(window="uniform")


def test_samples_too_far_from_the_range_are_refused():
    a = np.zeros((20, 20))
    with pytest.raises(ValueError, match="a and b must be within 1e9 times data_range, got samples beyond"):
        ssim(a, a + 1e30, data_range=1)
    with pytest.raises(ValueError, match="data_range must be 1e-30 to 1e30, got 1e-40"):
        ssim(a, a, data_range=1e-40)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize(
    "constants", [{"k1": 1e200}, {"k2": 1e200}, {"k1": 1e20}, {"k2": 1e20}, {"k1": 1e10, "k2": 1e10}]
)
def test_constants_too_large_for_the_arithmetic_are_named(dtype, constants):
    a, b = np.zeros((20, 20), dtype), np.ones((20, 20), dtype)
    for metric in (ssim, ssim_map, ms_ssim):
        weights = {"weights": [1.0, 1.0]} if metric is ms_ssim else {}
        options = SsimOptions(size=3, **constants)
        with pytest.raises(ValueError, match=f"{next(iter(constants))} times data_range must be at most"):
            metric(a, b, data_range=255.0, options=options, **weights)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integers_in_a_huge_range_are_alike_or_refused_in_the_right_words(dtype):
    a, b = np.zeros((40, 40), dtype), np.full((40, 40), 100, dtype)
    for options in (SsimOptions(), UNIFORM, SsimOptions(window="uniform", size=17)):
        assert ssim(a, b, data_range=1e10, options=options) == pytest.approx(1)
        with pytest.raises(ValueError, match=r"k2 times data_range must be at most 1e\+09 here, got 0.03 \* 5e\+10"):
            ssim(a, b, data_range=5e10, options=options)
    assert ms_ssim(a, b, data_range=1e7, weights=[1.0, 1.0]) == pytest.approx(1, abs=2e-6)
    with pytest.raises(ValueError, match=r"k1 times data_range must be at most 1e\+06 here, got 0.01 \* 1e\+10"):
        ms_ssim(a, b, data_range=1e10, weights=[1.0, 1.0])


@pytest.mark.parametrize("metric", [ssim, ssim_map, ssim_terms])
def test_windows_must_fit(metric):
    small = np.zeros((10, 30), np.uint8)
    text = r"a must be at least as large as the window of 11 x 11 pixels, got shape \(10, 30\)"
    with pytest.raises(ValueError, match=text):
        metric(small, small)
    with pytest.raises(ValueError, match="the window of 31 x 31 pixels, got shape"):
        metric(small.T.copy(), small.T.copy(), options=SsimOptions(size=31))


@pytest.mark.parametrize(
    ("choices", "error", "text"),
    [
        ({"size": 8}, ValueError, "size must be odd, got 8"),
        ({"size": 1}, ValueError, "size must be 3 to 1023 pixels, got 1"),
        ({"size": 7.0}, TypeError, "size must be a whole number of pixels, got 7.0"),
        ({"window": "hann"}, ValueError, "window must be 'gaussian' or 'uniform', got 'hann'"),
        ({"sigma": 0}, ValueError, "sigma must be positive and finite, got 0"),
        ({"k1": -0.1}, ValueError, "k1 must be positive and finite, got -0.1"),
        ({"k2": math.nan}, ValueError, "k2 must be positive and finite, got nan"),
        ({"gamma": "one"}, TypeError, "gamma must be a number, got 'one'"),
    ],
)
def test_bad_options(choices, error, text):
    with pytest.raises(error, match=text):
        SsimOptions(**choices)


def test_options_are_options():
    image = np.zeros((20, 20), np.uint8)
    with pytest.raises(TypeError, match="options must be SsimOptions, got 'uniform'"):
        ssim(image, image, options="uniform")


def test_the_half_window_sums_to_one():
    wide = SsimOptions(window="uniform", size=99)
    for options in (SsimOptions(), UNIFORM, wide, SsimOptions(sigma=0.3), SsimOptions(sigma=9)):
        half = half_window(options)
        assert half[0] + 2 * math.fsum(half[1:]) == pytest.approx(1, abs=3e-8)
        assert min(half) >= 0
