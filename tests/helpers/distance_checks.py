"""What the distance law of either record version is checked against."""

import math

import numpy as np
import pytest
import reference
import strategies
from core_calls import permute_in_place

import fastperturb as fp
from fastperturb import _core


def check_sum_over_windows(job, version, layout, law):
    """``layout``: the module that says which windows there are; ``law``: mean and variance of one window's pixels."""
    image, core = job
    regions = strategies.as_dicts(core)
    owner = layout.owners(*image.shape[:2], regions)
    for index, (mean, variance) in enumerate(_core.expect_error(image, core, version)):
        parts = layout.windows(owner, regions, index)
        expected = np.zeros(2)
        for part, moved in zip(parts, reference.shares([len(part) for part in parts], core[index][6]), strict=True):
            if moved:
                x = np.array([image[position] for position in part], np.float64).reshape(len(part), -1)
                expected += law(x, moved)
        assert mean == pytest.approx(expected[0], rel=1e-12)
        assert variance == pytest.approx(expected[1], rel=1e-6, abs=1e-9 * expected[0] ** 2)


def check_scatter(photograph, version, moved, keys_of):
    """Over 2,000 keys: the mean within 4.9 standard errors, the variance within what its own scatter allows."""
    image = np.ascontiguousarray(photograph[80:110, 120:150])
    core = [(5, 5, 20, 20, 1, 9, moved)]
    errors = []
    for trial in range(2000):
        hidden = image.copy()
        permute_in_place([(hidden, core, keys_of(trial.to_bytes(32, "little")))], False, 1)
        errors.append(fp.mse(image, hidden) * image.size)
    ((mean, variance),) = _core.expect_error(image, core, version)
    assert abs(np.mean(errors) - mean) < 4.9 * math.sqrt(variance / 2000)
    fourth = np.mean((np.array(errors) - mean) ** 4)
    assert abs(np.mean((np.array(errors) - mean) ** 2) - variance) < 4.9 * math.sqrt((fourth - variance**2) / 2000)
