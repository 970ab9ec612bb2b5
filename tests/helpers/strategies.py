"""What properties are tested on: small random images, regions that overlap and reach beyond them, strengths."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

import fastperturb as fp

SUBKEY = bytes(range(100, 132))


@st.composite
def images(draw, max_side=40):
    height, width = draw(st.integers(1, max_side)), draw(st.integers(1, max_side))
    channels = draw(st.sampled_from([(), (1,), (2,), (3,), (4,)]))
    dtype = draw(st.sampled_from([np.uint8, np.uint16, np.float32]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if dtype == np.float32:
        return rng.normal(size=(height, width, *channels)).astype(np.float32)
    return rng.integers(0, np.iinfo(dtype).max, (height, width, *channels), dtype, endpoint=True)


@st.composite
def regions(draw, image):
    """A Region that touches the image, often clipped by it."""
    height, width = image.shape[:2]
    x, y = draw(st.integers(-5, width - 1)), draw(st.integers(-5, height - 1))
    w, h = draw(st.integers(max(1, 1 - x), width + 10)), draw(st.integers(max(1, 1 - y), height + 10))
    return fp.Region(x, y, w, h, draw(st.sampled_from(["box", "ellipse"])))


@st.composite
def several_regions(draw, image, most=4):
    """Regions that touch the image; some have the middle or the corner of the one before, so that owners are tied."""
    found = [draw(regions(image))]
    for _ in range(draw(st.integers(0, most - 1))):
        before, kind = found[-1], draw(st.sampled_from(["any", "any", "any", "middle", "corner"]))
        across, down = draw(st.integers(0, 4)), draw(st.integers(0, 4))
        if kind == "any":
            found.append(draw(regions(image)))
        elif kind == "middle":
            place = (before.x - across, before.y - down, before.width + 2 * across, before.height + 2 * down)
            found.append(fp.Region(*place, draw(st.sampled_from(["box", "ellipse"]))))
        else:
            found.append(replace(before, width=before.width + across, height=before.height + down))
    return draw(st.permutations(found))


@st.composite
def jobs(draw, max_side=40, version=1):
    """(image, regions as the core takes them) with any window and any number of pixels that they own."""
    from fastperturb import _core
    from fastperturb.record import core_region

    image = draw(images(max_side))
    where = draw(several_regions(image))
    window = st.integers(2, max_side + 3)
    blank = [core_region(region, draw(window), 0) for region in where]
    owned = _core.owned_pixels(*image.shape[:2], blank, version)
    core = [item._replace(pixels=draw(st.integers(0, most))) for item, most in zip(blank, owned, strict=True)]
    return image, core


def as_dicts(core):
    """Core regions in the form that tests/reference.py takes."""
    names = ("x", "y", "width", "height", "shape", "window", "pixels")
    shaped = [dict(zip(names, item, strict=True)) for item in core]
    return [{**item, "shape": ("box", "ellipse")[item["shape"]]} for item in shaped]
