"""The other protections as drawings: what they make of regions that are final, region by region, from the original."""

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.perturbation.drawing import Drawing, Part
from fastperturb.protections import (
    Area,
    Autoencoder,
    KSame,
    Mosaic,
    Surrogate,
    WindowSize,
    as_drawing,
    parse_protection,
)
from fastperturb.protections.area import owned_parts

CODES = {"mosaic:cells=6": 4, "blur:2": 5, "black": 6, "noise:0.05": 7}
KEYS = [bytes([number]) * 32 for number in range(1, 4)]


def picture(dtype=np.uint8, channels=(3,)):
    top = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    return (np.random.default_rng(3).random((90, 80, *channels)) * top).astype(dtype)


def drawn(protection, image, faces, keys=KEYS):
    drawing = as_drawing(protection)
    owned = list(owned_parts(drawing.regions_for(faces, image.shape), image.shape))
    parts = [Part(region, *part, mask) for region, part, mask in owned]
    out = image.copy()
    drawing.draw(image, parts, out, keys[: len(parts)])
    return out, parts


@pytest.mark.parametrize("text", CODES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [(), (1,), (3,), (4,)])
def test_one_region_is_what_the_protection_makes_of_it(text, dtype, channels):
    protection, image = (
        parse_protection(f"{text},grow=head,shape=ellipse" if ":" in text else f"{text}:grow=head"),
        picture(dtype, channels),
    )
    face = fp.Region(20, 30, 30, 34)
    out, parts = drawn(protection, image, [face])
    assert parts[0].region == protection.regions([fp.Face(face)], image.shape)[0]
    expected = protection.protect(image, [fp.Face(face)], seed=int.from_bytes(KEYS[0][:8], "little"))
    assert np.array_equal(out, expected)
    assert not np.array_equal(out, image)
    again, _ = drawn(protection, image, [face])
    assert np.array_equal(out, again)
    other, _ = drawn(protection, image, [face], KEYS[1:])
    assert np.array_equal(out, other) == (not text.startswith("noise"))


@pytest.mark.parametrize("text", CODES)
def test_overlapping_regions_are_each_drawn_from_the_original(text):
    protection, image = parse_protection(text), picture()
    faces = [fp.Region(5, 5, 50, 50), fp.Region(30, 25, 40, 50, "ellipse")]
    out, parts = drawn(protection, image, faces)
    for part, key in zip(parts, KEYS, strict=False):
        alone = protection.protect(image, [fp.Face(part.region)], seed=int.from_bytes(key[:8], "little"))
        place = part.rows, part.columns
        assert np.array_equal(out[place][part.mask], alone[place][part.mask])


def test_those_that_learn():
    image, faces = picture(), [fp.Region(20, 30, 30, 34)]
    same = KSame(2, Area(grow=0.2))
    same.fit([image, image[::-1].copy()], [[fp.Face(faces[0])]] * 2)
    out, _ = drawn(same, image, faces)
    assert np.array_equal(out, same.protect(image, [fp.Face(faces[0])], seed=0))
    assert same.area == Area(grow=0.2)
    assert as_drawing(same).method == 8
    assert as_drawing(Autoencoder(4)).method == 9


def test_codes_and_forms():
    for text, code in CODES.items():
        drawing = as_drawing(parse_protection(text))
        assert isinstance(drawing, Drawing)
        assert (drawing.method, drawing.revision) == (code, 1)
    own = Surrogate()
    assert as_drawing(own) is own
    for text in ("clear", "permutation"):
        with pytest.raises(TypeError, match="must be Surrogate, Camouflage, Mosaic, Blur"):
            as_drawing(parse_protection(text))


def test_mosaics_are_made_by_cells_window_or_size():
    assert Mosaic(cells=6) == Mosaic(WindowSize(cells=6)) == Mosaic(window_size=WindowSize(cells=6))
    assert Mosaic(window=16) == Mosaic(WindowSize(window=16), Area())
    assert Mosaic() == Mosaic(cells=8)
    with pytest.raises(ValueError, match="give window_size, or window or cells, not both"):
        Mosaic(WindowSize(cells=6), cells=6)
    with pytest.raises(ValueError, match="give window or cells, not both"):
        Mosaic(window=3, cells=6)
