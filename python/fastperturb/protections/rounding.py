"""Rounded regions: what a face's place says of a person is left out before anything is drawn or recorded.

A detector's box names people by its sides alone. So a region has a fixed aspect, one of few sizes, and a centre on a
coarse grid; all of it in whole numbers, the same everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..faces.boxes import touches
from ..region import MAX_ELLIPSE_SIDE, Face, Point, Region

LEAST_WIDTH = 16
_ASPECT = (13, 10)  # height to width
_GRID = 8  # steps of the centre across a width
_COVERED = (97, 100)  # of the ellipse that must be hidden
_LATTICE = 32  # points across that ellipse, by which it is counted

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
        face: as a detector gives it: box from brow to chin; its landmarks tell the turn, or its ``turn`` without them.
        margins: around the box, by the face's own axes.

    Returns:
        An ellipse; it may reach beyond the image. :func:`turn_of` reads the turn from its sides.

    Raises:
        ValueError: the face is larger than any region can be.
    """
    box, landmarks = (face.region, face.landmarks) if isinstance(face, Face) else (face, ())
    turn = quarter_turn(landmarks) if landmarks or not isinstance(face, Face) else round(face.turn / 90) % 4
    x, y, width, height = _turned_back((box.x, box.y, box.width, box.height), turn)
    left, top, right, bottom = margins
    head = _Head(
        100 * x - left * width, 100 * y - top * height, (100 + left + right) * width, (100 + top + bottom) * height
    )
    for number in range(head.least_class(), len(_classes())):
        place = head.rounded(*class_size(number))
        if head.is_covered(place):
            left, top, across, down = place
            return Region(*_turned((left, top, across + (turn >= 2), down), turn), shape="ellipse")
    raise ValueError(
        f"a face must be smaller than an ellipse of {MAX_ELLIPSE_SIDE} pixels, got {box.width} x {box.height}"
    )


def raster_ordered(regions: Iterable[Region], shape: tuple[int, ...]) -> tuple[Region, ...]:
    """Those that touch an image of ``shape``, row by row and each once: neither order nor number tells a score."""
    found = {region for region in regions if touches(region, shape)}
    return tuple(sorted(found, key=lambda region: (region.y, region.x, region.height, region.width)))


def class_size(number: int) -> tuple[int, int]:
    """Width and height of a size class: 16 x 21 times the fourth root of two, ``number`` times over; even widths."""
    return _classes()[number]


def quarter_turn(landmarks: tuple[Point, ...]) -> int:
    """How many quarter turns clockwise bring an upright face to this one, 0 to 3; 0 without five finite landmarks."""
    if len(landmarks) != 5 or not all(math.isfinite(x) and math.isfinite(y) for x, y in landmarks):
        return 0
    (right_x, right_y), (left_x, left_y), _, (corner_x, corner_y), (other_x, other_y) = landmarks
    down = (corner_x + other_x - right_x - left_x, corner_y + other_y - right_y - left_y)
    if abs(down[1]) >= abs(down[0]):
        return 0 if down[1] >= 0 else 2
    return 1 if down[0] < 0 else 3


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


@cache
def _lattice() -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Places across the ellipse's box, in 1 / (2 _LATTICE) of its side; which pairs of them lie in the ellipse."""
    places = 2 * np.arange(_LATTICE, dtype=np.int64) + 1
    away = (places - _LATTICE) ** 2
    return places, away[:, np.newaxis] + away <= _LATTICE**2


@dataclass(frozen=True, slots=True)
class _Head:
    """An upright box to hide, in hundredths of a pixel."""

    x: int
    y: int
    width: int
    height: int

    def least_class(self) -> int:
        """The first class with area enough to cover it."""
        part, whole = _COVERED
        need = part * self.width * self.height
        fitting = (i for i, (width, height) in enumerate(_classes()) if whole * 10_000 * width * height >= need)
        return next(fitting, len(_classes()))

    def rounded(self, width: int, height: int) -> tuple[int, int, int, int]:
        """A class laid over it: (x, y, width, height), the centre rounded half up to the grid."""
        step = width // _GRID
        across, down = (
            (2 * low + side + 100 * step) // (200 * step) * step
            for low, side in ((self.x, self.width), (self.y, self.height))
        )
        return across - width // 2, down - height // 2, width, height

    def is_covered(self, place: tuple[int, int, int, int]) -> bool:
        """Whether the ellipse in ``place``, in pixels, covers enough of the ellipse in this box."""
        places, inside = _lattice()
        columns, rows = (
            self._squared(low, side, places, place[axis], place[axis + 2])
            for axis, (low, side) in enumerate(((self.x, self.width), (self.y, self.height)))
        )
        hidden = int(np.count_nonzero((rows[:, np.newaxis] + columns <= 1 << 30) & inside))
        return hidden * _COVERED[1] >= int(np.count_nonzero(inside)) * _COVERED[0]

    @staticmethod
    def _squared(low: int, side: int, places: NDArray[np.int64], corner: int, length: int) -> NDArray[np.int64]:
        """Squared distances of places from the region's centre, where half its side is 2**15; whole numbers."""
        scale = 200 * _LATTICE  # of a pixel
        away = 2 * low * 2 * _LATTICE + 2 * side * places - scale * (2 * corner + length)
        return ((away << 15) // (scale * length)) ** 2


def _turned_back(box: tuple[int, int, int, int], turn: int) -> tuple[int, int, int, int]:
    """A box (x, y, width, height) after so many quarter turns anticlockwise about the image's corner."""
    return _turned(box, -turn % 4)


def _turned(box: tuple[int, int, int, int], turn: int) -> tuple[int, int, int, int]:
    """A box after so many quarter turns clockwise about the image's corner."""
    x, y, width, height = box
    for _ in range(turn):
        x, y, width, height = -(y + height), x, height, width
    return x, y, width, height
