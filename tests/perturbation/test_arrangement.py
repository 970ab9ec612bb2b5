"""The windows of record version 2: equal to the slow reference, exact there and back, confined, uniform."""

import itertools
import math

import numpy as np
import pytest
import reference_v2
import strategies
from core_calls import permute_in_place
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from fastperturb import _core

FALSE_ALARM = 4.9  # standard deviations of a normal variable: one in a million, on both sides together


def keys_for(core, seed=0):
    return [bytes([seed, index % 256]) * 16 for index in range(len(core))]


def permuted(image, core, *, inverse=False, threads=1):
    work = image.copy()
    (moved,) = permute_in_place([(work, core, keys_for(core))], inverse, threads)
    return work, moved


def same_bits(a, b):
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


@settings(max_examples=300)
@given(strategies.jobs(max_side=24, version=2))
def test_equals_the_reference(job):
    image, core = job
    expected = image.copy()
    counts = reference_v2.permute(expected, strategies.as_dicts(core), keys_for(core))
    work, moved = permuted(image, core)
    assert same_bits(work, expected)
    assert moved == counts
    reference_v2.permute(work, strategies.as_dicts(core), keys_for(core), inverse=True)
    assert same_bits(work, image)


@pytest.mark.parametrize("pixels", [1.0, 0.4])
@pytest.mark.parametrize("size", [(23, 23), (64, 64), (17, 241), (120, 90)])
def test_large_windows_equal_the_reference(isa, size, pixels):
    """Both word widths, and windows that need more keystream than is made ahead."""
    image = np.arange(size[0] * size[1], dtype=np.uint16).reshape(size)
    core = [(0, 0, size[1], size[0], 0, 300, int(size[0] * size[1] * pixels))]
    expected = image.copy()
    reference_v2.permute(expected, strategies.as_dicts(core), keys_for(core))
    work, _ = permuted(image, core)
    assert same_bits(work, expected)
    assert same_bits(permuted(work, core, inverse=True)[0], image)


@settings(max_examples=150)
@given(strategies.jobs(version=2))
def test_exact_confined_and_windows_keep_their_multiset(job):
    image, core = job
    owner = reference_v2.owners(*image.shape[:2], strategies.as_dicts(core))
    work, moved = permuted(image, core)
    assert same_bits(permuted(work, core, inverse=True)[0], image)
    assert same_bits(work[owner < 0], image[owner < 0])
    pixel_bytes = image[0, 0].nbytes
    before = np.ascontiguousarray(image).view(np.uint8).reshape(*image.shape[:2], pixel_bytes)
    after = np.ascontiguousarray(work).view(np.uint8).reshape(*image.shape[:2], pixel_bytes)
    for index in range(len(core)):
        parts = reference_v2.windows(owner, strategies.as_dicts(core), index)
        for part in parts:
            assert sorted(before[p].tobytes() for p in part) == sorted(after[p].tobytes() for p in part)
        loners = sum(len(part) == 1 for part in parts)
        assert core[index][6] - max(1, loners) <= moved[index] <= core[index][6]


@settings(max_examples=60)
@given(strategies.jobs(version=2), st.integers(2, 3))
def test_threads_do_not_change_the_bits(job, threads):
    image, core = job
    assert same_bits(permuted(image, core)[0], permuted(image, core, threads=threads)[0])


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_all_builds_threads_and_directions_agree(dtype, channels):
    """In a crop of a larger array, of which nothing else is touched."""
    whole = np.random.default_rng(4).integers(0, 65536, (150, 160, channels)).astype(dtype)
    core = [(5, 6, 120, 110, 0, 14, 7000), (40, 40, 90, 90, 1, 50, 5000), (100, -3, 20, 20, 1, 8, 100)]
    core[1] = (*core[1][:6], _core.owned_pixels(130, 140, core, 2)[1])
    before, results = _core.isa(), []
    for name in _core.available_isas():
        _core.use_isa(name)
        work = whole.copy()
        permute_in_place([(work[7:137, 9:149], core, keys_for(core))], False, 2)
        results.append(work)
    expected = results[0].copy()
    for name, work in zip(reversed(_core.available_isas()), results, strict=True):
        _core.use_isa(name)
        assert same_bits(work, expected)
        assert not same_bits(work, whole)
        permute_in_place([(work[7:137, 9:149], core, keys_for(core))], True, 1)
        assert same_bits(work, whole), name
    _core.use_isa(before)


def test_tiny_and_long_regions():
    image = np.random.default_rng(2).integers(0, 256, (1, 1_000_000), np.uint8)
    for core in (
        [(5, 0, 1, 1, 0, 4, 1)],
        [(0, 0, 1_000_000, 1, 0, 1_000_000, 999_999)],
        [(0, 0, 1_000_000, 1, 0, 4, 7)],
    ):
        work, moved = permuted(image, core)
        assert moved == [0 if core[0][6] == 1 else core[0][6]]
        assert (np.bincount(work[0], minlength=256) == np.bincount(image[0], minlength=256)).all()
        assert same_bits(permuted(work, core, inverse=True)[0], image)


@pytest.mark.parametrize(("length", "window", "sizes"), [
    (9, 4, [4, 5]), (10, 4, [4, 6]), (11, 4, [4, 4, 3]), (2, 4, [2]), (3, 8, [3]), (12, 4, [4, 4, 4]), (17, 8, [8, 9]),
])  # fmt: skip
def test_no_rim_of_one_or_two_pixels(length, window, sizes):
    """Each window is permuted for itself, so that labels stay within it."""
    assert [len(part) for part in reference_v2.cuts(length, window)] == sizes
    labels = np.repeat(np.arange(len(sizes), dtype=np.uint8), sizes)
    for image in (np.tile(labels, (length, 1)), np.tile(labels[:, None], (1, length))):
        work, _ = permuted(image, [(0, 0, length, length, 0, window, length * length)])
        assert same_bits(work, image)
    numbers = np.arange(length * length, dtype=np.uint16).reshape(length, length)
    work, _ = permuted(numbers, [(0, 0, length, length, 0, window, length * length)])
    assert not same_bits(work, numbers)


def counts_of_arrangements(size, count, trials):
    """How often each subset of places was drawn and each of its arrangements came out, from new keys."""
    counts = {}
    core = [(0, 0, size, 1, 0, size, count)]
    for trial in range(trials):
        image = np.arange(size, dtype=np.uint8).reshape(1, size)
        permute_in_place([(image, core, [trial.to_bytes(32, "little")])], False, 1)
        counts[bytes(image[0])] = counts.get(bytes(image[0]), 0) + 1
    return counts


def plausible(observed, expected):
    """Wilson and Hilferty 1931: the cube root of chi-square over its degrees of freedom is nearly normal."""
    degrees = len(observed) - 1
    chi_square = sum((o - e) ** 2 / e for o, e in zip(observed, expected, strict=True))
    spread = 2 / (9 * degrees)
    return abs((chi_square / degrees) ** (1 / 3) - (1 - spread)) / math.sqrt(spread) < FALSE_ALARM


@pytest.mark.parametrize(("size", "count"), [(4, 4), (5, 5), (5, 3), (6, 2)])
def test_every_arrangement_is_equally_likely(size, count):
    """All subsets and all permutations of each, fixed points included, by enumeration."""
    trials, chances = 24_000, {}
    subsets = list(itertools.combinations(range(size), count))
    for subset in subsets:
        for order in itertools.permutations(subset):
            result = list(range(size))
            for place, source in zip(subset, order, strict=True):
                result[place] = source
            chance = 1 / (len(subsets) * math.factorial(count))
            chances[bytes(result)] = chances.get(bytes(result), 0) + chance
    found = counts_of_arrangements(size, count, trials)
    assert set(found) <= set(chances)
    assert plausible([found.get(result, 0) for result in chances], [trials * chance for chance in chances.values()])


def test_a_pixel_goes_anywhere_equally_often_and_stays_as_often():
    size, trials = 30, 20_000
    pairs = np.zeros((size, size))
    for trial in range(trials):
        image = np.arange(size, dtype=np.uint8).reshape(1, size)
        permute_in_place([(image, [(0, 0, size, 1, 0, size, size)], [trial.to_bytes(32, "big")])], False, 1)
        pairs[image[0], np.arange(size)] += 1
    assert plausible(pairs.ravel(), np.full(size * size, trials / size))


def named_by_collector(keys_of_copy, copies=200):
    """The share of pixels that many copies of one picture name: least-cost assignment of values to places, where a
    value costs the more the less often it was ever seen there."""
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    core = [(0, 0, 16, 16, 0, 4, 256)]
    seen = np.zeros((256, 256))
    for copy in range(copies):
        work = image.copy()
        permute_in_place([(work, core, keys_of_copy((copy + 1).to_bytes(32, "little")))], False, 1)
        seen[np.arange(256), work.ravel()] += 1
    named = 0
    for y, x in itertools.product(range(0, 16, 4), repeat=2):
        places = np.arange(256).reshape(16, 16)[y : y + 4, x : x + 4].ravel()
        rows, columns = linear_sum_assignment(seen[np.ix_(places, places)])
        named += int((rows == columns).sum())
    return named / 256


def test_many_copies_do_not_give_the_original_away():
    """One cycle never leaves a pixel where it was, so the value never seen at a place is the original (version 1)."""
    assert named_by_collector(lambda key: key) == 1.0
    assert named_by_collector(lambda key: [key]) < 0.15


def test_every_region_has_a_key_of_its_own():
    image = np.arange(512, dtype=np.uint16).reshape(16, 32)
    core = [(0, 0, 16, 16, 0, 16, 256), (16, 0, 16, 16, 0, 16, 256)]
    one, other = bytes(32), bytes([1]) * 32
    results = []
    for keys in ([one, one], [one, other], [other, one]):
        work = image.copy()
        permute_in_place([(work, core, keys)], False, 1)
        results.append(work)
    assert (results[0][:, :16] == results[1][:, :16]).all()
    assert (results[0][:, 16:] == results[2][:, 16:]).all()
    assert (results[0][:, 16:] == results[1][:, 16:]).mean() < 0.05
    assert (results[0][:, :16] == results[0][:, 16:] - 16).mean() < 0.05


def test_keys_must_fit_the_regions():
    image, core = np.zeros((8, 8), np.uint8), [(0, 0, 8, 8, 0, 4, 64)]
    for keys, message in (
        ([], "keys must be one for each of the 1 regions, got 0"),
        ([b"x"], "key must have 32 bytes"),
    ):
        with pytest.raises(ValueError, match=message):
            permute_in_place([(image, core, keys)], False, 1)
        with pytest.raises(ValueError, match=message):
            _core.permute([(image, image, core, keys, True)], False, 1, [])


def test_versions_share_a_batch_and_the_queue_of_workers():
    rng = np.random.default_rng(8)
    images = [rng.integers(0, 256, (60, 70, 3), np.uint8) for _ in range(6)]
    core = [(3, 4, 50, 44, 1, 9, 900)]
    keys = [bytes([i]) * 32 if i % 2 else [bytes([i]) * 32] for i in range(6)]
    alone = [image.copy() for image in images]
    for work, key in zip(alone, keys, strict=True):
        permute_in_place([(work, core, key)], False, 1)
    together = [image.copy() for image in images]
    permute_in_place([(work, core, key) for work, key in zip(together, keys, strict=True)], False, 2)
    assert all(same_bits(a, b) for a, b in zip(alone, together, strict=True))
    outs = [np.empty_like(image) for image in images]
    with _core.WorkerQueue(2, 1) as queue:
        jobs = [(image, out, core, key, True) for image, out, key in zip(images, outs, keys, strict=True)]
        queue.submit(jobs, False, [], None)
        results = queue.collect()
    assert all(same_bits(a, b) for a, b in zip(alone, outs, strict=True))
    assert [moved for moved, _ in results] == [[900]] * 6
