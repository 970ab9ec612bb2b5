"""The view of record version 2's windows: the same before and after, their means over the right windows."""

import numpy as np
import pytest
import reference_v2
import strategies
from core_calls import permute_in_place
from hypothesis import given, settings

from fastperturb import _core


def shown(image, core, interpolation):
    work = image.copy()
    _core.draw_view(work, core, interpolation, 2)
    return work


@settings(max_examples=100)
@given(strategies.jobs(max_side=24, version=2))
def test_equal_before_and_after_and_confined(job):
    image, core = job
    hidden = image.copy()
    permute_in_place([(hidden, core, [bytes([i]) * 32 for i in range(len(core))])], False, 1)
    owner = reference_v2.owners(*image.shape[:2], strategies.as_dicts(core))
    for interpolation in range(4):
        view = shown(hidden, core, interpolation)
        assert view.tobytes() == shown(image, core, interpolation).tobytes()
        assert view[owner < 0].tobytes() == image[owner < 0].tobytes()


@settings(max_examples=100)
@given(strategies.jobs(max_side=24, version=2))
def test_the_mosaic_has_the_means_of_the_windows(job):
    image, core = job
    regions = strategies.as_dicts(core)
    owner = reference_v2.owners(*image.shape[:2], regions)
    mosaic = shown(image, core, 0)
    for index in range(len(core)):
        for part in reference_v2.windows(owner, regions, index):
            if part:
                rows, columns = zip(*part, strict=True)
                mean = image[rows, columns].astype(np.float64).mean(axis=0)
                near = 0.5 + 1e-6 if image.dtype != np.float32 else 1e-5
                assert np.abs(mosaic[rows, columns].astype(np.float64) - mean).max() <= near


@pytest.mark.parametrize("interpolation", [1, 2, 3])
def test_a_joined_rim_is_interpolated_from_its_own_centre(interpolation):
    """Ten pixels in windows of 4 are one of 4 and one of 6, with centres at 2 and 7."""
    image = np.repeat(np.array([10.0, 110.0], np.float32), [4, 6])[None].repeat(3, axis=0)
    row = shown(image, [(0, 0, 10, 3, 0, 4, 0)], interpolation)[1]
    assert row[[0, 1]] == pytest.approx([10, 10])
    assert row[[7, 8, 9]] == pytest.approx([110, 110, 110])
    assert (np.diff(row[1:8]) > 0).all()
    assert row[4] == pytest.approx(60, abs=1e-4)  # its centre lies half-way between those of the windows
