"""Numbers of NumPy count as those of Python wherever a number is asked for; what is none is refused by name."""

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.faces import Panorama, Union, coarse_detector, grow_region, regions_from_landmarks
from fastperturb.protections import Autoencoder, Blur, KSame, Mosaic, Noise, Surrogate, Template, WindowSize
from fastperturb.video import find_tracks

IMAGE = np.zeros((80, 90, 3), np.uint8)
PLACE = fp.Region(20, 20, 30, 40)
MARKS = ((25.0, 30.0), (40.0, 30.0), (32.0, 38.0), (26.0, 46.0), (39.0, 46.0))
FAR = ((10**400, 30), *MARKS[1:])


class Finds:
    """The same face everywhere."""

    def detect(self, image, /):
        return [fp.Face(fp.Region(40, 30, 2, 3))]


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", ["coverage", "psnr", "distance", "mse"])
def test_amounts_of_a_strength(kind, name):
    strength = fp.Strength(**{name: kind(0.5)})
    assert strength == fp.Strength(**{name: 0.5})
    assert type(getattr(strength, name)) is float


def test_a_whole_share():
    assert fp.Strength(coverage=np.int64(1)) == fp.Strength(coverage=1)


@pytest.mark.parametrize("name", ["coverage", "psnr", "distance", "mse"])
@pytest.mark.parametrize("value", [float("inf"), np.float32("nan"), 10**400, np.longdouble("inf")])
def test_amounts_that_no_number_holds(name, value):
    with pytest.raises(ValueError, match=f"{name} must be "):
        fp.Strength(**{name: value})


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: Blur(sigma=10**400), "sigma must be over 0 and up to 1000"),
        (lambda: Blur(cells=10**400), "cells must be over 0 and up to 1000"),
        (lambda: Noise(10**400), "variance must be over 0 and up to 100"),
        (lambda: fp.metrics.psnr(IMAGE, IMAGE, data_range=10**400), "data_range must be positive and finite"),
        (lambda: fp.metrics.SsimOptions(sigma=10**400), "sigma must be positive and finite"),
        (lambda: grow_region(PLACE, 0.1, turn=10**400), "turn must be finite degrees"),
        (lambda: Surrogate().regions([fp.Face(PLACE, turn=10**400)], IMAGE.shape), "turn must be finite degrees"),
        (lambda: Surrogate().regions([fp.Face(PLACE, turn=np.nan)], IMAGE.shape), "turn must be finite degrees"),
        (lambda: Template(IMAGE, FAR, (0, 0, 10, 10)), "landmarks must lie in the picture"),
        (lambda: Template(IMAGE, MARKS, (0, 0, 10**400, 10)), "head must be"),
        (lambda: regions_from_landmarks(fp.Face(PLACE, landmarks=FAR)), "landmarks must be finite and apart"),
        (lambda: find_tracks([], Finds(), scale=10**400), "scale must be over 0"),
    ],
)
def test_whole_numbers_beyond_float64_are_refused_by_name(call, text):
    with pytest.raises(ValueError, match=text):
        call()


HUGE = [2**31, 2**63, 2**64, 10**400, np.uint64(2**64 - 1)]


@pytest.mark.parametrize("value", HUGE)
@pytest.mark.parametrize("name", ["window", "cells"])
def test_windows_that_the_core_cannot_count_are_refused_by_name(name, value):
    for make in (fp.Strength, WindowSize, Mosaic):
        with pytest.raises(ValueError, match=f"^{name} must be at most 2147483647, got "):
            make(**{name: value})
    with pytest.raises(ValueError, match=r"^k must be at most 2147483647, got "):
        KSame(value)


@pytest.mark.parametrize("name", ["window", "cells"])
def test_the_largest_windows_there_are(name):
    strength = fp.Strength(**{name: 2**31 - 1})
    key = fp.Key.generate()
    for region in (PLACE, fp.Region(0, 0, 2**31 - 1, 2**31 - 1)):
        hidden, record = fp.perturb(IMAGE, [region], key, strength)
        assert np.array_equal(fp.restore(hidden, record, key), IMAGE)
        assert fp.view(IMAGE, [region], strength).shape == IMAGE.shape
        assert fp.forecast(IMAGE, [region], strength).in_frame.mse == 0.0


@pytest.mark.parametrize("value", [*HUGE, -1, -(2**63) - 1])
@pytest.mark.parametrize(
    "call",
    [
        lambda v: fp.perturb(IMAGE, [PLACE], fp.Key.generate(), fp.Strength(pixels=v)),
        lambda v: fp.forecast(IMAGE, [PLACE], fp.Strength(pixels=v)),
        lambda v: fp.perturb(IMAGE, [PLACE], fp.Key.generate(), threads=v),
        lambda v: fp.metrics.mse(IMAGE, IMAGE, threads=v),
        lambda v: fp.metrics.SsimOptions(size=v),
        lambda v: fp.view(IMAGE, [(0, 0, v, v)]),
        lambda v: fp.metrics.ssim(IMAGE, IMAGE, region=(0, 0, 8, v)),
    ],
)
def test_no_whole_number_reaches_the_core_that_it_cannot_hold(call, value):
    with pytest.raises(ValueError, match=" must "):
        call(value)


def test_a_turn_cannot_be_told_from_landmarks_beyond_float64():
    face = fp.Face(PLACE, landmarks=FAR)
    assert Surrogate().regions([face], IMAGE.shape) == Surrogate().regions([fp.Face(PLACE)], IMAGE.shape)


@pytest.mark.parametrize("kind", [int, np.int8, np.uint16, np.int64])
def test_whole_numbers(kind):
    (face,) = fp.locate(IMAGE, Finds(), least=kind(9))
    assert (face.region.width, face.region.height) == (9, 9)
    assert repr(KSame(kind(2))) == repr(KSame(2))
    assert repr(Autoencoder(kind(32), epochs=kind(3))) == repr(Autoencoder(32))
    assert repr(Union({"a": Finds()}, agree=kind(1))).endswith("agree=1)")
    assert coarse_detector(Finds(), kind(4)).detect(IMAGE)
    if kind not in (np.int8,):
        assert "max_side=512," in repr(Panorama(Finds(), max_side=kind(512)))


@pytest.mark.parametrize("bad", [2.5, 2.0, True, "2", None, np.True_, np.float32(2)])
@pytest.mark.parametrize(
    "make",
    [
        KSame,
        Autoencoder,
        lambda bad: Autoencoder(epochs=bad),
        lambda bad: fp.locate(IMAGE, Finds(), least=bad),
        lambda bad: Union({"a": Finds()}, agree=bad),
        lambda bad: Panorama(Finds(), max_side=bad),
        lambda bad: coarse_detector(Finds(), bad),
    ],
)
def test_what_is_no_whole_number(make, bad):
    with pytest.raises((TypeError, ValueError), match=r"^(k|code|epochs|least|agree|max_side|pixels) must be "):
        make(bad)


@pytest.mark.parametrize("grow", [1e308, 1e30, 10**400, 10**30, (0, 1e308, 0, 0)])
@pytest.mark.parametrize("turn", [0.0, 90.0, 30.0])
def test_margins_larger_than_any_picture(grow, turn):
    with pytest.raises(ValueError, match="grow must be up to 2147483647 on every side"):
        grow_region(fp.Region(40, 30, 20, 30), grow, turn=turn)
    with pytest.raises(ValueError, match="grow must be up to 2147483647 on every side"):
        fp.locate(IMAGE, Finds(), grow=grow)


@pytest.mark.parametrize("turn", [0.0, 90.0, 30.0])
def test_margins_that_make_no_region(turn):
    with pytest.raises(ValueError, match="must be within"):
        grow_region(fp.Region(40, 30, 2000, 3000), 2**31 - 1, turn=turn)
