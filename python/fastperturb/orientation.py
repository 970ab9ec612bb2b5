"""EXIF orientations: from a picture that stands upright back to how it is stored, for samples, boxes and masks.

Exif 2.32 (CIPA DC-008), section 4.6.4: 1 to 8, of which 5 to 8 swap width and height.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .region import Region

Item = TypeVar("Item", bound=np.generic)


def turned_upright(stored: NDArray[Item], orientation: int) -> NDArray[Item]:
    """A stored picture, or part of one, as it is to be seen: a view of it."""
    if orientation >= 5:
        stored = np.swapaxes(stored, 0, 1)
    if orientation in (3, 4, 7, 8):
        stored = stored[::-1]
    return stored[:, ::-1] if orientation in (2, 3, 6, 7) else stored


def turned_back(upright: NDArray[Item], orientation: int) -> NDArray[Item]:
    """The inverse of :func:`turned_upright`."""
    if orientation in (2, 3, 6, 7):
        upright = upright[:, ::-1]
    if orientation in (3, 4, 7, 8):
        upright = upright[::-1]
    return np.swapaxes(upright, 0, 1) if orientation >= 5 else upright


def upright_shape(shape: tuple[int, ...], orientation: int) -> tuple[int, ...]:
    """The shape of a stored picture as it is to be seen; and the other way round."""
    return (shape[1], shape[0], *shape[2:]) if orientation >= 5 else shape


def upright_region(region: Region, shape: tuple[int, ...], orientation: int) -> Region:
    """Where a region of a stored picture of ``shape`` is to be seen."""
    x, y, width, height = region.x, region.y, region.width, region.height
    if orientation >= 5:
        x, y, width, height = y, x, height, width
    seen = upright_shape(shape, orientation)
    return _mirrored(x, y, width, height, region.shape, seen, orientation)


def stored_region(region: Region, shape: tuple[int, ...], orientation: int) -> Region:
    """Where a region of the upright picture lies in the stored one of ``shape``."""
    seen = upright_shape(shape, orientation)
    item = _mirrored(region.x, region.y, region.width, region.height, region.shape, seen, orientation)
    if orientation >= 5:
        return Region(item.y, item.x, item.height, item.width, item.shape)
    return item


def _mirrored(x: int, y: int, width: int, height: int, kind: Any, seen: tuple[int, ...], orientation: int) -> Region:
    if orientation in (3, 4, 7, 8):
        y = seen[0] - y - height
    if orientation in (2, 3, 6, 7):
        x = seen[1] - x - width
    return Region(x, y, width, height, kind)
