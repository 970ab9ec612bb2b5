"""The Faster R-CNN family, from a user's ONNX file: any backbone, as long as boxes, labels and scores come out.

Ren et al., "Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks", NIPS 2015. No weights come
with this package.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..checks import Image
from ..errors import ModelError
from ..region import Face
from .boxes import covering_region, suppress
from .onnx_model import OnnxModel
from .pixels import check_visible, rgb8_copy
from .yunet import check_threshold

Preparation: TypeAlias = Literal["unit", "caffe2"]

_OVERLAP = 0.5
_LONGEST = 1333  # of the longer side, against a shorter of 800, as the family was trained
_MULTIPLE = 32
_MEANS = np.array([102.9801, 115.9465, 122.7717], np.float32)  # blue, green, red; ImageNet's, in Caffe's order


class FasterRcnn:
    """Finds faces with a Faster R-CNN network, or any other that gives boxes, labels and scores.

    Accepts an ONNX model with one input, an image (3, height, width) or (1, 3, height, width), its size fixed or free;
    and three outputs, known by their form: boxes (count, 4), float, left, top, right, bottom in pixels of the input;
    labels (count), whole numbers; scores (count), float, 0 to 1. Each may have a leading dimension of 1; further
    outputs (masks, say) are ignored. Torchvision's and Detectron's exports are of this form; TensorFlow's, with boxes
    from 0 to 1 and y first, are not.

    May be used by many threads, and pickled (the file must then still be there).

    Args:
        model: path of the ONNX file.
        classes: the labels that are faces, one or several. There is no default, because labels say nothing about what
            they mean: in a torchvision model of one class it is 1, in one trained on COCO 1 is a person.
        preparation: "unit": RGB, 0 to 1 (torchvision); "caffe2": BGR, 0 to 255, means subtracted, sides padded to
            multiples of 32.
        side: what the shorter side is brought to, at most 1333 for the longer; for models that take any size.
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
        classes: Iterable[int] | int,
        preparation: Preparation = "unit",
        side: int = 800,
        threshold: float = 0.5,
    ) -> None:
        check_threshold(threshold)
        self.classes = sorted({classes} if isinstance(classes, int) else set(classes))
        if not self.classes or not all(isinstance(item, int) and item >= 0 for item in self.classes):
            raise ValueError(f"classes must be whole numbers from 0, at least one, got {classes!r}")
        if preparation not in ("unit", "caffe2"):
            raise ValueError(f"preparation must be 'unit' or 'caffe2', got {preparation!r}")
        if not (isinstance(side, int) and 32 <= side <= _LONGEST):
            raise ValueError(f"side must be 32 to {_LONGEST}, got {side!r}")
        self.preparation, self.side, self.threshold = preparation, side, float(threshold)
        self._model = OnnxModel(model)
        self.model = self._model.path
        self._input, self._fixed = _input(self._model)
        self._outputs = _outputs(self._model)

    def __repr__(self) -> str:
        settings = f"classes={self.classes}, preparation={self.preparation!r}, side={self.side}"
        return f"FasterRcnn({str(self.model)!r}, {settings}, threshold={self.threshold})"

    def detect(self, image: Image, /) -> list[Face]:
        """The faces of an image, as :func:`fastperturb.locate` takes it; best score first.

        Raises:
            TypeError: another type or dtype.
            ValueError: another shape, or float values that are NaN or outside 0 to 1.
            ModelError: the model failed, or gave something else than boxes, labels and scores.
        """
        check_visible(image)
        height, width = self._size(*image.shape[:2])
        outputs = self._model.run(self._tensor(rgb8_copy(image, height, width)))
        boxes, labels, scores = self._checked([outputs[index] for index in self._outputs])
        sound = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        kept = sound & np.isin(labels, self.classes) & (scores >= self.threshold)
        boxes, scores = boxes[kept], scores[kept]
        boxes *= np.tile([image.shape[1] / width, image.shape[0] / height], 2)
        boxes[:, 2:] -= boxes[:, :2]
        chosen = suppress(boxes, scores, _OVERLAP, parts=False)
        return [Face(covering_region(*boxes[index].tolist()), round(float(scores[index]), 5)) for index in chosen]

    def _size(self, height: int, width: int) -> tuple[int, int]:
        scale = min(self.side / min(height, width), _LONGEST / max(height, width))
        high, wide = self._fixed
        return high or max(1, round(height * scale)), wide or max(1, round(width * scale))

    def _tensor(self, copy: NDArray[np.uint8]) -> NDArray[Any]:
        if self.preparation == "unit":
            planes = copy.transpose(2, 0, 1) / np.float32(255)
        else:
            below, beside = (-side % _MULTIPLE for side in copy.shape[:2])
            padded = (0, below if not self._fixed[0] else 0), (0, beside if not self._fixed[1] else 0)
            planes = np.pad((copy[..., ::-1] - _MEANS).transpose(2, 0, 1), ((0, 0), *padded))
        return np.ascontiguousarray(planes[(None,) * (self._input[0] - 3)].astype(self._input[1]))

    def _checked(self, outputs: list[NDArray[Any]]) -> tuple[NDArray[np.float64], NDArray[Any], NDArray[np.float64]]:
        boxes, labels, scores = (
            output[0] if output.ndim == rank + 1 and output.shape[0] == 1 else output
            for output, rank in zip(outputs, (2, 1, 1), strict=True)
        )
        count = len(scores)
        if boxes.shape != (count, 4) or labels.shape != (count,) or scores.shape != (count,):
            raise self._unfit(f"{boxes.shape}, {labels.shape} and {scores.shape}")
        if count and not (scores.min() >= 0 and scores.max() <= 1 + 1e-3):
            raise self._unfit(f"scores of {scores.min():g} to {scores.max():g}")
        return boxes.astype(np.float64), labels, np.minimum(scores.astype(np.float64), 1.0)

    def _unfit(self, got: str) -> ModelError:
        return ModelError(f"{self._model.path}: must give boxes (n, 4), labels (n) and scores (n) of 0 to 1, got {got}")


def _input(model: OnnxModel) -> tuple[tuple[int, Any], tuple[int | None, int | None]]:
    """(dimensions, dtype) of the input, and the fixed part of its size."""
    slot, dtype = model.image_input()
    shape = slot.shape
    if len(shape) not in (3, 4) or shape[-3] not in (3, None) or (len(shape) == 4 and shape[0] not in (1, None)):
        raise ModelError(
            f"{model.path}: a Faster R-CNN model must take (3, height, width) or (1, 3, height, width), got {shape}"
        )
    if dtype == np.uint8:
        raise ModelError(f"{model.path}: a Faster R-CNN model must take a float image, got {slot.type}")
    return (len(shape), dtype), (shape[-2], shape[-1])


def _outputs(model: OnnxModel) -> tuple[int, int, int]:
    """Which outputs are boxes, labels and scores."""

    def only(rank: int, kinds: tuple[str, ...], width: int | None = None) -> list[int]:
        found = []
        for index, slot in enumerate(model.outputs):
            shape = slot.shape[1:] if len(slot.shape) == rank + 1 and slot.shape[0] == 1 else slot.shape
            if len(shape) == rank and slot.type in kinds and (width is None or shape[-1] in (width, None)):
                found.append(index)
        return found

    floats, whole = ("tensor(float)", "tensor(float16)"), ("tensor(int64)", "tensor(int32)")
    boxes, labels = only(2, floats, 4), only(1, whole)
    most = max((len(model.outputs[index].shape) for index in boxes), default=0)
    boxes = [index for index in boxes if len(model.outputs[index].shape) == most]  # (1, 4, 4) beside scores (1, 4)
    scores = [index for index in only(1, floats) if index not in boxes]  # boxes may be (1, 4)
    if not (len(boxes) == len(labels) == len(scores) == 1):
        got = ", ".join(f"{slot.name} {slot.type} {slot.shape}" for slot in model.outputs) or "none"
        raise ModelError(
            f"{model.path}: must give boxes (n, 4), float, labels (n), whole numbers, and scores (n), float; got {got}"
        )
    return boxes[0], labels[0], scores[0]
