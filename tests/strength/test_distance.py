"""The distance law: its mean and variance against enumeration, a slow reference and counts; its inverse; targets."""

import itertools
import math

import numpy as np
import pytest
import reference
import strategies
from core_calls import permute_in_place
from distance_checks import check_scatter, check_sum_over_windows
from hypothesis import given, settings
from skimage.data import astronaut

import fastperturb as fp
from fastperturb import _core
from fastperturb.strength import distance_law as distance

FACE = (70, 60, 110, 140)


def squared_error(a, b):
    return float(((a.astype(np.float64) - b) ** 2).sum())


def psnr(a, b, data_range=255):
    return 10 * math.log10(data_range**2 * a.size / squared_error(a, b))


@pytest.fixture(scope="module")
def photograph():
    return np.ascontiguousarray(astronaut()[:300, 100:400])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize(
    ("pixels", "channels", "moved"), [(2, 2, 2), (3, 1, 2), (3, 4, 3), (5, 1, 2), (5, 3, 3), (5, 2, 4), (6, 3, 6)]
)
def test_mean_and_variance_are_those_of_all_cycles(dtype, pixels, channels, moved):
    image = np.random.default_rng(3).integers(0, 256, (1, pixels, channels)).astype(dtype) * dtype(200)
    x = image[0].astype(float)
    errors = [
        ((x[list(order)] - x[[*order[1:], order[0]]]) ** 2).sum()
        for order in itertools.permutations(range(pixels), moved)
    ]
    ((mean, variance),) = _core.expect_error(image, [(0, 0, pixels, 1, 0, pixels, moved)])
    assert mean == pytest.approx(np.mean(errors), rel=1e-12)
    assert variance == pytest.approx(np.var(errors), rel=1e-9, abs=1e-9 * mean**2)


def slow_law(x, moved):
    """Mean and variance from the distances of all pairs, by the counts of edges that share two, one or no pixels."""
    n = len(x)
    pairs = ((x[:, None] - x[None]) ** 2).sum(axis=2)
    total, squares, ends = pairs.sum(), (pairs**2).sum(), (pairs.sum(axis=1) ** 2).sum()
    mean = total / (n * (n - 1))
    edge = squares / (n * (n - 1)) - mean**2
    if moved == 2:
        return moved * mean, 4 * edge
    touching = (ends - squares) / (n * (n - 1) * (n - 2)) - mean**2
    variance = moved * edge + 2 * moved * touching
    if moved > 3:
        apart = (total**2 - 4 * ends + 2 * squares) / (n * (n - 1) * (n - 2) * (n - 3)) - mean**2
        variance += moved * (moved - 3) * apart
    return moved * mean, variance


@given(strategies.jobs(max_side=24))
@settings(max_examples=60)
def test_the_law_of_any_job_is_that_of_its_windows(job):
    check_sum_over_windows(job, 1, reference, slow_law)


@pytest.mark.parametrize("moved", [2, 3, 40, 300])
def test_what_comes_out_scatters_as_the_law_says(photograph, moved):
    check_scatter(photograph, 1, moved, lambda key: key)


@pytest.mark.parametrize("window", [4, 12, "region"])
@pytest.mark.parametrize("coverage", [0.05, 0.3, 1.0])
def test_the_law_on_a_photograph(photograph, window, coverage):
    strength = fp.Strength(window=window, coverage=coverage)
    expected = fp.forecast(photograph, FACE, strength).in_frame
    off = []
    for number in range(1, 401):
        key = fp.Key(number.to_bytes(32, "big"))
        hidden, _ = fp.perturb(photograph, FACE, key, strength, reproducible=True)
        off.append((squared_error(photograph, hidden) - expected.squared_error) / expected.squared_error_sd)
    assert abs(np.mean(off)) < 4.9 / math.sqrt(len(off))
    assert 0.8 < np.std(off) < 1.2


def test_large_samples_and_long_columns_do_not_overflow():
    rng = np.random.default_rng(5)
    stripes = np.repeat(np.array([[0, 65535]], np.uint16), 70_000, axis=0)
    tall = rng.integers(250, 256, (70_000, 3), np.uint8)
    for image in (stripes, tall, np.full((70_000, 2), 65535, np.uint16)):
        height, width = image.shape
        ((mean, _),) = _core.expect_error(image, [(0, 0, width, height, 0, height, 1000)])
        assert mean == pytest.approx(2 * 1000 * image.astype(float).var(ddof=1), rel=1e-12)
    far = np.float32(2**23) + np.arange(16, dtype=np.float32).reshape(4, 4)
    ((mean, _),) = _core.expect_error(far, [(0, 0, 4, 4, 0, 4, 10)])
    assert mean == pytest.approx(20 * np.arange(16).var(ddof=1), rel=1e-12)


@given(strategies.jobs())
@settings(max_examples=60)
def test_a_trial_gives_what_the_whole_image_would(job):
    image, core = job
    hidden = image.copy()
    permute_in_place([(hidden, core, strategies.SUBKEY)], False, 1)
    assert distance.Trial(image, core).squared_error(strategies.SUBKEY) == pytest.approx(squared_error(image, hidden))


@pytest.mark.parametrize("window", [4, 13, 200])
@pytest.mark.parametrize("pixels", [40, 500, 9000, 15400])
def test_solving_undoes_the_law(photograph, window, pixels):
    region = (70, 60, 110, 140, 0, window)
    ((goal, _),) = _core.expect_error(photograph, [(*region, pixels)])
    (found,), expected, _, _ = _core.solve_pixels(photograph, [(*region, 0)], goal)
    ((again, _),) = _core.expect_error(photograph, [(*region, found)])
    assert expected == pytest.approx(again, rel=1e-12)
    assert abs(10 * math.log10(expected / goal)) < 0.05 + 5 / pixels
    assert abs(found - pixels) <= 2 + 0.1 * pixels


def test_all_regions_move_the_same_share(photograph, key):
    faces = [(70, 60, 110, 140), fp.Region(10, 200, 60, 80, "ellipse"), (-20, -20, 60, 60)]
    hidden, record = fp.perturb(photograph, faces, key, fp.Strength(psnr=30))
    shares = [item.coverage for item in fp.forecast(photograph, faces, fp.Strength(psnr=30)).regions]
    assert max(shares) - min(shares) < 0.001
    assert abs(psnr(photograph, hidden) - 30) <= 0.05
    assert (fp.restore(hidden, record, key) == photograph).all()


@pytest.mark.parametrize("reproducible", [False, True])
@pytest.mark.parametrize(
    "strength", [{"psnr": 26.0}, {"distance": 6000.0}, {"mse": 100.0}, {"psnr": 45.0, "window": 4}]
)
def test_targets_are_met(photograph, key, strength, reproducible):
    wanted = fp.Strength(**strength)
    goal = distance.squared_error(wanted.target, photograph)
    hidden, record = fp.perturb(photograph, FACE, key, wanted, reproducible=reproducible)
    assert abs(10 * math.log10(squared_error(photograph, hidden) / goal)) <= 0.05
    assert record.moved == record.regions[0].pixels
    assert (fp.restore(hidden, record, key) == photograph).all()
    again, other = fp.perturb(photograph, FACE, key, wanted, reproducible=reproducible)
    assert (record == other) == reproducible
    assert (hidden == again).all() == reproducible


def test_drawing_again_goes_on_until_the_target_is_met(photograph, key):
    """A few hundred pixels of a whole-region window scatter by far more than the tolerance."""
    spread = fp.forecast(photograph, FACE, fp.Strength(window="region", psnr=42)).in_frame.psnr_sd
    assert spread > 0.3
    nonces = set()
    for number in range(1, 11):
        other = fp.Key(bytes([number]) * 31 + b"\0")
        hidden, record = fp.perturb(photograph, FACE, other, fp.Strength(window="region", psnr=42), reproducible=True)
        assert abs(psnr(photograph, hidden) - 42) <= 0.05
        nonces.add(record.nonce)
    assert len(nonces) == 10


def test_targets_in_a_batch_in_place_and_from_any_strides(photograph, key):
    crops = [np.ascontiguousarray(photograph[y : y + 200, 40:280]) for y in (0, 50, 100)]
    strength = fp.Strength(psnr=30)
    for crop, (hidden, record) in zip(
        crops, fp.perturb_many(crops, [(30, 10, 110, 140)] * 3, key, strength), strict=True
    ):
        assert abs(psnr(crop, hidden) - 30) <= 0.05
        assert (fp.restore(hidden, record, key) == crop).all()
    strided = photograph[::-1, ::2]
    hidden, record = fp.perturb(strided, (30, 30, 80, 150), key, strength)
    assert abs(psnr(strided, hidden) - 30) <= 0.05
    work = crops[0].copy()
    fp.perturb(work, (30, 10, 110, 140), key, strength, out=work)
    assert abs(psnr(crops[0], work) - 30) <= 0.05


def test_the_psnr_of_floats_needs_their_range(photograph, key):
    image = photograph.astype(np.float32) / 255
    with pytest.raises(ValueError, match="data_range must be given for the psnr of a float32 image"):
        fp.perturb(image, FACE, key, fp.Strength(psnr=28))
    hidden, _ = fp.perturb(image, FACE, key, fp.Strength(psnr=28, data_range=1.0))
    assert abs(psnr(image, hidden, 1.0) - 28) <= 0.05
    assert math.isnan(fp.forecast(image, FACE).in_frame.psnr)
    assert fp.forecast(image, FACE, data_range=1).in_frame.psnr == pytest.approx(
        fp.forecast(photograph, FACE).in_frame.psnr, abs=1e-4
    )


def test_what_cannot_be_reached_is_said_with_what_can(photograph, key):
    most = fp.forecast(photograph, FACE).in_frame
    with pytest.raises(
        ValueError, match=f"psnr must be at least {most.psnr:.2f} dB, which moving every pixel gives, got 5"
    ):
        fp.perturb(photograph, FACE, key, fp.Strength(psnr=5))
    with pytest.raises(ValueError, match=f"distance must be at most {most.distance:.5g}, which moving every"):
        fp.perturb(photograph, FACE, key, fp.Strength(distance=1e6))
    with pytest.raises(ValueError, match=r"mse must be at least .* which moving the fewest pixels gives, got 1e-06"):
        fp.perturb(photograph, FACE, key, fp.Strength(mse=1e-6))
    hidden, _ = fp.perturb(photograph, FACE, key, fp.Strength(psnr=round(most.psnr, 2)))
    assert abs(psnr(photograph, hidden) - most.psnr) <= 0.06
    with pytest.raises(ValueError, match="psnr cannot be reached: every window is flat"):
        fp.perturb(np.full((50, 50), 7, np.uint8), (0, 0, 50, 50), key, fp.Strength(psnr=30))
    with pytest.raises(fp.errors.BatchError, match="psnr must be at least"):
        fp.perturb_many([photograph], [FACE], key, fp.Strength(psnr=5))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"psnr": 30, "pixels": 100}, ValueError, "got pixels=100 and psnr=30"),
        ({"psnr": 30, "distance": 100}, ValueError, "give one of pixels, coverage, psnr, distance, mse"),
        ({"psnr": "loud"}, TypeError, "psnr must be a number of dB, got 'loud'"),
        ({"psnr": float("inf")}, ValueError, "psnr must be a number of dB, got inf"),
        ({"psnr": 400}, ValueError, "psnr must be -300 to 300 dB, got 400.0"),
        ({"distance": 0}, ValueError, "distance must be over 0, got 0"),
        ({"mse": True}, TypeError, "mse must be a number over 0, got True"),
        ({"mse": float("nan")}, ValueError, "mse must be a number over 0, got nan"),
        ({"data_range": 1.0}, ValueError, "data_range goes with psnr alone"),
        ({"psnr": 30, "data_range": -1}, ValueError, "data_range must be over 0, got -1"),
    ],
)
def test_bad_targets(arguments, error, message):
    with pytest.raises(error, match=message):
        fp.Strength(**arguments)


def test_a_target_is_the_images_own(photograph, key):
    faces = [FACE, (10, 200, 60, 80)]
    with pytest.raises(ValueError, match="give all regions the same, or none"):
        fp.perturb(photograph, faces, key, [fp.Strength(psnr=30), fp.Strength(psnr=31)])
    with pytest.raises(ValueError, match="give all regions the same, or none"):
        fp.perturb(photograph, faces, key, [fp.Strength(psnr=30), fp.Strength()])
    mixed = [fp.Strength(psnr=30, window=4), fp.Strength(psnr=30, cells=4)]
    hidden, record = fp.perturb(photograph, faces, key, mixed)
    assert abs(psnr(photograph, hidden) - 30) <= 0.05
    assert [item.window for item in record.regions] == [4, 15]
    with pytest.raises(ValueError, match="psnr gives a number of pixels for an image only"):
        fp.Strength(psnr=30).pixels_for(100)
