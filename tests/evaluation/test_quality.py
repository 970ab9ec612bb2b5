"""PSNR and SSIM by place, FaceQnet's adapter on small graphs of its form, and the stand-in."""

import math
import pickle

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_models import save

import fastperturb as fp
from fastperturb.evaluation.quality import FaceQnet, FaceQuality, StandInFaceQuality, measure_quality
from fastperturb.protections import parse_protection


def test_frame_and_face():
    clear = np.random.default_rng(0).integers(0, 256, (60, 70, 3), np.uint8)
    face = fp.Face(fp.Region(10, 10, 30, 30))
    hidden = parse_protection("black").protect(clear, [face], seed=1)
    found = measure_quality(clear, hidden, [face.region])
    part = clear[10:40, 10:40].astype(float)
    assert math.isclose(found.psnr_face, 10 * math.log10(255**2 / (part**2).mean()))
    assert math.isclose(found.psnr, found.psnr_face + 10 * math.log10(60 * 70 / 900))
    assert found.ssim == fp.ssim(clear, hidden)
    assert found.ssim_face == fp.ssim(clear, hidden, region=face.region) < found.ssim
    scaled = measure_quality((clear / 255).astype(np.float32), (hidden / 255).astype(np.float32), [face.region])
    assert abs(scaled.psnr - found.psnr) < 1e-4


def test_places_that_cannot_be_measured():
    clear = np.zeros((8, 9), np.uint8)
    found = measure_quality(clear, clear, [fp.Region(100, 100, 5, 5)])
    assert found.psnr == math.inf
    assert all(math.isnan(value) for value in (found.ssim, found.psnr_face, found.ssim_face))
    border = measure_quality(*[np.zeros((40, 40), np.uint8)] * 2, [fp.Region(0, 0, 3, 3)])
    assert border.ssim == 1.0
    assert math.isnan(border.ssim_face)


def first_channel_model(path, *, last=True, size=224, outputs=1):
    """The mean of the first channel, over 255."""
    shape = [1, size, size, 3] if last else [1, 3, size, size]
    constants = [
        ("starts", np.array([0])),
        ("ends", np.array([1])),
        ("axes", np.array([3 if last else 1])),
        ("scale", np.array(1 / 255, np.float32)),
    ]
    nodes = [
        helper.make_node("Slice", ["images", "starts", "ends", "axes"], ["channel"]),
        helper.make_node("ReduceMean", ["channel"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "scale"], ["quality"]),
        helper.make_node("Concat", ["quality"] * outputs, ["several"], axis=0),
    ]
    return save(
        path,
        nodes,
        [("images", TensorProto.FLOAT, shape)],
        [("several", TensorProto.FLOAT, [outputs])],
        constants,
    )


@pytest.mark.parametrize("last", [True, False])
def test_faceqnet_sees_the_face_blue_first(tmp_path, last):
    judge = FaceQnet(first_channel_model(tmp_path / "quality.onnx", last=last))
    image = np.zeros((80, 60, 3), np.uint8)
    image[10:30, 20:40] = (51, 102, 204)
    face = fp.Face(fp.Region(20, 10, 20, 20))
    assert isinstance(judge, FaceQuality)
    assert judge.name == "FaceQnet (quality.onnx)"
    assert abs(judge.score(image, face) - 0.8) < 1e-5
    assert abs(judge.score((image / 255).astype(np.float32), face) - 0.8) < 1e-5
    assert abs(judge.score(image[..., 0], face) - 0.2) < 1e-5
    assert judge.score(image, fp.Face(fp.Region(500, 0, 5, 5))) == 0.0
    assert abs(pickle.loads(pickle.dumps(judge)).score(image, face) - 0.8) < 1e-5  # noqa: S301
    assert abs(FaceQnet(tmp_path / "quality.onnx", "rgb").score(image, face) - 0.2) < 1e-5


def test_models_of_another_form(tmp_path):
    with pytest.raises(fp.errors.ModelError, match=r"takes \(1, 224, 224, 3\) or .*got \(1, 112, 112, 3\)"):
        FaceQnet(first_channel_model(tmp_path / "small.onnx", size=112))
    with pytest.raises(fp.errors.ModelError, match=r"gives one number, got \(2,\)"):
        FaceQnet(first_channel_model(tmp_path / "two.onnx", outputs=2))
    with pytest.raises(ValueError, match="channels must be 'bgr' or 'rgb', got 'grb'"):
        FaceQnet(tmp_path / "two.onnx", "grb")


def test_the_stand_in_says_so_and_orders(astronaut):
    judge = StandInFaceQuality()
    assert judge.name.startswith("stand-in")
    (face,) = fp.locate(astronaut)
    scores = [
        judge.score(parse_protection(text).protect(astronaut, [face], seed=1), face)
        for text in ("clear", "permutation:cells=6", "black")
    ]
    assert scores[0] > 0.8
    assert scores[0] > scores[1] >= scores[2]
    assert scores[2] < 0.3
    elsewhere = fp.Face(fp.Region(face.region.x + 2 * face.region.width, face.region.y, 60, 60))
    assert judge.score(astronaut, elsewhere) == 0.0
    assert judge.score(astronaut, fp.Face(fp.Region(-50, -50, 5, 5))) == 0.0
