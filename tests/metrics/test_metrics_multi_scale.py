"""Multi-scale SSIM: its definition in float64, the halving of images, the same bits everywhere, and what it refuses."""

import itertools

import numpy as np
import pytest
import reference_metrics as reference
from test_metrics_ssim import PEAKS, UNIFORM, as_dtype, natural

from fastperturb import _core
from fastperturb.metrics import SCALE_WEIGHTS, SsimOptions, ms_ssim


def halved(image):
    """The mean of four pixels in float64, an odd last row or column paired with itself."""
    image = np.pad(
        image, [(0, image.shape[0] % 2), (0, image.shape[1] % 2), *([(0, 0)] * (image.ndim - 2))], mode="edge"
    )
    return (image[::2, ::2] + image[1::2, ::2] + image[::2, 1::2] + image[1::2, 1::2]) / 4


def expected(a, b, peak, window, weights=SCALE_WEIGHTS):
    """The definition of the paper out of maps of SSIM's terms, in float64."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    product = 1.0
    for index, weight in enumerate(weights):
        terms = reference.ssim_terms_map(a, b, peak, window, whole=False)
        if index + 1 < len(weights):
            terms = terms[..., 1:]
        product = product * np.maximum(terms.prod(axis=-1).mean(axis=(0, 1)), 0.0) ** weight
        a, b = halved(a), halved(b)
    return float(np.mean(product))


@pytest.mark.parametrize("dtype", PEAKS)
@pytest.mark.parametrize("shape", [(161, 170, 3), (187, 163)])
def test_the_definition_in_float64(dtype, shape):
    peak = PEAKS[dtype]
    a = natural(shape, peak)
    noisy = np.clip(a + np.random.default_rng(1).normal(0, peak * 0.1, shape), 0, peak)
    a, b = as_dtype(a, dtype), as_dtype(noisy, dtype)
    found = ms_ssim(a, b, data_range=peak)
    assert 0.5 < found < 0.99
    assert found == pytest.approx(expected(a, b, peak, reference.window()), abs=2e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_other_scales_and_windows(dtype):
    peak = PEAKS[dtype]
    a, b = (as_dtype(natural((60, 77, 2), peak, seed), dtype) for seed in (1, 2))
    window = reference.window("uniform", 7)
    for weights in ((1.0,), (0.2, 0.8), (0.3, 0.3, 0.4)):
        found = ms_ssim(a, b, options=UNIFORM, weights=weights)
        assert found == pytest.approx(expected(a, b, peak, window, weights), abs=2e-6)


def test_an_image_and_its_negative_scores_zero():
    a = as_dtype(natural((170, 170), 255), np.uint8)
    assert ms_ssim(a, 255 - a) == 0.0
    assert ms_ssim(a, a.copy()) == 1.0


@pytest.mark.parametrize("dtype", PEAKS)
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (7, 64, 1), (9, 33, 2), (6, 101, 3), (5, 20, 4)])
def test_halving_is_the_mean_of_four(isa, dtype, shape):
    image = as_dtype(np.random.default_rng(3).uniform(0, PEAKS[dtype], shape), dtype)
    half = _core.halve(image)
    assert half.dtype == (np.float64 if dtype == np.float64 else np.float32)
    if np.dtype(dtype).kind == "u":
        np.testing.assert_array_equal(half, halved(image.astype(np.float64)))
    else:
        np.testing.assert_allclose(half, halved(image.astype(np.float64)), rtol=0, atol=2e-7)
    np.testing.assert_array_equal(_core.halve(image[::-1]), _core.halve(image[::-1].copy()))


def test_four_halvings_of_uint16_lose_nothing():
    image = np.random.default_rng(4).integers(0, 65536, (64, 80, 3), np.uint16)
    exact = image.astype(np.float64)
    half = image
    for _ in range(4):
        half, exact = _core.halve(half), halved(exact)
        np.testing.assert_array_equal(half, exact)


@pytest.mark.parametrize("dtype", PEAKS)
@pytest.mark.parametrize("options", [SsimOptions(), UNIFORM], ids=["gaussian", "uniform"])
def test_the_same_bits_for_every_instruction_set_and_thread_count(dtype, options):
    peak = PEAKS[dtype]
    a, b = (as_dtype(natural((180, 263, 3), peak, seed), dtype) for seed in (1, 2))
    b[40:90, 40:140] = a[40:90, 40:140]
    before, found = _core.isa(), []
    try:
        for name, threads in itertools.product(_core.available_isas(), (1, 3)):
            _core.use_isa(name)
            found.append(ms_ssim(a, b, data_range=peak, options=options, threads=threads).hex())
    finally:
        _core.use_isa(before)
    assert len(set(found)) == 1, found
    assert ms_ssim(b, a, data_range=peak, options=options).hex() == found[0]


def test_levels_far_apart_keep_their_structure():
    a = as_dtype(natural((170, 170), 1), np.float64)
    b = a.copy()
    b[60:100, 60:100] += 50.0
    window = reference.window()
    assert ms_ssim(a, b, data_range=1) == pytest.approx(expected(a, b, 1, window), abs=1e-5)


@pytest.mark.parametrize(
    ("choices", "error", "said"),
    [
        ({"weights": ()}, ValueError, "weights must be 1 to 16 numbers, got 0"),
        ({"weights": (0.5, -1)}, ValueError, "weights must be positive and finite, got -1"),
        ({"weights": ("x",)}, TypeError, "weights must be a number, got 'x'"),
        ({"options": SsimOptions(gamma=2)}, ValueError, "options must have exponents of 1"),
        ({"options": 7}, TypeError, "options must be SsimOptions, got 7"),
        ({}, ValueError, r"a must be at least 161 x 161 pixels for 5 scales, got \(160, 200\)"),
    ],
)
def test_refusals(choices, error, said):
    a = np.zeros((160, 200), np.uint8)
    with pytest.raises(error, match=said):
        ms_ssim(a, a, **choices)


def test_floats_need_a_data_range_and_pairs_one_shape():
    a = np.zeros((170, 170), np.float32)
    with pytest.raises(ValueError, match="data_range must be given"):
        ms_ssim(a, a)
    with pytest.raises(ValueError, match="b must have the shape of a"):
        ms_ssim(a, a[1:], data_range=1)
    with pytest.raises(TypeError, match="a must be a NumPy array"):
        ms_ssim([[1]], a)
