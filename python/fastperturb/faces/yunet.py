"""YuNet, the default detector, with weights that come with this package; run by ONNX Runtime or OpenCV.

Wu, Peng, Yu: "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 20 (2023). Trained on
faces about 10 to 300 pixels wide, which is why images are looked at in several sizes.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator
from importlib import resources
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._forks import apart_from_forks, first_apart_from_forks
from .._optional import import_opencv
from ..checks import Image
from ..errors import ModelError
from ..region import Face
from .boxes import covering_region, suppress
from .engine import Engine, check_engine, engine_for, onnx_session, run_session
from .model_files import read_model
from .opencv import quiet_opencv
from .pixels import LEAST_SIDE, check_max_pixels, check_visible, fitting_scale, network_planes, padded_copy, rgb8_copy
from .yunet_decoding import MULTIPLE, decode

WEIGHTS = "face_detection_yunet_2023mar.onnx"

_OVERLAP = 0.3  # intersection over union above which two boxes are one face
_TOP_K = 5000
_SMALL = 256  # images whose shorter side is below are enlarged to it, at most fourfold
_LEAST_COPY = 160  # the shorter side of the smallest copy, unless the image is smaller
_LARGE = 256  # a face that fills a copy whose shorter side is above may be missed, so a smaller copy is looked at too
_OUTPUTS = {
    f"{kind}_{stride}": (1, (LEAST_SIDE // stride) ** 2, numbers)
    for kind, numbers in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
    for stride in (8, 16, 32)
}


class YuNet:
    """Finds faces with YuNet.

    Each image is reduced to ``max_pixels``; from there copies with sides of a quarter, but never under 160 pixels, are
    looked at too, until the shorter side is at most 256 pixels, so that a face may fill the frame. Small images are
    enlarged to a shorter side of 256 pixels, at most fourfold. Found are faces, upright ones best, from about 20 pixels
    wide in the reduced image upwards, with five landmarks each.

    An object may be used by many threads (each has its own network), pickled, and kept across a fork. The package's
    own network is loaded by the first ``detect`` of a thread.

    Args:
        model: path of other YuNet weights (ONNX, the outputs of the 2023 version); None for the package's own.
        threshold: the lowest score to give, 0 to 1.
        max_pixels: how many pixels (height x width) of an image to look at; None for all. Memory and time grow with
            it: the default of 1.2 million takes some 50 ms on one processor core.
        engine: what runs the network: "onnxruntime" (one processor a call, about twice as fast), "opencv" (its
            ``FaceDetectorYN``, all processors); None for ONNX Runtime where it is installed, else OpenCV.

    Raises:
        ModelError: the file is missing, or not such a model.
        ValueError: ``threshold`` or ``max_pixels`` out of range, or an unknown ``engine``.
        MissingExtra: OpenCV cannot be imported (with a ``model``; otherwise ``detect`` raises it); or ``engine`` is
            "onnxruntime", which is not installed.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        threshold: float = 0.6,
        max_pixels: int | None = 1_200_000,
        engine: Engine | None = None,
    ) -> None:
        check_engine(engine)
        self.engine = engine
        check_threshold(threshold)
        check_max_pixels(max_pixels)
        self.model = None if model is None else Path(model)
        self.threshold = float(threshold)
        self.max_pixels = max_pixels
        self._weights = _own_weights() if self.model is None else _checked_weights(self.model)
        self._local = threading.local()

    def __repr__(self) -> str:
        model = "" if self.model is None else f"{str(self.model)!r}, "
        engine = "" if self.engine is None else f", engine={self.engine!r}"
        return f"YuNet({model}threshold={self.threshold}, max_pixels={self.max_pixels}{engine})"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_local"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _local=threading.local())

    @first_apart_from_forks
    def detect(self, image: Image, /) -> list[Face]:
        """The faces of an image, as :func:`fastperturb.locate` takes it; best score first.

        Raises:
            TypeError: another type or dtype.
            ValueError: another shape, or float values that are NaN or outside 0 to 1.
            MissingExtra: OpenCV cannot be imported.
        """
        check_visible(image)
        rows = [row for copy in self._copies(image) for row in self._rows(copy, image.shape)]
        if len(rows) > 1:
            table = np.array(rows)
            rows = [rows[index] for index in suppress(table[:, :4], table[:, 14], _OVERLAP)]
        return [_face(row) for row in rows]

    def _copies(self, image: Image) -> Iterator[NDArray[np.uint8]]:
        """The 8-bit RGB copies to look at, largest first."""
        height, width = image.shape[:2]
        scale = min(4.0, max(1.0, _SMALL / min(height, width)))
        scale = fitting_scale(height, width, self.max_pixels, scale)
        copy = rgb8_copy(image, max(1, round(height * scale)), max(1, round(width * scale)))
        yield copy
        while min(copy.shape[:2]) > _LARGE:
            smaller = max(1 / 4, _LEAST_COPY / min(copy.shape[:2]))
            copy = rgb8_copy(copy, round(copy.shape[0] * smaller), round(copy.shape[1] * smaller))
            yield copy

    def _rows(self, copy: NDArray[np.uint8], shape: tuple[int, ...]) -> list[list[float]]:
        """What the network finds in a copy of an image of ``shape``: 15 numbers for each face, in pixels of the image.

        They are the box (x, y, width, height), five points (x, y) and the score. They come in lists: mostly there
        is one face, and a dozen operations on arrays of one row would take longer than all else but the network.
        """
        scales = (shape[1] / copy.shape[1], shape[0] / copy.shape[0]) * 7 + (1.0,)
        on_onnx = engine_for(self.engine, self._weights) == "onnxruntime"
        rows = self._run_onnx(copy) if on_onnx else self._run_opencv(copy)
        rows = [[value * scale for value, scale in zip(row, scales, strict=True)] for row in rows]
        return [row for row in rows if all(map(math.isfinite, row)) and row[2] > 0 and row[3] > 0]

    def _run_opencv(self, copy: NDArray[np.uint8]) -> list[list[float]]:
        cv2 = import_opencv()
        bgr = cv2.cvtColor(padded_copy(copy), cv2.COLOR_RGB2BGR)
        net = self._net()
        net.setInputSize((bgr.shape[1], bgr.shape[0]))
        _, faces = net.detect(bgr)
        return [] if faces is None else faces.tolist()

    def _run_onnx(self, copy: NDArray[np.uint8]) -> list[list[float]]:
        planes = network_planes(copy, MULTIPLE, bgr=True)
        values = run_session(onnx_session(self._weights), planes, list(_OUTPUTS))
        outputs = dict(zip(_OUTPUTS, values, strict=True))
        return decode(outputs, planes.shape[2:], self.threshold, _OVERLAP, _TOP_K)

    def _net(self) -> Any:
        net = getattr(self._local, "net", None)
        if net is None:
            with quiet_opencv() as cv2:
                weights = np.frombuffer(self._weights, np.uint8)
                least = (LEAST_SIDE, LEAST_SIDE)
                net = cv2.FaceDetectorYN.create(
                    "onnx", weights, np.empty(0, np.uint8), least, self.threshold, _OVERLAP, _TOP_K
                )
            self._local.net = net
        return net


def check_threshold(threshold: float) -> None:
    """Raises ValueError unless ``threshold`` is a score."""
    if not (isinstance(threshold, Real) and 0 <= threshold <= 1):
        raise ValueError(f"threshold must be 0 to 1, got {threshold!r}")


def _face(row: list[float]) -> Face:
    x, y, width, height, *points, score = row
    landmarks = tuple(zip(points[0::2], points[1::2], strict=True))
    # OpenCV 4.9 and 4.10 may give a score one bit higher the second time; equal images shall have equal faces.
    return Face(covering_region(x, y, width, height), min(round(score, 5), 1.0), landmarks)


def _own_weights() -> bytes:
    try:
        with apart_from_forks:  # the first call imports what reads resources
            return resources.files(__package__).joinpath(WEIGHTS).read_bytes()
    except OSError as error:
        raise ModelError(f"{WEIGHTS} is not in this installation of fastperturb, which its build puts there") from error


def _checked_weights(path: Path) -> bytes:
    """The bytes of a model file that gives what FaceDetectorYN reads; it would read past the end of anything less."""
    weights = read_model(path)
    with quiet_opencv() as cv2:
        try:
            net = cv2.dnn.readNetFromONNX(np.frombuffer(weights, np.uint8))
            names = net.getUnconnectedOutLayersNames()
        except cv2.error as error:
            raise ModelError(f"{path}: not an ONNX model that OpenCV {cv2.__version__} can read") from error
        missing = sorted(set(_OUTPUTS) - set(names))
        if missing:
            raise ModelError(
                f"{path}: a YuNet model must have the outputs {', '.join(sorted(_OUTPUTS))}; "
                f"missing are {', '.join(missing)}, got {', '.join(sorted(names))}"
            )
        try:
            net.setInput(np.zeros((1, 3, LEAST_SIDE, LEAST_SIDE), np.float32))
            shapes = {name: value.shape for name, value in zip(_OUTPUTS, net.forward(list(_OUTPUTS)), strict=True)}
        except cv2.error as error:
            raise ModelError(
                f"{path}: a YuNet model must take (1, 3, height, width) images of any size, failed at "
                f"{LEAST_SIDE} x {LEAST_SIDE}"
            ) from error
    for name, shape in shapes.items():
        if shape != _OUTPUTS[name]:
            raise ModelError(
                f"{path}: output {name} must have shape {_OUTPUTS[name]} for a {LEAST_SIDE} x {LEAST_SIDE} image, "
                f"got {shape}"
            )
    return weights
