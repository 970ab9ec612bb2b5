"""SSIM: its definition, scikit-image's numbers on pictures of every kind, the same bits everywhere, 1 where equal."""

import itertools

import numpy as np
import pytest
import reference_metrics as reference
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from fastperturb import _core
from fastperturb.metrics.measures import SsimOptions, ssim, ssim_many, ssim_map, ssim_terms

UNIFORM = SsimOptions(window="uniform")


def natural(shape, peak, seed=0):
    """Noise at scales of 1 to 64 pixels, stronger the larger: flat parts, edges and texture. float64, 0 to peak."""
    rng = np.random.default_rng(seed)
    total = np.zeros(shape)
    for octave in range(7):
        coarse = rng.normal(size=(shape[0] // 2**octave + 1, shape[1] // 2**octave + 1, *shape[2:]))
        total += (
            1.6**octave
            * np.kron(coarse, np.ones((2**octave, 2**octave, *([1] * (len(shape) - 2)))))[: shape[0], : shape[1]]
        )
    return np.clip(0.5 + total * (0.2 / total.std()), 0, 1) * peak


def as_dtype(image, dtype):
    return np.ascontiguousarray(image if np.dtype(dtype).kind == "f" else np.rint(image), dtype)


PEAKS = {np.uint8: 255.0, np.uint16: 65535.0, np.float32: 1.0, np.float64: 1.0}
SHAPE = (70, 83, 3)


def kinds(peak):
    """Pairs of pictures, and how near the mean must be. An image and its negative are as far apart as can be."""
    rng = np.random.default_rng(5)
    image = natural(SHAPE, peak)
    ramp = np.broadcast_to(np.linspace(0, peak, SHAPE[1])[None, :, None], SHAPE)
    one = image.copy()
    one[30, 40, 1] = 0 if one[30, 40, 1] > peak / 2 else peak
    noise = rng.uniform(0, peak, SHAPE)
    yield "natural", image, np.clip(image + rng.normal(0, peak * 0.06, SHAPE), 0, peak), 1e-6
    yield "natural, brighter", image * 0.7, image * 0.7 + peak * 0.2, 1e-6
    yield "natural, negative", image, peak - image, 2e-6
    yield "two natural", image, natural(SHAPE, peak, 1), 1e-6
    yield "one pixel", image, one, 1e-6
    yield "noise", noise, rng.uniform(0, peak, SHAPE), 1e-5
    yield "faint noise on white", np.full(SHAPE, peak), peak - noise * 0.02, 1e-5
    yield "flat and noise", np.full(SHAPE, peak * 0.3), noise, 1e-5
    yield "flats", np.full(SHAPE, peak * 0.2), np.full(SHAPE, peak * 0.6), 1e-5
    yield "black and white", np.zeros(SHAPE), np.full(SHAPE, peak), 1e-5
    yield "ramp and flat", ramp, np.full(SHAPE, peak * 0.5), 1e-5
    yield "ramps", ramp, ramp * 0.8 + peak * 0.1, 1e-5
    yield "ramp, reversed", ramp, peak - ramp, 1e-5
    yield "ramp, noisy", ramp, np.clip(ramp + rng.normal(0, peak * 0.02, SHAPE), 0, peak), 1e-5


def of_skimage(a, b, peak, **choices):
    """(mean, map) in float64."""
    axis = -1 if a.ndim == 3 else None
    a, b = a.astype(np.float64), b.astype(np.float64)
    return structural_similarity(a, b, data_range=peak, channel_axis=axis, full=True, **choices)


GAUSSIAN = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
WINDOWS = {
    "the paper's": (SsimOptions(), GAUSSIAN),
    "sigma 0.8": (SsimOptions(sigma=0.8), GAUSSIAN | {"sigma": 0.8}),
    "sigma 2.5": (SsimOptions(sigma=2.5), GAUSSIAN | {"sigma": 2.5}),
    "sample covariance": (SsimOptions(sample_covariance=True), {"gaussian_weights": True, "sigma": 1.5}),
    "constants": (SsimOptions(k1=0.02, k2=0.05), GAUSSIAN | {"K1": 0.02, "K2": 0.05}),
    "skimage's default": (SsimOptions(window="uniform", sample_covariance=True), {}),
    "uniform": (UNIFORM, {"use_sample_covariance": False}),
} | {
    f"uniform {size}": (SsimOptions(window="uniform", size=size), {"win_size": size, "use_sample_covariance": False})
    for size in (3, 5, 9, 11, 13, 15, 17, 25)
}


@pytest.mark.parametrize("dtype", PEAKS)
@pytest.mark.parametrize("window", WINDOWS)
def test_scikit_image_agrees(dtype, window):
    options, choices = WINDOWS[window]
    peak = PEAKS[dtype]
    for name, x, y, near in kinds(peak):
        a, b = as_dtype(x, dtype), as_dtype(y, dtype)
        mean, full = of_skimage(a, b, peak, **choices)
        assert ssim(a, b, data_range=peak, options=options) == pytest.approx(mean, abs=near), name
        found = ssim_map(a, b, data_range=peak, options=options)
        assert found.dtype == np.float32
        assert found.shape == a.shape
        near = 2e-4 if name == "natural, negative" else 1e-4
        np.testing.assert_allclose(found, full, rtol=0, atol=near, err_msg=name)


SHAPES = [(11, 11), (11, 40, 1), (40, 11, 2), (12, 13, 3), (27, 26, 4), (16, 150), (33, 139), (11, 1000)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("options", [SsimOptions(), UNIFORM], ids=["gaussian", "uniform"])
def test_every_shape(isa, shape, options):
    a, b = (as_dtype(natural(shape, 255, seed), np.uint8) for seed in (1, 2))
    choices = GAUSSIAN if options.window == "gaussian" else {"use_sample_covariance": False}
    mean, full = of_skimage(a, b, 255, **choices)
    assert ssim(a, b, options=options) == pytest.approx(mean, abs=1e-6)
    np.testing.assert_allclose(ssim_map(a, b, options=options), full, rtol=0, atol=1e-4)


@pytest.mark.parametrize("dtype", PEAKS)
def test_the_definition(isa, dtype):
    peak = PEAKS[dtype]
    a, b = (as_dtype(natural((17, 19, 2), peak, seed), dtype) for seed in (3, 4))
    expected = reference.ssim_terms_map(a, b, peak, reference.window(), whole=False)
    assert ssim(a, b, data_range=peak) == pytest.approx(reference.ssim(a, b, peak), abs=1e-6)
    found = ssim_terms(a, b, data_range=peak)
    np.testing.assert_allclose(found.score, expected.prod(axis=-1).mean(axis=(0, 1)), atol=1e-6)
    for index, term in enumerate((found.luminance, found.contrast, found.structure)):
        np.testing.assert_allclose(term, expected[..., index].mean(axis=(0, 1)), rtol=0, atol=1e-5)
    whole = reference.ssim_terms_map(a, b, peak, reference.window()).prod(axis=-1)
    np.testing.assert_allclose(ssim_map(a, b, data_range=peak), whole, rtol=0, atol=1e-4)


@pytest.mark.parametrize("exponents", [(2, 1, 1), (1, 0.5, 2), (0.3, 0.7, 1), (1, 1, 0.5), (1, 1, 3)])
def test_exponents(exponents):
    a, b = (as_dtype(natural((17, 19, 2), 255, seed), np.uint8) for seed in (3, 4))
    options = SsimOptions(alpha=exponents[0], beta=exponents[1], gamma=exponents[2])
    terms = reference.ssim_terms_map(a, b, 255, reference.window())
    assert (terms[..., 2] < 0).any()
    powers = np.sign(terms) ** np.ceil(exponents) * np.abs(terms) ** exponents
    if exponents[2] == 0.5:
        powers[..., 2] = np.sign(terms[..., 2]) * np.sqrt(np.abs(terms[..., 2]))
    expected = powers.prod(axis=-1)
    np.testing.assert_allclose(ssim_map(a, b, options=options), expected, atol=1e-4)
    assert ssim(a, b, options=options) == pytest.approx(expected[5:-5, 5:-5].mean(), abs=1e-5)


def hexes(a, b, options, **choices):
    regions = (None, (9, 9, 70, 50), [(9, 9, 40, 40), (20, 20, 50, 50)])
    return [ssim(a, b, options=options, region=region, **choices).hex() for region in regions]


@pytest.mark.parametrize("dtype", PEAKS)
@pytest.mark.parametrize("shape", [(90, 150, 3), (300, 640), (131, 77, 4)])
@pytest.mark.parametrize("options", [SsimOptions(), UNIFORM, SsimOptions(size=7), SsimOptions(gamma=2)], ids=str)
def test_the_same_bits_for_every_instruction_set_and_thread_count(dtype, shape, options):
    peak = PEAKS[dtype]
    a, b = (as_dtype(natural(shape, peak, seed), dtype) for seed in (1, 2))
    b[20:50, 30:70] = a[20:50, 30:70]
    found, maps = [], []
    before = _core.isa()
    try:
        for name, threads in itertools.product(_core.available_isas(), (1, 2, 5)):
            _core.use_isa(name)
            found.append(hexes(a, b, options, data_range=peak, threads=threads))
            maps.append(ssim_map(a, b, data_range=peak, options=options, threads=threads).tobytes())
    finally:
        _core.use_isa(before)
    assert all(each == found[0] for each in found)
    assert all(each == maps[0] for each in maps)


def test_strides_do_not_change_a_bit(isa):
    a, b = (as_dtype(natural((60, 90, 3), 255, seed), np.uint8) for seed in (1, 2))
    wide = np.full((120, 100, 3), 7, np.uint8)
    wide[::2, 4:94] = a
    assert ssim(wide[::2, 4:94], b) == ssim(a, b)
    assert ssim(a[::-1][::-1], b) == ssim(a, b)
    assert ssim(a[::-1], b[::-1]) == pytest.approx(ssim(a, b), abs=1e-9)


@st.composite
def pairs(draw):
    a = draw(strategies.images(40).filter(lambda image: min(image.shape[:2]) >= 11))
    kind = draw(st.sampled_from(["equal", "other", "patch"]))
    b = a.copy()
    if kind != "equal":
        rng = np.random.default_rng(draw(st.integers(0, 99)))
        part = ... if kind == "other" else np.s_[3:9, 2:7]
        b[part] = rng.permutation(b[part].ravel()).reshape(b[part].shape)
    return a, b


@settings(max_examples=200)
@given(pairs(), st.sampled_from([SsimOptions(), UNIFORM, SsimOptions(alpha=2, gamma=1.5)]))
def test_symmetric_in_range_and_one_for_itself(pair, options):
    a, b = pair
    peak = 8.0 if a.dtype.kind == "f" else None
    found = ssim(a, b, data_range=peak, options=options)
    assert found == ssim(b, a, data_range=peak, options=options)
    assert -1.0 <= found <= 1.0
    assert ssim(a, a.copy(), data_range=peak, options=options) == 1.0
    scores = ssim_map(a, b, data_range=peak, options=options)
    assert scores.min() >= -1.0
    assert scores.max() <= 1.0
    assert (ssim_map(a, a.copy(), data_range=peak, options=options) == 1.0).all()


@pytest.mark.parametrize("dtype", PEAKS)
@pytest.mark.parametrize("options", [SsimOptions(), UNIFORM, SsimOptions(gamma=2)], ids=["paper", "uniform", "terms"])
def test_equal_windows_score_exactly_one_computed_or_skipped(isa, dtype, options):
    peak = PEAKS[dtype]
    a = as_dtype(natural((200, 300), peak), dtype)
    b = a.copy()
    b[90:100, 150:170] = a[91:101, 151:171]
    scores = ssim_map(a, b, data_range=peak, options=options)
    reach = options.radius
    near = np.zeros(a.shape, bool)
    near[90 - reach : 100 + reach, 150 - reach : 170 + reach] = True
    assert (scores[~near] == 1.0).all()
    assert (scores[near] < 1.0).mean() > 0.9
    inner = scores[reach:-reach, reach:-reach].astype(np.float64)
    assert ssim(a, b, data_range=peak, options=options) == pytest.approx(inner.mean(), abs=1e-7)


def test_two_patches_far_apart(isa):
    a = as_dtype(natural((150, 700, 3), 255), np.uint8)
    b = a.copy()
    b[3:5, 2:9] ^= 64
    b[140:148, 690:699] ^= 64
    assert ssim(a, b) == pytest.approx(of_skimage(a, b, 255, **GAUSSIAN)[0], abs=1e-7)


def test_regions_count_the_centres_inside():
    a, b = (as_dtype(natural((80, 90, 3), 255, seed), np.uint8) for seed in (1, 2))
    full = of_skimage(a, b, 255, **GAUSSIAN)[1]
    inner = np.zeros((80, 90), bool)
    inner[5:-5, 5:-5] = True
    checks = [(np.s_[20:50, 30:70], (30, 20, 40, 30)), (np.s_[0:12, 60:90], (60, -5, 99, 17))]
    for part, region in checks:
        mask = np.zeros((80, 90), bool)
        mask[part] = True
        expected = full[mask & inner].mean()
        assert ssim(a, b, region=region) == pytest.approx(expected, abs=1e-6)
        assert ssim(a, b, region=mask) == pytest.approx(expected, abs=1e-6)
        assert ssim(a, b, region=mask, options=SsimOptions(alpha=1.0000001)) == pytest.approx(expected, abs=1e-5)
    checkers = np.indices((80, 90)).sum(axis=0) % 3 == 0
    assert ssim(a, b, region=checkers) == pytest.approx(full[checkers & inner].mean(), abs=1e-6)
    assert ssim(a, a.copy(), region=checkers) == 1.0
    b[40:] = a[40:]
    full = of_skimage(a, b, 255, **GAUSSIAN)[1]
    assert ssim(a, b, region=checkers) == pytest.approx(full[checkers & inner].mean(), abs=1e-6)


def test_batches_are_their_pairs(isa):
    stack = [np.stack([as_dtype(natural((40, 50, 3), 255, seed + i), np.uint8) for i in range(5)]) for seed in (0, 9)]
    expected = [ssim(x, y) for x, y in zip(*stack, strict=True)]
    assert ssim_many(*stack, threads=2).tolist() == expected
    assert ssim_many(list(stack[0]), stack[1]).tolist() == expected
    mixed = [stack[0][0], stack[0][1, :20, :30, 0].astype(np.uint16) * 200, stack[0][2]]
    other = [stack[1][0], stack[1][1, :20, :30, 0].astype(np.uint16) * 200, stack[1][2]]
    regions = [None, None, (10, 10, 9, 9)]
    singles = [ssim(x, y, region=where) for x, y, where in zip(mixed, other, regions, strict=True)]
    assert ssim_many(mixed, other, regions=regions).tolist() == singles
    terms = SsimOptions(beta=0.5)
    assert ssim_many(*stack, options=terms).tolist() == [ssim(x, y, options=terms) for x, y in zip(*stack, strict=True)]
    assert ssim_many([], []).shape == (0,)


def test_floats_far_from_zero_keep_their_precision():
    a, b = (natural((60, 70), 1.0, seed) for seed in (1, 2))
    expected = of_skimage(a, b, 1.0, **GAUSSIAN)[0]
    for scale in (1e-12, 1e12):
        assert ssim(a * scale, b * scale, data_range=scale) == pytest.approx(expected, abs=1e-6)
    shifted = of_skimage(a + 1000, b + 1000, 1.0, **GAUSSIAN)[0]
    assert ssim(a + 1000, b + 1000, data_range=1.0) == pytest.approx(shifted, abs=1e-5)
