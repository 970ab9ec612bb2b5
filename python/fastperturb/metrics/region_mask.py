"""Where to score: regions and masks, made into the part of two images that holds them and a mask of that part."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..region import Region, RegionLike, as_regions

Image: TypeAlias = NDArray[Any]
Mask: TypeAlias = NDArray[np.bool_] | None
Where: TypeAlias = RegionLike | Iterable[RegionLike] | NDArray[np.bool_]
"""Where to score: one or several regions, or a boolean mask (height, width)."""


def inside(a: Image, b: Image, region: Where | None, radius: int) -> tuple[Image, Image, Mask]:
    """Views of the images that hold the region and ``radius`` pixels around it, and a mask unless it is all of them.

    Arrays that the core will refuse are given back as they are.
    """
    size = 2 * radius + 1
    fit = isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.ndim in (2, 3) and a.shape == b.shape
    if region is None or not fit or a.size == 0 or min(a.shape[:2]) < size:
        return a, b, None
    rows, columns, mask = _extent(region, a.shape[0], a.shape[1])
    top, left = max(rows.start, radius), max(columns.start, radius)
    bottom, right = min(rows.stop, a.shape[0] - radius), min(columns.stop, a.shape[1] - radius)
    if top >= bottom or left >= right or not (mask is None or mask[top:bottom, left:right].any()):
        what = "one pixel" if radius == 0 else f"the centre of one whole {size} x {size} window"
        raise ValueError(f"region must hold at least {what} of the image, got {region!r}")
    part = slice(top - radius, bottom + radius), slice(left - radius, right + radius)
    return a[part], b[part], None if mask is None else np.ascontiguousarray(mask[part])


def _extent(region: Where, height: int, width: int) -> tuple[slice, slice, Mask]:
    """The box of a region inside an image, perhaps empty, and the mask of the image unless the region is the box."""
    if isinstance(region, np.ndarray) and region.dtype == np.bool_:
        if region.shape != (height, width):
            raise ValueError(f"region must be a mask of shape {(height, width)}, got shape {region.shape}")
        mask = np.asarray(region, np.bool_)
    else:
        if isinstance(region, np.ndarray) and region.shape == (height, width):
            raise TypeError(f"region must be a boolean mask to have the image's shape, got {region.dtype}")
        regions = as_regions(region)
        if len(regions) == 1 and regions[0].shape == "box":
            return *regions[0].clipped(height, width), None
        mask = np.zeros((height, width), np.bool_)
        for one in regions:
            _mark(mask, one)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return slice(0, 0), slice(0, 0), mask
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1), mask


def _mark(mask: NDArray[np.bool_], region: Region) -> None:
    """Marks a region's pixels; those of an ellipse as ``docs/format.md`` defines them."""
    rows, columns = region.clipped(*mask.shape)
    if region.shape == "box":
        mask[rows, columns] = True
        return
    w, h = region.width, region.height
    for y in range(rows.start, rows.stop):
        rest = (w * h) ** 2 - ((2 * (y - region.y) + 1 - h) * w) ** 2
        reach = math.isqrt(rest) // h  # of |2 i + 1 - w| over the ellipse's columns i
        first, last = (w - reach) // 2, (w - 1 + reach) // 2
        mask[y, max(0, region.x + first) : max(0, region.x + last + 1)] = True
