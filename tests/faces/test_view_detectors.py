"""Reading through the view: every detector's answer on a perturbed image is its answer on the original, bit for bit."""

import pickle

import cv2
import numpy as np
import onnx_models as models
import pytest
from photographs import astronaut
from test_faces_detectors import REAL

import fastperturb as fp
from fastperturb.faces import FasterRcnn, Yolo, YuNet, make_detector

FACE = fp.Region(181, 70, 87, 109)
STRENGTHS = [fp.Strength(), fp.Strength(window=7), fp.Strength(window=12, pixels=900), fp.Strength(cells=12)]
FORMS = {
    "uint8": lambda image: image,
    "uint16": lambda image: image.astype(np.uint16) * 257,
    "float32": lambda image: (image / 255).astype(np.float32),
    "grey": lambda image: cv2.cvtColor(image, cv2.COLOR_RGB2GRAY),
}


@pytest.fixture(scope="module")
def photograph():
    return np.ascontiguousarray(astronaut().read()[:260, 100:360])


@pytest.fixture(scope="module")
def regions():
    """The face, an ellipse across it, and one that reaches out of the image."""
    face = fp.Region(FACE.x - 100, FACE.y, FACE.width, FACE.height)
    return [face, fp.Region(face.x + 40, face.y + 60, 90, 70, "ellipse"), fp.Region(-20, 200, 60, 90)]


@pytest.mark.parametrize("name", ["yunet", *REAL])
@pytest.mark.parametrize("form", FORMS)
def test_the_answer_is_the_same_before_and_after(photograph, regions, key, name, form):
    image = FORMS[form](photograph)
    detector = make_detector(name)
    for strength in STRENGTHS[:1] if "mmod" in name else STRENGTHS:
        hidden, record = fp.perturb(image, regions, key, strength)
        assert not np.array_equal(hidden, image)
        for reader in (fp.faces.view_detector(detector, record), fp.faces.view_detector(detector, regions, strength)):
            assert reader.detect(hidden) == reader.detect(image)
    hidden, record = fp.perturb(image, regions[0], key, fp.Strength(cells=20))
    assert len(fp.faces.view_detector(detector, record).detect(hidden)) >= 1  # equal, and not for want of any


@pytest.mark.parametrize("make", ["v3", "v5", "v8", "faster-rcnn"])
def test_and_for_own_models(tmp_path, key, make):
    image = np.full((128, 160, 3), 90, np.uint8)
    image[40:80, 48:88] = (240, 0, 0)
    image += np.random.default_rng(0).integers(0, 9, image.shape, np.uint8)
    if make == "faster-rcnn":
        path = models.faster_rcnn(tmp_path / "m.onnx", [(0.1, 0.2, 0.5, 0.8)], [1], [1.0], gain=3)
        detector = FasterRcnn(path, classes=1, threshold=0.01)
    elif make == "v3":
        detector = Yolo(models.yolo_v3(tmp_path / "m.onnx"), classes=1)
    else:
        detector = Yolo(models.yolo_rows(tmp_path / "m.onnx", make), classes=1)
    hidden, record = fp.perturb(image, (30, 20, 80, 90), key, fp.Strength(window=9))
    reader = fp.faces.view_detector(detector, record)
    assert reader.detect(hidden) == reader.detect(image) != []


@pytest.mark.parametrize("interpolation", ["mosaic", "linear", "cubic", "lanczos"])
def test_what_the_detector_is_shown(photograph, regions, key, interpolation):
    class Spy:
        def detect(self, image):
            self.seen = image
            return []

    spy = Spy()
    hidden, record = fp.perturb(photograph, regions, key)
    fp.faces.view_detector(spy, record, interpolation=interpolation).detect(hidden)
    assert np.array_equal(spy.seen, fp.view(hidden, record, interpolation=interpolation, border="replicate"))
    fp.faces.view_detector(spy, record, interpolation=interpolation, border="hold").detect(hidden)
    assert np.array_equal(spy.seen, fp.view(hidden, record, interpolation=interpolation))
    bright = np.where(photograph > 128, 1, 0).astype(np.float32)  # the curve between such means swings beyond 0 and 1
    fp.faces.view_detector(spy, regions, interpolation=interpolation).detect(bright)
    assert spy.seen.min() >= 0
    assert spy.seen.max() <= 1


def test_the_view_finds_what_the_perturbation_hides(photograph, regions, key):
    hidden, record = fp.perturb(photograph, regions[0], key, fp.Strength(window=16), reproducible=True)
    assert fp.locate(hidden, YuNet(threshold=0.8)) == []
    (face,) = fp.locate(hidden, fp.faces.view_detector(YuNet(), record))
    assert face.region.x == pytest.approx(regions[0].x, abs=15)


def test_a_reduced_copy(photograph, regions, key):
    hidden, _ = fp.perturb(photograph, regions[0], key, fp.Strength(window=8))
    (face,) = fp.faces.coarse_detector(YuNet(), 8).detect(hidden)
    assert face.region.x == pytest.approx(regions[0].x, abs=15)
    grey = np.ascontiguousarray(photograph[..., :1])
    assert len(fp.faces.coarse_detector(YuNet(), 3).detect(grey)) == 1
    assert len(fp.faces.coarse_detector(YuNet(), 1).detect((photograph / 255).astype(np.float32))) == 1


def test_pickled(photograph, regions, key):
    hidden, record = fp.perturb(photograph, regions[0], key)
    for reader in (fp.faces.view_detector(YuNet(), record), fp.faces.coarse_detector(YuNet(), 9)):
        assert isinstance(reader, fp.Detector)
        assert pickle.loads(pickle.dumps(reader)).detect(hidden) == reader.detect(hidden)  # noqa: S301


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: fp.faces.view_detector(7, FACE), TypeError, r"detector must have a method detect\(image\), got 7"),
        (lambda: fp.faces.view_detector(YuNet(), []), fp.NoFaceFound, "where must name at least one region, got none"),
        (lambda: fp.faces.view_detector(YuNet(), [3]), TypeError, r"regions\[0\] must be a Region"),
        (
            lambda: fp.faces.view_detector(YuNet(), FACE, border="mirror"),
            ValueError,
            "border must be hold or replicate, got 'mirror'",
        ),
        (
            lambda: fp.faces.view_detector(YuNet(), FACE, interpolation="best"),
            ValueError,
            "interpolation must be one of",
        ),
        (lambda: fp.faces.coarse_detector(None, 3), TypeError, "detector must have a method"),
        (lambda: fp.faces.coarse_detector(YuNet(), 0), ValueError, "pixels must be a whole number from 1, got 0"),
        (lambda: fp.faces.coarse_detector(YuNet(), 1.5), ValueError, r"pixels must be a whole number from 1, got 1\.5"),
    ],
)
def test_arguments_that_are_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_another_image_than_the_records(photograph, regions, key):
    _, record = fp.perturb(photograph, regions, key)
    with pytest.raises(ValueError, match=r"the record is of an image of shape \(260, 260, 3\), got shape \(9, 9\)"):
        fp.faces.view_detector(YuNet(), record).detect(np.zeros((9, 9), np.uint8))


class Counting:
    """Finds a face where the contrast is high enough, and remembers what it was shown."""

    def __init__(self, needed):
        self.needed, self.seen = needed, []

    def detect(self, image):
        self.seen.append(image)
        return [fp.Face(FACE, 1.0)] if image.astype(float).std() >= self.needed else []


@pytest.mark.parametrize("form", FORMS)
def test_a_second_look_has_more_contrast_inside_the_regions_only(photograph, regions, key, form):
    image = FORMS[form](photograph)
    hidden, record = fp.perturb(image, regions, key)
    plain = fp.view(image, record, interpolation="lanczos", border="replicate")
    twice = Counting(np.inf)
    assert fp.faces.view_detector(twice, record, second_look=2.0).detect(hidden) == []
    first, second = twice.seen
    assert np.array_equal(first, np.clip(plain, image.min(), image.max()) if form == "float32" else plain)
    rows, columns = regions[0].clipped(*image.shape[:2])
    outside = np.ones(image.shape[:2], bool)
    for region in regions:
        outside[region.clipped(*image.shape[:2])] = False
    assert np.array_equal(first[outside], second[outside])
    ratio = second[rows, columns][:50, :40].astype(float).std() / first[rows, columns][:50, :40].astype(float).std()
    assert 1.5 < ratio <= 2.01  # less than 2 where it reaches black or white
    again = Counting(np.inf)
    fp.faces.view_detector(again, record, second_look=2.0).detect(image)
    assert np.array_equal(again.seen[1], second)


def test_there_is_no_second_look_where_something_is_found(photograph, regions, key):
    hidden, record = fp.perturb(photograph, regions, key)
    sees = Counting(0)
    assert len(fp.faces.view_detector(sees, record, second_look=2.0).detect(hidden)) == 1
    assert len(sees.seen) == 1


@pytest.mark.parametrize("factor", [1.0, 0, -2, True, "2", float("nan"), 101])
def test_second_look_must_raise_the_contrast(factor):
    with pytest.raises(ValueError, match="second_look must be above 1 and at most 100, or None"):
        fp.faces.view_detector(YuNet(), FACE, second_look=factor)
