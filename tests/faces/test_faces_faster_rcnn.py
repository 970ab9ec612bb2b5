"""The Faster R-CNN family on small models whose boxes are shares of the image, and models that do not fit."""

import pickle

import numpy as np
import onnx_models as models
import pytest

import fastperturb as fp
from fastperturb.faces import FasterRcnn

RED = np.full((60, 100, 3), (255, 0, 0), np.uint8)
BOXES = [(0.1, 0.2, 0.5, 0.8), (0.1, 0.2, 0.5, 0.82), (0.6, 0.1, 0.9, 0.4), (0.0, 0.0, 0.3, 0.3)]
LABELS, SCORES = [1, 1, 2, 3], [0.75, 0.9, 0.6, 0.95]


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("size", [(None, None), (96, 128)])
def test_known_boxes(tmp_path, batch, size):
    path = models.faster_rcnn(tmp_path / "m.onnx", BOXES, LABELS, SCORES, batch=batch, size=size)
    found = FasterRcnn(path, classes=[1, 2]).detect(RED)
    assert [face.score for face in found] == pytest.approx([0.9, 0.6], abs=1e-5)  # 0.75 overlaps 0.9; 3 is no face
    first, second = (face.region for face in found)
    assert first == fp.Region(10, 12, 40, 38) or abs(first.height - 38) <= 1
    assert abs(second.x - 60) <= 1
    assert abs(second.y - 6) <= 1
    assert [face.score for face in FasterRcnn(path, classes=3).detect(RED)] == pytest.approx([0.95], abs=1e-5)
    assert FasterRcnn(path, classes=0).detect(RED) == []
    assert len(FasterRcnn(path, classes=[1, 2], threshold=0.7).detect(RED)) == 1


def test_preparations(tmp_path):
    """Torchvision takes red first and 0 to 1; Caffe2 blue first and less its mean, padded to a multiple of 32."""
    path = models.faster_rcnn(tmp_path / "m.onnx", BOXES[:1], [1], [1.0])
    (face,) = FasterRcnn(path, classes=1).detect(RED)
    assert face.score == pytest.approx(1, abs=1e-4)
    blue = np.ascontiguousarray(RED[..., ::-1])
    assert FasterRcnn(path, classes=1, threshold=0).detect(RED) != []
    with pytest.raises(fp.errors.ModelError, match="scores"):
        FasterRcnn(path, classes=1, threshold=0).detect(blue)  # red - blue is -1 here: no score
    # 96 x 160 is a multiple of 32: no padding. Blue - red is (255 - 103) - (0 - 122.8) in Caffe's order.
    path = models.faster_rcnn(tmp_path / "c.onnx", BOXES[:1], [1], [1.0], gain=0.5 / 274.79)
    big = np.full((96, 160, 3), (0, 0, 255), np.uint8)
    (face,) = FasterRcnn(path, classes=1, preparation="caffe2", side=96, threshold=0.1).detect(big)
    assert face.score == pytest.approx(0.5, abs=1e-3)
    assert face.region == fp.Region(16, 19, 64, 58)


def test_sizes(tmp_path):
    detector = FasterRcnn(models.faster_rcnn(tmp_path / "m.onnx", BOXES[:1], [1], [1.0]), classes=1)
    assert detector._size(600, 1000) == (800, 1333)
    assert detector._size(100, 100) == (800, 800)
    assert detector._size(100, 1000) == (133, 1333)


def test_pickled(tmp_path):
    detector = FasterRcnn(models.faster_rcnn(tmp_path / "m.onnx", BOXES, LABELS, SCORES), classes=[1])
    copy = pickle.loads(pickle.dumps(detector))  # noqa: S301
    assert copy.detect(RED) == detector.detect(RED) != []
    assert repr(copy) == repr(detector)


@pytest.mark.parametrize(
    ("outputs", "text"),
    [
        (
            [np.zeros((3, 4), np.float32)],
            r"must give boxes \(n, 4\), float, labels \(n\).*got o0 tensor\(float\) \(3, 4\)",
        ),
        ([np.zeros((3, 5), np.float32), np.zeros(3, np.int64), np.zeros(3, np.float32)], r"got o0 .*\(3, 5\)"),
        ([np.zeros((3, 4), np.float32), np.zeros(3, np.float32), np.zeros(3, np.float32)], "labels .* whole numbers"),
    ],
)
def test_outputs_that_do_not_fit(tmp_path, outputs, text):
    with pytest.raises(fp.errors.ModelError, match=text):
        FasterRcnn(models.constant(tmp_path / "m.onnx", outputs), classes=1)


def test_counts_that_differ(tmp_path):
    outputs = [np.zeros((3, 4), np.float32), np.zeros(2, np.int64), np.zeros(3, np.float32)]
    detector = FasterRcnn(models.constant(tmp_path / "m.onnx", outputs), classes=1)
    with pytest.raises(fp.errors.ModelError, match=r"must give boxes \(n, 4\), .* got \(3, 4\), \(2,\) and \(3,\)"):
        detector.detect(RED)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"classes": []}, r"classes must be whole numbers from 0, at least one, got \[\]"),
        ({"classes": [-1]}, r"classes must be whole numbers from 0.*got \[-1\]"),
        ({"classes": 1, "preparation": "caffe"}, "preparation must be 'unit' or 'caffe2', got 'caffe'"),
        ({"classes": 1, "side": 10}, "side must be 32 to 1333, got 10"),
    ],
)
def test_arguments_that_are_refused(tmp_path, settings, text):
    with pytest.raises(ValueError, match=text):
        FasterRcnn(models.faster_rcnn(tmp_path / "m.onnx", BOXES, LABELS, SCORES), **settings)
