"""Thousands of regions: what is done for each does not grow with their number, and is what it was."""

from dataclasses import replace

import numpy as np
import pytest
from test_drawn_parts import parts_of, some_regions

import fastperturb as fp
from fastperturb.perturbation.format_v2_open import Opened
from fastperturb.perturbation.version_2 import OpenedRegions
from fastperturb.protections import surroundings
from fastperturb.protections.surroundings import PartsByPlace, measure_surroundings


@pytest.mark.parametrize("beyond", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_parts_near_a_region_give_the_surroundings_that_all_give(seed, beyond):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (60, 80, 3), np.uint8)
    parts = [replace(part, beyond=beyond) for part in parts_of(some_regions(rng, 30)[:-1], image.shape)]
    placed = PartsByPlace(parts)
    found = [placed.near(part.region) for part in parts]
    assert 0 < sum(len(near) for near in found) < len(parts) ** 2
    for part, near in zip(parts, found, strict=True):
        some, every = (measure_surroundings(image, part.region, these) for these in (near, parts))
        assert (some is None) == (every is None)
        if some is not None:
            assert np.array_equal(some.mean, every.mean)
            assert np.array_equal(some.field, every.field)


def test_a_surrogate_looks_at_few_others_for_each_face(key, monkeypatch):
    image = np.random.default_rng(1).integers(0, 256, (1200, 1200), np.uint8)
    faces = [(x, y, 20, 20) for x in range(0, 1200, 100) for y in range(0, 1200, 100)]
    real, looked = surroundings._take_out, []

    def counted(*arguments):
        looked.append(0)
        real(*arguments)

    monkeypatch.setattr(surroundings, "_take_out", counted)
    fp.perturb(image, faces, key, fp.Surrogate(tone="around"))
    assert len(faces) <= len(looked) <= 9 * len(faces)


class Number(int):
    """Counts how often numbers are compared."""

    compared = 0

    def __eq__(self, other):
        Number.compared += 1
        return int(self) == int(other)

    __hash__ = int.__hash__


def test_numbers_of_regions_to_restore_are_not_searched_one_by_one(key):
    image = np.random.default_rng(1).integers(0, 256, (200, 200), np.uint8)
    regions = [(x, y, 4, 4) for x in range(0, 200, 5) for y in range(0, 200, 5)]
    hidden, record = fp.perturb(image, regions, key)
    opened = OpenedRegions(Opened(record, key), image.shape, [Number(i) for i in range(len(regions))])
    assert Number.compared < 10 * len(regions)
    assert opened.changed(hidden) == []
