"""Who owns a pixel of several regions in record version 2: equal to plain whole numbers, whatever the sizes."""

import numpy as np
import pytest
import reference
import reference_v2
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from fastperturb import _core

FAR = 2**31 - 1


def labels_of(height, width, core, version=2):
    """The owner of each pixel of the whole image, -1 for none."""
    x, y, labels = _core.owner_labels(height, width, core, version)
    assert labels.dtype == np.uint16
    owner = np.full((height, width), -1)
    owner[y : y + labels.shape[0], x : x + labels.shape[1]] = labels.astype(int) - 1
    return owner


@settings(max_examples=200)
@given(strategies.jobs(max_side=24, version=2))
def test_equals_the_references(job):
    image, core = job
    shape, regions = image.shape[:2], strategies.as_dicts(core)
    expected = reference_v2.owners(*shape, regions)
    assert (labels_of(*shape, core) == expected).all()
    assert _core.owned_pixels(*shape, core, 2) == [int((expected == i).sum()) for i in range(len(core))]
    assert (labels_of(*shape, core, 1) == reference.owners(*shape, regions)).all()


@settings(max_examples=150)
@given(st.data())
def test_huge_regions_equal_the_reference(data):
    """Sides up to 2**31 - 1, and an image that lies anywhere in them: the depths need 92 bits."""
    core = []
    for _ in range(data.draw(st.integers(2, 4))):
        w, h = (data.draw(st.integers(12, FAR) | st.sampled_from([FAR, 131_071, 131_072, 131_073])) for _ in range(2))
        x, y = -data.draw(st.integers(0, w - 1)), -data.draw(st.integers(0, h - 1))
        round_one = max(w, h) <= 65535 and data.draw(st.booleans())
        core.append((x, y, w, h, int(round_one), 0, 0))
    assert (labels_of(6, 7, core) == reference_v2.owners(6, 7, strategies.as_dicts(core))).all()


def test_a_face_keeps_its_middle_and_ties_go_to_the_first():
    faces = [(0, 0, 20, 20, 1, 4, 0), (12, 0, 20, 20, 1, 4, 0)]
    owner = labels_of(20, 32, faces)
    assert (owner[:, :16] != 1).all()
    assert (owner[:, 16:] != 0).all()
    same = labels_of(20, 32, [faces[0], faces[0]])
    assert set(np.unique(same)) == {-1, 0}
    swapped = labels_of(20, 32, faces[::-1])
    assert ((swapped == -1) == (owner == -1)).all()
    assert (swapped[owner == 0] == 1).all()


@pytest.mark.parametrize("count", [3, 200])
def test_many_regions(count):
    """More than are compared with each other in pairs."""
    rng = np.random.default_rng(count)
    core = [(*(int(n) for n in rng.integers(-4, 24, 2)), *(int(n) for n in rng.integers(5, 15, 2)), 1, 4, 0)]
    core += [(*(int(n) for n in rng.integers(-4, 24, 2)), 6, 5, i % 2, 4, 0) for i in range(count)]
    assert (labels_of(25, 26, core) == reference_v2.owners(25, 26, strategies.as_dicts(core))).all()


def test_labels_cover_the_box_around_all_regions():
    x, y, labels = _core.owner_labels(100, 200, [(10, 20, 5, 6, 0, 0, 0), (190, 90, 50, 50, 0, 0, 0)], 2)
    assert (x, y, labels.shape) == (10, 20, (80, 190))
    assert (labels[:6, :5] == 1).all()
    assert (labels[70:, 180:] == 2).all()
    assert np.count_nonzero(labels) == 30 + 100


@pytest.mark.parametrize(
    ("core", "version", "message"),
    [
        ([], 2, "regions must hold at least one"),
        ([(5, 0, 4, 4, 0, 4, 0)], 2, r"regions\[0\] must touch the image"),
        ([(0, 0, 2**31, 4, 0, 4, 0)], 2, r"regions\[0\] must have sides of at most 2147483647"),
        ([(0, 0, 4, 4, 0, 4, 0)], 3, "version must be 1 or 2, got 3"),
        ([(0, 0, 4, 4, 0, 4, 0)], 0, "version must be 1 or 2, got 0"),
    ],
)
def test_what_is_refused(core, version, message):
    with pytest.raises(ValueError, match=message):
        _core.owner_labels(5, 5, core, version)


def test_every_function_refuses_other_versions():
    image, core = np.zeros((5, 5), np.uint8), [(0, 0, 4, 4, 0, 4, 0)]
    for call in (
        lambda: _core.owned_pixels(5, 5, core, 9),
        lambda: _core.check_regions(5, 5, core, 9),
        lambda: _core.draw_view(image, core, 0, 9),
        lambda: _core.expect_error(image, core, 9),
        lambda: _core.solve_pixels(image, core, 1.0, 9),
    ):
        with pytest.raises(ValueError, match="version must be 1 or 2, got 9"):
            call()
