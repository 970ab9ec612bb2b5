"""SCRFD's output form, on small models that see red."""

import pickle

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

import onnx_models as models

import fastperturb as fp
from fastperturb import Region
from fastperturb.faces import Scrfd, Union, make_detector


def red_cell(shape, x, y, side):
    image = np.full((*shape, 3), 90, np.uint8)
    image[y : y + side, x : x + side] = (255, 0, 0)
    return image


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("anchors", [1, 2])
@pytest.mark.parametrize("points", [False, True])
def test_boxes_and_landmarks(tmp_path, batch, anchors, points):
    path = models.scrfd(tmp_path / "m.onnx", anchors=anchors, points=points, batch=batch)
    (face,) = Scrfd(path).detect(red_cell((100, 150), 48, 32, 8))
    assert face.region == Region(40, 16, 32, 48)
    assert face.score > 0.99
    assert face.landmarks == (tuple((48.0 + 8 * k, 32.0 + 16 * k) for k in range(5)) if points else ())


@pytest.mark.parametrize("stride", [8, 16, 32])
def test_every_stride_and_any_order(tmp_path, stride):
    image = red_cell((96, 160), 64, 32, stride)
    for reverse in (False, True):
        path = models.scrfd(tmp_path / f"{reverse}.onnx", reverse=reverse, strides=models.STRIDES)
        regions = {face.region for face in Scrfd(path).detect(image)}
        assert Region(64 - stride, 32 - 2 * stride, 4 * stride, 6 * stride) in regions


def test_a_fixed_input_and_reduced_images(tmp_path):
    fixed = Scrfd(models.scrfd(tmp_path / "fixed.onnx", size=(64, 96)))
    (face,) = fixed.detect(red_cell((128, 192), 32, 64, 16))  # halved: 16, 32
    assert face.region == Region(16, 32, 64, 96)
    (face,) = fixed.detect(red_cell((32, 96), 16, 16, 8))
    assert face.region == Region(8, 0, 32, 48)
    free = Scrfd(models.scrfd(tmp_path / "free.onnx"), max_pixels=64 * 96)
    (face,) = free.detect(red_cell((128, 192), 32, 64, 16))
    assert face.region == Region(16, 32, 64, 96)


def test_by_name_in_unions_and_pickled(tmp_path):
    path = models.scrfd(tmp_path / "m.onnx")
    image = red_cell((100, 150), 48, 32, 8)
    detector = make_detector(f"scrfd={path}?threshold=0.7")
    assert isinstance(detector, Scrfd)
    assert detector.threshold == 0.7
    assert pickle.loads(pickle.dumps(detector)).detect(image) == detector.detect(image)  # noqa: S301
    both = make_detector(f"yunet+scrfd={path}")
    assert isinstance(both, Union)
    assert both.detect(image)[0].found_by == ("scrfd",)
    assert Scrfd(path, threshold=1).detect(np.full((64, 64, 3), 90, np.uint8)) == []


def test_models_that_do_not_fit(tmp_path):
    with pytest.raises(fp.errors.ModelError, match=r"scores must be 0 to 1, got .* to 3"):
        Scrfd(models.scrfd(tmp_path / "loud.onnx", gain=3.0)).detect(red_cell((100, 150), 48, 32, 8))
    for strides in ((8, 16), (8, 16, 64)):
        path = models.scrfd(tmp_path / "strides.onnx", strides=strides)
        with pytest.raises(fp.errors.ModelError, match=r"an SCRFD model must give scores \(rows, 1\)"):
            Scrfd(path)
    with pytest.raises(fp.errors.ModelError, match="an SCRFD model must give"):
        Scrfd(models.yolo_rows(tmp_path / "yolo.onnx", "v8"))
    with pytest.raises(fp.errors.ModelError, match="the model cannot be read"):
        Scrfd(tmp_path / "none.onnx")
    with pytest.raises(ValueError, match="threshold must be 0 to 1, got 2"):
        Scrfd(models.scrfd(tmp_path / "m.onnx"), threshold=2)
