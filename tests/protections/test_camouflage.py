"""The camouflage: a permutation that looks like its template and depends on the multiset, region and template alone."""

import numpy as np
import pytest
import reference_ranks
from skimage.data import astronaut

import fastperturb as fp
from fastperturb.perturbation.drawing import Drawing, Part
from fastperturb.protections.camouflage import _LOTS, Camouflage, PictureGround, _rendered

KEYS = [bytes([i]) * 32 for i in range(1, 9)]


def face_picture():
    """Light in the middle, two dark eyes and a reddish mouth, dark hair around."""
    y, x = np.mgrid[:130, :100]
    away = ((x - 50) / 38.0) ** 2 + ((y - 74) / 50.0) ** 2
    picture = np.where(away[..., None] <= 1, [220.0, 180.0, 160.0], [60.0, 50.0, 45.0])
    for cx in (36, 64):
        picture[(x - cx) ** 2 + (y - 66) ** 2 < 36] = (40, 30, 30)
    picture[(abs(x - 50) < 14) & (abs(y - 98) < 4)] = (170, 70, 70)
    return np.clip(picture + 10 * np.sin(x / 9.0 + y / 7.0)[..., None], 0, 255).astype(np.uint8)


GROUND = PictureGround(face_picture())


@pytest.fixture(scope="module")
def photograph():
    return np.ascontiguousarray(astronaut()[:300, 100:400])


def part_of(image, region):
    rows, columns = region.clipped(*image.shape[:2])
    ys, xs = np.mgrid[rows, columns]
    across, down = 2 * (xs - region.x) + 1 - region.width, 2 * (ys - region.y) + 1 - region.height
    inside = (across * region.height) ** 2 + (down * region.width) ** 2 <= (region.width * region.height) ** 2
    return Part(region, rows, columns, inside if region.shape == "ellipse" else None)


def drawn(camouflage, image, parts, keys=KEYS):
    out = image.copy()
    camouflage.draw(image, parts, out, keys[: len(parts)])
    return out


def luminance(pixels):
    return pixels.astype(np.float64) @ [77, 150, 29]


@pytest.mark.parametrize("colours", [False, True])
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("channels", [(), (1,), (2,), (3,), (4,)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_every_owned_pixel_is_shown_once_and_nothing_else_changes(dtype, channels, apart, colours):
    image = np.random.default_rng(1).integers(0, 60_000, (60, 70, *channels)).astype(dtype)
    parts = [part_of(image, fp.Region(-9, -4, 40, 44, "ellipse")), part_of(image, fp.Region(33, 20, 30, 60))]
    out = drawn(Camouflage(GROUND, colours=colours, apart=apart), image, parts)
    rest = np.ones((60, 70), bool)
    for part in parts:
        mask = np.ones(rest[part.rows, part.columns].shape, bool) if part.mask is None else part.mask
        before, after = image[part.rows, part.columns][mask], out[part.rows, part.columns][mask]
        assert sorted(p.tobytes() for p in before) == sorted(p.tobytes() for p in after)
        assert (before != after).mean() > 0.9 if not channels else (before != after).any(axis=-1).mean() > 0.9
        rest[part.rows, part.columns] &= ~mask
    assert out[rest].tobytes() == image[rest].tobytes()


@pytest.mark.parametrize("colours", [False, True])
def test_it_looks_like_the_template(photograph, colours):
    region = fp.Region(80, 40, 100, 130)
    camouflage = Camouflage(GROUND, colours=colours, apart=False)
    out = drawn(camouflage, photograph, [part_of(photograph, region)])
    shown = luminance(out[40:170, 80:180])
    ground = GROUND.render_luminance(100, 130)
    ranks = [np.argsort(np.argsort(a.ravel(), kind="stable"), kind="stable") for a in (shown, ground)]
    assert np.corrcoef(*ranks)[0, 1] > 0.97
    assert abs(np.corrcoef(luminance(photograph[40:170, 80:180]).ravel(), ground.ravel())[0, 1]) < 0.7


def test_like_colours_lie_together(photograph):
    """Among places that are equally light the redder ones of the template get the redder pixels."""
    region, rng = fp.Region(80, 40, 100, 130), np.random.default_rng(5)
    red = rng.random((130, 100)) < 0.5
    colour = np.where(red[..., None], [119, 80, 63], [90, 80, 140])  # 77 R + 150 G + 29 B are equal
    ground = PictureGround((colour + rng.integers(-50, 90, (130, 100, 1))).astype(np.uint8), None)
    tints = []
    for colours in (False, True):
        out = drawn(Camouflage(ground, colours=colours), photograph, [part_of(photograph, region)])[40:170, 80:180]
        tint = out[..., 0].astype(int) - out[..., 2]
        tints.append(tint[red].mean() - tint[~red].mean())
    assert abs(tints[0]) < 3
    assert tints[1] > 10


def test_equals_the_slow_reference(photograph):
    image = np.ascontiguousarray(photograph[::5, ::5])
    region = fp.Region(10, -6, 40, 52, "ellipse")
    part = part_of(image, region)
    out = drawn(Camouflage(GROUND, apart=False), image, [part])
    ground = GROUND.render_colours(40, 52)[6:]
    crop = image[part.rows, part.columns]
    expected = reference_ranks.match(crop, part.mask, ground, None, _LOTS, colours=True)
    assert (out[part.rows, part.columns] == expected).all()


def test_head_and_face_keep_their_own_pixels(photograph):
    """A white face in black hair: ranked apart nothing of one comes into the other; ranked together much does."""
    image = photograph.copy()
    region = fp.Region(80, 40, 100, 130)
    x, y, width, height = (side * size for side, size in zip(GROUND.face_ellipse, (100, 130, 100, 130), strict=True))
    j, i = np.mgrid[:130, :100] + 0.5
    face = ((i - x - width / 2) * 2 / width) ** 2 + ((j - y - height / 2) * 2 / height) ** 2 <= 1
    image[40:170, 80:180] = np.where(face[..., None], 255, 0)
    image[40:60, 80:180] = 255  # a bright hat
    hat_and_face = image[40:170, 80:180, 0] == 255
    apart = drawn(Camouflage(GROUND), image, [part_of(image, region)])[40:170, 80:180, 0]
    together = drawn(Camouflage(GROUND, apart=False), image, [part_of(image, region)])[40:170, 80:180, 0]
    assert (apart[face] == 255).all()
    assert (apart == 255).sum() == (together == 255).sum() == hat_and_face.sum()
    assert (together != apart).any()


def test_the_picture_is_a_function_of_multiset_region_and_template(photograph):
    """Any order of the same pixels gives the very same picture: nothing of where they lay is left."""
    region = fp.Region(70, 30, 110, 140)
    camouflage = Camouflage(GROUND, apart=False)
    part = part_of(photograph, region)
    first = drawn(camouflage, photograph, [part])
    rng = np.random.default_rng(3)
    for _ in range(3):
        other = photograph.copy()
        crop = other[part.rows, part.columns].reshape(-1, 3)
        other[part.rows, part.columns] = rng.permutation(crop).reshape(140, 110, 3)
        assert (drawn(camouflage, other, [part], KEYS[4:]) == first).all()
    assert (drawn(Camouflage(GROUND, apart=False), photograph, [part]) == first).all()


def test_regions_far_larger_than_the_image_cost_no_more(photograph):
    for region in (fp.Region(-30_000, -30_000, 60_000, 65_000, "ellipse"), fp.Region(-(2**30), 5, 2**31 - 1, 40)):
        part = (
            part_of(photograph, region)
            if region.shape == "ellipse"
            else Part(region, slice(5, 45), slice(0, 300), None)
        )
        out = drawn(Camouflage(GROUND), photograph, [part])
        assert np.sort(out.reshape(-1, 3), axis=0).tobytes() == np.sort(photograph.reshape(-1, 3), axis=0).tobytes()


def test_a_protection_and_a_drawing(photograph):
    camouflage = Camouflage(GROUND)
    assert isinstance(camouflage, Drawing)
    assert (camouflage.method, camouflage.revision, camouflage.reversible) == (2, 2, False)
    face = fp.Face(fp.Region(100, 60, 60, 80))
    (region,) = camouflage.regions_for([face, fp.Region(-500, 0, 20, 20)], photograph.shape)
    assert region.shape == "ellipse"
    assert region.height > 80
    shown = camouflage.protect(photograph, [face], seed=1)
    assert (shown == camouflage.protect(photograph, [face], seed=2)).all()
    assert (shown != photograph).any()
    assert camouflage.name != Camouflage(GROUND, colours=False).name != Camouflage(GROUND, "face").name
    turned = Camouflage(PictureGround(face_picture()[::-1]))
    assert turned.name != camouflage.name
    assert (shown != turned.protect(photograph, [face], seed=1)).any()


def test_strided_images_are_read(photograph):
    strided = photograph[::-1, ::2]
    part = part_of(strided, fp.Region(30, 30, 50, 60, "ellipse"))
    out = np.ascontiguousarray(strided)
    Camouflage(GROUND).draw(strided, [part], out, KEYS[:1])
    assert (out == drawn(Camouflage(GROUND), np.ascontiguousarray(strided), [part])).all()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: Camouflage("face.png"),
            TypeError,
            "template must be a Template, None, or have .* got str",
        ),
        (lambda: PictureGround(np.zeros((9, 9, 3), np.float32)), TypeError, "picture must be uint8, got float32"),
        (lambda: PictureGround(np.zeros((9, 9), np.uint8)), ValueError, r"shape \(height, width, 3\), got \(9, 9\)"),
        (lambda: PictureGround(face_picture(), (0, 0, 0, 1)), ValueError, "face_ellipse must have a width and height"),
    ],
)
def test_bad_templates(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_bad_calls(photograph):
    part = part_of(photograph, fp.Region(10, 10, 20, 20))
    with pytest.raises(ValueError, match="keys must be one for each of the 1 regions, got 0"):
        Camouflage(GROUND).draw(photograph, [part], photograph.copy(), [])

    class Wrong:
        face_ellipse = None

        def render_luminance(self, width, height):
            return np.zeros((width, height + 1), np.float32)

        render_colours = render_luminance

    with pytest.raises(ValueError, match=r"template must render shape \(20, 20, 3\), got \(20, 21\)"):
        Camouflage(Wrong()).draw(photograph, [part], photograph.copy(), KEYS[:1])


def test_large_grounds_are_not_kept():
    """A service may be sent regions of many sizes, and each is rendered at its own."""
    image = np.zeros((700, 700, 3), np.uint8)
    before = _rendered.cache_info().currsize
    for side in (520, 540, 560):
        fp.perturb(image, (10, 10, side, side), fp.Key.generate(), Camouflage(area="face"))
    assert _rendered.cache_info().currsize == before
