"""``locate``: images of every kind, other people's detectors, thresholds, margins, order, and what must be refused."""

import subprocess
import sys
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from photographs import astronaut

import fastperturb as fp
from fastperturb.faces import HEAD, Detector, YuNet, locate


@dataclass
class Fixed:
    """A detector that always gives the same."""

    found: object
    seen: list = field(default_factory=list)

    def detect(self, image):
        self.seen.append(image)
        return self.found


@pytest.fixture(scope="module")
def photograph():
    return astronaut().read()


@pytest.fixture(scope="module")
def face(photograph):
    (face,) = locate(photograph)
    return face


def overlap(one, other):
    """Intersection over union of two regions."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(0, width) * max(0, height)
    return shared / (one.width * one.height + other.width * other.height - shared)


def test_the_astronaut(face):
    assert face.score > 0.9
    assert overlap(face.region, fp.Region(181, 70, 87, 109)) > 0.75  # by eye: from the hair to the chin
    by_eye = ((203, 101), (246, 103), (228, 126), (205, 141), (243, 141))
    assert np.array(face.landmarks) == pytest.approx(np.array(by_eye, float), abs=9)
    assert face.region.shape == "box"


def test_colours_are_taken_as_rgb(photograph, face):
    """OpenCV's networks read BGR; the package's images are RGB."""
    net = YuNet()._net()
    net.setInputSize((512, 512))
    _, (row,) = net.detect(cv2.cvtColor(photograph, cv2.COLOR_RGB2BGR))
    assert np.array(face.landmarks).ravel() == pytest.approx(row[4:14], abs=1e-3)
    assert face.score == pytest.approx(row[14], abs=1e-5)
    _, (other,) = net.detect(photograph)
    assert face.score != pytest.approx(other[14], abs=1e-5)


@pytest.mark.parametrize(
    "change",
    {
        "alpha": lambda a: np.dstack([a, np.zeros(a.shape[:2], np.uint8)]),
        "uint16": lambda a: a.astype(np.uint16) * 257,
        "12 bits in uint16": lambda a: a.astype(np.uint16) << 4,
        "float32": lambda a: (a / 255).astype(np.float32),
        "float32, overshooting": lambda a: np.where(a == 255, 1.003, a / 255).astype(np.float32),
        "Fortran order": np.asfortranarray,
        "padded rows": lambda a: np.pad(a, ((0, 0), (0, 9), (0, 0)))[:, :512],
        "negative strides": lambda a: np.ascontiguousarray(a[::-1, ::-1])[::-1, ::-1],
        "planes": lambda a: np.ascontiguousarray(a.transpose(2, 0, 1)).transpose(1, 2, 0),
    }.items(),
    ids=lambda change: change[0],
)
def test_the_same_face_in_any_form(photograph, face, change):
    image = change[1](photograph)
    image.flags.writeable = False
    (found,) = locate(image)
    assert found == face


@pytest.mark.parametrize("channels", [(), (1,), (2,)])
def test_grey(photograph, face, channels):
    grey = cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY)
    image = np.zeros((512, 512, *channels), np.uint8)
    image[(..., 0) if channels else ...] = grey
    (found,) = locate(image)
    assert overlap(found.region, face.region) > 0.9


def test_where_it_is_in_a_large_image(photograph, face):
    image = np.full((2000, 3000, 3), 90, np.uint8)
    image[900:1412, 2100:2612] = photograph
    (found,) = locate(image)
    moved = fp.Region(face.region.x + 2100, face.region.y + 900, face.region.width, face.region.height)
    assert overlap(found.region, moved) > 0.85
    assert np.array(found.landmarks) - (2100, 900) == pytest.approx(np.array(face.landmarks), abs=8)


@pytest.mark.parametrize("side", [25, 40, 100, 257, 301, 400, 512, 513, 800, 1600, 3200])
def test_a_face_that_fills_the_frame(photograph, side):
    crop = np.ascontiguousarray(photograph[60:200, 155:295])
    image = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA if side < 140 else cv2.INTER_LINEAR)
    (found,) = locate(image, YuNet())
    scale = side / 140
    expected = fp.Region(*(round(v * scale) for v in (26, 10, 87, 109)))
    assert overlap(found.region, expected) > 0.7


def test_a_face_across_the_edge_keeps_its_box(photograph, face):
    cut = face.region.x + face.region.width // 5
    (found,) = locate(photograph[:, cut:])
    assert found.region.x < 0
    _, columns = found.region.clipped(512, 512 - cut)
    assert columns.start == 0


@settings(max_examples=40)
@given(
    st.one_of(st.integers(1, 9), st.integers(1, 300)),
    st.one_of(st.integers(1, 9), st.integers(1, 300), st.just(4000)),
    st.integers(0, 9),
    st.booleans(),
)
def test_no_face_in_noise_of_any_size(height, width, seed, turned):
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    assert locate(image.transpose(1, 0, 2) if turned else image, threshold=0.8) == []


@pytest.mark.parametrize("side", [1, 32, 64, 1000])
def test_no_face_in_black(side):
    assert locate(np.zeros((4, side), np.uint8)) == []
    assert locate(np.zeros((side, 5000), np.uint16)) == []


@pytest.mark.parametrize(
    ("image", "error", "text"),
    [
        ([[0]], TypeError, "image must be a NumPy array, got list"),
        (np.zeros((9, 9)), TypeError, "image must be uint8, uint16 or float32 in native byte order, got float64"),
        (np.zeros((9, 9, 5), np.uint8), ValueError, r"channels .*got shape \(9, 9, 5\)"),
        (np.zeros(9, np.uint8), ValueError, r"got \(9,\)"),
        (np.zeros((0, 9), np.uint8), ValueError, r"got shape \(0, 9\)"),
        (np.full((9, 9), np.nan, np.float32), ValueError, "finite, got NaN"),
        (np.full((9, 9), 255, np.float32), ValueError, "float32 image must be within 0 to 1 .*, got 255 to 255"),
        (np.full((9, 9), -1, np.float32), ValueError, "got -1 to -1"),
    ],
)
def test_images_that_are_refused(image, error, text):
    for call in (locate, YuNet().detect):
        with pytest.raises(error, match=text):
            call(image)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"threshold": 1.5}, ValueError, "threshold must be 0 to 1, got 1.5"),
        ({"threshold": "high"}, ValueError, "threshold must be 0 to 1, got 'high'"),
        ({"grow": -0.1}, ValueError, "grow must be 0 or more on every side, got -0.1"),
        ({"grow": (0, float("nan"), 0, 0)}, ValueError, "grow must be 0 or more"),
        ({"grow": (1, 2)}, TypeError, r"grow must be a number or \(left, top, right, bottom\), got \(1, 2\)"),
        ({"shape": "round"}, ValueError, "shape must be 'box' or 'ellipse', got 'round'"),
        ({"detector": 7}, TypeError, r"detector must have a method detect\(image\), got 7"),
        ({"detector": Fixed(None)}, TypeError, "detect must return a list of Face, got NoneType"),
        ({"detector": Fixed([(1, 2, 3, 4)])}, TypeError, r"Face objects, got \(1, 2, 3, 4\) at 0"),
        ({"detector": Fixed([fp.Face(fp.Region(0, 0, 1, 1), 7)])}, ValueError, "score must be 0 to 1, got 7 at 0"),
        ({"detector": Fixed([fp.Face(fp.Region(0, 0, 1, 1), np.nan)])}, ValueError, "score must be 0 to 1, got nan"),
    ],
)
def test_arguments_that_are_refused(arguments, error, text):
    with pytest.raises(error, match=text):
        locate(np.zeros((9, 9), np.uint8), **arguments)


def test_an_own_detector():
    image = np.zeros((100, 100, 3), np.uint8)
    small, large = fp.Region(1, 2, 3, 4), fp.Region(1, 2, 30, 40, "ellipse")
    given = [fp.Face(small, 0.5), fp.Face(large, 0.5, ((1.0, 2.0),)), fp.Face(small, np.float32(0.75))]
    outside = [fp.Face(fp.Region(100, 0, 9, 9)), fp.Face(fp.Region(0, -9, 9, 9)), fp.Face(fp.Region(-9, 100, 9, 9))]
    detector = Fixed(given + outside)
    assert isinstance(detector, Detector)
    assert isinstance(YuNet(), Detector)
    assert locate(image, detector) == [given[2], given[1], given[0]]
    assert detector.seen[0] is image
    assert locate(image, detector, threshold=0.6) == [given[2]]
    assert [found.region.shape for found in locate(image, detector, shape="ellipse")] == ["ellipse"] * 3
    assert locate(image, Fixed(())) == []


def test_threshold_of_the_default(photograph):
    assert len(locate(photograph, threshold=0.05)) > 1
    assert locate(photograph, threshold=0.99) == []


def test_grow(photograph, face):
    box = face.region
    (head,) = locate(photograph, grow=HEAD, shape="ellipse")
    assert head.landmarks == face.landmarks
    assert head.region.shape == "ellipse"
    assert head.region.y <= box.y - 0.45 * box.height < head.region.y + 1
    assert head.region.x + head.region.width >= box.x + 1.3 * box.width


def test_to_perturb_and_back(photograph, key):
    faces = locate(photograph)
    hidden, record = fp.perturb(photograph, faces, key)
    rows, columns = faces[0].region.clipped(512, 512)
    outside = np.ones((512, 512), bool)
    outside[rows, columns] = False
    assert (hidden[outside] == photograph[outside]).all()
    assert (hidden[rows, columns] != photograph[rows, columns]).any(axis=2).mean() > 0.9
    assert (fp.restore(hidden, record, key) == photograph).all()


def test_opencv_waits_for_its_first_use():
    code = "import sys, fastperturb, fastperturb.faces as f; f.YuNet(); assert 'cv2' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_opencv_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(fp.errors.MissingExtra, match=r"cv2 cannot be imported .*pip install opencv-python-headless"):
        locate(np.zeros((99, 99), np.uint8))
