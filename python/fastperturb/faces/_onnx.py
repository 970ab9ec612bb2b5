"""Users' ONNX models, run by ONNX Runtime (extra ``onnx``).

Not by OpenCV's ``dnn``: OpenCV 4 cannot read today's YOLO files, and neither version has all that Faster R-CNN needs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._optional import import_extra
from ..errors import ModelError
from ._models import read_model

_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}


class Slot(NamedTuple):
    """An input or output: name, shape (whole numbers, or None where any size will do) and ONNX type."""

    name: str
    shape: tuple[int | None, ...]
    type: str


class OnnxModel:
    """An ONNX model in memory; may be used by many threads, pickled, and used after a fork.

    Raises:
        MissingExtra: ONNX Runtime is not installed.
        ModelError: no such file, no ONNX model, or one of an operator set or with operators that this runtime lacks.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._owner, self._session = -1, None
        session = self._ready()
        self.inputs = [_slot(item) for item in session.get_inputs()]
        self.outputs = [_slot(item) for item in session.get_outputs()]
        self.metadata: dict[str, str] = dict(session.get_modelmeta().custom_metadata_map)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_session": None, "_owner": -1}

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
            return [np.asarray(value) for value in self._ready().run(None, {self.inputs[0].name: image})]
        except Exception as error:  # ONNX Runtime's errors have no common base
            raise ModelError(f"{self.path}: failed on an image of shape {image.shape}: {_reason(error)}") from error

    def _ready(self) -> Any:
        if self._session is None or self._owner != os.getpid():  # a session's threads do not live through a fork
            self._session, self._owner = _open(self.path), os.getpid()
        return self._session


def _open(path: Path) -> Any:
    runtime = import_extra("onnxruntime", "onnx")
    read_model(path)
    options = runtime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised
    try:
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
