"""Labels beside points without covering each other: each takes the free place around its point that costs least."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .theme import BEHIND_TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CHARACTER, _LINE = 5.0, 9.0  # points a character of 8 points takes, and a line
_COVERED = 0.03  # the share of a label that may be covered: more would hide a digit of another
_PLACES = (
    (7, 0),
    (-7, 0),
    (0, 9),
    (0, -9),
    (7, 8),
    (-7, 8),
    (7, -8),
    (-7, -8),
    (12, 14),
    (-12, 14),
    (12, -14),
    (-12, -14),
)


class Label(NamedTuple):
    """What to write at a point, in data coordinates, in which colour."""

    x: float
    y: float
    text: str
    colour: str


def place_labels(axes: Axes, labels: Sequence[Label], size: float = 8.0) -> None:
    """Writes labels beside their points.

    Args:
        axes: with final limits, in a figure whose layout is done.
        labels: the first is placed first, and so best.
        size: of the type, in points.
    """
    figure = axes.get_figure()
    scale = 72.0 / (figure.dpi if figure is not None else 72.0)
    points = np.array([axes.transData.transform((label.x, label.y)) for label in labels]).reshape(-1, 2) * scale
    frame = np.array(axes.get_window_extent().extents) * scale
    taken: list[tuple[float, float, float, float]] = [(x - 4, y - 4, x + 4, y + 4) for x, y in points]
    for label, (x, y) in zip(labels, points, strict=True):
        wide, high = len(label.text) * _CHARACTER * size / 8, _LINE * size / 8
        boxes = [_box(x + dx, y + dy, dx, wide, high) for dx, dy in _PLACES]
        costs = [
            sum(_overlap(box, other) for other in taken) + 3 * _outside(box, frame) + rank * 2
            for rank, box in enumerate(boxes)
        ]
        best = int(np.argmin(costs))
        if sum(_overlap(boxes[best], other) for other in taken) > _COVERED * wide * high:
            continue  # where everything is full a label more would make two unreadable; the tables have them all
        dx, dy = _PLACES[best]
        taken.append(boxes[best])
        axes.annotate(
            label.text,
            (label.x, label.y),
            xytext=(dx, dy),
            textcoords="offset points",
            fontsize=size,
            color=label.colour,
            ha="left" if dx > 0 else "right" if dx < 0 else "center",
            va="center",
            annotation_clip=False,
            bbox=BEHIND_TEXT,
        )


def _box(x: float, y: float, dx: float, wide: float, high: float) -> tuple[float, float, float, float]:
    left = x if dx > 0 else x - wide if dx < 0 else x - wide / 2
    return left, y - high / 2, left + wide, y + high / 2


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    across, along = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return across * along if across > 0 and along > 0 else 0.0


def _outside(box: tuple[float, ...], frame: np.ndarray) -> float:
    over = max(0.0, frame[0] - box[0]) + max(0.0, box[2] - frame[2])
    return float(over + max(0.0, frame[1] - box[1]) + max(0.0, box[3] - frame[3])) * 5
