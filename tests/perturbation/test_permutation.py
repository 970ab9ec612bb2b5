"""The permutation: equal to the slow reference, exact there and back, confined, and with as many moves as promised."""

import numpy as np
import pytest
import reference
from core_calls import permute_in_place
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SUBKEY, as_dicts, jobs

from fastperturb import _core


def permuted(image, core, *, inverse=False, threads=1):
    work = image.copy()
    (moved,) = permute_in_place([(work, core, SUBKEY)], inverse, threads)
    return work, moved


def same_bits(a, b):
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


@settings(max_examples=1500)
@given(jobs(max_side=24))
def test_equals_the_reference(job):
    image, core = job
    expected = image.copy()
    counts = reference.permute(expected, as_dicts(core), SUBKEY)
    work, moved = permuted(image, core)
    assert same_bits(work, expected)
    assert moved == counts


@settings(max_examples=300)
@given(jobs(max_side=24))
def test_the_reference_undoes_it(job):
    image, core = job
    work, _ = permuted(image, core)
    reference.permute(work, as_dicts(core), SUBKEY, inverse=True)
    assert same_bits(work, image)


@pytest.mark.parametrize("size", [(23, 23), (64, 64), (17, 241), (120, 90)])
def test_large_windows_equal_the_reference(isa, size):
    """Both word widths, and windows that need more keystream than is made ahead."""
    image = np.arange(size[0] * size[1], dtype=np.uint16).reshape(size)
    core = [(0, 0, size[1], size[0], 0, 300, size[0] * size[1])]
    expected = image.copy()
    reference.permute(expected, as_dicts(core), SUBKEY)
    work, _ = permuted(image, core)
    assert same_bits(work, expected)


@given(jobs())
def test_there_and_back_is_exact(job):
    image, core = job
    work, _ = permuted(image, core)
    assert same_bits(permuted(work, core, inverse=True)[0], image)


@given(jobs())
def test_only_owned_pixels_move_and_windows_keep_their_multiset(job):
    image, core = job
    owner = reference.owners(*image.shape[:2], as_dicts(core))
    work, _ = permuted(image, core)
    assert same_bits(work[owner < 0], image[owner < 0])
    pixel_bytes = image[0, 0].nbytes
    before = np.ascontiguousarray(image).view(np.uint8).reshape(*image.shape[:2], pixel_bytes)
    after = np.ascontiguousarray(work).view(np.uint8).reshape(*image.shape[:2], pixel_bytes)
    for index in range(len(core)):
        for part in reference.windows(owner, as_dicts(core), index):
            assert sorted(before[p].tobytes() for p in part) == sorted(after[p].tobytes() for p in part)


@given(jobs())
def test_exactly_the_promised_number_of_pixels_moves(job):
    image, core = job
    labels = np.arange(image.shape[0] * image.shape[1], dtype=np.float32).reshape(image.shape[:2])
    owner = reference.owners(*labels.shape, as_dicts(core))
    work, moved = permuted(labels, core)
    for index, count in enumerate(moved):
        assert np.count_nonzero((work != labels) & (owner == index)) == count
        wanted = core[index][6]
        loners = sum(len(part) == 1 for part in reference.windows(owner, as_dicts(core), index))
        assert wanted - max(1, loners) <= count <= wanted


@settings(max_examples=60)
@given(jobs(), st.integers(2, 3))
def test_threads_do_not_change_the_bits(job, threads):
    image, core = job
    assert same_bits(permuted(image, core)[0], permuted(image, core, threads=threads)[0])


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
@pytest.mark.parametrize("window", [2, 12, 33, 300])
def test_threads_do_not_change_large_images(threads, window):
    image = np.random.default_rng(3).integers(0, 256, (300, 411, 3), np.uint8)
    core = [(-7, 5, 300, 290, 1, window, 31000), (100, 50, 400, 200, 0, window, 30001)]
    assert same_bits(permuted(image, core)[0], permuted(image, core, threads=threads)[0])


def test_all_builds_and_directions_agree():
    image = np.random.default_rng(4).integers(0, 65536, (130, 140, 3), np.uint16)
    core = [(5, 6, 120, 110, 0, 14, 7000), (40, 40, 90, 90, 1, 50, 5000)]
    before = _core.isa()
    results = {}
    for name in _core.available_isas():
        _core.use_isa(name)
        results[name] = permuted(image, core)[0]
    for name in _core.available_isas():
        _core.use_isa(name)
        for work in results.values():
            assert same_bits(permuted(work, core, inverse=True)[0], image), name
    _core.use_isa(before)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_rows_with_gaps_are_worked_on_in_place(channels, dtype):
    """A crop of a larger array: the permutation of its copy, and nothing beside it is touched."""
    whole = np.arange(60 * 70 * channels).reshape(60, 70, channels).astype(dtype)
    crop = whole[3:43, 5:49]
    core = [(-2, 4, 40, 33, 1, 9, 700)]
    expected, _ = permuted(np.ascontiguousarray(crop), core)
    untouched = whole.copy()
    permute_in_place([(crop, core, SUBKEY)], False, 1)
    assert same_bits(np.ascontiguousarray(crop), expected)
    whole[3:43, 5:49] = untouched[3:43, 5:49]
    assert same_bits(whole, untouched)


def test_float_bits_survive_whatever_they_mean():
    image = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, 3.4e38, 1.0] * 8, np.float32).reshape(8, 8)
    core = [(0, 0, 8, 8, 0, 8, 64)]
    work, _ = permuted(image, core)
    assert same_bits(permuted(work, core, inverse=True)[0], image)


@pytest.mark.parametrize(
    ("image", "core", "message"),
    [
        (np.zeros((4, 4), np.float64), (0, 0, 4, 4, 0, 2, 4), "must be uint8, uint16 or float32 in native byte order"),
        (np.zeros((4, 4), ">u2"), (0, 0, 4, 4, 0, 2, 4), "native byte order"),
        (np.zeros(4, np.uint8), (0, 0, 4, 4, 0, 2, 4), "2 or 3 dimensions, got 1"),
        (np.zeros((4, 4, 5), np.uint8), (0, 0, 4, 4, 0, 2, 4), "1 to 4 channels, got 5"),
        (np.zeros((4, 8), np.uint8)[:, ::2], (0, 0, 4, 4, 0, 2, 4), "packed rows"),
        (np.zeros((4, 4), np.uint8)[::-1], (0, 0, 4, 4, 0, 2, 4), "packed rows"),
        (np.zeros((4, 4), np.uint8), (4, 0, 4, 4, 0, 2, 4), r"regions\[0\] must touch the image"),
        (np.zeros((4, 4), np.uint8), (0, 0, 0, 4, 0, 2, 4), r"regions\[0\] must have at least one pixel"),
        (np.zeros((4, 4), np.uint8), (0, 0, 4, 4, 0, 0, 4), "window of at least 1"),
        (np.zeros((4, 4), np.uint8), (0, 0, 4, 4, 0, 2, 17), "pixels must be 0 to the 16 .* got 17"),
        (np.zeros((4, 4), np.uint8), (0, 0, 4, 4, 0, 2, -1), "pixels must be 0 to the 16 .* got -1"),
        (np.zeros((4, 4), np.uint8), (0, 0, 70000, 4, 1, 2, 4), "ellipse sides of at most 65535"),
        (np.zeros((4, 4), np.uint8), (-(2**60), 0, 2**61, 4, 0, 2, 4), "within 2\\^40"),
    ],
)
def test_the_core_refuses_what_could_crash_it(image, core, message):
    before = image.copy()
    with pytest.raises((TypeError, ValueError), match=message):
        permute_in_place([(image, [core], SUBKEY)], False, 1)
    assert same_bits(image, before)


def test_the_core_refuses_read_only_arrays():
    image = np.zeros((4, 4), np.uint8)
    image.flags.writeable = False
    with pytest.raises(ValueError, match="writeable"):
        permute_in_place([(image, [(0, 0, 4, 4, 0, 2, 4)], SUBKEY)], False, 1)
