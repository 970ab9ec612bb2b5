"""Rounded regions: what a face's place says of a person is left out before anything is drawn or recorded.

A detector's box names people by its sides alone. So a region has a fixed aspect, one of few sizes, and a centre on a
coarse grid; all of it in whole numbers, the same everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from .. import _core
from ..checks import is_finite
from ..faces.boxes import check_turn, touches
from ..region import MAX_ELLIPSE_SIDE, Face, Point, Region, in_raster_order

LEAST_WIDTH = 32  # smaller ones leave what names a tiny face around it, and detectors miss them
_ASPECT = (13, 10)  # height to width
_GRID = 8  # steps of the centre across a width
_COVERED = (97, 100)  # of the ellipse that must be hidden, counted by the core on a lattice

Hundredths: TypeAlias = tuple[int, int, int, int]

HEAD_MARGINS: Hundredths = (30, 45, 30, 15)
"""Margins (left, top, right, bottom) of a detector's box that take in the head, in hundredths of its sides."""
FACE_MARGINS: Hundredths = (8, 16, 8, 10)
"""Margins that take in brow, cheeks and chin."""


def round_face(face: Face | Region, margins: Hundredths = HEAD_MARGINS) -> Region:
    """The rounded ellipse that hides a head (or face).

    Sizes are the classes of :func:`class_size`, in steps of the fourth root of two; the centre lies on a grid of an
    eighth of the width; it is the smallest class that covers 97 % of the ellipse in the box with its margins.

    Args:
        face: as a detector gives it: box from brow to chin; five finite landmarks tell the turn, or else its ``turn``.
        margins: around the box, by the face's own axes.

    Returns:
        An ellipse; it may reach beyond the image. :func:`turn_of` reads the turn from its sides.

    Raises:
        ValueError: the face is larger than any region can be.
    """
    box, turn = (face.region, _turn_of_face(face)) if isinstance(face, Face) else (face, 0)
    x, y, width, height = turned_box((box.x, box.y, box.width, box.height), -turn)
    left, top, right, bottom = margins
    head = _Head(
        100 * x - left * width, 100 * y - top * height, (100 + left + right) * width, (100 + top + bottom) * height
    )
    for number in range(least_class(head.width, head.height), class_count()):
        place = head.rounded(*class_size(number))
        if head.is_covered(place):
            left, top, across, down = place
            return Region(*turned_box((left, top, across + (turn >= 2), down), turn), shape="ellipse")
    raise ValueError(
        f"a face must be smaller than an ellipse of {MAX_ELLIPSE_SIDE} pixels, got {box.width} x {box.height}"
    )


def raster_ordered(regions: Iterable[Region], shape: tuple[int, ...]) -> tuple[Region, ...]:
    """Those that touch an image of ``shape``, row by row and each once: neither order nor number tells a score."""
    found = {region for region in regions if touches(region, shape)}
    return tuple(sorted(found, key=in_raster_order))


def class_size(number: int) -> tuple[int, int]:
    """Width and height of a size class: 32 x 42 times the fourth root of two, ``number`` times over; even widths."""
    return _classes()[number]


def class_count() -> int:
    """How many size classes there are."""
    return len(_classes())


def quarter_turn(landmarks: tuple[Point, ...]) -> int:
    """How many quarter turns clockwise bring an upright face to this one, 0 to 3; 0 without five finite landmarks."""
    if not _are_five(landmarks):
        return 0
    (right_x, right_y), (left_x, left_y), _, (corner_x, corner_y), (other_x, other_y) = landmarks
    down = (corner_x + other_x - right_x - left_x, corner_y + other_y - right_y - left_y)
    if abs(down[1]) >= abs(down[0]):
        return 0 if down[1] >= 0 else 2
    return 1 if down[0] < 0 else 3


def _turn_of_face(face: Face) -> int:
    """The quarter turns of a face by its landmarks, or by its ``turn`` without five finite ones."""
    if _are_five(face.landmarks):
        return quarter_turn(face.landmarks)
    check_turn(face.turn)
    return round(face.turn / 90) % 4


def _are_five(landmarks: tuple[Point, ...]) -> bool:
    return len(landmarks) == 5 and all(is_finite(x) and is_finite(y) for x, y in landmarks)


def turn_of(region: Region) -> int:
    """The turn of a rounded region, as :func:`quarter_turn`, by its sides.

    One that is wide lies; one whose shorter side is odd is turned by two quarters more. Other regions than those of
    :func:`round_face` are read alike.
    """
    lying = region.width > region.height
    return int(lying) + 2 * (min(region.width, region.height) % 2)


@cache
def _classes() -> tuple[tuple[int, int], ...]:
    found = []
    for number in range(64):
        width = 2 * math.isqrt(math.isqrt((LEAST_WIDTH // 2) ** 4 << number))
        height = (2 * _ASPECT[0] * width + _ASPECT[1]) // (2 * _ASPECT[1])
        if height > MAX_ELLIPSE_SIDE:
            break
        found.append((width, height))
    return tuple(found)


def grid_step(width: int) -> int:
    """The step of the grid on which the centre of a region of a class's width lies."""
    return width // _GRID


def least_class(width: int, height: int) -> int:
    """The number of the first class with area enough to cover an upright head.

    Args:
        width: of the box to hide, in hundredths of a pixel.
        height: likewise.

    Returns:
        :func:`class_count` if none has.
    """
    part, whole = _COVERED
    need = part * width * height
    fitting = (number for number, (across, down) in enumerate(_classes()) if whole * 10_000 * across * down >= need)
    return next(fitting, class_count())


def are_covered(heads: Sequence[Sequence[int]], size: tuple[int, int]) -> list[bool]:
    """Whether a region covers enough of the ellipse in each of some boxes.

    Args:
        heads: of each box x, y, width, height in hundredths of a pixel, from the region's corner.
        size: width and height of the region, in pixels.
    """
    part, whole = _COVERED
    return [hidden * whole >= _core.lattice_points * part for hidden in _core.covered_points(heads, *size)]


@dataclass(frozen=True, slots=True)
class _Head:
    """An upright box to hide, in hundredths of a pixel."""

    x: int
    y: int
    width: int
    height: int

    def rounded(self, width: int, height: int) -> tuple[int, int, int, int]:
        """A class laid over it: (x, y, width, height), the centre rounded half up to the grid."""
        step = grid_step(width)
        across, down = (
            (2 * low + side + 100 * step) // (200 * step) * step
            for low, side in ((self.x, self.width), (self.y, self.height))
        )
        return across - width // 2, down - height // 2, width, height

    def is_covered(self, place: tuple[int, int, int, int]) -> bool:
        """Whether the ellipse in ``place``, in pixels, covers enough of the ellipse in this box."""
        return are_covered([(self.x - 100 * place[0], self.y - 100 * place[1], self.width, self.height)], place[2:])[0]


def turned_box(box: tuple[Any, Any, Any, Any], turn: int) -> tuple[Any, Any, Any, Any]:
    """A box (x, y, width, height), or arrays of them, so many quarter turns clockwise about the image's corner."""
    x, y, width, height = box
    for _ in range(turn % 4):
        x, y, width, height = -(y + height), x, height, width
    return x, y, width, height
