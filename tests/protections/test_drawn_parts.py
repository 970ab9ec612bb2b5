"""What is drawn of a region is what protecting the whole image shows there, and costs no more than the region."""

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.perturbation.drawing import Part
from fastperturb.protections import KSame, parse_protection
from fastperturb.protections.area import owned_parts

SPECIFICATIONS = [
    "mosaic:6",
    "mosaic:window=9",
    "mosaic:window=region",
    "black",
    "blur:cells=4",
    "blur:sigma=8",
    "noise:0.1",
    "ksame:k=2",
]
KEYS = [bytes([number]) * 32 for number in range(40)]


def some_regions(rng, count):
    """Some within, some across the border, some that overlap, some larger than the image."""
    corners, sides = rng.integers(-30, 70, (count, 2)), rng.integers(1, 60, (count, 2))
    regions = [
        fp.Region(int(x), int(y), int(w), int(h), ("box", "ellipse")[i % 2])
        for i, ((x, y), (w, h)) in enumerate(zip(corners, sides, strict=True))
    ]
    inside = [one for one in regions if one.x + one.width > 0 and one.y + one.height > 0 and one.x < 80 and one.y < 60]
    return [*inside, fp.Region(-9, -5, 120, 90, "ellipse")]


def protection_of(specification, image):
    protection = parse_protection(specification)
    if isinstance(protection, KSame):
        protection.fit([image] * 3, [[fp.Face(fp.Region(10 * i, 9 * i, 25, 30))] for i in range(3)])
    return protection


def parts_of(regions, shape):
    return [Part(region, rows, columns, mask) for region, (rows, columns), mask in owned_parts(regions, shape)]


@pytest.mark.parametrize("specification", SPECIFICATIONS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(60, 80, 3), (60, 80), (60, 80, 4), (60, 80, 1)])
def test_a_part_shows_what_the_whole_image_would(specification, dtype, shape):
    rng = np.random.default_rng(3)
    image = (rng.random(shape) * (1 if dtype == np.float32 else np.iinfo(dtype).max)).astype(dtype)
    protection = protection_of(specification, image)
    parts = parts_of(some_regions(rng, 12), shape)
    out, expected = image.copy(), image.copy()
    protection.draw(image, parts, out, KEYS[: len(parts)])
    for part, key in zip(parts, KEYS, strict=False):
        shown = protection.protect(image, [fp.Face(part.box)], seed=int.from_bytes(key[:8], "little"))
        there = expected[part.rows, part.columns]
        owned = np.ones(there.shape[:2], bool) if part.mask is None else part.mask
        there[owned] = shown[part.rows, part.columns][owned]
    assert np.array_equal(out, expected)
    assert not np.array_equal(out, image)


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_a_region_of_a_large_image_is_drawn_out_of_little_of_it(specification, monkeypatch):
    """5,000 faces took 172 s when each made a copy of the image."""
    image = np.random.default_rng(0).integers(0, 256, (900, 1000, 3), np.uint8)
    regions = [fp.Region(10 + 60 * i, 20 + 70 * i, 24, 30) for i in range(12)]
    protection, seen = protection_of(specification, image), []
    for name in ("protect", "_noisy"):
        if hasattr(type(protection), name):
            right = getattr(type(protection), name)

            def counting(self, given, *arguments, right=right, **options):
                seen.append(given.shape[0] * given.shape[1])
                return right(self, given, *arguments, **options)

            monkeypatch.setattr(type(protection), name, counting)
    parts = parts_of(regions, image.shape)
    protection.draw(image, parts, image.copy(), KEYS[: len(parts)])
    assert len(seen) == len(regions)
    assert max(seen) <= (24 + 80) * (30 + 80)
