"""The camouflage kernel: equal to the slow reference, a permutation, a function of the multiset, ties by lot."""

import math

import numpy as np
import pytest
import reference_ranks
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from fastperturb import _core

KEY = bytes(range(7, 39))
FALSE_ALARM = 4.9


def order_of(crop, ground, mask, labels, key, colours):
    """Of the template's places; like colours together where the crop has colours."""
    return _core.PlaceOrder(ground, mask, labels, key, colours and crop.shape[2:] in ((3,), (4,)))


def matched(crop, ground, *, mask=None, labels=None, key=KEY, colours=False):
    out = np.full_like(crop, 7)
    out[...] = crop
    _core.match_ranks(crop, out, order_of(crop, ground, mask, labels, key, colours))
    return out


def matched_in_place(crop, out, mask, ground, labels, key, colours):
    _core.match_ranks(crop, out, _core.PlaceOrder(ground, mask, labels, key, colours))


@st.composite
def cases(draw, max_side=24):
    """(crop, mask, ground, labels, colours); few values, so that there are ties, or the odd float."""
    crop = draw(strategies.images(max_side))
    height, width = crop.shape[:2]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.booleans()):
        crop = (crop.astype(np.float64) % 3).astype(crop.dtype)
    if crop.dtype == np.float32 and draw(st.booleans()):
        odd = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 3e38, -3e38, 1e-45], np.float32)
        crop = rng.choice(odd, crop.shape)
    channels = draw(st.sampled_from([(), (1,), (2,), (3,), (4,)]))
    ground = rng.integers(0, draw(st.sampled_from([1, 5, 60_000])), (height, width, *channels), endpoint=True)
    ground = ground.astype(draw(st.sampled_from([np.uint16, np.float32])))
    mask = rng.random((height, width)) < draw(st.sampled_from([0.0, 0.1, 0.7, 1.0])) if draw(st.booleans()) else None
    labels = rng.integers(0, draw(st.sampled_from([1, 2, 256])), (height, width)).astype(np.uint8)
    return crop, mask, ground, labels if draw(st.booleans()) else None, draw(st.booleans())


@settings(max_examples=400)
@given(cases())
def test_equals_the_reference(case):
    crop, mask, ground, labels, colours = case
    with np.errstate(over="ignore", invalid="ignore"):
        expected = reference_ranks.match(crop, mask, ground, labels, KEY, colours)
    assert matched(crop, ground, mask=mask, labels=labels, colours=colours).tobytes() == expected.tobytes()


@pytest.mark.parametrize("colours", [False, True])
@pytest.mark.parametrize("levels", [3, 256])
def test_many_colours_equal_the_reference(isa, levels, colours):
    """More of them than are sorted in three passes; equal luminance with blues that differ by 150, too."""
    rng = np.random.default_rng(levels)
    crop = rng.integers(0, levels, (90, 100, 3), np.uint8)
    crop[:9] = np.where(rng.random((9, 100, 1)) < 0.5, [10, 40, 200], [10, 69, 50])
    ground = rng.integers(0, 99, (90, 100, 3)).astype(np.uint16)
    labels = np.zeros((90, 100), np.uint8)
    labels[80:] = 1
    expected = reference_ranks.match(crop, None, ground, labels, KEY, colours)
    assert matched(crop, ground, labels=labels, colours=colours).tobytes() == expected.tobytes()


@pytest.mark.parametrize("tints", [1, 2, 5, 60])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (13, 17), (90, 100)])
def test_few_tints_equal_the_reference(isa, shape, tints):
    """Grey pictures of three channels have one tint, which all cuts of a block then lie in."""
    rng = np.random.default_rng(tints)
    blue = rng.integers(0, 196, shape)
    crop = np.dstack([blue + rng.integers(0, tints, shape), blue, blue]).astype(np.uint8)
    ground = rng.integers(0, 99, (*shape, 3)).astype(np.uint16)
    expected = reference_ranks.match(crop, None, ground, None, KEY, True)
    assert matched(crop, ground, colours=True).tobytes() == expected.tobytes()


@settings(max_examples=100)
@given(cases(60))
def test_a_permutation_of_the_masked_pixels_of_each_label(case):
    crop, mask, ground, labels, colours = case
    out = matched(crop, ground, mask=mask, labels=labels, colours=colours)
    mask = np.ones(crop.shape[:2], bool) if mask is None else mask
    labels = np.zeros(crop.shape[:2], np.uint8) if labels is None else labels
    assert out[~mask].tobytes() == crop[~mask].tobytes()
    for label in np.unique(labels):
        where = mask & (labels == label)
        assert sorted(p.tobytes() for p in out[where]) == sorted(p.tobytes() for p in crop[where])


@settings(max_examples=100)
@given(cases(60))
def test_in_place_strides_and_all_builds_agree(case):
    crop, mask, ground, labels, colours = case
    expected, before = matched(crop, ground, mask=mask, labels=labels, colours=colours), _core.isa()
    whole = np.zeros((crop.shape[0] + 3, crop.shape[1] + 5, *crop.shape[2:]), crop.dtype)
    for name in _core.available_isas():
        _core.use_isa(name)
        work = whole[1:-2, 2:-3]
        work[...] = crop
        _core.match_ranks(work, work, order_of(crop, ground, mask, labels, KEY, colours))
        assert np.ascontiguousarray(work).tobytes() == expected.tobytes()
        work[...] = 0
        assert not whole.any()
    _core.use_isa(before)


def test_dark_pixels_lie_where_the_template_is_dark():
    rng = np.random.default_rng(1)
    crop = rng.integers(0, 256, (50, 40, 3), np.uint8)
    ground = rng.permutation(2000).astype(np.uint16).reshape(50, 40)
    out = matched(crop, ground)
    light = out.astype(int) @ [77, 150, 29]
    assert (np.diff(light.ravel()[np.argsort(ground.ravel())]) >= 0).all()
    labels = (np.arange(2000).reshape(50, 40) % 3 == 0).astype(np.uint8)
    apart = matched(crop, ground, labels=labels).astype(int) @ [77, 150, 29]
    for label in (0, 1):
        where = labels == label
        assert (np.diff(apart[where][np.argsort(ground[where])]) >= 0).all()


@pytest.mark.parametrize("colours", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_picture_depends_on_the_multiset_alone(dtype, colours):
    """Pixels of different luminance, and equal pixels, in any order give the very same picture."""
    rng = np.random.default_rng(2)
    levels = np.arange(300).repeat(4)
    pixels = np.stack([levels // 3, (levels + 1) // 3, (levels + 2) // 3], axis=1).astype(dtype)
    light = pixels.astype(int) @ [77, 150, 29]
    assert len(np.unique(light)) == len(np.unique(pixels, axis=0)) == 300
    ground = rng.integers(0, 99, (30, 40, 3)).astype(np.uint16)
    pictures = {
        matched(rng.permutation(pixels).reshape(30, 40, 3), ground, colours=colours).tobytes() for _ in range(5)
    }
    assert len(pictures) == 1


def chi_square_is_plausible(counts):
    """Wilson and Hilferty 1931, against equal chances."""
    degrees, expected = counts.size - 1, counts.sum() / counts.size
    spread = 2 / (9 * degrees)
    cube_root = (((counts - expected) ** 2 / expected).sum() / degrees) ** (1 / 3)
    return abs(cube_root - (1 - spread)) / math.sqrt(spread) < FALSE_ALARM


@pytest.mark.parametrize("shuffled", [False, True])
def test_ties_go_anywhere_equally_often(shuffled):
    """Twelve pixels of one luminance and twelve colours, a flat template: uniform, whatever their order."""
    pixels = np.array([[150 * (i % 3), 87 - 77 * (i % 3) + 29 * (i // 3) % 29, 0] for i in range(12)])
    pixels = np.array([[2, 2, 2 + 150 * i] for i in range(12)])
    pixels[:, 1] = 2000 - 29 * np.arange(12)
    pixels = pixels.astype(np.uint16)
    assert len(np.unique(pixels.astype(int) @ [77, 150, 29])) == 1
    if shuffled:
        pixels = pixels[[5, 2, 11, 0, 7, 9, 1, 3, 10, 4, 8, 6]]
    pairs, trials = np.zeros((12, 12)), 12_000
    for trial in range(trials):
        out = matched(pixels.reshape(3, 4, 3), np.zeros((3, 4), np.uint16), key=trial.to_bytes(32, "little"))
        pairs[(out.reshape(12, 3)[:, 2].astype(int) - 2) // 150, np.arange(12)] += 1
    assert chi_square_is_plausible(pairs)


def test_a_flat_template_still_scatters_and_keys_differ():
    crop = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    flat = np.zeros((64, 64), np.float32)
    one, two = matched(crop, flat), matched(crop, flat, key=bytes(32))
    assert (one == crop).sum() < 12
    assert (one == two).sum() < 12


@pytest.mark.parametrize("shape", [(1, 1), (1, 70_000), (70_000, 1)])
def test_thin_crops(shape):
    crop = np.random.default_rng(3).integers(0, 256, (*shape, 3), np.uint8)
    ground = np.random.default_rng(4).permutation(shape[0] * shape[1]).reshape(shape).astype(np.float32)
    light = matched(crop, ground).astype(int) @ [77, 150, 29]
    assert (np.diff(light.ravel()[np.argsort(ground.ravel(), kind="stable")]) >= 0).all()


def test_nothing_to_move():
    crop = np.ones((5, 6, 3), np.uint8)
    out = np.zeros_like(crop)
    order = _core.PlaceOrder(np.zeros((5, 6), np.float32), np.zeros((5, 6), bool), None, KEY, True)
    _core.match_ranks(crop, out, order)
    assert not out.any()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"out": np.zeros((5, 7), np.uint8)}, ValueError, "crop and out must have one shape and dtype"),
        ({"out": np.zeros((5, 6), np.uint16)}, ValueError, "crop and out must have one shape and dtype"),
        ({"ground": np.zeros((6, 5), np.float32)}, ValueError, "ground must have the height and width of crop"),
        ({"ground": np.zeros((5, 6), np.float64)}, TypeError, "uint8, uint16 or float32"),
        ({"mask": np.zeros((5, 6), np.uint8)}, TypeError, "mask must be a packed boolean array"),
        ({"mask": np.zeros((6, 5), bool)}, ValueError, "mask must be a packed boolean array"),
        ({"mask": np.zeros((5, 12), bool)[:, ::2]}, TypeError, "mask must be a packed boolean array"),
        ({"labels": np.zeros((5, 6), bool)}, TypeError, "labels must be a packed uint8 array"),
        ({"labels": np.zeros((5, 5), np.uint8)}, ValueError, "labels must be a packed uint8 array"),
        ({"ground": np.zeros((5, 6, 3), np.uint8), "colours": True}, ValueError, "three or four channels"),
        ({"key": bytes(31)}, ValueError, "key must have 32 bytes, got 31"),
    ],
)
def test_what_could_crash_it_is_refused(changes, error, message):
    good = {
        "crop": np.ones((5, 6), np.uint8),
        "out": np.zeros((5, 6), np.uint8),
        "mask": None,
        "ground": np.zeros((5, 6), np.float32),
        "labels": None,
        "key": KEY,
        "colours": False,
    }
    with pytest.raises(error, match=message):
        matched_in_place(**{**good, **changes})
    assert not good["out"].any()
