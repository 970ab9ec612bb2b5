"""Numbers of regions: whatever gives whole numbers, once; anything else is said."""

import numpy as np
import pytest
from jpeg_cases import SURROGATE, jpeg

import fastperturb as fp
from fastperturb.files import perturb_jpeg, restore_jpeg

BOXES = [(4, 4, 20, 20), (40, 30, 20, 20), (10, 35, 20, 20)]
FIRST_AND_LAST = {
    "list": lambda: [0, 2],
    "tuple": lambda: (2, 0, 2),
    "set": lambda: {0, 2},
    "iterator": lambda: map(int, "02"),
    "generator": lambda: (i for i in range(3) if i != 1),
    "numpy integers": lambda: [np.int64(0), np.uint8(2)],
    "array": lambda: np.array([0, 2, 2]),
}


@pytest.fixture(params=FIRST_AND_LAST.values(), ids=FIRST_AND_LAST)
def numbers(request):
    return request.param()


@pytest.fixture
def made(image, key):
    return fp.perturb(image, BOXES, key, fp.Mosaic(cells=2))


def test_of_regions_to_restore(made, image, key, numbers):
    restored = fp.restore(*made, key, only=numbers)
    assert np.array_equal(restored, fp.restore(*made, key, only=[0, 2]))
    assert not np.array_equal(restored, image)
    assert not np.array_equal(restored, made[0])


@pytest.mark.parametrize("rest", [None, True, False])
def test_of_regions_to_forget(made, key, numbers, rest):
    less = fp.forget(made[1], key, numbers, rest=rest)
    assert [entry.state == "erased" for entry in less.entries] == [True, False, True]


def test_of_regions_of_a_jpeg_to_restore(key, numbers):
    hidden, record = perturb_jpeg(jpeg(), [(8, 8, 40, 40), (120, 100, 40, 40), (8, 120, 40, 40)], key, SURROGATE)
    assert restore_jpeg(hidden, key, record, only=numbers) == restore_jpeg(hidden, key, record, only=[0, 2])


def test_none_are_none(made, key):
    for none in ([], (), np.array([], int), iter(())):
        assert np.array_equal(fp.restore(*made, key, only=none), made[0])


@pytest.mark.parametrize("bad", [3, -1, 1.0, True, "0", None, np.True_, np.float64(1), np.array([1, 2]), 10**30])
def test_others_are_refused(made, key, bad):
    with pytest.raises(ValueError, match="only must hold numbers of regions from 0 to 2, got"):
        fp.restore(*made, key, only=[0, bad])
    with pytest.raises(ValueError, match="regions must hold numbers of regions from 0 to 2, got"):
        fp.forget(made[1], key, iter([0, bad]))
    with pytest.raises(ValueError, match="index must be a whole number from 0 to 2, got"):
        key.face_key(made[1], bad)


@pytest.mark.parametrize("bad", [0, np.int64(0), np.array(0), 1.5])
def test_one_number_alone_is_refused(made, key, bad):
    with pytest.raises(TypeError, match=r"only must be the numbers of regions, as in \[0\], got"):
        fp.restore(*made, key, only=bad)
    with pytest.raises(TypeError, match=r"regions must be the numbers of regions, as in \[0\], got"):
        fp.forget(made[1], key, bad)


def test_the_number_of_a_face_key_may_be_numpys(made, key):
    face = key.face_key(made[1], np.int64(1))
    assert type(face.index) is int
    assert face == key.face_key(made[1], 1)
