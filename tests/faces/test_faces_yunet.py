"""YuNet: threads, forks, pickles, other people's models, and OpenCV's global state left alone."""

import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import photographs
import pytest
from photographs import astronaut

import fastperturb as fp
from fastperturb.faces import YuNet
from fastperturb.faces.yunet import WEIGHTS


@pytest.fixture(scope="module")
def photograph():
    return astronaut().read()


@pytest.fixture(scope="module")
def weights():
    return resources.files("fastperturb.faces").joinpath(WEIGHTS).read_bytes()


def test_many_threads_find_the_same(photograph):
    detector = YuNet()
    images = [np.ascontiguousarray(photograph[: 512 - 7 * i, : 512 - 11 * i]) for i in range(6)] * 4
    expected = [YuNet().detect(image) for image in images[:6]] * 4
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(detector.detect, images)) == expected
    assert any(expected)


def test_the_same_again_whatever_came_between(photograph):
    """Sides of 32 pixels and less make OpenCV 4 read memory that nobody wrote, hence the odd sizes."""
    detector = YuNet(threshold=0.01)
    sizes = [(20, 300), (300, 20), (31, 33), (5, 5), (128, 128), (64, 400), (512, 512)]
    first = [detector.detect(photograph[:height, :width]) for height, width in sizes]
    for (height, width), expected in reversed(list(zip(sizes, first, strict=True))):
        assert detector.detect(photograph[:height, :width]) == expected
        assert YuNet(threshold=0.01).detect(photograph[:height, :width]) == expected


def test_pickled(photograph, tmp_path, weights):
    path = tmp_path / "mine.onnx"
    path.write_bytes(weights)
    for detector in (YuNet(threshold=0.7, max_pixels=None), YuNet(path)):
        faces = detector.detect(photograph)
        copy = pickle.loads(pickle.dumps(detector))  # noqa: S301
        assert repr(copy) == repr(detector)
        assert copy.detect(photograph) == faces
    assert "mine.onnx" in repr(detector)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_forked_while_a_thread_loads():
    code = """
import os, signal, sys, threading
from photographs import astronaut
from fastperturb.faces import YuNet, opencv
image, detector = astronaut().read(), YuNet()
faces = detector.detect(image)
held, done = threading.Event(), threading.Event()
def load():
    with opencv.quiet_opencv():
        held.set()
        done.wait()
threading.Thread(target=load).start()
held.wait()
child = os.fork()
if child == 0:
    signal.alarm(30)
    os._exit(0 if detector.detect(image) == faces == YuNet().detect(image) else 1)
status = os.waitpid(child, 0)[1]
done.set()
sys.exit(status != 0)
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(photographs.__file__).parent)}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60, env=environment)


def test_opencv_is_left_as_it_was(photograph, capfd, tmp_path):
    log = getattr(cv2.utils, "logging", cv2)
    before = cv2.getNumThreads(), log.getLogLevel(), cv2.useOptimized()
    thread = threading.Thread(target=YuNet().detect, args=(photograph,))
    thread.start()
    thread.join()
    (tmp_path / "bad.onnx").write_bytes(b"not a model")
    with pytest.raises(fp.errors.ModelError):
        YuNet(tmp_path / "bad.onnx")
    assert (cv2.getNumThreads(), log.getLogLevel(), cv2.useOptimized()) == before
    assert capfd.readouterr() == ("", "")


def test_a_models_path(tmp_path, weights, photograph):
    path = tmp_path / "gesicht_ä.onnx"
    path.write_bytes(weights)
    assert YuNet(str(path)).detect(photograph) == YuNet().detect(photograph)


def test_models_that_are_refused(tmp_path, weights):
    def model(content):
        (tmp_path / "model.onnx").write_bytes(content)
        return tmp_path / "model.onnx"

    with pytest.raises(fp.errors.ModelError, match=r"none\.onnx: the model cannot be read: No such file"):
        YuNet(tmp_path / "none.onnx")
    with pytest.raises(fp.errors.ModelError, match="the model cannot be read"):
        YuNet(tmp_path)
    with pytest.raises(fp.errors.ModelError, match=r"model\.onnx: the model is an empty file"):
        YuNet(model(b""))
    for content in (b"not a model", weights[:100_000]):
        with pytest.raises(fp.errors.ModelError, match=r"not an ONNX model that OpenCV \d.* can read"):
            YuNet(model(content))
    renamed = weights.replace(b"kps_32", b"abc_32")
    with pytest.raises(
        fp.errors.ModelError, match=r"must have the outputs bbox_16, .*missing are kps_32, got abc_32, bbox"
    ):
        YuNet(model(renamed))
    swapped = weights.replace(b"kps_32", b"######").replace(b"kps_16", b"kps_32").replace(b"######", b"kps_16")
    with pytest.raises(
        fp.errors.ModelError, match=r"kps_16 must have shape \(1, 16, 10\) for a 64 x 64 .*got \(1, 4, 10\)"
    ):
        YuNet(model(swapped))


def test_weights_that_the_installation_lacks(monkeypatch):
    monkeypatch.setattr("fastperturb.faces.yunet.WEIGHTS", "elsewhere.onnx")
    with pytest.raises(fp.errors.ModelError, match=r"elsewhere\.onnx is not in this installation"):
        YuNet()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"threshold": -0.1}, "threshold must be 0 to 1, got -0.1"),
        ({"threshold": float("nan")}, "threshold must be 0 to 1, got nan"),
        ({"max_pixels": 0}, "max_pixels must be None or at least 4096, got 0"),
        ({"max_pixels": "all"}, "max_pixels must be None or at least 4096, got 'all'"),
    ],
)
def test_arguments_that_are_refused(arguments, text):
    with pytest.raises(ValueError, match=text):
        YuNet(**arguments)


def test_max_pixels():
    sizes = [copy.shape[:2] for copy in YuNet(max_pixels=None)._copies(np.zeros((3000, 4000), np.uint8))]
    assert sizes == [(3000, 4000), (750, 1000), (188, 250)]
    sizes = [copy.shape[:2] for copy in YuNet()._copies(np.zeros((3000, 4000), np.uint8))]
    assert sizes == [(949, 1265), (237, 316)]
    assert [copy.shape[:2] for copy in YuNet()._copies(np.zeros((112, 92), np.uint8))] == [(312, 256)]
    sizes = [copy.shape[:2] for copy in YuNet()._copies(np.zeros((512, 640), np.uint8))]
    assert sizes == [(512, 640), (160, 200)]
    for max_pixels in (None, 1_200_000):  # once padded to 64 rows it must not have more than that
        (copy,) = YuNet(max_pixels=max_pixels)._copies(np.zeros((1, 10**6), np.uint8))
        assert copy.shape[:2] == (1, 18_750)
