"""SCRFD, from a user's ONNX file: the detector of today's face recognition packages, such as insightface.

Guo, Deng, Lattas, Zafeiriou: "Sample and Computation Redistribution for Efficient Face Detection", ICLR 2022. No
weights come with this package.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import Image
from ..errors import ModelError
from ..region import Face
from .boxes import covering_region, suppress
from .onnx_model import OnnxModel
from .pixels import check_max_pixels, check_visible, padded_copy, reduced_copy, rgb8_copy
from .yunet import check_threshold

_OVERLAP = 0.4
_THREE, _FIVE = (8, 16, 32), (8, 16, 32, 64, 128)
_STRIDES = {6: _THREE, 9: _THREE, 10: _FIVE, 15: _FIVE}  # by the number of outputs
_KINDS = {1: "scores", 4: "distances", 10: "landmarks"}
_GREY = 0  # of the bars that fill a fixed input


class Scrfd:
    """Finds faces with SCRFD, with five landmarks each where the model gives them.

    Accepts an ONNX model with one input (1, 3, height, width), float, RGB as (value - 127.5) / 128, sides fixed or
    free, and as outputs, for each of the strides 8, 16, 32 (or 8 to 128), one of

    - scores (rows, 1), 0 to 1,
    - distances from the cell's corner point to left, top, right, bottom (rows, 4), in strides,
    - landmarks, if the model has them: x and y from that point, of five (rows, 10), in strides,

    with or without a leading batch of 1, in any order; rows go over the cells of the grid, row by row, with one or two
    anchors each. Where the input's sides are free, images are reduced to ``max_pixels`` and padded on the right and
    below; where they are fixed, they are fitted into its upper left corner. May be used by many threads, and pickled
    (the file must then still be there).

    Args:
        model: path of the ONNX file.
        threshold: the lowest score to give, 0 to 1.
        max_pixels: how many pixels of an image to look at where the input's sides are free; None for all.

    Raises:
        MissingExtra: ONNX Runtime is not installed.
        ModelError: the file is missing, or its model is not as said above.
        ValueError: ``threshold`` or ``max_pixels`` out of range.
    """

    def __init__(
        self, model: str | os.PathLike[str], *, threshold: float = 0.5, max_pixels: int | None = 1_200_000
    ) -> None:
        check_threshold(threshold)
        check_max_pixels(max_pixels)
        self.threshold = float(threshold)
        self.max_pixels = max_pixels
        self._model = OnnxModel(model)
        self.model = self._model.path
        slot, self._dtype = self._model.image_input()
        shape = slot.shape
        if len(shape) != 4 or shape[0] not in (None, 1) or shape[1] not in (None, 3):
            raise ModelError(f"{self.model}: an SCRFD model must take (1, 3, height, width), got {shape}")
        if self._dtype == np.uint8:
            raise ModelError(f"{self.model}: an SCRFD model must take floats, got uint8")
        self._fixed = None if shape[2] is None or shape[3] is None else (shape[2], shape[3])
        self._strides = _STRIDES.get(len(self._model.outputs), ())
        size = self._fixed or (640, 640)
        self._decode(self._model.run(np.zeros((1, 3, *size), self._dtype)), size)

    def __repr__(self) -> str:
        return f"Scrfd({str(self.model)!r}, threshold={self.threshold}, max_pixels={self.max_pixels})"

    def detect(self, image: Image, /) -> list[Face]:
        """The faces of an image, as :func:`fastperturb.locate` takes it; best score first.

        Raises:
            TypeError: another type or dtype.
            ValueError: another shape, or float values that are NaN or outside 0 to 1.
            ModelError: the model gave something that is not of its form.
        """
        check_visible(image)
        frame, (across, down) = self._frame(image)
        planes = (frame.transpose(2, 0, 1)[None].astype(np.float32) - np.float32(127.5)) / np.float32(128)
        outputs = self._model.run(np.ascontiguousarray(planes, self._dtype))
        rows = self._decode(outputs, (frame.shape[0], frame.shape[1]))
        rows = rows[np.isfinite(rows).all(axis=1) & (rows[:, 2:4] > 0).all(axis=1)]
        rows[:, :-1] *= np.resize([across, down], rows.shape[1] - 1)
        faces = []
        for index in suppress(rows[:, :4], rows[:, -1], _OVERLAP):
            x, y, width, height, *points, score = rows[index].tolist()
            landmarks = tuple(zip(points[::2], points[1::2], strict=True))
            faces.append(Face(covering_region(x, y, width, height), round(score, 5), landmarks))
        return faces

    def _frame(self, image: Image) -> tuple[NDArray[np.uint8], tuple[float, float]]:
        """What the network is shown, and pixels of the image to one of it, across and down."""
        if self._fixed is None:
            copy = reduced_copy(image, self.max_pixels)
            shown = padded_copy(copy, self._strides[-1])
        else:
            fit = min(self._fixed[0] / image.shape[0], self._fixed[1] / image.shape[1])
            sides = [min(most, max(1, round(side * fit))) for side, most in zip(image.shape, self._fixed, strict=False)]
            copy = rgb8_copy(image, sides[0], sides[1])
            shown = np.full((*self._fixed, 3), _GREY, np.uint8)
            shown[: copy.shape[0], : copy.shape[1]] = copy
        return shown, (image.shape[1] / copy.shape[1], image.shape[0] / copy.shape[0])

    def _decode(self, outputs: Sequence[NDArray[Any]], size: tuple[int, int]) -> NDArray[np.float64]:
        """(count, 5 or 15) in pixels of the network's input: box (x, y, width, height), points, score."""
        heads = self._heads(outputs, size)
        parts = []
        for stride, (anchors, head) in heads.items():
            scores = head["scores"][:, 0]
            if not (np.isfinite(scores).all() and scores.min() >= -1e-3 and scores.max() <= 1 + 1e-3):
                raise ModelError(f"{self.model}: scores must be 0 to 1, got {scores.min():g} to {scores.max():g}")
            kept = np.flatnonzero(scores >= max(self.threshold, 1e-6))
            cells = kept // anchors
            columns = size[1] // stride
            points = np.stack([cells % columns, cells // columns], axis=1) * float(stride)
            far = head["distances"][kept].astype(np.float64) * stride
            near = points - far[:, :2]
            numbers = [near, points + far[:, 2:] - near]
            if "landmarks" in head:
                numbers.append(head["landmarks"][kept].astype(np.float64) * stride + np.tile(points, 5))
            parts.append(np.concatenate([*numbers, np.clip(scores[kept], 0, 1)[:, None]], axis=1))
        return np.concatenate(parts)

    def _heads(
        self, outputs: Sequence[NDArray[Any]], size: tuple[int, int]
    ) -> dict[int, tuple[int, dict[str, NDArray[Any]]]]:
        """The outputs by stride and kind, with the number of anchors of each stride."""
        shapes = ", ".join(str(output.shape) for output in outputs) or "none"
        heads: dict[int, tuple[int, dict[str, NDArray[Any]]]] = {}
        flat = [output[0] if output.ndim == 3 and output.shape[0] == 1 else output for output in outputs]
        cells = {stride: (size[0] // stride) * (size[1] // stride) for stride in self._strides}
        for output in flat:
            kind = _KINDS.get(output.shape[-1]) if output.ndim == 2 else None
            anchors = next((n for n in (1, 2) if output.shape[0] in [n * count for count in cells.values()]), 0)
            stride = next((s for s, count in cells.items() if anchors and output.shape[0] == anchors * count), 0)
            if kind is None or not stride or kind in heads.get(stride, (0, {}))[1]:
                break
            heads.setdefault(stride, (anchors, {}))[1][kind] = output
        kinds = {frozenset(head) for _, head in heads.values()}
        whole = [frozenset({"scores", "distances"}), frozenset(_KINDS.values())]
        if len(heads) != len(self._strides) or not heads or len(kinds) != 1 or next(iter(kinds)) not in whole:
            raise ModelError(
                f"{self.model}: an SCRFD model must give scores (rows, 1), distances (rows, 4) and perhaps landmarks "
                f"(rows, 10) for each of the strides 8, 16 and 32 (or 8 to 128), got {shapes} for {size[0]} x {size[1]}"
            )
        return heads
