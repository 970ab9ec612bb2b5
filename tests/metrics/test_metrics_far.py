"""SSIM where levels lie far apart against the data range: right in every dtype, window and form, with the same bits."""

import numpy as np
import pytest

from fastperturb import _core
from fastperturb.metrics.measures import SsimOptions, ssim, ssim_many, ssim_map, ssim_terms
from fastperturb.metrics.ssim_options import half_window


def reference_map(a, b, data_range, options, k1=0.01, k2=0.03):
    """SSIM of all whole windows in extended precision, each window about its own centre."""
    a, b = a.astype(np.longdouble), b.astype(np.longdouble)
    half = [np.longdouble(value) for value in half_window(options)]
    weights = np.array([*half[:0:-1], *half])
    weights /= weights.sum()
    size, radius = len(weights), len(half) - 1
    rows, columns = a.shape[0] - 2 * radius, a.shape[1] - 2 * radius
    centre_a, centre_b = (x[radius : radius + rows, radius : radius + columns] for x in (a, b))
    sums = np.zeros((5, rows, columns), np.longdouble)
    for y in range(size):
        for x in range(size):
            da, db = (image[y : y + rows, x : x + columns] - c for image, c in ((a, centre_a), (b, centre_b)))
            sums += weights[y] * weights[x] * np.stack((da, db, da * da, db * db, da * db))
    ma, mb = centre_a + sums[0], centre_b + sums[1]
    va, vb, vab = sums[2] - sums[0] ** 2, sums[3] - sums[1] ** 2, sums[4] - sums[0] * sums[1]
    c1, c2 = (k1 * np.longdouble(data_range)) ** 2, (k2 * np.longdouble(data_range)) ** 2
    return (2 * ma * mb + c1) * (2 * vab + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))


def halves(level, seed=0, shape=(40, 52)):
    """Two pictures at 0 to the right and at ``level`` to the left, alike but for a tenth of their noise."""
    rng = np.random.default_rng(seed)
    a = rng.random(shape)
    a[:, : shape[1] // 2] += level
    return a, a + 0.1 * rng.random(shape)


def no_data(level):
    """A raster with single samples far below the others, as some mark what was not measured."""
    a, b = halves(0.0, 1)
    gaps = np.random.default_rng(2).random(a.shape) < 0.01
    a[gaps], b[gaps] = -level, -level
    return a, b


def gradient(level):
    a, b = halves(0.0, 3)
    ramp = np.linspace(0, level, a.shape[1])
    return a + ramp, b + ramp


@pytest.mark.parametrize("level", [10.0, 1e2, 1e3, 1e4, 1e6, 1e9])
@pytest.mark.parametrize("picture", [halves, no_data, gradient])
@pytest.mark.parametrize("options", [SsimOptions(), SsimOptions(window="uniform"), SsimOptions(sigma=0.6)], ids=str)
def test_the_score_is_right_at_any_distance_of_levels(level, picture, options):
    a, b = picture(level)
    right = reference_map(a, b, 1.0, options)
    assert abs(ssim(a, b, data_range=1.0, options=options) - float(right.mean())) < 1e-5
    found = ssim_map(a, b, data_range=1.0, options=options)
    radius = options.radius
    assert np.abs(found[radius:-radius, radius:-radius] - right).max() < 2e-3


def patch(level):
    """A small part at ``level``, far from the strip's centre, which is near all the others."""
    a, b = halves(0.0, 6)
    a[:, -9:] += level
    b[:, -9:] += level
    return a, b


def quiet(level):
    """Little but the step itself varies: what float rounds of its square shows most."""
    rng = np.random.default_rng(7)
    a = 1e-3 * rng.random((40, 52))
    a[:, 26:] += level
    return a, a + rng.normal(0, 0.02, a.shape)


NARROW = [SsimOptions(), SsimOptions(sigma=0.5, size=5), SsimOptions(sigma=4.0, size=11)]
NARROW += [SsimOptions(window="uniform", size=size) for size in (3, 7, 11, 17)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint16])
@pytest.mark.parametrize("picture", [halves, no_data, gradient, patch, quiet])
@pytest.mark.parametrize("options", NARROW, ids=str)
def test_the_score_is_right_a_few_ranges_apart(dtype, picture, options):
    """Before float64 begins, rounding shows most; the documented bounds are those of ``docs/metrics.md``."""
    unit = 1000.0 if dtype == np.uint16 else 1.0
    radius = options.radius
    for level in (1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0):
        a, b = (np.rint((x + 9.0) * unit).astype(dtype) if unit > 1 else x.astype(dtype) for x in picture(level))
        right = reference_map(a, b, unit, options)
        found = ssim_map(a, b, data_range=unit, options=options)[radius:-radius, radius:-radius]
        assert np.abs(found - right).max() < 3e-4
        assert abs(ssim(a, b, data_range=unit, options=options) - float(right.mean())) < 3e-5


@pytest.mark.parametrize("options", NARROW, ids=str)
def test_far_levels_are_right_to_the_last_digits_of_float(options):
    radius = options.radius
    for level in (3.0, 5.0, 7.0, 8.0):
        a, b = quiet(level)
        right = reference_map(a, b, 1.0, options)
        found = ssim_map(a, b, data_range=1.0, options=options)[radius:-radius, radius:-radius]
        assert np.abs(found - right).max() < 1e-6


@pytest.mark.parametrize(("dtype", "level"), [(np.uint8, 200), (np.uint16, 60_000), (np.float32, 3e5)])
@pytest.mark.parametrize("options", [SsimOptions(), SsimOptions(window="uniform", size=7)], ids=str)
def test_a_narrow_range_in_every_dtype(dtype, level, options):
    rng = np.random.default_rng(4)
    a = rng.integers(0, 20, (40, 52)).astype(dtype)
    a[:, 26:] += dtype(level)
    b = a + rng.integers(0, 3, a.shape).astype(dtype)
    right = float(reference_map(a, b, 2.0, options).mean())
    assert abs(ssim(a, b, data_range=2.0, options=options) - right) < 1e-5
    assert ssim(a, b, data_range=2.0, options=options) == ssim(b, a, data_range=2.0, options=options)


def test_small_constants_are_a_narrow_range_too():
    a, b = halves(1.0)
    options = SsimOptions(k1=1e-4, k2=1e-4)
    right = reference_map(a, b, 1.0, options, 1e-4, 1e-4)
    assert abs(ssim(a, b, data_range=1.0, options=options) - float(right.mean())) < 1e-5


def test_terms_masks_and_exponents_go_the_same_way():
    a, b = halves(1e5)
    mask = np.zeros(a.shape, np.bool_)
    mask[8:30, 10:40] = True
    right = reference_map(a, b, 1.0, SsimOptions())
    inside = mask[5:-5, 5:-5]
    assert abs(ssim(a, b, data_range=1.0, region=mask) - float(right[inside].mean())) < 1e-5
    terms = ssim_terms(a, b, data_range=1.0)
    assert abs(terms.score[0] - float(right.mean())) < 1e-5
    product = terms.luminance * terms.contrast * terms.structure
    assert abs(product[0] - float(right.mean())) < 2e-3  # the product of means is near the mean of products here
    assert abs(ssim(a, b, data_range=1.0, options=SsimOptions(alpha=1.0 + 1e-12)) - float(right.mean())) < 1e-5


def test_equal_windows_are_exactly_1_beside_far_ones():
    a, b = halves(1e7)
    b[:20] = a[:20]
    found = ssim_map(a, b, data_range=1.0)
    assert (found[:15] == 1).all()
    assert ssim(a, a.copy(), data_range=1.0) == 1.0
    assert (found[25:] < 1).any()


def test_the_same_bits_for_all_threads_strides_and_instruction_sets():
    a, b = (np.tile(x, (12, 9)) for x in halves(1e4))
    wide = np.zeros((2 * a.shape[0], a.shape[1] + 9))
    strided = wide[::2, : a.shape[1]]
    strided[...] = a
    scores = {ssim(x, b, data_range=1.0, threads=threads) for threads in (1, 2, 5) for x in (a, strided)}
    before = _core.isa()
    for isa in _core.available_isas():
        _core.use_isa(isa)
        scores.add(ssim(a, b, data_range=1.0))
    _core.use_isa(before)
    scores.add(float(ssim_many([a], [b], data_range=1.0)[0]))
    assert len(scores) == 1


def test_levels_within_the_range_keep_the_bits_that_they_had():
    rng = np.random.default_rng(0)
    a = (rng.random((100, 100, 3)) * 255).astype(np.uint8)
    b = np.clip(a + rng.normal(0, 9, a.shape), 0, 255).astype(np.uint8)
    assert ssim(a, b).hex() == FROZEN["uint8"]
    assert ssim(a / np.float32(255), b / np.float32(255), data_range=1.0).hex() == FROZEN["float32"]


@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
@pytest.mark.parametrize("window", ["gaussian", "uniform"])
def test_black_on_white_keeps_the_bits_that_it_had(dtype, window):
    """A small black part of a white picture lies as far from the strip's centre as any sample in its range can."""
    rng = np.random.default_rng(11)
    a = np.ones((64, 96))
    a[20:30, 70:80] = 0
    b = np.clip(a + rng.choice([-0.25, 0.0, 0.25], a.shape), 0, 1)
    top = 65535.0 if dtype == "uint16" else 1.0
    options = SsimOptions() if window == "gaussian" else SsimOptions(window="uniform", size=3, sample_covariance=True)
    found = ssim((a * top).astype(dtype), (b * top).astype(dtype), data_range=top, options=options)
    assert found.hex() == FROZEN[dtype, window]


FROZEN = {
    "uint8": "0x1.fc1a131b9a058p-1",
    "float32": "0x1.fc1a13245de34p-1",
    ("uint16", "gaussian"): "0x1.c4dfd48f5320ep-4",
    ("uint16", "uniform"): "0x1.8f7e464e5d1f7p-4",
    ("float32", "gaussian"): "0x1.c4e1a05ed097bp-4",
    ("float32", "uniform"): "0x1.8f801112ccdedp-4",
    ("float64", "gaussian"): "0x1.c4e1a05ed097bp-4",
    ("float64", "uniform"): "0x1.8f801112ccdedp-4",
}
"""As computed before far levels had a way of their own, or when it began further away."""
