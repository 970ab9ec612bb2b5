"""The YOLO family on small models that see red squares: each layout decoded to known boxes; models that do not fit."""

import pickle
import sys

import numpy as np
import onnx_models as models
import pytest

import fastperturb as fp
from fastperturb.faces import Yolo
from fastperturb.faces.yolo import letterbox

RED, GREY = (255, 0, 0), (90, 90, 90)


def scene(height, width, *squares):
    """Grey, with red squares (x, y, side)."""
    image = np.full((height, width, 3), GREY, np.uint8)
    for x, y, side in squares:
        image[y : y + side, x : x + side] = RED
    return image


def near(region, box):
    """Whether the edges are within a pixel: regions are rounded outwards."""
    x, y, width, height = box
    edges = (region.x, x), (region.y, y), (region.x + region.width, x + width), (region.y + region.height, y + height)
    return all(abs(one - other) <= 1 for one, other in edges)


@pytest.mark.parametrize("form", ["planar", "last", "five"])
@pytest.mark.parametrize("last", [False, True])
def test_v3(tmp_path, form, last):
    """Anchors in the middle of each three: (16, 30), (62, 45), (156, 198); the box is 1.5 wide, 2 high."""
    detector = Yolo(models.yolo_v3(tmp_path / "m.onnx", form=form, last=last), classes=1)
    assert detector.layout == "v3"
    (face,) = detector.detect(scene(128, 128, (48, 32, 8)))  # one cell of stride 8: centre at 50, 38
    assert near(face.region, (50 - 12, 38 - 30, 24, 60))
    assert face.score == pytest.approx(1, abs=1e-4)
    found = [face.region for face in detector.detect(scene(128, 128, (64, 64, 32)))]  # seen by cells of all strides
    assert any(near(region, (68 - 46.5, 76 - 45, 93, 90)) for region in found)
    assert any(near(region, (72 - 117, 88 - 198, 234, 396)) for region in found)
    assert detector.detect(scene(128, 128)) == []


def test_v3_with_two_heads_and_own_anchors(tmp_path):
    path = models.yolo_v3(tmp_path / "tiny.onnx", strides=(16, 32), classes=1 + 1)
    anchors = [(4, 4), (8, 10), (6, 6), (20, 20), (30, 40), (50, 50)]
    (face,) = Yolo(path, classes=[1], anchors=anchors).detect(scene(128, 128, (64, 64, 16)))
    assert near(face.region, (64 + 4 - 6, 64 + 12 - 10, 12, 20))
    with pytest.raises(fp.errors.ModelError, match="2 heads must share the anchors equally, of which there are 9"):
        Yolo(path, classes=1)


@pytest.mark.parametrize(("layout", "objectness"), [("v5", 0.9), ("v8", 1.0)])
def test_rows(tmp_path, layout, objectness):
    detector = Yolo(models.yolo_rows(tmp_path / "m.onnx", layout), classes=[1])
    assert (detector.layout, detector.size) == (layout, (128, 160))
    (face,) = detector.detect(scene(128, 160, (40, 64, 8)))
    assert near(face.region, (44 - 8, 68 - 12, 16, 24))
    assert face.score == pytest.approx(objectness, abs=1e-4)
    assert face.landmarks == ()
    assert len(detector.detect(scene(128, 160, (40, 64, 8), (96, 16, 8)))) == 2


@pytest.mark.parametrize("layout", ["v5", "v8"])
def test_letterboxed_there_and_back(tmp_path, layout):
    """A wide and a tall image: bars above and below, or at the sides, and boxes in the image's own pixels."""
    detector = Yolo(models.yolo_rows(tmp_path / "m.onnx", layout), classes=1)
    (face,) = detector.detect(scene(160, 320, (160, 64, 16)))  # halved; 24 rows of bar above
    assert near(face.region, ((84 - 8) * 2, (60 - 12 - 24) * 2, 32, 48))
    (face,) = detector.detect(scene(256, 128, (64, 64, 16)))  # halved; 48 columns of bar on the left
    assert near(face.region, ((84 - 8 - 48) * 2, (36 - 12) * 2, 32, 48))
    frame, scale, left, top = letterbox(scene(256, 128), (128, 160))
    assert frame.shape == (128, 160, 3)
    assert (left, top, *scale) == (48, 0, 0.5, 0.5)
    assert (frame[:, :48] == 114).all()
    assert (frame[:, 48:112] == 90).all()


@pytest.mark.parametrize("layout", ["v5", "v8"])
def test_landmarks(tmp_path, layout):
    detector = Yolo(models.yolo_rows(tmp_path / "m.onnx", layout, classes=2, points=5), classes=1)
    (face,) = detector.detect(scene(256, 320, (80, 128, 16)))
    expected = [(2 * (44 + k), 2 * (68 + 2 * k)) for k in range(5)]
    assert np.array(face.landmarks) == pytest.approx(np.array(expected), abs=1e-3)


@pytest.mark.parametrize("kind", ["FLOAT16", "UINT8"])
def test_inputs_of_other_types(tmp_path, kind):
    path = models.yolo_rows(tmp_path / "m.onnx", "v8", kind=getattr(models.TensorProto, kind))
    (face,) = Yolo(path, classes=1).detect(scene(128, 160, (40, 64, 8)))
    assert near(face.region, (36, 56, 16, 24))


def test_classes(tmp_path):
    path = models.yolo_rows(tmp_path / "m.onnx", "v8", metadata={"names": "{0: 'cat', 1: 'Face_big', 2: 'dog'}"})
    assert Yolo(path).classes == [1]
    assert Yolo(path, classes="Face_big").classes == [1]
    assert Yolo(path, classes=[0, "dog"]).classes == [0, 2]
    assert Yolo(path, classes="cat").detect(scene(128, 160, (40, 64, 8))) == []
    for wrong in (3, -1, "bird", [], [0, 1.5]):
        with pytest.raises(ValueError, match="classes must be 0 to 2, cat, Face_big, dog, got"):
            Yolo(path, classes=wrong)
    with pytest.raises(fp.errors.ModelError, match=r"the model has 3 classes; classes= must say which are faces"):
        Yolo(models.yolo_rows(tmp_path / "n.onnx", "v8"))
    assert Yolo(models.yolo_rows(tmp_path / "two.onnx", "v8", classes=2), classes=0).classes == [0]


def test_overlapping_boxes_are_one_face_and_neighbours_are_not(tmp_path):
    detector = Yolo(models.yolo_rows(tmp_path / "m.onnx", "v8"), classes=1)
    both = detector.detect(scene(128, 160, (40, 72, 8), (40, 80, 8)))  # boxes 16 x 24, 8 apart: IoU 0.5
    assert len(both) == 1
    assert len(detector.detect(scene(128, 160, (40, 64, 8), (56, 64, 8)))) == 2


def test_pickled(tmp_path):
    detector = Yolo(models.yolo_rows(tmp_path / "m.onnx", "v8"), classes=1)
    image = scene(128, 160, (40, 64, 8))
    copy = pickle.loads(pickle.dumps(detector))  # noqa: S301
    assert copy.detect(image) == detector.detect(image) != []
    assert repr(copy) == repr(detector)


def array(*shape):
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize(
    ("outputs", "settings", "text"),
    [
        ([array(1, 84)], {}, r"outputs must be 2 or 3 heads .*\(1, 4 \+ classes, rows\).*got outputs \(1, 84\)"),
        (
            [array(1, 300, 6)],
            {"classes": 0},
            r"for an image of 64 x 64 there must be .* rows .*got outputs \(1, 300, 6\)",
        ),
        ([array(1, 84, 6), array(1, 84, 6)], {}, "outputs must be 2 or 3 heads"),
        ([array(1, 84, 6)], {"layout": "v3"}, r"1, 84, 6"),
        ([array(1, 21, 8, 8), array(1, 21, 4, 4), array(1, 21, 3, 3)], {}, "rows x columns one of 8 x 8, 4 x 4, 2 x 2"),
        (
            [array(1, 20, 8, 8), array(1, 20, 4, 4), array(1, 20, 2, 2)],
            {},
            r"\(1, 3 \* \(5 \+ classes\), rows, columns",
        ),
        ([array(1, 21, 8, 8), array(1, 24, 4, 4), array(1, 21, 2, 2)], {}, "all heads must have the same number of c"),
        ([array(1, 84, 5)], {"layout": "v5"}, "there must be at least one class"),
        ([array(1, 6, 84) + 7], {}, "scores must be 0 to 1, got 7 to 7"),
        ([array(2, 6, 84)], {}, "there must be"),
    ],
)
def test_outputs_that_do_not_fit(tmp_path, outputs, settings, text):
    path = models.constant(tmp_path / "m.onnx", outputs)
    with pytest.raises(fp.errors.ModelError, match=text):
        Yolo(path, **settings)


def test_files_and_inputs_that_do_not_fit(tmp_path):
    path = tmp_path / "m.onnx"
    with pytest.raises(fp.errors.ModelError, match=r"m\.onnx: the model cannot be read: No such file"):
        Yolo(path)
    path.write_bytes(b"")
    with pytest.raises(fp.errors.ModelError, match="the model is an empty file"):
        Yolo(path)
    path.write_bytes(b"GIF89a" * 50)
    with pytest.raises(fp.errors.ModelError, match=r"not an ONNX model that ONNX Runtime .* can run"):
        Yolo(path)
    with pytest.raises(fp.errors.ModelError, match=r"(?i)not an ONNX model that ONNX Runtime .* can run: .*opset"):
        Yolo(models.constant(path, [array(1, 6, 84)], opset=999))
    with pytest.raises(
        fp.errors.ModelError, match=r"must have one input, an image, got images \(1, 3, 64, 64\), images1"
    ):
        Yolo(models.constant(path, [array(1, 6, 84)], inputs=2))
    with pytest.raises(fp.errors.ModelError, match=r"the model takes images of 64 x 64, size is \(96, 96\)"):
        Yolo(models.constant(path, [array(1, 6, 84)]), size=(96, 96))
    with pytest.raises(fp.errors.ModelError, match=r"kpt_shape must be 2 whole numbers, got 'five'"):
        Yolo(models.constant(path, [array(1, 6, 84)], metadata={"kpt_shape": "five"}))


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"layout": "v4"}, "layout must be 'v3', 'v5' or 'v8', got 'v4'"),
        ({"threshold": 2}, "threshold must be 0 to 1, got 2"),
        ({"size": (100, 128)}, r"size must be \(height, width\), multiples of 32, got \(100, 128\)"),
    ],
)
def test_arguments_that_are_refused(tmp_path, settings, text):
    with pytest.raises(ValueError, match=text):
        Yolo(models.constant(tmp_path / "m.onnx", [array(1, 6, 84)]), **settings)


def test_onnxruntime_missing(tmp_path, monkeypatch):
    path = models.constant(tmp_path / "m.onnx", [array(1, 6, 84)])
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(fp.errors.MissingExtra, match=r"onnxruntime cannot be imported .*'fastperturb\[onnx\]'"):
        Yolo(path)
