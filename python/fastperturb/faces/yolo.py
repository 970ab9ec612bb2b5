"""The YOLO family, from a user's ONNX file: YOLOv3 with its heads and anchors, v5 to v8 and what shares their layouts.

No weights come with this package: a model for faces, or one with classes that are faces, is the user's to bring.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..checks import Image
from ..errors import ModelError
from ..region import Face
from . import yolo_layouts as layouts
from .boxes import covering_region, suppress
from .onnx_model import OnnxModel
from .pixels import check_visible, rgb8_copy
from .yunet import check_threshold

Layout: TypeAlias = Literal["v3", "v5", "v8"]
Classes: TypeAlias = Iterable[int | str] | int | str

_OVERLAP = 0.45
_GREY = 114  # of the bars that fill the frame


class Yolo:
    """Finds faces with a network of the YOLO family.

    Accepts an ONNX model with one input, an RGB image (1, 3, height, width) or (1, height, width, 3), float of 0 to 1
    or uint8, sides in multiples of 32, fixed or free; and as outputs

    - "v3": three heads (strides 8, 16, 32) or two (16, 32) before the logistic function, each (1, anchors * (5 +
      classes), rows, columns), the same with channels last, or (1, anchors, rows, columns, 5 + classes);
    - "v5" (v5, v6, v7, and v3 as later tools export it): (1, rows, 5 + classes), box and scores decoded;
    - "v8" (v8 and later without built-in suppression): (1, 4 + classes, rows).

    Boxes are centre, width, height in pixels of the input. Models with landmarks are known by the ``kpt_shape`` that
    Ultralytics writes into their metadata. Images are fitted into the input by their longer side, centred, with grey
    bars. May be used by many threads, and pickled (the file must then still be there).

    Args:
        model: path of the ONNX file.
        layout: "v3", "v5" or "v8"; None tells it by the shapes of the outputs.
        classes: which classes are faces, by number or by the name in the model's metadata; None: the only class there
            is, or those with "face" in their name.
        anchors: (width, height) in pixels of the input, smallest first, for "v3"; None for those of COCO.
        size: (height, width) of the input, for models that take any; None: the metadata's, else 416 ("v3") or 640.
        threshold: the lowest score to give, 0 to 1.

    Raises:
        MissingExtra: ONNX Runtime is not installed.
        ModelError: the file is missing, or its model is not as said above.
        ValueError: an argument is not as said above.
    """

    def __init__(
        self,
        model: str | os.PathLike[str],
        *,
        layout: Layout | None = None,
        classes: Classes | None = None,
        anchors: layouts.Anchors | None = None,
        size: tuple[int, int] | None = None,
        threshold: float = 0.25,
    ) -> None:
        check_threshold(threshold)
        if layout not in (None, "v3", "v5", "v8"):
            raise ValueError(f"layout must be 'v3', 'v5' or 'v8', got {layout!r}")
        self.threshold = float(threshold)
        self._model = OnnxModel(model)
        self.model = self._model.path
        self._points: tuple[int, int] | None = _metadata(self._model, "kpt_shape", 2)
        self._planar, self._dtype, self.size = _input(self._model, size, 416 if layout == "v3" else 640)
        self.layout, self._anchors = layout, tuple(anchors) if anchors is not None else None
        outputs = self._model.run(self._tensor(np.zeros((*self.size, 3), np.uint8)))
        try:
            self.layout = layout or layouts.guess([output.shape for output in outputs])  # type: ignore[assignment]
        except layouts.LayoutError as error:
            raise self._unfit(error, outputs) from None
        count = self._rows(outputs).scores.shape[1]
        self.classes = _choose(self._model, classes, count)

    def __repr__(self) -> str:
        settings = f"layout={self.layout!r}, classes={self.classes}, size={self.size}, threshold={self.threshold}"
        return f"Yolo({str(self.model)!r}, {settings})"

    def detect(self, image: Image, /) -> list[Face]:
        """The faces of an image, as :func:`fastperturb.locate` takes it; best score first.

        Raises:
            TypeError: another type or dtype.
            ValueError: another shape, or float values that are NaN or outside 0 to 1.
            ModelError: the model gave something that is not of its layout.
        """
        check_visible(image)
        frame, scale, left, top = letterbox(image, self.size)
        rows = self._rows(self._model.run(self._tensor(frame)))
        scores = rows.scores[:, self.classes].max(axis=1)
        sound = np.isfinite(rows.boxes).all(axis=1) & (rows.boxes[:, 2:] > 0).all(axis=1)
        kept = np.nonzero(sound & (scores >= self.threshold) & (scores > 0))[0]
        boxes = rows.boxes[kept]
        boxes[:, :2] -= boxes[:, 2:] / 2
        boxes[:, :2] -= (left, top)
        boxes /= np.tile(scale, 2)
        points = None if rows.points is None else (rows.points[kept] - (left, top)) / scale
        faces = []
        for index in suppress(boxes, scores[kept], _OVERLAP, parts=False):
            landmarks = () if points is None else tuple((x, y) for x, y in points[index].tolist())
            score = round(float(scores[kept[index]]), 5)
            faces.append(Face(covering_region(*boxes[index].tolist()), score, landmarks))
        return faces

    def _tensor(self, frame: NDArray[np.uint8]) -> NDArray[Any]:
        pixels = frame.transpose(2, 0, 1) if self._planar else frame
        if self._dtype != np.uint8:
            return np.ascontiguousarray((pixels[None] / np.float32(255)).astype(self._dtype))
        return np.ascontiguousarray(pixels[None])

    def _rows(self, outputs: list[NDArray[Any]]) -> layouts.Rows:
        try:
            if self.layout == "v3":
                anchors = self._anchors if self._anchors is not None else layouts.ANCHORS
                return layouts.decode_v3(outputs, self.size, anchors)
            if len(outputs) != 1:
                raise layouts.LayoutError(f"there must be one output, of layout {self.layout}")
            decode = layouts.decode_v5 if self.layout == "v5" else layouts.decode_v8
            return decode(outputs[0], self.size, self._points)
        except layouts.LayoutError as error:
            raise self._unfit(error, outputs) from None

    def _unfit(self, error: Exception, outputs: list[NDArray[Any]]) -> ModelError:
        return ModelError(f"{self._model.path}: {error}; got outputs {', '.join(str(o.shape) for o in outputs)}")


def letterbox(image: Image, size: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.float64], int, int]:
    """An image fitted into a frame of ``size`` (height, width), centred, with grey bars.

    Returns:
        (frame, scale, left, top): a point p of the image, (x, y), is at p * scale + (left, top) in the frame.
    """
    height, width = image.shape[:2]
    fit = min(size[0] / height, size[1] / width)
    high, wide = max(1, round(height * fit)), max(1, round(width * fit))
    top, left = (size[0] - high) // 2, (size[1] - wide) // 2
    frame = np.full((*size, 3), _GREY, np.uint8)
    frame[top : top + high, left : left + wide] = rgb8_copy(image, high, wide)
    return frame, np.array([wide / width, high / height]), left, top


def _input(model: OnnxModel, size: tuple[int, int] | None, usual: int) -> tuple[bool, Any, tuple[int, int]]:
    """Whether the input is planar, its dtype, and its (height, width)."""
    slot, dtype = model.image_input()
    shape = slot.shape
    planar = len(shape) == 4 and shape[1] == 3
    if len(shape) != 4 or shape[0] not in (None, 1) or not (planar or shape[3] == 3):
        raise ModelError(
            f"{model.path}: a YOLO model must take (1, 3, height, width) or (1, height, width, 3), got {shape}"
        )
    fixed = shape[2:] if planar else shape[1:3]
    if size is None:
        size = _metadata(model, "imgsz", 2) or (usual, usual)
        size = (fixed[0] or size[0], fixed[1] or size[1])
    if len(size) != 2 or not all(isinstance(side, int) and side >= 32 and side % 32 == 0 for side in size):
        raise ValueError(f"size must be (height, width), multiples of 32, got {size!r}")
    if any(side not in (None, wanted) for side, wanted in zip(fixed, size, strict=True)):
        raise ModelError(f"{model.path}: the model takes images of {fixed[0]} x {fixed[1]}, size is {size}")
    return planar, dtype, size


def _metadata(model: OnnxModel, name: str, length: int) -> Any:
    """Whole numbers out of the model's metadata; None if it has none of that name."""
    if name not in model.metadata:
        return None
    try:
        values = tuple(int(value) for value in ast.literal_eval(model.metadata[name]))
    except (ValueError, SyntaxError, TypeError):
        values = ()
    if len(values) != length or min(values) < 1:
        raise ModelError(f"{model.path}: {name} must be {length} whole numbers, got {model.metadata[name]!r}")
    return values


def _choose(model: OnnxModel, classes: Classes | None, count: int) -> list[int]:
    """The numbers of the classes that are faces."""
    names = _names(model)
    if classes is None:
        chosen = [0] if count == 1 else sorted(n for n, name in names.items() if "face" in name.lower() and n < count)
        if not chosen:
            raise ModelError(f"{model.path}: the model has {count} classes; classes= must say which are faces")
        return chosen
    several = [classes] if isinstance(classes, (int, str)) else list(classes)
    numbers = {name: number for number, name in names.items()}
    chosen = sorted({numbers.get(item, -1) if isinstance(item, str) else item for item in several})
    if not chosen or not all(isinstance(item, int) and 0 <= item < count for item in chosen):
        known = f", {', '.join(names.values())}" if names else ""
        raise ValueError(f"classes must be 0 to {count - 1}{known}, got {several}")
    return chosen


def _names(model: OnnxModel) -> dict[int, str]:
    try:
        names = ast.literal_eval(model.metadata.get("names", "{}"))
    except (ValueError, SyntaxError):
        return {}
    pairs = names.items() if isinstance(names, dict) else enumerate(names)
    return {int(number): str(name) for number, name in pairs}
