"""Regions far larger than their image: templates are rendered in no more pixels than the image and 2 ** 22 have."""

import cv2
import numpy as np
import pytest

import fastperturb as fp
from fastperturb.protections import Camouflage, Surrogate
from fastperturb.protections import patches as patches_module
from fastperturb.protections.bounded_store import BoundedStore
from fastperturb.protections.surroundings import Surroundings
from fastperturb.video.canvas import Spot
from fastperturb.video.painters import SurrogatePainter

IMAGE = np.random.default_rng(3).integers(0, 256, (120, 130, 3), np.uint8)


@pytest.mark.parametrize(("turn", "x"), [(0.0, -150), (90.0, -250)])
@pytest.mark.parametrize("tone", [None, "coarse", "around"])
def test_what_lies_beyond_the_image_is_not_rendered(tone, turn, x, monkeypatch):
    """A region of 3,444 x 4,477 took 1.2 GB over an image of 2 million pixels; now 2 ** 22 pixels are the most."""
    assert patches_module.rendered_size(fp.Region(-5, 5, 2048, 2048), 1) == (2048, 2048)
    assert patches_module.rendered_size(fp.Region(-5, 5, 4096, 4096), 1) == (2048, 2048)
    assert patches_module.rendered_size(fp.Region(-5, 5, 4096, 4096), 2**24) == (4096, 4096)
    face = fp.Face(fp.Region(x, -100, 200, 230), turn=turn)
    (region,) = Surrogate().regions_for([face], IMAGE.shape)
    assert region.width * region.height > 4 * 2**14
    whole = Surrogate(tone=tone).protect(IMAGE, [face], seed=0)
    monkeypatch.setattr(patches_module, "_LARGEST", 2**14)
    monkeypatch.setattr(patches_module, "_kept", BoundedStore(2**20))
    sizes = resized(monkeypatch)
    drawn = Surrogate(tone=tone).protect(IMAGE, [face], seed=0)
    assert max(wide * high for wide, high in sizes) <= 2**14
    hidden = (whole != IMAGE).any(axis=2)
    assert hidden.mean() > 0.3
    assert not hidden.all()
    assert (drawn[~hidden] == IMAGE[~hidden]).all()
    assert np.abs(drawn.astype(int) - whole).mean() <= 6
    assert np.abs(drawn.astype(int) - IMAGE)[hidden].mean() > 40


def test_a_camouflage_renders_no_more_either(monkeypatch):
    face = fp.Face(fp.Region(-90, -120, 200, 230))
    Camouflage().protect(IMAGE, [face], seed=0)  # what is kept of it is for the whole size
    monkeypatch.setattr(patches_module, "_LARGEST", 2**14)
    sizes = resized(monkeypatch)
    hidden = Camouflage().protect(IMAGE, [face], seed=0)
    assert 0 < max(wide * high for wide, high in sizes) <= 2**14
    assert sorted(map(tuple, hidden.reshape(-1, 3))) == sorted(map(tuple, IMAGE.reshape(-1, 3)))


def resized(monkeypatch):
    """The sizes to which OpenCV resizes from now on."""
    sizes, right = [], cv2.resize
    monkeypatch.setattr(cv2, "resize", lambda *args, **how: sizes.append(args[1]) or right(*args, **how))
    return sizes


def test_a_smaller_template_fills_a_film_s_region(monkeypatch):
    monkeypatch.setattr(patches_module, "_LARGEST", 2**10)
    region = fp.Region(-20, 10, 90, 117, "ellipse")
    for tone in (None, np.ones(3, np.float32), Surroundings(np.full(3, 0.5, np.float32), np.zeros((24, 24, 3), "f4"))):
        painter = SurrogatePainter(Surrogate())
        painter._tones[1] = tone
        assert painter._picture(Spot(1, region)).shape == (117, 90, 3)
