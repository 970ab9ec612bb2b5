"""mse and psnr: exact sums, every dtype and layout, regions and masks, batches; what they refuse, and how."""

import math

import numpy as np
import pytest
import reference_metrics as reference
import strategies
from hypothesis import given
from hypothesis import strategies as st

from fastperturb import Region
from fastperturb.metrics import measures as metrics
from fastperturb.metrics.measures import mse, mse_many, psnr, psnr_many
from fastperturb.metrics.multi_scale import ms_ssim

DTYPES = [np.uint8, np.uint16, np.float32, np.float64]


def random_image(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return rng.normal(size=shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@st.composite
def pairs(draw):
    a = draw(strategies.images(20))
    return a, random_image(a.shape, a.dtype, draw(st.integers(0, 2**32 - 1)))


@given(pairs())
def test_mse_is_the_definition(pair):
    a, b = pair
    expected = reference.mse(a, b)
    assert mse(a, b) == (expected if a.dtype.kind == "u" else pytest.approx(expected, rel=1e-14))
    assert mse(a, b) == mse(b, a)
    assert mse(a, a) == 0.0
    assert psnr(a, a, data_range=1) == math.inf


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("data_range", [1e-30, 1e-3, 1.0, 255.0, 1e30])
@pytest.mark.parametrize("difference", [1e-30, 1e-3, 1.0, 1e30])
def test_psnr_is_right_for_tiny_and_huge_differences(dtype, data_range, difference):
    for power in (-120, 0, 120) if dtype == np.float64 else (0,):
        a, b = np.full((5, 7), difference * 10.0**power, dtype), np.zeros((5, 7), dtype)
        expected = 20 * (math.log10(data_range) - math.log10(float(a[0, 0])))
        assert psnr(a, b, data_range=data_range) == pytest.approx(expected, rel=1e-13, abs=1e-12)
        assert psnr_many([a], [b], data_range=data_range).tolist() == [psnr(a, b, data_range=data_range)]


def test_squares_that_leave_float64_are_0_or_refused():
    zeros = np.zeros((5, 7))
    assert mse(zeros + 1e-170, zeros) == 0.0
    assert psnr(zeros + 1e-170, zeros, data_range=1) == math.inf
    for metric in (lambda a, b: psnr(a, b, data_range=1), mse):
        with pytest.raises(ValueError, match="mean squared error that fits a float64"):
            metric(zeros + 1e200, zeros)
    assert psnr(zeros + 1e-161, zeros, data_range=1) == pytest.approx(3220, abs=0.3)


@pytest.mark.parametrize("metric", [psnr, metrics.ssim, metrics.ssim_map, metrics.ssim_terms, ms_ssim])
@pytest.mark.parametrize("data_range", [1e-200, 9e-31, 1.1e30, 1e200])
def test_every_metric_refuses_the_same_data_ranges(metric, data_range):
    a, b = np.zeros((170, 170), np.uint8), np.ones((170, 170), np.uint8)
    with pytest.raises(ValueError, match="data_range must be 1e-30 to 1e30, got"):
        metric(a, b, data_range=data_range)
    many = {psnr: psnr_many, metrics.ssim: metrics.ssim_many}.get(metric)
    if many is not None:
        with pytest.raises(ValueError, match="data_range must be 1e-30 to 1e30, got"):
            many([a], [b], data_range=data_range)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("width", [1, 15, 16, 63, 64, 65, 200, 257])
def test_every_row_length(isa, dtype, width):
    a, b = random_image((3, width), dtype), random_image((3, width), dtype, 1)
    assert mse(a, b) == pytest.approx(reference.mse(a, b), rel=1e-14)


def test_squares_of_the_largest_differences_do_not_overflow(isa):
    for dtype, peak in ((np.uint8, 255), (np.uint16, 65535)):
        zeros = np.zeros((5000, 5003), dtype)
        assert mse(zeros, np.full_like(zeros, peak)) == peak**2
        assert psnr(zeros, np.full_like(zeros, peak)) == 0.0


def test_a_hundred_megapixels_of_16_bits_are_exact():
    a = np.zeros((10_000, 10_000), np.uint16)
    b = np.full_like(a, 65535)
    b[0, 0] = 65534
    assert mse(a, b, threads=2) == (65535**2 * (a.size - 1) + 65534**2) / a.size


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_bits_for_every_instruction_set_thread_count_and_stride(isa, dtype):
    a, b = random_image((1400, 411, 3), dtype), random_image((1400, 411, 3), dtype, 1)
    wide = np.zeros((2800, 450, 3), dtype)
    wide[::2, 5:416] = a
    expected = {1: mse(a, b)}
    for threads in (2, 3, 8):
        expected[threads] = mse(a, b, threads=threads)
    expected["strided"] = mse(wide[::2, 5:416], b)
    expected["upside down"] = mse(wide[::2, 5:416][::-1][::-1], b)
    assert len(set(expected.values())) == 1
    assert expected[1].hex() == mse_of_plain_numpy(a, b, dtype)


def mse_of_plain_numpy(a, b, dtype):
    """For floats: 16 partial sums a row, in order; parts of whole rows of at least 2**20 samples."""
    if np.dtype(dtype).kind == "u":
        return (int(((a.astype(np.int64) - b) ** 2).sum()) / a.size).hex()
    squares = ((a.astype(np.float64) - b) ** 2).reshape(a.shape[0], -1)
    rows = max(1, 2**20 // squares.shape[1])
    total = 0.0
    for start in range(0, len(squares), rows):
        part = 0.0
        for row in squares[start : start + rows]:
            padded = np.zeros(-(-row.size // 16) * 16)
            padded[: row.size] = row
            lanes = np.zeros(16)
            for chunk in padded.reshape(-1, 16):
                lanes += chunk
            row_sum = 0.0
            for lane in lanes:
                row_sum += lane
            part += row_sum
        total += part
    return (total / a.size).hex()


def test_a_view_turned_upside_down():
    a, b = random_image((9, 14, 3), np.uint8), random_image((9, 14, 3), np.uint8, 1)
    assert mse(a[::-1], b[::-1]) == mse(a, b)


@given(st.data())
def test_regions_are_the_mask_that_they_cover(data):
    a = data.draw(strategies.images(25))
    b = random_image(a.shape, a.dtype, 3)
    where = data.draw(st.lists(strategies.regions(a), min_size=1, max_size=3))
    mask = covered(where, *a.shape[:2])
    if not mask.any():
        with pytest.raises(ValueError, match="region must hold at least one pixel of the image, got"):
            mse(a, b, region=where)
        return
    expected = pytest.approx(reference.mse(a, b, mask), rel=1e-13)
    assert mse(a, b, region=where) == expected
    assert mse(a, b, region=mask) == expected
    assert psnr(a, b, data_range=2, region=where) == pytest.approx(reference.psnr(a, b, 2, mask), rel=1e-13, abs=1e-12)


def covered(regions, height, width):
    """docs/format.md's words for boxes and ellipses, pixel by pixel."""
    mask = np.zeros((height, width), bool)
    for r in regions:
        for y in range(max(0, r.y), min(height, r.y + r.height)):
            for x in range(max(0, r.x), min(width, r.x + r.width)):
                i, j = x - r.x, y - r.y
                inside = ((2 * i + 1 - r.width) * r.height) ** 2 + ((2 * j + 1 - r.height) * r.width) ** 2
                mask[y, x] |= r.shape == "box" or inside <= (r.width * r.height) ** 2
    return mask


def test_a_region_is_not_the_frame():
    a = np.zeros((40, 40), np.uint8)
    b = a.copy()
    b[10:20, 10:20] = 10
    assert mse(a, b) == 100 / 16
    assert mse(a, b, region=(10, 10, 10, 10)) == 100
    assert psnr(a, b, region=Region(20, 20, 5, 5)) == math.inf


def test_nan_outside_of_the_region_does_not_matter():
    a = np.zeros((20, 20), np.float32)
    a[0, 0] = np.nan
    assert mse(a, np.ones_like(a), region=(5, 5, 4, 4)) == 1.0


def test_batches_are_their_pairs(isa):
    a, b = random_image((6, 30, 20, 3), np.uint8), random_image((6, 30, 20, 3), np.uint8, 1)
    assert mse_many(a, b, threads=2).tolist() == [mse(x, y) for x, y in zip(a, b, strict=True)]
    assert psnr_many(list(a), b).tolist() == [psnr(x, y) for x, y in zip(a, b, strict=True)]
    mixed = [a[0], a[1, :7, :5, 0].copy().astype(np.uint16)]
    assert psnr_many(mixed, [x + 1 for x in mixed]).tolist() == [psnr(x, x + 1) for x in mixed]
    regions = [None, (2, 3, 4, 5), np.ones((30, 20), bool)]
    expected = [mse(x, y, region=where) for x, y, where in zip(a, b, regions, strict=False)]
    assert mse_many(a[:3], b[:3], regions=regions).tolist() == expected
    assert mse_many([], []).shape == (0,)


def test_data_range_scales():
    a, b = random_image((8, 8), np.uint8), random_image((8, 8), np.uint8, 1)
    assert psnr(a, b) == reference.psnr(a, b, 255)
    assert psnr(a, b, data_range=1023) == reference.psnr(a, b, 1023)
    assert psnr(a.astype(np.uint16), b.astype(np.uint16)) == reference.psnr(a, b, 65535)


IMAGE = np.zeros((12, 13, 3), np.uint8)
DTYPE = "must be uint8, uint16, float32 or float64 in native byte order, got"
FORM = r"a must have shape \(height, width\) or \(height, width, channels\), got shape \(3,\)"
OUTSIDE, ODD_MASK = (50, 50, 3, 3), np.zeros((3, 3), bool)
REFUSED = [
    (([[1]], IMAGE), {}, TypeError, "a must be a NumPy array, got list"),
    ((IMAGE, None), {}, TypeError, "b must be a NumPy array, got NoneType"),
    ((IMAGE.astype(np.int32), IMAGE), {}, TypeError, f"a {DTYPE} int32"),
    ((IMAGE, IMAGE.astype(">u2")), {}, TypeError, f"b {DTYPE} >u2"),
    ((IMAGE, IMAGE.astype(np.uint16)), {}, TypeError, "b must be uint8 as a is, got uint16"),
    ((IMAGE, IMAGE[:5]), {}, ValueError, r"b must have the shape of a, \(12, 13, 3\), got \(5, 13, 3\)"),
    ((IMAGE[..., :1], IMAGE[..., 0].copy()), {}, ValueError, "a must have packed rows"),
    ((IMAGE[..., :1].copy(), IMAGE[..., 0].copy()), {}, ValueError, "b must have the shape of a"),
    ((IMAGE[0, 0], IMAGE), {}, ValueError, FORM),
    ((np.zeros((2, 2, 5), np.uint8),) * 2, {}, ValueError, r"a must have 1 to 4 channels .*, got shape \(2, 2, 5\)"),
    ((IMAGE[:0],) * 2, {}, ValueError, r"a must have at least one pixel, got shape \(0, 13, 3\)"),
    ((IMAGE[..., ::-1], IMAGE), {}, ValueError, r"a must have packed rows \(.*\), got strides \(39, 3, -1\)"),
    ((IMAGE[:, ::2], IMAGE[:, ::2]), {}, ValueError, r"a must have packed rows \(.*\), got strides \(39, 6, 1\)"),
    ((IMAGE, IMAGE), {"region": OUTSIDE}, ValueError, r"region must hold at least one pixel of the image, got \(50, "),
    ((IMAGE, IMAGE), {"region": np.zeros((12, 13), bool)}, ValueError, "region must hold at least one pixel"),
    ((IMAGE, IMAGE), {"region": ODD_MASK}, ValueError, r"region must be a mask of shape \(12, 13\), got shape"),
    ((IMAGE, IMAGE), {"region": []}, ValueError, r"region must hold at least one pixel of the image, got \[\]"),
    ((IMAGE, IMAGE), {"threads": 0}, ValueError, "threads must be 1 to 1024, or None for all processors, got 0"),
]  # fmt: skip


@pytest.mark.parametrize(("images", "choices", "error", "text"), REFUSED)
@pytest.mark.parametrize("metric", [mse, psnr, metrics.ssim, metrics.ssim_terms])
def test_bad_input_is_refused_in_clear_words(metric, images, choices, error, text):
    if metric in (metrics.ssim, metrics.ssim_terms):
        text = text.replace("hold at least one pixel", "hold at least the centre of one whole 11 x 11 window")
    with pytest.raises(error, match=text):
        metric(*images, **choices)


@pytest.mark.parametrize("metric", [psnr, metrics.ssim, metrics.ssim_map, metrics.ssim_terms])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_need_a_data_range(metric, dtype):
    a = np.zeros((12, 12), dtype)
    with pytest.raises(ValueError, match=f"data_range must be given for {np.dtype(dtype)} images, got None"):
        metric(a, a)
    for wrong in (0, -1, math.inf, math.nan):
        with pytest.raises(ValueError, match=f"data_range must be positive and finite, got {wrong}"):
            metric(a, a, data_range=wrong)
    with pytest.raises(TypeError, match="data_range must be a number, got 'wide'"):
        metric(a, a, data_range="wide")


@pytest.mark.parametrize("metric", [psnr, metrics.ssim, metrics.ssim_map])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused(metric, dtype, value):
    good = np.zeros((12, 12), dtype)
    bad = good.copy()
    bad[3, 4] = value
    for images, name in (((bad, good), "a"), ((good, bad), "b"), ((bad, bad), "a")):
        with pytest.raises(ValueError, match=f"{name} must be finite, got NaN or infinity"):
            metric(*images, data_range=1)


def test_an_error_that_no_float_holds_is_refused():
    a = np.full((2, 2), 1e200)
    with pytest.raises(ValueError, match="must have a mean squared error that fits a float64"):
        mse(a, -a)


def test_batches_refuse_what_does_not_match():
    with pytest.raises(ValueError, match="b must have as many images as a, 2, got 1"):
        mse_many([IMAGE, IMAGE], [IMAGE])
    with pytest.raises(ValueError, match="regions must be one for each of 1 pairs, got 2"):
        mse_many([IMAGE], [IMAGE], regions=[None, None])
