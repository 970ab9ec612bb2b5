"""Surrogates: what is shown is a function of region, template, tone and the pixels that no region owns."""

import pickle

import cv2
import numpy as np
import pytest
from photographs import astronaut

import fastperturb as fp
from fastperturb.perturbation.drawing import Drawing, Part
from fastperturb.protections import Surrogate, Template, parse_protection
from fastperturb.protections import surroundings as surroundings_module
from fastperturb.protections.area import owned_parts
from fastperturb.protections.toning import coarse_lightness

KINDS = [
    (np.uint8, ()),
    (np.uint8, (1,)),
    (np.uint8, (3,)),
    (np.uint8, (4,)),
    (np.uint16, (2,)),
    (np.uint16, (3,)),
    (np.float32, ()),
    (np.float32, (4,)),
]
WHERE = {
    "one": [fp.Region(40, 40, 30, 40)],
    "overlapping": [fp.Region(20, 30, 40, 50), fp.Region(45, 40, 38, 52), fp.Region(50, 30, 12, 16)],
    "border": [fp.Region(-20, -10, 40, 50), fp.Region(90, 70, 50, 60)],
    "tiny": [fp.Region(60, 60, 1, 1)],
    "all": [fp.Region(-200, -200, 600, 600)],
}


def picture(dtype, channels, seed, shape=(120, 130)):
    rng = np.random.default_rng(seed)
    smooth = cv2.resize(rng.random((8, 8, *(channels or (1,)))), shape[::-1], interpolation=cv2.INTER_CUBIC)
    smooth = np.clip(smooth.reshape(*shape, *channels) + rng.normal(0, 0.02, (*shape, *channels)), 0, 1)
    top = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    return (smooth * top).astype(dtype)


def parts_of(regions, shape):
    return [Part(region, *part, mask) for region, part, mask in owned_parts(regions, shape)]


def union_of(protection, faces, image):
    mask = np.zeros(image.shape[:2], bool)
    for _, part, owned in owned_parts(protection.regions_for(faces, image.shape), image.shape):
        mask[part] |= owned
    return mask


def others(image, mask):
    """Images equal outside a mask and arbitrary inside: noise, the inverse, black, and another picture."""
    rng = np.random.default_rng(9)
    top = 1.0 if image.dtype == np.float32 else np.iinfo(image.dtype).max
    inside = image[mask]
    for values in (
        (rng.random(inside.shape) * top).astype(image.dtype),
        (top - inside).astype(image.dtype),
        np.zeros_like(inside),
        np.roll(inside, 777, axis=0),
    ):
        changed = image.copy()
        changed[mask] = values
        yield changed


def same_coarse(image, changed, protection, faces):
    """Whether every region has the same coarse numbers in both."""
    parts = parts_of(protection.regions_for(faces, image.shape), image.shape)
    return all(coarse_lightness(image, part) == coarse_lightness(changed, part) for part in parts)


@pytest.mark.parametrize("tone", [None, "around"])
@pytest.mark.parametrize("area", ["head", "face"])
@pytest.mark.parametrize(("dtype", "channels"), KINDS)
def test_nothing_of_what_regions_own_is_shown(tone, area, dtype, channels):
    protection = Surrogate(tone=tone, area=area)
    for name, faces in WHERE.items():
        image = picture(dtype, channels, 1)
        mask = union_of(protection, faces, image)
        hidden = protection.protect(image, faces, seed=0)
        assert hidden.tobytes() != image.tobytes(), name
        assert np.array_equal(hidden[~mask], image[~mask]), name
        for changed in others(image, mask):
            assert protection.protect(changed, faces, seed=1).tobytes() == hidden.tobytes(), name


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
def test_coarse_shows_its_two_bits_alone(dtype, channels):
    protection = Surrogate(tone="coarse")
    equal = 0
    for name, faces in WHERE.items():
        image = picture(dtype, channels, 1)
        mask = union_of(protection, faces, image)
        hidden = protection.protect(image, faces, seed=0)
        for changed in others(image, mask):
            told = same_coarse(image, changed, protection, faces)
            equal += told
            assert (protection.protect(changed, faces, seed=0).tobytes() == hidden.tobytes()) == told, name
    assert equal >= 3


def test_fading_into_the_original_would_be_caught(monkeypatch):
    """The control of the tests above: surroundings that look at owned pixels make them fail."""
    monkeypatch.setattr(surroundings_module, "_take_out", lambda *_: None)
    protection, image = Surrogate(tone="around"), picture(np.uint8, (3,), 1)
    hidden = protection.protect(image, WHERE["one"], seed=0)
    mask = union_of(protection, WHERE["one"], image)
    assert any(
        protection.protect(changed, WHERE["one"], seed=0).tobytes() != hidden.tobytes()
        for changed in others(image, mask)
    )


def test_around_follows_what_no_region_owns():
    protection, faces = Surrogate(tone="around"), [fp.Region(60, 60, 30, 40)]
    shown = [protection.protect(np.full((160, 150, 3), level, np.uint8), faces, seed=0) for level in (20, 235)]
    mask = union_of(protection, faces, shown[0])
    assert shown[0][mask].mean() + 40 < shown[1][mask].mean()
    seam = np.argwhere(mask)[0]  # the topmost pixel of the ellipse is all ground
    assert abs(int(shown[0][tuple(seam)][0]) - 20) <= 6
    assert abs(int(shown[1][tuple(seam)][0]) - 235) <= 6


def test_the_seam_between_two_heads_runs_in_the_middle():
    image = picture(np.uint8, (3,), 2, (120, 200))
    regions = Surrogate().regions_for([fp.Region(60, 50, 32, 42), fp.Region(90, 50, 32, 42)], image.shape)
    assert len({(region.y, region.width) for region in regions}) == 1
    parts = parts_of(regions, image.shape)
    counts = [int(part.mask.sum()) for part in parts]
    assert abs(counts[0] - counts[1]) <= regions[0].height
    assert sum(counts) == int(
        union_of(Surrogate(), [fp.Region(60, 50, 32, 42), fp.Region(90, 50, 32, 42)], image).sum()
    )


def test_one_pixel_images_and_pixels_of_nobody_else():
    for shape in ((1, 1), (1, 1, 3), (2, 1, 4)):
        for tone in (None, "around", "coarse"):
            for dtype in (np.uint8, np.uint16, np.float32):
                image = np.ones(shape, dtype)
                hidden = Surrogate(tone=tone).protect(image, [fp.Region(0, 0, 1, 1)], seed=0)
                assert hidden.shape == shape
                assert hidden.dtype == dtype


@pytest.mark.parametrize("tone", [None, "around", "coarse"])
def test_every_dtype_shows_the_same_picture(tone):
    """Within a step of 8 bits and what rounding of the surroundings adds; alpha is opaque, grey is the luma."""
    protection, faces = Surrogate(tone=tone), [fp.Region(40, 40, 30, 40)]
    image = picture(np.uint8, (3,), 4)
    hidden = protection.protect(image, faces, seed=0)
    wide = protection.protect(image.astype(np.uint16) * 257, faces, seed=0)
    real = protection.protect(image.astype(np.float32) / np.float32(255), faces, seed=0)
    assert np.abs(wide / 257 - hidden).max() <= 2
    assert np.abs(real * 255 - hidden).max() <= 2
    assert len(np.unique(wide[union_of(protection, faces, image)])) > 400  # not 8 bits in 16
    alpha = np.dstack([image, np.full(image.shape[:2], 7, np.uint8)])
    clear = protection.protect(alpha, faces, seed=0)
    mask = union_of(protection, faces, image)
    assert np.array_equal(clear[..., :3], hidden)
    assert (clear[mask][:, 3] == 255).all()
    assert (clear[~mask][:, 3] == 7).all()
    if tone is None:
        grey = protection.protect(image[..., 0], faces, seed=0)
        luma = hidden[mask] @ (0.299, 0.587, 0.114)
        assert np.abs(grey[mask] - luma).max() <= 1


@pytest.mark.parametrize("tone", ["around", "coarse"])
def test_float_values_beyond_the_scale_count_as_its_ends(tone):
    protection, faces = Surrogate(tone=tone), [fp.Region(40, 40, 30, 40)]
    image = picture(np.float32, (3,), 4) * 6 - 3
    cut = protection.protect(np.clip(image, 0, 1), faces, seed=0)
    hidden = protection.protect(image, faces, seed=0)
    mask = union_of(protection, faces, image)
    assert np.array_equal(hidden[mask], cut[mask])
    assert hidden[mask].min() >= 0
    assert hidden[mask].max() <= 1


@pytest.mark.parametrize(
    ("level", "told"), [(0, 0), (63, 0), (64, 1), (127, 1), (128, 2), (191, 2), (192, 3), (255, 3)]
)
def test_coarse_steps_are_64_of_256(level, told):
    region = Surrogate().regions_for([fp.Region(40, 40, 30, 40)], (120, 130))[0]
    part = Part(region, *region.clipped(120, 130), None)
    for image in (
        np.full((120, 130, 3), level, np.uint8),
        np.full((120, 130), level, np.uint8),
        np.full((120, 130, 3), level * 256 + 255, np.uint16),
        np.full((120, 130, 2), (level + 0.5) / 256, np.float32),
    ):
        assert coarse_lightness(image, part) == told


def test_regions_are_rounded_sorted_and_single():
    protection = Surrogate()
    assert isinstance(protection, Drawing)
    assert (protection.method, protection.revision) == (3, 1)
    faces = [
        fp.Face(fp.Region(60, 60, 30, 40), 0.4),
        fp.Region(10, 10, 30, 40),
        fp.Region(10, 10, 30, 40),
        fp.Region(900, 0, 5, 5),
    ]
    regions = protection.regions_for(faces, (120, 130))
    assert len(regions) == 2
    assert [region.y for region in regions] == sorted(region.y for region in regions)
    assert regions == protection.regions_for(faces[::-1], (120, 130))
    assert all(region.shape == "ellipse" for region in regions)


def test_draw_writes_owned_pixels_alone_into_rows_of_any_stride():
    image = picture(np.uint8, (3,), 2)
    region = Surrogate().regions_for([fp.Region(40, 40, 30, 40)], image.shape)[0]
    rows, columns = region.clipped(*image.shape[:2])
    mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), bool)
    mask[::3, ::2] = True
    for whole in (image.copy(), np.zeros((120, 200, 3), np.uint8)[:, :130]):
        whole[...] = image
        Surrogate().draw(image, [Part(region, rows, columns, mask)], whole, [bytes(32)])
        expected = image.copy()
        full = image.copy()
        Surrogate().draw(image, [Part(region, rows, columns, None)], full, [bytes(32)])
        expected[rows, columns][mask] = full[rows, columns][mask]
        assert np.array_equal(whole, expected)
        assert not np.array_equal(full, image)


def test_a_detector_finds_the_surrogate_upright_and_turned():
    clear = astronaut().read()
    (face,) = fp.locate(clear)
    for tone in (None, "around", "coarse"):
        shown = Surrogate(tone=tone).protect(clear, [face], seed=0)
        (found,) = fp.locate(shown)
        assert found.score > 0.85
        assert (
            abs(found.region.x + found.region.width / 2 - face.region.x - face.region.width / 2)
            < 0.25 * face.region.width
        )
    side = len(clear)
    box = fp.Region(side - face.region.y - face.region.height, face.region.x, face.region.height, face.region.width)
    lying = np.ascontiguousarray(np.rot90(clear, -1))
    turned = fp.Face(box, landmarks=tuple((side - y, x) for x, y in face.landmarks))
    shown = Surrogate().protect(lying, [turned], seed=0)
    assert fp.locate(np.ascontiguousarray(np.rot90(shown)))[0].score > 0.85


def test_names_texts_and_pickles(tmp_path):
    assert parse_protection("surrogate") == Surrogate()
    assert parse_protection("surrogate:around,area=face") == Surrogate(tone="around", area="face")
    assert parse_protection("surrogate:tone=none").name == "surrogate, head"
    assert Surrogate(tone="coarse").name == "surrogate, head, tone coarse"
    Template.default().to_file(tmp_path / "face.npz")
    own = parse_protection(f"surrogate:template={tmp_path / 'face.npz'}")
    assert own.name == f"surrogate, head, template {Template.default().fingerprint}"
    image = picture(np.uint8, (3,), 1)
    again = pickle.loads(pickle.dumps(own))  # noqa: S301
    expected = Surrogate().protect(image, WHERE["one"], seed=0)
    assert np.array_equal(again.protect(image, WHERE["one"], seed=0), expected)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Surrogate(tone="warm"), ValueError, "tone must be None, 'around' or 'coarse', got 'warm'"),
        (lambda: Surrogate(area="eyes"), ValueError, "area must be 'head' or 'face', got 'eyes'"),
        (lambda: Surrogate("face.png"), TypeError, "template must be a Template or None, got str"),
        (
            lambda: parse_protection("surrogate:warm"),
            ValueError,
            "tone must be 'none' or 'around' or 'coarse', got 'warm'",
        ),
        (lambda: parse_protection("surrogate:area=eyes"), ValueError, "area must be 'head' or 'face', got 'eyes'"),
        (lambda: Surrogate().protect(np.zeros((5, 5)), [], seed=0), TypeError, "must be uint8, uint16 or float32"),
    ],
)
def test_wrong_settings(make, error, message):
    with pytest.raises(error, match=message):
        make()
