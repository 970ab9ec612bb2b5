"""Users' ONNX models, run by ONNX Runtime (extra ``onnx``).

Not by OpenCV's ``dnn``: OpenCV 4 cannot read today's YOLO files, and neither version has all that Faster R-CNN needs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._forks import apart_from_forks
from .._optional import import_extra
from ..errors import ModelError
from .model_files import read_model

_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}


class Slot(NamedTuple):
    """An input or output: name, shape (whole numbers, or None where any size will do) and ONNX type."""

    name: str
    shape: tuple[int | None, ...]
    type: str


class OnnxModel:
    """An ONNX model in memory; may be used by many threads, pickled, and used after a fork.

    Each call runs on one processor: look at several images in several threads to use more.

    Raises:
        MissingExtra: ONNX Runtime is not installed.
        ModelError: no such file, no ONNX model, or one of an operator set or with operators that this runtime lacks.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._session = _open(self.path)
        self.inputs = [_slot(item) for item in self._session.get_inputs()]
        self.outputs = [_slot(item) for item in self._session.get_outputs()]
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_session"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _session=_open(state["path"]))

    def image_input(self) -> tuple[Slot, Any]:
        """The only input, an image, and its NumPy dtype.

        Raises:
            ModelError: several inputs, or one of a type that no image has.
        """
        if len(self.inputs) != 1:
            raise ModelError(f"{self.path}: the model must have one input, an image, got {_describe(self.inputs)}")
        (slot,) = self.inputs
        if slot.type not in _TYPES:
            raise ModelError(f"{self.path}: the image must be one of {', '.join(_TYPES)}, got {slot.type}")
        return slot, _TYPES[slot.type]

    def run(self, image: NDArray[Any]) -> list[NDArray[Any]]:
        """All outputs for an image in the input's form.

        Raises:
            ModelError: the model fails on it.
        """
        try:
            return [np.asarray(value) for value in self._session.run(None, {self.inputs[0].name: image})]
        except Exception as error:  # ONNX Runtime's errors have no common base
            raise ModelError(f"{self.path}: failed on an image of shape {image.shape}: {_reason(error)}") from error


def _open(path: Path) -> Any:
    runtime = import_extra("onnxruntime", "onnx")
    read_model(path)
    options = runtime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised
    options.intra_op_num_threads = (
        1  # threads of its own would not live through a fork, and a child would wait for them
    )
    try:
        with apart_from_forks:
            return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no common base
        raise ModelError(
            f"{path}: not an ONNX model that ONNX Runtime {runtime.__version__} can run: {_reason(error)}"
        ) from error


def _slot(item: Any) -> Slot:
    shape = tuple(side if isinstance(side, int) and side > 0 else None for side in item.shape)
    return Slot(item.name, shape, item.type)


def _describe(slots: list[Slot]) -> str:
    return ", ".join(f"{slot.name} {slot.shape}" for slot in slots) or "none"


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
