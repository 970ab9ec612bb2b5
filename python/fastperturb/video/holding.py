"""Regions that hold still: one size and one turn for a track, and a centre that moves only when it must.

The rules are those of stills (``protections/rounding.py``): a fixed aspect, the same size classes, a centre on a grid
of an eighth of the width, 97 % of the head's ellipse covered in every frame; in whole numbers, the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..protections.rounding import (
    FACE_MARGINS,
    HEAD_MARGINS,
    Hundredths,
    are_covered,
    class_count,
    class_size,
    grid_step,
    least_class,
    turned_box,
)
from ..region import Region

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

_SPREAD = 3.0  # frames: standard deviation of the smoothing of the centre
_UNIT = 100  # of a pixel


@dataclass(frozen=True, eq=False)
class Held:
    """A region of one size and turn in every frame of a track.

    Attributes:
        width, height: of the region, in pixels.
        corners: (frames, 2), its left and top.
    """

    width: int
    height: int
    corners: Whole

    def region(self, number: int) -> Region:
        """The ellipse in a frame, counted from the track's first."""
        x, y = self.corners[number].tolist()
        return Region(x, y, self.width, self.height, "ellipse")

    @property
    def moves(self) -> int:
        """In how many frames it stands elsewhere than in the one before."""
        return int(np.count_nonzero((np.diff(self.corners, axis=0) != 0).any(axis=1)))


def hold_still(boxes: Floats, turns: Floats, area: Literal["head", "face"]) -> Held:
    """The region of a track.

    The turn is that of most frames, by quarters. The centre of the head is smoothed over time, and the region's centre
    stays on its point of the grid until the smoothed one is more than a step away, along either axis. The size is the
    smallest class that covers 97 % of the head's ellipse in every frame; where only a few frames ask for more, their
    centre is not smoothed first.

    Args:
        boxes: (frames, 4), x, y, width, height from brow to chin.
        turns: (frames,), degrees clockwise.
        area: what to hide around the box.

    Raises:
        ValueError: a face is larger than any region can be.
    """
    margins = HEAD_MARGINS if area == "head" else FACE_MARGINS
    quarters = np.rint(turns / 90).astype(np.int64) % 4
    turn = int(np.bincount(quarters, minlength=4).argmax())
    heads = _turned_back(_with_margins(boxes, quarters, margins), turn)
    size = np.rint(_UNIT * heads[:, 2:]).astype(np.int64)
    centres = np.rint(_UNIT * (heads[:, :2] + heads[:, 2:] / 2)).astype(np.int64)
    smoothed = _smoothed(centres)
    least = max(least_class(width, height) for width, height in np.unique(size, axis=0).tolist())
    for number in range(least, class_count()):
        width, height = class_size(number)
        for guide in _guides(centres, smoothed, size, (width, height)):
            corners = _steps(guide, grid_step(width)) - np.array([width // 2, height // 2])
            if _is_covered(centres, size, corners, (width, height)):
                return _upright(corners, width, height, turn)
    raise ValueError("a face must be smaller than the largest region, 65,535 pixels across")


def _guides(centres: Whole, smoothed: Whole, size: Whole, region: tuple[int, int]) -> Iterator[Whole]:
    """Ways of the centre to try: smoothed; then no farther from the face than the region leaves room."""
    yield smoothed
    room = np.maximum((_UNIT * np.array(region) - size) // 4, 0)
    yield np.clip(smoothed, centres - room, centres + room)
    yield centres


def _smoothed(centres: Whole) -> Whole:
    """A Gaussian mean over frames; the ends are mirrored about the first and the last."""
    reach = min(int(3 * _SPREAD), len(centres) - 1)
    if reach == 0:
        return centres
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _SPREAD) ** 2)
    weights /= weights.sum()
    values = centres.astype(np.float64)
    before = 2 * values[0] - values[reach:0:-1]
    after = 2 * values[-1] - values[-2 : -2 - reach : -1]
    padded = np.concatenate([before, values, after])
    mean = np.stack([np.convolve(padded[:, axis], weights, "valid") for axis in (0, 1)], axis=1)
    return np.asarray(np.rint(mean), np.int64)


def _steps(guide: Whole, step: int) -> Whole:
    """The grid's point for each frame, in pixels: the one before unless the guide is more than a step away."""
    unit = _UNIT * step
    found = np.empty_like(guide)
    nearest = (2 * guide + unit) // (2 * unit)
    for axis in (0, 1):
        here = int(nearest[0, axis])
        for frame, place in enumerate(guide[:, axis].tolist()):
            if abs(place - here * unit) > unit:
                here = int(nearest[frame, axis])
            found[frame, axis] = here * step
    return found


def _is_covered(centres: Whole, size: Whole, corners: Whole, region: tuple[int, int]) -> bool:
    heads = np.concatenate([centres - size // 2 - _UNIT * corners, size], axis=1)  # from the region's corner
    different = np.unique(heads, axis=0)
    return all(are_covered(different.tolist(), region))


def _with_margins(boxes: Floats, quarters: Whole, margins: Hundredths) -> Floats:
    """Boxes with the margins (left, top, right, bottom) of a face that is turned by so many quarters clockwise."""
    added = np.array(margins, np.float64)[(np.arange(4) - quarters[:, np.newaxis]) % 4] / 100
    left, top, right, bottom = added.T
    x, y, width, height = boxes.T
    return np.stack(
        [x - left * width, y - top * height, (1 + left + right) * width, (1 + top + bottom) * height], axis=1
    )


def _turned_back(boxes: Floats, turn: int) -> Floats:
    """Boxes after so many quarter turns anticlockwise about the image's corner."""
    return np.stack(turned_box(tuple(boxes.T), -turn), axis=1)


def _upright(corners: Whole, width: int, height: int, turn: int) -> Held:
    across = width + (turn >= 2)  # as a still's: an odd side tells the half turn
    sides = np.full(len(corners), across), np.full(len(corners), height)
    x, y, wide, high = turned_box((corners[:, 0], corners[:, 1], *sides), turn)
    return Held(int(wide[0]), int(high[0]), np.stack([x, y], axis=1).astype(np.int64))
