"""Whether the permutation is uniform, and unrelated from key to key: counts over many subkeys against chance.

Seeds are fixed, so these tests give the same answer every time; the bounds are those of a false alarm in a million.
"""

import math

import numpy as np
import pytest
from core_calls import permute_in_place

import fastperturb as fp

FALSE_ALARM = 4.9  # standard deviations of a normal variable: one in a million, on both sides together


def destinations(size, count, trials):
    """For each trial where each of the first `size` pixels of a single window went; -1: it stayed."""
    result = np.empty((trials, size), np.int64)
    core = [(0, 0, size, 1, 0, size, count)]
    for trial in range(trials):
        image = np.arange(size, dtype=np.uint16).reshape(1, size)
        permute_in_place([(image, core, trial.to_bytes(32, "little"))], False, 1)
        where = np.empty(size, np.int64)
        where[image[0]] = np.arange(size)
        result[trial] = np.where(where == np.arange(size), -1, where)
    return result


def chi_square_is_plausible(observed, expected):
    """Wilson and Hilferty 1931: the cube root of chi-square over its degrees of freedom is nearly normal."""
    degrees = observed.size - 1
    chi_square = float(((observed - expected) ** 2 / expected).sum())
    spread = 2 / (9 * degrees)
    return abs((chi_square / degrees) ** (1 / 3) - (1 - spread)) / math.sqrt(spread) < FALSE_ALARM


@pytest.mark.parametrize(("size", "count"), [(12, 12), (12, 5), (30, 30), (30, 2)])
def test_every_pixel_moves_equally_often_and_anywhere(size, count):
    trials = 20_000
    went = destinations(size, count, trials)
    stays = (went < 0).sum(axis=0)
    assert ((went >= 0).sum(axis=1) == count).all()
    spread = math.sqrt(trials * (count / size) * (1 - count / size))
    assert (abs(stays - trials * (1 - count / size)) <= FALSE_ALARM * spread).all()
    pairs = np.zeros((size, size))
    for source in range(size):
        moved = went[went[:, source] >= 0, source]
        pairs[source] = np.bincount(moved, minlength=size)
    off_diagonal = pairs[~np.eye(size, dtype=bool)]
    assert pairs.trace() == 0
    assert chi_square_is_plausible(off_diagonal, trials * count / (size * (size - 1)))


def test_all_cycles_are_equally_likely():
    """Five pixels in one cycle: each of the 4! cycles, counted."""
    trials = 24_000
    counts = {}
    for row in destinations(5, 5, trials):
        cycle, at = [], 0
        for _ in range(5):
            cycle.append(at)
            at = int(row[at])
        assert at == 0
        assert len(set(cycle)) == 5
        counts[tuple(cycle)] = counts.get(tuple(cycle), 0) + 1
    assert len(counts) == 24
    assert chi_square_is_plausible(np.array(list(counts.values())), trials / 24)


def test_two_images_under_one_key_are_unrelated(key):
    """Two perturbations of one image send a pixel to the same place as often as chance does: once in N - 1."""
    side = 64
    image = np.arange(side * side, dtype=np.uint16).reshape(side, side)
    strength = fp.Strength(window="region")
    first, _ = fp.perturb(image, [(0, 0, side, side)], key, strength, reproducible=True)
    agreements = 0
    trials = 200
    for trial in range(trials):
        padded = np.pad(image, ((0, 0), (0, trial + 1)))  # another image, and so another nonce
        second = fp.perturb(padded, [(0, 0, side, side)], key, strength, reproducible=True)[0][:, :side]
        agreements += int((first == second).sum())
    mean = trials * side * side / (side * side - 1)
    assert abs(agreements - mean) < FALSE_ALARM * math.sqrt(mean)


def one_bit(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("bit", [0, 100, 255])
def test_one_bit_of_the_subkey_changes_everything(bit):
    image = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    core = [(0, 0, 64, 64, 0, 64, 4096)]
    results = []
    for subkey in (bytes(32), one_bit(bytes(32), bit)):
        work = image.copy()
        permute_in_place([(work, core, subkey)], False, 1)
        results.append(work)
    assert (results[0] == results[1]).sum() < 20


def test_windows_and_regions_do_not_share_keystream():
    """Equal windows side by side, and equal regions of two images, are permuted differently."""
    image = np.tile(np.arange(256, dtype=np.uint16).reshape(16, 16), (1, 2))
    core = [(0, 0, 32, 16, 0, 16, 512)]
    work = image.copy()
    permute_in_place([(work, core, bytes(32))], False, 1)
    assert (work[:, :16] == work[:, 16:]).mean() < 0.05
    two = image.copy()
    permute_in_place([(two, [(0, 0, 16, 16, 0, 16, 256), (16, 0, 16, 16, 0, 16, 256)], bytes(32))], False, 1)
    assert (two[:, :16] == two[:, 16:]).mean() < 0.05
