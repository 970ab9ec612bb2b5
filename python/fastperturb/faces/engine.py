"""What runs the networks of YuNet and CenterFace: ONNX Runtime where it is installed, else OpenCV's ``dnn``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .._forks import apart_from_forks
from .._optional import import_extra
from ..errors import MissingExtra, ModelError
from .onnx_sizes import free_image_size

Engine: TypeAlias = Literal["onnxruntime", "opencv"]


def check_engine(engine: Engine | None) -> None:
    """Raises ValueError for an unknown name, MissingExtra for "onnxruntime" where it is not installed."""
    if engine not in (None, "onnxruntime", "opencv"):
        raise ValueError(f"engine must be 'onnxruntime', 'opencv' or None, got {engine!r}")
    if engine == "onnxruntime":
        import_extra("onnxruntime", "onnx")


@lru_cache(maxsize=16)
def engine_for(engine: Engine | None, weights: bytes) -> Engine:
    """The engine that runs these weights: the one asked for, or ONNX Runtime where it can be imported and takes them.

    Decided when a network first runs, not when its detector is made: a detector may be sent to another machine.

    Raises:
        ModelError: ONNX Runtime was asked for by name and cannot run them.
        MissingExtra: it was asked for by name and is not installed.
    """
    if engine == "opencv":
        return engine
    try:
        onnx_session(weights)
    except (MissingExtra, ValueError) as error:
        if engine is None:
            return "opencv"
        if isinstance(error, MissingExtra):
            raise
        raise ModelError(str(error)) from error
    return "onnxruntime"


def engine_version(engine: Engine) -> str:
    """The engine's name and version, for people."""
    if engine == "opencv":
        import cv2

        return f"OpenCV {cv2.__version__}"
    return f"ONNX Runtime {import_extra('onnxruntime', 'onnx').__version__}"


@lru_cache(maxsize=8)
def onnx_session(weights: bytes) -> Any:
    """A session for images of any size; all threads share it, and each call runs on its caller's thread.

    Raises:
        ValueError: ONNX Runtime cannot run the model; what it says.
    """
    with apart_from_forks:
        return _session(import_extra("onnxruntime", "onnx"), weights)


def _session(runtime: Any, weights: bytes) -> Any:
    options = runtime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # threads of its own would not live through a fork
    try:
        return runtime.InferenceSession(free_image_size(weights), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no common base
        raise ValueError(f"ONNX Runtime {runtime.__version__}: {' '.join(str(error).split())[:300]}") from error


def run_session(session: Any, planes: NDArray[np.float32], names: list[str] | None) -> list[NDArray[np.float32]]:
    """The outputs of those names, or all in the file's order, for images (1, 3, height, width)."""
    return list(session.run(names, {session.get_inputs()[0].name: planes}))
