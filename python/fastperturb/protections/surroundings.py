"""What lies around a region, from pixels that no region owns: sampled on a coarse grid, and carried on into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._optional import import_opencv
from ..perturbation.drawing import Part
from ..region import Region
from .mosaic_and_black import has_alpha, peak

Image = NDArray[Any]
_ACROSS = 24  # samples across a region
_AROUND = 4  # beyond it, on each side
_REACH = 4.0  # samples: standard deviation by which colours are carried on


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Colours from 0 to 1; alpha is left out.

    Attributes:
        mean: (colours,), of all samples.
        field: (rows, columns, colours), float32, over the region's box.
    """

    mean: NDArray[np.float32]
    field: NDArray[np.float32]


class PartsByPlace:
    """Parts of all regions of an image, by where they lie: a picture of a crowd has thousands."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        bounds = [(part.rows.start, part.rows.stop, part.columns.start, part.columns.stop) for part in parts]
        self._bounds = np.array(bounds, np.int64).reshape(-1, 4).T + np.array([[-1], [1], [-1], [1]])  # with the rim

    def near(self, region: Region) -> list[Part]:
        """Those that can matter for the surroundings of a region, itself among them."""
        rows, columns = _places(region.y, region.height), _places(region.x, region.width)
        top, bottom, left, right = self._bounds
        found = (top <= rows[-1]) & (bottom > rows[0]) & (left <= columns[-1]) & (right > columns[0])
        return [self._parts[index] for index in np.flatnonzero(found).tolist()]


def measure_surroundings(image: Image, region: Region, parts: Sequence[Part]) -> Surroundings | None:
    """The colours around a region, smoothed and carried on over it.

    Args:
        image: the original; pixels that a part owns are not looked at.
        region: whose surroundings.
        parts: of all regions, or those :class:`PartsByPlace` finds near it, which give the same.

    Returns:
        None if every pixel near the region is owned by some region.
    """
    rows, columns = _places(region.y, region.height), _places(region.x, region.width)
    free = _in_image(rows, image.shape[0])[:, np.newaxis] & _in_image(columns, image.shape[1])
    for part in parts:
        _take_out(free, rows, columns, part)
    if not free.any():
        return None
    near = np.clip(rows, 0, image.shape[0] - 1), np.clip(columns, 0, image.shape[1] - 1)
    colours = _colours(image[near[0][:, np.newaxis], near[1]], image)
    return _carried_on(colours, free)


def _places(low: int, side: int) -> NDArray[np.int64]:
    """Coordinates of the samples along an axis: the middles of equal cells."""
    count = _ACROSS + 2 * _AROUND
    return low + ((2 * (np.arange(count, dtype=np.int64) - _AROUND) + 1) * side) // (2 * _ACROSS)


def _in_image(places: NDArray[np.int64], side: int) -> NDArray[np.bool_]:
    return (places >= 0) & (places < side)


def _take_out(free: NDArray[np.bool_], rows: NDArray[np.int64], columns: NDArray[np.int64], part: Part) -> None:
    """Marks as not free what a part owns."""
    part_rows, part_columns, mask = _with_rim(part)
    first, last = np.searchsorted(rows, (part_rows.start, part_rows.stop))
    left, right = np.searchsorted(columns, (part_columns.start, part_columns.stop))
    if first >= last or left >= right:
        return
    if mask is None:
        free[first:last, left:right] = False
    else:
        inside = (rows[first:last, np.newaxis] - part_rows.start, columns[left:right] - part_columns.start)
        free[first:last, left:right] &= ~mask[inside]


def _with_rim(part: Part) -> tuple[slice, slice, NDArray[np.bool_] | None]:
    """Rows, columns and mask of what a part owns; of a JPEG also the pixels next to it, in which its chroma shows."""
    if not part.beyond:
        return part.rows, part.columns, part.mask
    rows, columns = slice(part.rows.start - 1, part.rows.stop + 1), slice(part.columns.start - 1, part.columns.stop + 1)
    if part.mask is None:
        return rows, columns, None
    near = import_opencv().dilate(np.pad(part.mask, 1).view(np.uint8), np.ones((3, 3), np.uint8))
    return rows, columns, near.view(np.bool_)


def _colours(samples: Image, image: Image) -> NDArray[np.float32]:
    """(rows, columns, colours), 0 to 1: values outside are cut off, what is no number is 0."""
    stacked = samples if samples.ndim == 3 else samples[..., np.newaxis]
    if has_alpha(image):
        stacked = stacked[..., :-1]
    scaled = stacked.astype(np.float32) * np.float32(1 / peak(image))
    if image.dtype == np.float32:
        scaled = np.clip(np.nan_to_num(scaled, nan=0.0), 0, 1)
    return scaled


def _carried_on(colours: NDArray[np.float32], free: NDArray[np.bool_]) -> Surroundings:
    """A normalised convolution: sums of free samples by their sums of weights, near ones counting most."""
    cv2 = import_opencv()
    colours[~free] = 0
    mean = colours.reshape(-1, colours.shape[2]).sum(axis=0) / np.float32(np.count_nonzero(free))
    stacked = np.concatenate([colours, free[..., np.newaxis].astype(np.float32)], axis=2)
    spread = cv2.GaussianBlur(stacked, (0, 0), _REACH, borderType=cv2.BORDER_CONSTANT)
    inner = spread[_AROUND:-_AROUND, _AROUND:-_AROUND]
    least = np.float32(1e-3)  # of the mean, where nothing is near
    field = (inner[..., :-1] + least * mean) / (inner[..., -1:] + least)
    return Surroundings(mean, np.ascontiguousarray(field))
