"""SSIM's options: what they accept, what they refuse and in which words, and the window that they make."""

import math

import numpy as np
import pytest

from fastperturb.metrics.measures import SsimOptions, ssim, ssim_map, ssim_terms
from fastperturb.metrics.ssim_options import half_window

UNIFORM = SsimOptions(window="uniform")


def test_samples_too_far_from_the_range_are_refused():
    a = np.zeros((20, 20))
    with pytest.raises(ValueError, match="a and b must be within 1e9 times data_range, got samples beyond"):
        ssim(a, a + 1e30, data_range=1)
    with pytest.raises(ValueError, match="data_range must be 1e-30 to 1e30, got 1e-40"):
        ssim(a, a, data_range=1e-40)


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
