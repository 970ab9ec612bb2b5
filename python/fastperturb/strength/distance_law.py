"""From a target to numbers of pixels, and trials of what comes out of them; docs/distance.md derives the law.

"Squared error" is the sum of the squared differences of all samples of an image.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _core
from ..checks import Image, packed
from ..decibels import peak_to_noise
from ..record import CoreRegion, core_region
from ..region import Region
from .strength import Target

TOLERANCE_DB = 0.05
_SLACK = 10.0 ** (TOLERANCE_DB / 10.0)
_PEAKS = {"uint8": 255.0, "uint16": 65535.0}


def peak(image: Image, data_range: float | None) -> float | None:
    """The sample value that PSNR is relative to; None for a float image of which it was not said."""
    return _PEAKS.get(image.dtype.name) if data_range is None else data_range


def squared_error(target: Target, image: Image) -> float:
    """The squared error that a target asks for.

    Raises:
        ValueError: the PSNR of a float32 image without ``data_range``.
    """
    name, value, data_range = target
    if name == "distance":
        return value * value
    if name == "mse":
        return value * image.size
    top = peak(image, data_range)
    if top is None:
        raise ValueError("data_range must be given for the psnr of a float32 image: Strength(psnr=..., data_range=...)")
    return top * top * image.size * math.pow(10.0, -value / 10.0)


def solve(image: Image, regions: list[CoreRegion], target: Target, goal: float) -> list[int]:
    """How many pixels of each region must move for a squared error of ``goal``.

    All regions move the same share of their pixels, so that no face is spared at the cost of another.

    Raises:
        ValueError: it cannot be reached; the message names the nearest value that can.
    """
    pixels, _, least, most = _core.solve_pixels(packed(image), regions, goal, 2)
    if goal > most * _SLACK:
        if most == 0.0:
            raise ValueError(
                f"{target[0]} cannot be reached: every window is flat, so that moving pixels changes nothing"
            )
        bound = "at least" if target[0] == "psnr" else "at most"
        raise ValueError(
            f"{target[0]} must be {bound} {_said(target, image, most)}, which moving every pixel gives, "
            f"got {target[1]:g}"
        )
    if goal < least / _SLACK:
        bound = "at most" if target[0] == "psnr" else "at least"
        raise ValueError(
            f"{target[0]} must be {bound} {_said(target, image, least)}, which moving the fewest pixels "
            f"gives, got {target[1]:g}"
        )
    return pixels


def _said(target: Target, image: Image, error: float) -> str:
    """A squared error in the unit of a target; rounding to these digits stays within the tolerance."""
    if target[0] == "psnr":
        top = peak(image, target[2]) or 1.0
        return f"{peak_to_noise(top, error / image.size):.2f} dB"
    return f"{math.sqrt(error) if target[0] == 'distance' else error / image.size:.5g}"


def owned_samples(image: Image, regions: Sequence[Region]) -> int:
    """How many samples of an image its regions own."""
    height, width = image.shape[:2]
    owned = _core.owned_pixels(height, width, [core_region(region, 4, 0) for region in regions], 2)
    channels: int = image.size // (height * width)
    return sum(owned) * channels


def decibels_between(error: float, goal: float) -> float:
    """How far apart two squared errors are as PSNR, without sign."""
    return abs(10.0 * math.log10(error / goal)) if error > 0.0 else math.inf


def draws_allowed(regions: Sequence[CoreRegion]) -> int:
    """How often a permutation may be drawn again. The more pixels move, the less it scatters and the more it costs."""
    return max(16, min(256, 2**26 // max(1, sum(region.pixels for region in regions))))


class Trial:
    """The part of an image that its regions cover, to try permutations on."""

    def __init__(self, image: Image, regions: Sequence[CoreRegion]) -> None:
        left, top = max(0, min(region.x for region in regions)), max(0, min(region.y for region in regions))
        right, bottom = max(r.x + r.width for r in regions), max(r.y + r.height for r in regions)
        self._clear = packed(image[top:bottom, left:right])
        self._hidden = np.empty(self._clear.shape, self._clear.dtype)
        self._regions = [region._replace(x=region.x - left, y=region.y - top) for region in regions]

    def squared_error(self, subkey: Any) -> float:
        """What the permutation under this subkey gives."""
        np.copyto(self._hidden, self._clear)
        _core.permute([(self._hidden, self._hidden, self._regions, subkey, False)], False, 1, [])
        return _core.mean_squared_error(self._clear, self._hidden, None, 1) * self._clear.size
