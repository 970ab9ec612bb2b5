"""The collector of docs/figures: several protections of one original give away what stays in place, and no more."""

import sys
from pathlib import Path

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.protections import Surrogate

REGION = fp.Region(4, 6, 24, 32)


@pytest.fixture(scope="module")
def collector():
    for name in ("cv2", "scipy", "sklearn"):
        pytest.importorskip(name)
    folder = Path(__file__).parents[2] / "docs" / "figures"
    if not folder.is_dir():
        pytest.skip("docs/figures is not here")
    sys.path.append(str(folder))
    import collector_data

    return collector_data


@pytest.fixture
def original():
    return np.random.default_rng(6).integers(0, 200, (48, 40), np.uint8)


def share_right(collector, original, count, version, **settings):
    _, back = collector.windows(version, **settings)(original, REGION, count)
    part = REGION.clipped(*original.shape)
    outside = np.ones(original.shape, bool)
    outside[part] = False
    assert (back[outside] == original[outside]).all()
    return np.mean(back[part] == original[part])


def test_pixels_that_stay_half_of_the_time_are_all_found(collector, original):
    assert share_right(collector, original, 40, 2, window=8, coverage=0.5) == 1.0
    assert share_right(collector, original, 1, 2, window=8, coverage=0.5) < 0.7


def test_one_cycle_gives_itself_away_and_uniform_arrangements_do_not(collector, original):
    """Windows of 16 pixels, of different values nearly always."""
    assert share_right(collector, original, 150, 1, window=4) > 0.95
    assert share_right(collector, original, 150, 2, window=4) < 0.2


def test_windows_are_those_that_pixels_stay_in(collector, original):
    for version, side in ((1, 7), (2, 7), (1, 5), (2, 5)):
        parts = collector.cut(REGION, side, version)
        copies, _ = collector.windows(version, window=side)(original, REGION, 2)
        assert sum(original[part].size for part in parts) == REGION.width * REGION.height
        for part in parts:
            assert (np.sort(copies[0][part], axis=None) == np.sort(original[part], axis=None)).all()


def test_copies_under_a_surrogate_are_one(collector, original):
    copies, _ = collector.drawn(Surrogate())(original, REGION, 5)
    assert (copies == copies[0]).all()
    assert not (copies[0] == original).all()
