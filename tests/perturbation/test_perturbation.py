"""perturb and restore on arrays: there and back, wrong keys, every kind of tampering, bad arguments, out=."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import images, several_regions

import fastperturb as fp
from fastperturb import _core
from fastperturb.perturbation import aes_gcm
from fastperturb.perturbation import single as perturbation
from fastperturb.record import core_region
from fastperturb.region import raster_order

BOX = (10, 5, 40, 50)


@given(st.data(), st.integers(4, 50), st.floats(0.05, 1.0), st.booleans())
def test_restore_undoes_perturb(data, window, coverage, reproducible):
    image = data.draw(images())
    key = fp.Key(bytes(range(32)))
    where = data.draw(several_regions(image, 3))
    before = image.copy()
    strength = fp.Strength(window=window, coverage=coverage)
    core = [core_region(where[i], window, 0) for i in raster_order(where)]
    owned = _core.owned_pixels(*image.shape[:2], core, 2)
    assume(max(owned) > 1 and all(math.floor(coverage * count + 0.5) > 1 for count in owned if count > 1))
    hidden, record = fp.perturb(image, where, key, strength, reproducible=reproducible)
    assert image.tobytes() == before.tobytes()
    assert fp.restore(hidden, fp.Record.from_json(record.to_json()), key).tobytes() == image.tobytes()


def test_the_default_moves_every_pixel_of_an_eighth(image, key):
    hidden, record = fp.perturb(image, [BOX], key)
    (item,) = record.regions
    assert (item.window, item.pixels, item.moved) == (5, 2000, 2000)
    assert record.moved == 2000
    assert (hidden == image).all(axis=2)[5:55, 10:50].mean() < 0.08  # one of 25 stays where it was


def test_each_region_can_have_its_own_strength(image, key):
    strengths = [fp.Strength(window=4, pixels=100), fp.Strength(window="region", coverage=0.5)]
    _, record = fp.perturb(image, [(0, 0, 20, 20), (30, 30, 20, 10)], key, strengths)
    assert [(item.window, item.pixels) for item in record.regions] == [(4, 100), (20, 100)]
    with pytest.raises(ValueError, match="one for each of the 1 regions, got 2"):
        fp.perturb(image, [(0, 0, 20, 20)], key, strengths)
    with pytest.raises(TypeError, match="strength must be a Strength or one for each region, got 5"):
        fp.perturb(image, [(0, 0, 20, 20)], key, [5])


def test_nonces_are_fresh_unless_asked_for_reproducible(image, key):
    assert fp.perturb(image, BOX, key)[1].nonce != fp.perturb(image, BOX, key)[1].nonce
    first, a = fp.perturb(image, BOX, key, reproducible=True)
    second, b = fp.perturb(image.copy(), BOX, key, reproducible=True)
    assert a == b
    assert (first == second).all()
    other = image.copy()
    other[0, 0, 0] ^= 1
    assert fp.perturb(other, BOX, key, reproducible=True)[1].nonce != a.nonce
    assert fp.perturb(image, BOX, fp.Key.generate(), reproducible=True)[1].nonce != a.nonce
    assert fp.perturb(image, BOX, key, fp.Strength(cells=7), reproducible=True)[1].nonce != a.nonce


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ([[1, 2], [3, 4]], TypeError, "image must be a NumPy array, got list"),
        (np.zeros((4, 4)), TypeError, "image must be uint8, uint16 or float32 in native byte order, got float64"),
        (np.zeros((4, 4), ">f4"), TypeError, "in native byte order, got >f4"),
        (np.zeros(4, np.uint8), ValueError, r"shape \(height, width\) or \(height, width, channels\), got \(4,\)"),
        (np.zeros((0, 4), np.uint8), ValueError, r"sides of 1 to 2147483647 pixels, got shape \(0, 4\)"),
        (np.zeros((4, 4, 0), np.uint8), ValueError, r"got shape \(4, 4, 0\)"),
        (np.zeros((3, 4, 5), np.uint8), ValueError, r"1 to 4 channels in its last axis, got shape \(3, 4, 5\)"),
        (np.full((4, 4), np.nan, np.float32), ValueError, "must be finite, got NaN or infinity"),
        (np.full((4, 4), np.inf, np.float32), ValueError, "must be finite, got NaN or infinity"),
    ],
)
def test_bad_images(bad, error, message, key, image):
    with pytest.raises(error, match=message):
        fp.perturb(bad, (0, 0, 2, 2), key)
    record = fp.perturb(image, BOX, key)[1]
    with pytest.raises(error, match=message):
        fp.restore(bad, record, key)
    with pytest.raises(error, match=message):
        fp.view(bad, (0, 0, 2, 2))


@pytest.mark.parametrize(
    ("where", "strength", "error", "message"),
    [
        ([], {}, fp.NoFaceFound, "at least one region, got none"),
        ((80, 0, 5, 5), {}, ValueError, r"regions\[0\] must touch the image"),
        ([(0, 0, 5, 5), (0, -9, 9, 9)], {}, ValueError, r"regions\[1\] must touch the image"),
        ((0, 0, 1, 1), {}, ValueError, "a region must own at least 2 pixels, or nothing can move; got 1 at most"),
        ([(0, 0, 9, 9)] * 70_000, {}, ValueError, "regions must be at most 65535, got 70000"),
        ([(0, 0, 80, 60)] * 4000, {}, ValueError, r"must not cover more than 16 images and 2\^24 pixels together"),
        ((0, 0, 9, 9), {"coverage": 0.01}, ValueError, r"must move at least 2 of its 81 pixels, got 1"),
        ((0, 0, 9, 9), {"pixels": 82}, ValueError, r"regions\[0\]: pixels must be at most the 81 .* got 82"),
    ],
)
def test_bad_regions_and_counts(image, key, where, strength, error, message):
    with pytest.raises(error, match=message):
        fp.perturb(image, where, key, fp.Strength(**strength))


def test_wrong_kinds_of_arguments(image, key):
    hidden, record = fp.perturb(image, BOX, key)
    with pytest.raises(TypeError, match=r"or a sequence of them, got bytes; see Key.generate\(\)"):
        fp.perturb(image, BOX, bytes(32))
    with pytest.raises(TypeError, match="key must be a Key or a FaceKey, got NoneType"):
        fp.restore(hidden, record, None)
    with pytest.raises(TypeError, match=r"record must be a Record, got str; see Record.from_json\(\)"):
        fp.restore(hidden, record.to_json(), key)
    for threads, error in ((0, ValueError), (-1, ValueError), (1025, ValueError), (1.5, TypeError), (True, TypeError)):
        with pytest.raises(error, match=f"threads must be .* got {threads}"):
            fp.perturb(image, BOX, key, threads=threads)


def test_equal_regions_protect_once_and_the_first_owns_the_pixels(image, key):
    hidden, record = fp.perturb(image, [BOX, BOX], key)
    assert [item.moved for item in record.regions] == [2000, 0]
    assert (fp.restore(hidden, record, key) == image).all()


@pytest.mark.parametrize("view", [np.s_[::-1], np.s_[:, ::-1], np.s_[::2, ::3], np.s_[..., ::-1], np.s_[..., :2]])
def test_any_strides_are_accepted(image, key, view):
    hidden, record = fp.perturb(image[view], (2, 2, 20, 20), key, reproducible=True)
    plain, same = fp.perturb(image[view].copy(), (2, 2, 20, 20), key, reproducible=True)
    assert record == same
    assert (hidden == plain).all()
    assert (fp.restore(hidden, record, key) == image[view]).all()


def test_fortran_order_and_subclasses_come_back_as_plain_arrays(image, key):
    class Special(np.ndarray):
        pass

    for odd in (np.asfortranarray(image), image.view(Special)):
        hidden, record = fp.perturb(odd, BOX, key)
        assert type(hidden) is np.ndarray
        assert (fp.restore(hidden, record, key) == image).all()


def test_out_works_in_place_and_elsewhere(image, key):
    work, spare = image.copy(), np.empty_like(image)
    hidden, record = fp.perturb(work, BOX, key, out=work)
    assert hidden is work
    assert fp.restore(work, record, key, out=spare) is spare
    assert (spare == image).all()
    assert fp.restore(work, record, key, out=work) is work
    assert (work == image).all()
    wide = np.zeros((60, 100, 3), np.uint8)
    fp.perturb(image, BOX, key, out=wide[:, 5:85])
    assert (wide[:, 5:85].reshape(-1, 3).sum(0) == image.reshape(-1, 3).sum(0)).all()
    assert not wide[:, :5].any()
    assert not wide[:, 85:].any()


def test_bad_outs_are_refused_before_anything_moves(image, key):
    frozen = image.copy()
    frozen.flags.writeable = False
    big = np.zeros((61, 80, 3), np.uint8)
    for out, error, message in [
        (image.tolist(), TypeError, "out must be a NumPy array, got list"),
        (image.astype(np.uint16), TypeError, "out must be uint8 as the image is, got uint16"),
        (image[1:], ValueError, r"out must have the image's shape \(60, 80, 3\), got \(59, 80, 3\)"),
        (frozen, ValueError, "out must be writeable, got a read-only array"),
        (np.empty_like(image)[::-1], ValueError, "out must have packed rows"),
    ]:
        with pytest.raises(error, match=message):
            fp.perturb(image, BOX, key, out=out)
    with pytest.raises(ValueError, match="not overlap it, got an array that overlaps it in part"):
        fp.perturb(big[1:], BOX, key, out=big[:-1])
    hidden, record = fp.perturb(image, BOX, key)
    tampered = hidden.copy()
    tampered[10, 20] ^= 1
    before = tampered.copy()
    with pytest.raises(fp.Tampered):
        fp.restore(tampered, record, key, out=tampered)
    assert (tampered == before).all()


def test_the_raw_permutation(image):
    work = image.copy()
    where = [(fp.Region(*BOX), 8, 1000)]
    assert perturbation.permute(work, where, [bytes(32)]) == [1000]
    assert (work != image).any()
    perturbation.permute(work, where, [bytes(32)], inverse=True)
    assert (work == image).all()


def test_a_single_pixel_of_a_region_stays_where_it_is(image, key):
    """A face that touches the frame with one pixel does not cost the others their protection."""
    hidden, record = fp.perturb(image, [BOX, (79, 59, 10, 10)], key)
    assert [item.moved for item in record.regions] == [2000, 0]
    assert (fp.restore(hidden, record, key) == image).all()


def test_pixels_are_moved_back_when_the_record_fails(image, key, monkeypatch):
    def failing_tag(*_):
        raise MemoryError

    monkeypatch.setattr(aes_gcm, "gmac", failing_tag)
    work = image.copy()
    with pytest.raises(MemoryError):
        fp.perturb(work, BOX, key, out=work)
    assert (work == image).all()


def test_many_small_regions_work(key):
    image = np.random.default_rng(6).integers(0, 256, (400, 400), np.uint8)
    where = [(x, y, 2, 2) for y in range(0, 400, 3) for x in range(0, 400, 3)]
    hidden, record = fp.perturb(image, where, key)
    assert record.moved == sum(item.pixels for item in record.regions) > 60_000
    assert (fp.restore(hidden, record, key) == image).all()
