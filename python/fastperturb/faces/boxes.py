"""Arithmetic on boxes: whole-pixel regions that cover a box, regions grown by margins, and non-maximum suppression.

Boxes are (x, y, width, height) in pixels, floats; regions are whole pixels.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..region import Region, Shape

Margins: TypeAlias = float | tuple[float, float, float, float]

_PART = 0.8  # of a box's area

HEAD: Margins = (0.3, 0.45, 0.3, 0.15)
"""Margins (left, top, right, bottom) that take YuNet's box, brow to chin, to the head with its hair and ears."""


def covering_region(x: float, y: float, width: float, height: float, shape: Shape = "box") -> Region:
    """The smallest whole-pixel region that holds a box: its near edges rounded down, its far edges up."""
    left, top = math.floor(x), math.floor(y)
    right, bottom = math.ceil(x + width), math.ceil(y + height)
    return Region(left, top, max(1, right - left), max(1, bottom - top), shape)


def grow_region(region: Region, margins: Margins, shape: Shape | None = None) -> Region:
    """A region with margins around it, rounded outwards to whole pixels.

    Args:
        region: the box to grow.
        margins: what to add on each side, as a fraction of the region's own width (left, right) or height (top,
            bottom): one number for all sides, or (left, top, right, bottom); 0 or more.
        shape: "box" or "ellipse"; None keeps the region's.

    Returns:
        The larger region; it may reach beyond the image, as any region may.

    Raises:
        TypeError: ``margins`` is neither a number nor four of them.
        ValueError: a margin is negative or not finite.
    """
    # A millionth of a pixel less, as 0.07 * 1000 is 70.00000000000001 in floating point.
    sides = zip(four_margins(margins), (region.width, region.height) * 2, strict=True)
    left, top, right, bottom = (math.ceil(margin * side - 1e-6) for margin, side in sides)
    return Region(
        region.x - left,
        region.y - top,
        left + region.width + right,
        top + region.height + bottom,
        region.shape if shape is None else shape,
    )


def touches(region: Region, image_shape: tuple[int, ...]) -> bool:
    """Whether some pixel of the region's box lies in an image of this shape (height first)."""
    inside_x = region.x < image_shape[1] and region.x + region.width > 0
    return inside_x and region.y < image_shape[0] and region.y + region.height > 0


def four_margins(margins: Margins) -> tuple[float, float, float, float]:
    """Margins as (left, top, right, bottom), checked."""
    several = margins if isinstance(margins, (tuple, list)) else (margins,) * 4
    if len(several) != 4 or not all(isinstance(margin, Real) for margin in several):
        raise TypeError(f"grow must be a number or (left, top, right, bottom), got {margins!r}")
    left, top, right, bottom = (float(margin) for margin in several)
    if not all(0 <= margin < math.inf for margin in (left, top, right, bottom)):
        raise ValueError(f"grow must be 0 or more on every side, got {margins!r}")
    return left, top, right, bottom


def suppress(boxes: NDArray[Any], scores: NDArray[Any], overlap: float, *, parts: bool = True) -> list[int]:
    """Greedy non-maximum suppression, of parts of a face too unless told otherwise.

    A network that sees a face too large for it takes parts of it for faces. They lie inside the whole face, which a
    smaller copy of the image shows and which scores higher, yet their intersection over union with it may be small.

    Args:
        boxes: (count, 4), x, y, width, height.
        scores: (count,).
        overlap: intersection over union above which the lower score is dropped.
        parts: whether it is dropped too where four fifths of its own box lie inside one of a higher score.

    Returns:
        Indices of what is kept, best score first.
    """
    far = boxes[:, :2] + boxes[:, 2:]
    area = boxes[:, 2] * boxes[:, 3]
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size:
        best, rest = int(order[0]), order[1:]
        kept.append(best)
        near = np.maximum(boxes[best, :2], boxes[rest, :2])
        sides = np.clip(np.minimum(far[best], far[rest]) - near, 0, None)
        shared = sides[:, 0] * sides[:, 1]
        apart = shared <= overlap * (area[best] + area[rest] - shared)
        order = rest[apart & (shared <= _PART * area[rest]) if parts else apart]
    return kept
