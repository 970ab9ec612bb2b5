"""Protections against slow NumPy references: what each does inside the regions, and that nothing else changes."""

import math
import pickle

import numpy as np
import pytest
import reference_v2
from bounds import bounded
from hypothesis import given
from hypothesis import strategies as st
from strategies import images, several_regions

import fastperturb as fp
from fastperturb import _core
from fastperturb.faces import HEAD
from fastperturb.protections import (
    Area,
    Black,
    Blur,
    Mosaic,
    Noise,
    Protection,
    ReversibleProtection,
    WindowSize,
    parse_protection,
)
from fastperturb.protections.area import owned_parts
from fastperturb.record import core_region
from fastperturb.region import raster_order

LANDMARKS = ((30.0, 35.0), (50.0, 35.0), (40.0, 45.0), (32.0, 55.0), (48.0, 55.0))
FACE = fp.Face(fp.Region(20, 18, 40, 46), landmarks=LANDMARKS)
SIMPLE = ("clear", "black", "mosaic:5", "mosaic:cells=3", "blur:2", "blur:cells=4", "noise:0.05")
OURS = ("permutation", "permutation:window=6,pixels=500,shape=ellipse", "permutation:cells=5,grow=head", "features:4")


def picture(dtype, channels=(3,), shape=(90, 80), seed=3):
    top = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    return (np.random.default_rng(seed).random((*shape, *channels)) * top).astype(dtype)


def mask_of(where, shape):
    mask = np.zeros(shape[:2], bool)
    for _, part, owned in owned_parts(where, shape):
        mask[part] |= owned
    return mask


@pytest.mark.parametrize("text", SIMPLE + OURS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [(), (1,), (3,), (4,)])
def test_confined_repeatable_and_new_with_another_seed(text, dtype, channels):
    image, protection = picture(dtype, channels), parse_protection(text)
    before = image.copy()
    faces = [FACE, fp.Face(fp.Region(50, 60, 60, 60), landmarks=tuple((x + 25, y + 25) for x, y in LANDMARKS))]
    hidden = protection.protect(image, faces, seed=1)
    assert np.array_equal(image, before)
    assert hidden.dtype == image.dtype
    assert hidden.shape == image.shape
    assert not np.shares_memory(hidden, image)
    mask = mask_of(protection.regions(faces, image.shape), image.shape)
    assert np.array_equal(hidden[~mask], image[~mask])
    assert (text == "clear") == np.array_equal(hidden, image)
    assert np.array_equal(hidden, protection.protect(image, faces, seed=1))
    random = protection.reversible or text.startswith("noise")
    assert random != np.array_equal(hidden, protection.protect(image, faces, seed=2))
    shown = protection.view(hidden, faces)
    assert np.array_equal(shown, protection.view(image, faces) if protection.reversible else hidden)


@pytest.mark.parametrize("text", SIMPLE + OURS)
def test_protocol_pickle_and_no_faces(text):
    protection = parse_protection(text)
    assert isinstance(protection, Protection)
    assert isinstance(protection, ReversibleProtection) == protection.reversible == (text in OURS)
    image = picture(np.uint8)
    again = pickle.loads(pickle.dumps(protection))  # noqa: S301
    assert again.name == protection.name
    assert np.array_equal(again.protect(image, [FACE], seed=4), protection.protect(image, [FACE], seed=4))
    outside = fp.Face(fp.Region(200, 0, 10, 10), landmarks=tuple((x + 300, y) for x, y in LANDMARKS))
    for faces in ([], [outside]):
        hidden = protection.protect(image, faces, seed=1)
        assert np.array_equal(hidden, image)
        assert not np.shares_memory(hidden, image)
        assert np.array_equal(protection.view(image, faces), image)


@pytest.mark.parametrize("text", OURS)
def test_ours_are_restored_with_a_record(text, key):
    image, protection = picture(np.uint8), parse_protection(text)
    hidden, record = protection.perturb(image, [FACE], key)
    assert not np.array_equal(hidden, image)
    assert np.array_equal(fp.restore(hidden, fp.Record.from_json(record.to_json()), key), image)
    with pytest.raises(fp.NoFaceFound, match="must hold at least one"):
        protection.perturb(image, [], key)


def test_two_images_share_no_permutation_and_no_noise_under_one_seed():
    for text in ("permutation:window=region", "noise:0.01"):
        one = np.full((40, 40), 100, np.uint16)
        one[:] = np.arange(1600).reshape(40, 40) + 30000
        other = one + 1
        faces = [fp.Face(fp.Region(0, 0, 40, 40))]
        hidden, second = (parse_protection(text).protect(image, faces, seed=1) for image in (one, other))
        assert np.mean(second.astype(int) - 1 == hidden) < 0.1


def mosaic_reference(image, region, window):
    """The mean of each block of a box, from its clipped corner, rounded half up."""
    shown = image.copy()
    rows, columns = region.clipped(*image.shape[:2])
    for down in reference_v2.cuts(rows.stop - rows.start, window):
        for across in reference_v2.cuts(columns.stop - columns.start, window):
            top, left = rows.start + down.start, columns.start + across.start
            block = (slice(top, top + len(down)), slice(left, left + len(across)))
            mean = image[block].astype(np.float64).mean(axis=(0, 1))
            shown[block] = mean if image.dtype == np.float32 else np.floor(mean + 0.5)
    return shown


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("region", [fp.Region(3, 5, 40, 37), fp.Region(-7, 60, 30, 60), fp.Region(0, 0, 1, 1)])
def test_mosaic_is_the_mean_of_blocks(dtype, channels, region):
    image = picture(dtype, channels)
    hidden = Mosaic(WindowSize(window=7)).protect(image, [fp.Face(region)], seed=0)
    assert np.allclose(hidden, mosaic_reference(image, region, 7), rtol=1e-6, atol=0)
    by_cells = Mosaic(WindowSize(cells=4)).protect(image, [fp.Face(region)], seed=0)
    window = max(4, math.ceil(min(region.width, region.height) / 4))
    assert np.allclose(by_cells, mosaic_reference(image, region, window), rtol=1e-6, atol=0)


def blur_reference(image, sigma):
    """A slow two-dimensional convolution, mirrored at the border without repeating it, cut at four sigma."""
    radius = math.ceil(4 * sigma)
    line = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2))
    kernel = np.outer(line, line) / line.sum() ** 2
    pad = ((radius, radius),) * 2 + ((0, 0),) * (image.ndim - 2)
    padded = np.pad(image.astype(np.float64), pad, mode="reflect")
    height, width = image.shape[:2]
    found = np.zeros(image.shape)
    for y in range(2 * radius + 1):
        for x in range(2 * radius + 1):
            found += kernel[y, x] * padded[y : y + height, x : x + width]
    return found


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("sigma", [0.7, 2.5])
def test_blur_is_a_convolution(dtype, channels, sigma):
    image, region = picture(dtype, channels, (40, 50)), fp.Region(-3, 12, 30, 40)
    hidden = Blur(sigma=sigma).protect(image, [fp.Face(region)], seed=0)
    part = region.clipped(40, 50)
    allowed = {np.uint8: 0.501, np.uint16: 0.51, np.float32: 1e-6}[dtype]  # rounding, and float32 of 65535
    assert np.abs(hidden[part].astype(float) - blur_reference(image, sigma)[part]).max() <= allowed


def test_blur_by_cells_is_half_a_cell():
    image, region = picture(np.uint8), fp.Region(10, 10, 40, 60)
    by_cells = Blur(cells=8).protect(image, [fp.Face(region)], seed=0)
    assert np.array_equal(by_cells, Blur(sigma=2.5).protect(image, [fp.Face(region)], seed=0))


@pytest.mark.parametrize("side", [100_000, 2**31 - 1])
def test_a_blur_is_no_wider_than_1000_pixels_however_large_the_region(side):
    image, region = picture(np.uint8, shape=(40, 50)), fp.Region(0, 0, side, side)
    blur = Blur(cells=8)
    assert (blur.sigma_for(region), blur.reach(region)) == (1000.0, 4000)
    with bounded(5, 60):
        hidden = blur.protect(image, [fp.Face(region)], seed=0)
    assert np.array_equal(hidden, Blur(sigma=1000.0).protect(image, [fp.Face(region)], seed=0))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("variance", [0.001, 0.005])
def test_noise_has_its_variance_and_no_mean(dtype, variance):
    top = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    image = np.full((200, 200, 3), 0.5 * top).astype(dtype)
    faces = [fp.Face(fp.Region(10, 10, 150, 150))]
    change = (Noise(variance).protect(image, faces, seed=5).astype(float) - image)[10:160, 10:160] / top
    count = change.size
    assert abs(change.mean()) < 5 * math.sqrt(variance / count) + 1e-4
    rounding = 0.0 if dtype == np.float32 else 1 / 12 / top**2
    assert abs(change.var() - variance - rounding) < 5 * variance * math.sqrt(2 / count)
    assert np.abs(np.corrcoef(change.reshape(-1, 3).T) - np.eye(3)).max() < 0.05  # channels on their own


def test_noise_is_clipped_and_leaves_alpha():
    image = np.full((50, 50, 4), 250, np.uint8)
    hidden = Noise(0.2).protect(image, [fp.Face(fp.Region(0, 0, 50, 50))], seed=1)
    assert hidden.min() == 0
    assert hidden.max() == 255
    assert (hidden[..., 3] == 250).all()


def test_black_is_black_and_opaque():
    image = np.full((30, 30, 4), 9, np.uint16)
    hidden = Black().protect(image, [fp.Face(fp.Region(5, 6, 7, 8))], seed=1)
    assert (hidden[6:14, 5:12] == [0, 0, 0, 65535]).all()
    assert np.count_nonzero((hidden != image).any(axis=2)) == 56
    assert not Black().protect(image[..., :3], [fp.Face(fp.Region(0, 0, 30, 30))], seed=1).any()
    round_one = Black(Area("ellipse")).protect(image[..., 0], [fp.Face(fp.Region(0, 0, 30, 30))], seed=1)
    assert round_one[0, 0] == 9
    assert round_one[15, 15] == 0


@given(st.data())
def test_pixels_belong_to_whom_the_core_says(data):
    image = data.draw(images())
    where = data.draw(several_regions(image))
    parts = list(owned_parts(where, image.shape))
    order = raster_order(where)  # what lies equally deep in several is the first one's
    core = [core_region(where[i], 4, 0) for i in order]
    assert [int(parts[i][2].sum()) for i in order] == _core.owned_pixels(*image.shape[:2], core, 2)
    seen = np.zeros(image.shape[:2], int)
    for _, part, mask in parts:
        seen[part] += mask
    assert seen.max() <= 1
    own = np.argwhere(seen == 0)
    assert all(not _holds(region, x, y) for region in where for y, x in own)


def _holds(region, x, y):
    i, j, w, h = x - region.x, y - region.y, region.width, region.height
    if region.shape == "box":
        return 0 <= i < w and 0 <= j < h
    return ((2 * i + 1 - w) * h) ** 2 + ((2 * j + 1 - h) * w) ** 2 <= (w * h) ** 2


@pytest.mark.parametrize("text", SIMPLE)
def test_overlapping_regions_change_no_other_pixels(text):
    image, protection = picture(np.uint8), parse_protection(text)
    first, last = fp.Face(fp.Region(0, 0, 40, 40)), fp.Face(fp.Region(20, 20, 30, 30, "ellipse"))
    both = protection.protect(image, [first, last], seed=1)
    mask = mask_of([first.region, last.region], image.shape)
    if text == "black":
        assert not both[mask].any()
    assert np.array_equal(both[~mask], image[~mask])


@pytest.mark.parametrize("text", SIMPLE)
@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (1, 7), (5, 1, 4)])
def test_tiny_images(text, shape):
    image = np.full(shape, 77, np.uint8)
    hidden = parse_protection(text).protect(image, [fp.Face(fp.Region(-2, -2, 9, 9))], seed=1)
    assert hidden.shape == shape
    if text == "black":
        assert not hidden[..., 0].any()


def test_a_permutation_of_one_pixel_says_that_nothing_can_move():
    with pytest.raises(ValueError, match="nothing can move"):
        parse_protection("permutation").protect(np.zeros((1, 1), np.uint8), [fp.Face(fp.Region(0, 0, 1, 1))], seed=1)


def test_more_pixels_than_there_are_moves_all():
    image = picture(np.uint8)
    faces = [fp.Face(fp.Region(0, 0, 10, 10)), fp.Face(fp.Region(30, 30, 40, 40, "ellipse"))]
    _, record = parse_protection("permutation:window=5,pixels=900").perturb(image, faces, fp.Key.generate())
    assert [item.moved for item in record.regions] == [100, 900]


def test_areas():
    face = fp.Face(fp.Region(10, 20, 40, 60))
    assert Area().regions([face], (200, 200)) == [face.region]
    assert Area("ellipse").regions([face], (200, 200)) == [fp.Region(10, 20, 40, 60, "ellipse")]
    assert Area(grow=0.1).regions([face], (200, 200)) == [fp.Region(6, 14, 48, 72)]
    assert Area(grow=HEAD).regions([face], (200, 200)) == [fp.Region(-2, -7, 64, 96)]
    kept = fp.Face(fp.Region(0, 0, 9, 9, "ellipse"))
    assert Area().regions([kept], (9, 9)) == [kept.region]
    with pytest.raises(ValueError, match="grow must be 0 or more"):
        Area(grow=-1.0)


def test_features_need_landmarks():
    with pytest.raises(ValueError, match="must have 5 landmarks"):
        parse_protection("features").protect(picture(np.uint8), [fp.Face(fp.Region(0, 0, 40, 40))], seed=1)


def test_wrong_arrays_are_refused():
    for text in SIMPLE + OURS:
        with pytest.raises(TypeError, match="must be uint8, uint16 or float32"):
            parse_protection(text).protect(np.zeros((5, 5)), [FACE], seed=1)
