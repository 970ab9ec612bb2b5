"""Arithmetic on boxes: whole-pixel regions that cover a box, regions grown by margins, and non-maximum suppression.

Boxes are (x, y, width, height) in pixels, floats; regions are whole pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..checks import is_finite
from ..region import MAX_COORDINATE, Region, Shape

Margins: TypeAlias = float | tuple[float, float, float, float]

_PART = 0.8  # of a box's area

HEAD: Margins = (0.3, 0.45, 0.3, 0.15)
"""Margins (left, top, right, bottom) that take YuNet's box, brow to chin, to the head with its hair and ears."""


def covering_region(x: float, y: float, width: float, height: float, shape: Shape = "box") -> Region:
    """The smallest whole-pixel region that holds a box: its near edges rounded down, its far edges up."""
    left, top = math.floor(x), math.floor(y)
    right, bottom = math.ceil(x + width), math.ceil(y + height)
    return Region(left, top, max(1, right - left), max(1, bottom - top), shape)


def grow_region(region: Region, margins: Margins, shape: Shape | None = None, *, turn: float = 0.0) -> Region:
    """A region with margins around it, rounded outwards to whole pixels.

    Args:
        region: the box to grow.
        margins: what to add on each side, as a fraction of the region's own width (left, right) or height (top,
            bottom): one number for all sides, or (left, top, right, bottom); 0 or more.
        shape: "box" or "ellipse"; None keeps the region's.
        turn: degrees by which the face in the region is turned clockwise, as :class:`fastperturb.Face` has it. Margins
            go along the face's own sides: ``top`` is beyond its brow, wherever that points. At quarter turns they are
            exact; between them the region, which is the upright box around a tilted one, gets what holds the tilted
            box with its margins, and somewhat more.

    Returns:
        The larger region; it may reach beyond the image, as any region may.

    Raises:
        TypeError: ``margins`` is neither a number nor four of them.
        ValueError: a margin is negative or not finite, or the turn is not finite.
    """
    several = four_margins(margins)
    if turn:
        left, top, right, bottom = _turned_margins(several, region, turn)
    else:
        # A millionth of a pixel less, as 0.07 * 1000 is 70.00000000000001 in floating point.
        sides = zip(several, (region.width, region.height) * 2, strict=True)
        left, top, right, bottom = (math.ceil(margin * side - 1e-6) for margin, side in sides)
    return Region(
        region.x - left,
        region.y - top,
        left + region.width + right,
        top + region.height + bottom,
        region.shape if shape is None else shape,
    )


def _turned_margins(
    margins: tuple[float, float, float, float], region: Region, turn: float
) -> tuple[int, int, int, int]:
    """What margins along the sides of a turned face add on the left, top, right and bottom, in whole pixels.

    The face's own width and height are taken as the root of the mean square of the region's sides, weighted by how far
    each lies along them. That is their length at quarter turns, and never less between for a box whose sides are as 1
    to 2.4 or nearer: with the tilted box's sides w, h and c, s of the angle, W = w c + h s and H = w s + h c give
    (W s)^2 + (H c)^2 - h^2 = 2 c s (w h + w^2 c s - h^2 c s), and c s is at most 1/2.
    """
    check_turn(turn)
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    wide, high = math.hypot(region.width * c, region.height * s), math.hypot(region.width * s, region.height * c)
    left, top, right, bottom = (margin * side for margin, side in zip(margins, (wide, high) * 2, strict=True))
    # The face's right is (c, s), its down is (-s, c); each side of the image gets what points to it.
    ways = ((c, s, right), (-c, -s, left), (-s, c, bottom), (s, -c, top))
    added = (
        sum(max(-x, 0.0) * far for x, _, far in ways),
        sum(max(-y, 0.0) * far for _, y, far in ways),
        sum(max(x, 0.0) * far for x, _, far in ways),
        sum(max(y, 0.0) * far for _, y, far in ways),
    )
    return tuple(math.ceil(pixels - 1e-6) for pixels in added)  # type: ignore[return-value]


def united(regions: Sequence[Region]) -> Region:
    """The upright box around several regions."""
    left, top = min(region.x for region in regions), min(region.y for region in regions)
    right = max(region.x + region.width for region in regions)
    return Region(left, top, right - left, max(region.y + region.height for region in regions) - top)


def at_least(region: Region, side: int) -> Region:
    """A region whose sides are at least ``side`` pixels, around the same middle."""
    wide, high = max(region.width, side), max(region.height, side)
    if (wide, high) == (region.width, region.height):
        return region
    x, y = region.x - (wide - region.width) // 2, region.y - (high - region.height) // 2
    return Region(x, y, wide, high, region.shape)


def holds_middle(region: Region, other: Region) -> bool:
    """Whether the middle of ``other`` lies in the box of ``region``."""
    x, y = other.x + other.width / 2, other.y + other.height / 2
    return region.x <= x < region.x + region.width and region.y <= y < region.y + region.height


def part_within(region: Region, other: Region) -> float:
    """How much of a region's box lies in another's, 0 to 1."""
    wide = min(region.x + region.width, other.x + other.width) - max(region.x, other.x)
    high = min(region.y + region.height, other.y + other.height) - max(region.y, other.y)
    return max(wide, 0) * max(high, 0) / (region.width * region.height)


def check_turn(turn: float) -> None:
    """Raises ValueError unless a face's turn is a finite number of degrees."""
    if not (isinstance(turn, Real) and is_finite(turn)):
        raise ValueError(f"turn must be finite degrees, got {turn!r:.80}")


def touches(region: Region, image_shape: tuple[int, ...]) -> bool:
    """Whether some pixel of the region's box lies in an image of this shape (height first)."""
    inside_x = region.x < image_shape[1] and region.x + region.width > 0
    return inside_x and region.y < image_shape[0] and region.y + region.height > 0


def four_margins(margins: Margins) -> tuple[float, float, float, float]:
    """Margins as (left, top, right, bottom), checked."""
    several = margins if isinstance(margins, (tuple, list)) else (margins,) * 4
    if len(several) != 4 or not all(isinstance(margin, Real) for margin in several):
        raise TypeError(f"grow must be a number or (left, top, right, bottom), got {margins!r}")
    if not all(0 <= margin < math.inf for margin in several):
        raise ValueError(f"grow must be 0 or more on every side, got {margins!r}")
    if max(several) > MAX_COORDINATE:
        raise ValueError(f"grow must be up to {MAX_COORDINATE} on every side, got {margins!r:.80}")
    left, top, right, bottom = (float(margin) for margin in several)
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
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size:
        best, rest = int(order[0]), order[1:]
        kept.append(best)
        order = rest[~are_doubles(boxes[best], boxes[rest], overlap, parts=parts)]
    return kept


def are_doubles(best: NDArray[Any], others: NDArray[Any], overlap: float, *, parts: bool = True) -> NDArray[np.bool_]:
    """Which of some boxes, (count, 4), show what a better one shows, as :func:`suppress` takes it."""
    near = np.maximum(best[:2], others[:, :2])
    sides = np.clip(np.minimum(best[:2] + best[2:], others[:, :2] + others[:, 2:]) - near, 0, None)
    shared = sides[:, 0] * sides[:, 1]
    area, areas = best[2] * best[3], others[:, 2] * others[:, 3]
    doubles = shared > overlap * (area + areas - shared)
    if parts:
        doubles |= shared > _PART * areas
    found: NDArray[np.bool_] = doubles
    return found
