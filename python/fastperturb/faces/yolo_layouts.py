"""What YOLO networks give, as rows of boxes: one function for each layout, arrays in and arrays out.

Redmon, Farhadi: "YOLOv3: An Incremental Improvement", 2018; the later layouts are those of the Ultralytics, YOLOv6 and
YOLOv7 exports.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Anchors = Sequence[tuple[float, float]]

ANCHORS: Anchors = (
    (10, 13), (16, 30), (33, 23), (30, 61), (62, 45), (59, 119), (116, 90), (156, 198), (373, 326),
)  # fmt: skip
"""YOLOv3's (width, height) in pixels of the input, smallest first, as its authors fitted them to COCO."""

_STRIDES = ((8, 16, 32), (8, 16, 32, 64), (16, 32), (4, 8, 16, 32))


class Rows(NamedTuple):
    """Candidates, in pixels of the network's input.

    Attributes:
        boxes: (count, 4), centre x, centre y, width, height.
        scores: (count, classes), 0 to 1.
        points: (count, 5, 2), landmarks, or None.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    points: NDArray[np.float64] | None = None


class LayoutError(ValueError):
    """Outputs are not of the layout: what was expected."""


def guess(shapes: Sequence[tuple[int, ...]]) -> str:
    """The layout that outputs of these shapes have: "v3", "v5" or "v8".

    Raises:
        LayoutError: none of them.
    """
    if len(shapes) in (2, 3) and all(len(shape) in (4, 5) for shape in shapes):
        return "v3"
    if len(shapes) == 1 and len(shapes[0]) == 3:
        return "v8" if shapes[0][1] < shapes[0][2] else "v5"
    raise LayoutError(
        "outputs must be 2 or 3 heads of 4 or 5 dimensions (v3), (1, rows, 5 + classes) (v5, v6, v7) "
        "or (1, 4 + classes, rows) (v8 and later)"
    )


def decode_v3(outputs: Sequence[NDArray[Any]], size: tuple[int, int], anchors: Anchors) -> Rows:
    """Heads as their convolutions give them, before the logistic function.

    Args:
        outputs: a head for each of the strides 8, 16, 32 (or 16, 32) in any order: (1, anchors * (5 + classes), rows,
            columns), the same with the channels last, or (1, anchors, rows, columns, 5 + classes).
        size: (height, width) of the input.
        anchors: (width, height) in pixels of the input, smallest first; each head gets its equal part.

    Raises:
        LayoutError: the outputs are something else.
    """
    if len(anchors) % len(outputs):
        raise LayoutError(f"{len(outputs)} heads must share the anchors equally, of which there are {len(anchors)}")
    each = len(anchors) // len(outputs)
    heads = sorted((_head(output, size, each) for output in outputs), key=lambda head: -head.shape[1])
    boxes, scores = [], []
    for index, head in enumerate(heads):
        rows, columns = head.shape[1:3]
        own = np.array(anchors[index * each : (index + 1) * each], np.float64)[:, None, None, :]
        place = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1)
        centre = (_logistic(head[..., :2]) + place) * (size[1] / columns, size[0] / rows)
        sides = np.exp(np.minimum(head[..., 2:4], 20.0)) * own
        boxes.append(np.concatenate([centre, sides], axis=-1).reshape(-1, 4))
        chances = _logistic(head[..., 4:])
        scores.append((chances[..., :1] * chances[..., 1:]).reshape(-1, chances.shape[-1] - 1))
    if len({part.shape[1] for part in scores}) != 1:
        raise LayoutError("all heads must have the same number of classes")
    return Rows(np.concatenate(boxes), np.concatenate(scores))


def decode_v5(output: NDArray[Any], size: tuple[int, int], points: tuple[int, int] | None) -> Rows:
    """(1, rows, 5 + classes): box, objectness, classes; with five landmarks x, y: (1, rows, 15 + classes).

    Raises:
        LayoutError: the output is something else.
    """
    rows = _rows(output, size)
    if points is None:
        return Rows(rows[:, :4], rows[:, 4:5] * _checked(rows[:, 5:]))
    wide = points[0] * points[1]
    landmarks = rows[:, 5 : 5 + wide].reshape(-1, *points)[:, :, :2]
    return Rows(rows[:, :4], rows[:, 4:5] * _checked(rows[:, 5 + wide :]), landmarks if points[0] == 5 else None)


def decode_v8(output: NDArray[Any], size: tuple[int, int], points: tuple[int, int] | None) -> Rows:
    """(1, 4 + classes, rows): box, classes; then landmarks, x, y (and visibility), where there are any.

    Raises:
        LayoutError: the output is something else.
    """
    rows = _rows(output.transpose(0, 2, 1), size)
    if points is None:
        return Rows(rows[:, :4], _checked(rows[:, 4:]))
    wide = points[0] * points[1]
    landmarks = rows[:, rows.shape[1] - wide :].reshape(-1, *points)[:, :, :2]
    scores = _checked(rows[:, 4 : rows.shape[1] - wide])
    return Rows(rows[:, :4], scores, landmarks if points[0] == 5 else None)


def _head(output: NDArray[Any], size: tuple[int, int], each: int) -> NDArray[np.float64]:
    """A v3 head as (anchors, rows, columns, 5 + classes)."""
    head = output.astype(np.float64)
    grids = [(size[0] // stride, size[1] // stride) for stride in (8, 16, 32)]
    if head.ndim == 5 and head.shape[:2] == (1, each) and head.shape[2:4] in grids and head.shape[4] > 5:
        return np.asarray(head[0], np.float64)
    if head.ndim == 4 and head.shape[0] == 1:
        for last in (False, True):
            planes = head[0] if last else head[0].transpose(1, 2, 0)
            rows, columns, channels = planes.shape
            if (rows, columns) in grids and channels % each == 0 and channels // each > 5:
                return np.asarray(planes.reshape(rows, columns, each, -1).transpose(2, 0, 1, 3), np.float64)
    raise LayoutError(
        f"a head must be (1, {each} * (5 + classes), rows, columns), (1, rows, columns, {each} * (5 + classes)) or "
        f"(1, {each}, rows, columns, 5 + classes), with rows x columns one of "
        + ", ".join(f"{rows} x {columns}" for rows, columns in grids)
    )


def _rows(output: NDArray[Any], size: tuple[int, int]) -> NDArray[np.float64]:
    cells = [sum((size[0] // stride) * (size[1] // stride) for stride in strides) for strides in _STRIDES]
    counts = sorted({*cells, *(3 * count for count in cells)})
    if output.ndim != 3 or output.shape[0] != 1 or output.shape[1] not in counts:
        raise LayoutError(
            f"for an image of {size[0]} x {size[1]} there must be {', '.join(map(str, counts[:-1]))} or {counts[-1]} "
            "rows (one or three a cell)"
        )
    return np.asarray(output[0], np.float64)


def _checked(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    if scores.shape[1] < 1:
        raise LayoutError("there must be at least one class")
    if not (np.isfinite(scores).all() and scores.min() >= -1e-3 and scores.max() <= 1 + 1e-3):
        raise LayoutError(f"scores must be 0 to 1, got {scores.min():g} to {scores.max():g}")
    return np.clip(scores, 0.0, 1.0)


def _logistic(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -60, 60))), np.float64)
