"""float32 pixels as large as there are: what is shown is finite, or the picture stays as it was and it is said."""

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.protections import Black, KSame, parse_protection
from fastperturb.protections.crops import paste_crop

MOST = np.finfo(np.float32).max
IMAGES = {
    "2e38": np.full((60, 60), 2e38, np.float32),
    "the largest": np.full((60, 60, 3), MOST, np.float32),
    "of both signs": np.where(np.random.default_rng(1).random((60, 60, 4)) < 0.5, -MOST, MOST),
}
SPECIFICATIONS = [
    "blur:sigma=3",
    "blur:sigma=100",
    "blur:cells=4",
    "mosaic:window=region",
    "noise:100",
    "camouflage",
    "surrogate",
]
BOX = (20, 20, 20, 20)


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
@pytest.mark.parametrize(
    "protection",
    [*map(parse_protection, SPECIFICATIONS), fp.Surrogate(tone="around"), fp.Surrogate(tone="coarse")],
    ids=lambda one: one.name,
)
def test_what_is_shown_is_finite_and_comes_back(image, protection, key):
    hidden, record = fp.perturb(image, BOX, key, protection)
    assert np.isfinite(hidden).all()
    assert np.array_equal(fp.restore(hidden, record, key), image)


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_k_same(key):
    faces = [np.random.default_rng(i).random((60, 60, 3)).astype(np.float32) for i in range(3)]
    protection = KSame(2)
    protection.fit(faces, [[fp.Face(fp.Region(*BOX))]] * 3)
    assert np.isfinite(fp.perturb(IMAGES["the largest"], BOX, key, protection)[0]).all()


def test_the_blur_of_equal_samples_is_about_them():
    image = IMAGES["2e38"]
    blurred = fp.protections.Blur(sigma=3.0).protect(image, [fp.Face(fp.Region(*BOX))], seed=0)
    np.testing.assert_allclose(blurred, image, rtol=1e-5)


def test_what_a_network_makes_no_number_of_is_black():
    image = np.ones((8, 8, 3), np.float32)
    crop = np.full((64, 64, 3), np.nan, np.float32)
    paste_crop(image, (slice(0, 8), slice(0, 8)), np.ones((8, 8), bool), crop)
    assert (image == 0).all()


class Faulty(Black):
    """Black, but for one pixel."""

    __slots__ = ()

    def draw(self, image, parts, out, keys):
        super().draw(image, parts, out, keys)
        out[25, 25] = np.inf


@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize("seal", [True, False])
def test_a_drawing_that_is_not_finite_is_refused(key, in_place, seal):
    image = np.random.default_rng(1).random((60, 60)).astype(np.float32)
    before = image.copy()
    with pytest.raises(ValueError, match="what a protection draws must be finite, got NaN or infinity"):
        fp.perturb(image, BOX, key, Faulty(), seal=seal, out=image if in_place else None)
    assert np.array_equal(image, before)
