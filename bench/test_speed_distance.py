"""What solving for a target costs, and a perturb() that solves: ``python -m pytest bench/test_speed_distance.py``.

Times are of calls from Python, argument checks included. The answers are asserted: the law is linear, a target is met.
"""

import numpy as np
import pytest

import fastperturb as fp
from fastperturb import _core
from fastperturb.region import Region
from fastperturb.strength import distance_law as distance

WHOLE = Region(0, 0, 250, 250)
FACE = Region(50, 50, 150, 150)


@pytest.fixture(scope="module")
def image():
    """250 x 250 x 3, smooth with texture on it, as a photograph is."""
    rng = np.random.default_rng(1)
    ramp = np.add.outer(np.arange(250), np.arange(250))[..., None] * 0.3 + np.array([20, 40, 60])
    return np.clip(ramp + rng.normal(0, 12, (250, 250, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("region", [WHOLE, FACE], ids=["whole", "face"])
@pytest.mark.parametrize("window", [None, 4, 12, "region"])
def test_solve(benchmark, image, region, window):
    strength = fp.Strength(window=window)
    side = strength.window_for(region)
    blank = [(region.x, region.y, region.width, region.height, 0, side, 0)]
    most = _core.solve_pixels(image, blank, 1e300)[3]
    (pixels,) = benchmark(distance.solve, image, blank, ("mse", 0.4 * most / image.size, None), 0.4 * most)
    assert abs(pixels / (0.4 * region.width * region.height) - 1) < 0.01


def test_forecast(benchmark, image):
    forecast = benchmark(fp.forecast, image, FACE)
    assert forecast.regions[0].pixels == 150 * 150


@pytest.mark.parametrize("target", [False, True], ids=["pixels", "psnr"])
def test_perturb(benchmark, image, target):
    key = fp.Key(bytes(range(32)))
    wanted = fp.forecast(image, FACE, fp.Strength(pixels=8000)).in_frame.psnr
    strength = fp.Strength(psnr=wanted) if target else fp.Strength(pixels=8000)
    hidden, _ = benchmark(fp.perturb, image, FACE, key, strength)
    reached = 10 * np.log10(255**2 / np.mean((image.astype(float) - hidden) ** 2))
    assert abs(reached - wanted) < (0.05 if target else 0.5)
