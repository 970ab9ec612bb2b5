"""Where an image is protected: regions, and the faces that give rise to them.

Whole pixels, ``x`` to the right, ``y`` down, top-left first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .checks import whole

Shape: TypeAlias = Literal["box", "ellipse"]
Point: TypeAlias = tuple[float, float]

MAX_ELLIPSE_SIDE = 65_535
MAX_COORDINATE = 2**31 - 1


def _coordinate(name: str, value: object) -> int:
    number = whole(name, value, "a whole number of pixels")
    if abs(number) > MAX_COORDINATE:
        raise ValueError(f"{name} must be within 2**31 - 1 pixels, got {number}")
    return number


@dataclass(frozen=True, slots=True)
class Region:
    """A box, or the ellipse inscribed in it.

    ``x`` and ``y`` may be negative and the box may reach beyond the image: what lies outside is ignored, but something
    must lie inside. Where regions overlap, a pixel belongs to the one in whose inscribed ellipse it lies deepest, and
    of equals to the first in raster order (docs/format-2.md).

    Raises:
        TypeError: a coordinate is not a whole number.
        ValueError: no pixels, an unknown shape, or an ellipse with a side over 65,535 pixels.
    """

    x: int
    y: int
    width: int
    height: int
    shape: Shape = "box"

    def __post_init__(self) -> None:
        x, y, width, height = self.x, self.y, self.width, self.height
        if (
            type(x) is type(y) is type(width) is type(height) is int
            and -MAX_COORDINATE <= x <= MAX_COORDINATE
            and -MAX_COORDINATE <= y <= MAX_COORDINATE
            and 1 <= width <= MAX_COORDINATE
            and 1 <= height <= MAX_COORDINATE
            and self.shape == "box"
        ):
            return  # as nearly all are
        self._check()

    def _check(self) -> None:
        for name in ("x", "y", "width", "height"):
            value = getattr(self, name)
            if type(value) is not int or abs(value) > MAX_COORDINATE:
                object.__setattr__(self, name, _coordinate(name, value))
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a region must have at least one pixel, got {self.width} x {self.height}")
        if self.shape not in ("box", "ellipse"):
            raise ValueError(f"shape must be 'box' or 'ellipse', got {self.shape!r}")
        if self.shape == "ellipse" and max(self.width, self.height) > MAX_ELLIPSE_SIDE:
            raise ValueError(f"ellipse sides must be at most {MAX_ELLIPSE_SIDE}, got {self.width} x {self.height}")

    def clipped(self, height: int, width: int) -> tuple[slice, slice]:
        """The part of the region's box inside an image of ``height`` x ``width``, as (rows, columns); may be empty."""
        left, top = max(self.x, 0), max(self.y, 0)
        right, bottom = min(self.x + self.width, width), min(self.y + self.height, height)
        return slice(top, max(top, bottom)), slice(left, max(left, right))


@dataclass(frozen=True, slots=True)
class Face:
    """One face as a detector found it.

    Attributes:
        region: where it is.
        score: the detector's confidence, 0 to 1.
        landmarks: (x, y) in pixels, of the image: right eye, left eye, nose tip, right and left mouth corner, right and
            left as the person has them; empty where the detector gives none.
        turn: degrees by which the face is turned clockwise from upright, above -180 and up to 180: at 90 the top of the
            head points to the right. An estimate; 0 where the face is about upright, or nobody looked.
        found_by: names of the detectors that found it, where several looked (:class:`fastperturb.faces.Union`).
    """

    region: Region
    score: float = 1.0
    landmarks: tuple[Point, ...] = ()
    turn: float = 0.0
    found_by: tuple[str, ...] = ()


RegionLike: TypeAlias = Region | Face | tuple[int, int, int, int] | NDArray[np.integer[Any]]


def _is_box(value: object) -> bool:
    """Whether it is the four numbers of one box: a tuple, a list, or an array of one axis."""
    if isinstance(value, np.ndarray):
        return value.ndim == 1 and len(value) == 4
    if not isinstance(value, (tuple, list)) or len(value) != 4:
        return False
    return not isinstance(value[0], (Region, Face, tuple, list, np.ndarray))


def as_regions(regions: RegionLike | Iterable[RegionLike]) -> tuple[Region, ...]:
    """Regions out of what a caller may pass: one or several of Region, Face or (x, y, width, height)."""
    return tuple(item.region if isinstance(item, Face) else item for item in as_faces(regions))


def as_faces(regions: RegionLike | Iterable[RegionLike]) -> tuple[Region | Face, ...]:
    """The same with faces as they are, for those who look at landmarks."""
    items: Any = (regions,) if isinstance(regions, (Region, Face)) or _is_box(regions) else regions
    found: list[Region | Face] = []
    for index, item in enumerate(items):
        if isinstance(item, (Region, Face)):
            found.append(item)
        else:
            try:
                x, y, width, height = item
            except (TypeError, ValueError):
                raise TypeError(
                    f"regions[{index}] must be a Region, a Face or (x, y, width, height), got {item!r}"
                ) from None
            found.append(Region(x, y, width, height))
    return tuple(found)


def raster_order(regions: Sequence[Region]) -> list[int]:
    """The order of regions by their corners, row by row: a detector's order tells how sure it was of each face.

    Records have this order, and the first of several owns what lies equally deep in them.
    """
    return sorted(range(len(regions)), key=lambda i: in_raster_order(regions[i]))


def in_raster_order(region: Region) -> tuple[int, int, int, int, str]:
    """What regions are sorted by: their corners, row by row, then what is smaller."""
    return region.y, region.x, region.height, region.width, region.shape


def check_touching(regions: Sequence[Region], shape: tuple[int, ...]) -> None:
    """Raises ValueError for a region that does not touch an image of ``shape``."""
    for index, region in enumerate(regions):
        rows, columns = region.clipped(shape[0], shape[1])
        if rows.start >= rows.stop or columns.start >= columns.stop:
            raise ValueError(f"regions[{index}] must touch the image, got {region}")
