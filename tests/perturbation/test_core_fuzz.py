"""Hostile calls of the core: regions far outside, in any number and overlap, arrays of odd layout, residuals of nobody.

It must refuse or work, and touch no byte that is not its own: .ci/sanitize runs these tests with AddressSanitizer.
"""

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from fastperturb import _core

EDGES = [-(2**63), -(2**40) - 1, -(2**40), -(2**31), -1, 0, 1, 2, 3, 39, 40, 41, 255, 256, 65_535, 65_536]
EDGES += [2**31 - 1, 2**31, 2**32, 2**40, 2**40 + 1, 2**62, 2**63 - 1]
numbers = st.one_of(st.sampled_from(EDGES), st.integers(-50, 50), st.integers(-(2**63), 2**63 - 1))
near = st.tuples(
    *[st.integers(-9, 40)] * 2, *[st.integers(-1, 60)] * 2, st.integers(0, 1), st.integers(0, 50), st.integers(-1, 99)
)
far = st.tuples(numbers, numbers, numbers, numbers, st.integers(-1, 2), numbers, numbers)
REFUSALS = (ValueError, TypeError, OverflowError)


@st.composite
def hostile_regions(draw):
    return draw(st.lists(st.one_of(near, far), max_size=draw(st.sampled_from([1, 3, 80]))))


def guarded(image):
    """The image in the middle of a larger array, and a check that nothing around it changed."""
    around = np.full((image.shape[0] + 2, image.shape[1] + 2, *image.shape[2:]), 77, image.dtype)
    around[1:-1, 1:-1] = image
    inner = around[1:-1, 1:-1]

    def unchanged():
        edge = around.copy()
        edge[1:-1, 1:-1] = 77
        return bool((edge == 77).all())

    return inner, unchanged


@given(image=strategies.images(), core=hostile_regions(), version=st.sampled_from([1, 2]), inverse=st.booleans())
def test_regions_of_any_kind(image, core, version, inverse):
    inner, unchanged = guarded(image)
    before = np.sort(inner, axis=None)
    keys = strategies.SUBKEY if version == 1 else [strategies.SUBKEY] * len(core)
    try:
        _core.permute([(inner, inner, core, keys, True)], inverse, 1, [])
    except REFUSALS:
        pass
    else:
        assert np.array_equal(np.sort(inner, axis=None), before)
    assert unchanged()
    for call in (
        lambda: _core.owned_pixels(*image.shape[:2], core, version),
        lambda: _core.check_regions(*image.shape[:2], core, version),
        lambda: _core.owner_labels(*image.shape[:2], core, version),
        lambda: _core.expect_error(inner, core, version),
        lambda: _core.solve_pixels(inner, core, 1.0, version),
        lambda: _core.box_bytes([(inner, core)]),
    ):
        try:
            call()
        except REFUSALS:
            continue
    assert unchanged()


@given(
    image=strategies.images(),
    core=hostile_regions(),
    version=st.sampled_from([1, 2]),
    interpolation=st.integers(-1, 4),
)
def test_views_of_any_regions(image, core, version, interpolation):
    inner, unchanged = guarded(image)
    try:
        _core.draw_view(inner, core, interpolation, version)
    except REFUSALS:
        assert np.array_equal(inner, image)
    assert unchanged()


@given(image=strategies.images(max_side=12), data=st.binary(max_size=900), share=st.floats(0, 1))
def test_residuals_that_nobody_coded(image, data, share):
    inner, unchanged = guarded(image)
    mask = np.random.default_rng(len(data)).random(image.shape[:2]) < share
    for where in (None, mask):
        whole = _core.encode_residuals(inner, where)
        _core.decode_residuals(whole, inner, where)
        assert np.array_equal(inner, image)
        for hostile in (data, whole[: len(whole) // 2], whole + b"\0", whole[:-1] + data[:1]):
            try:
                _core.decode_residuals(hostile, inner.copy(), where)
            except REFUSALS:
                continue
            try:
                _core.put_masked(inner.copy(), where, hostile)
            except REFUSALS:
                continue
    assert unchanged()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@given(
    shape=st.tuples(st.integers(0, 30), st.integers(0, 40), st.integers(0, 5)),
    step=st.sampled_from([1, 2, -1]),
    offset=st.integers(0, 3),
    window=st.integers(0, 15),
    levels=st.sampled_from([0.0, 1e3, 1e18]),
)
def test_metrics_of_any_layout(dtype, shape, step, offset, window, levels):
    count = int(np.prod(shape))
    rng = np.random.default_rng(count + window)
    memory = np.empty(offset + (2 * count + 1) * np.dtype(dtype).itemsize, np.uint8)
    values = memory[offset : offset + 2 * count * np.dtype(dtype).itemsize].view(dtype)
    values[...] = (rng.integers(0, 255, 2 * count) * max(levels, 1.0)).astype(dtype) if dtype(0.5) else 7
    a = values[:count].reshape(shape)[::step]
    b = values[count:].reshape(shape)[::step]
    weights = [1.0 / max(2 * window - 1, 1)] * window
    settings = (weights, True, 1e-4, 9e-4, 1.0, 1.0, bool(window % 3), bool(window % 2), (1.0, 1.0, 1.5))
    for call in (
        lambda: _core.mean_squared_error(a, b, None, 1),
        lambda: _core.peak_signal_noise_ratio(a, b),
        lambda: _core.halve(a),
        lambda: _core.ssim([(a, b, None, None)], settings, 1),
        lambda: _core.ssim([(a, b, np.zeros(a.shape[:2], np.bool_), None)], settings, 2),
        lambda: _core.ssim([(a, b, None, np.empty(a.shape, np.float32))], settings, 1),
    ):
        try:
            call()
        except REFUSALS:
            continue
