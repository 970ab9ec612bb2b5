"""How strongly a region is permuted: how large its windows are, and how many of its pixels move.

The number of pixels is given, or follows from how far the image is to be moved (docs/distance.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from ..checks import whole
from ..region import MAX_COORDINATE, Region

Target: TypeAlias = tuple[Literal["psnr", "distance", "mse"], float, float | None]
DEFAULT_CELLS = 8
MIN_WINDOW = 4
"""The least useful window: of 2 or 3 pixels a side anyone can try all arrangements, or guess them."""
_AMOUNTS = ("pixels", "coverage", "psnr", "distance", "mse")


def _positive(name: str, value: object, least: int, most: int | None = None) -> int:
    number = whole(name, value)
    if number < least:
        raise ValueError(f"{name} must be at least {least}, got {number!r:.80}")
    if most is not None and number > most:
        raise ValueError(f"{name} must be at most {most}, got {number!r:.80}")
    return number


def _number(name: str, value: object, need: str) -> float:
    """The value as a float; infinity where none holds it."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be {need}, got {value!r}")
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _real(name: str, value: object, need: str) -> float:
    number = _number(name, value, need)
    if not math.isfinite(number):
        raise ValueError(f"{name} must be {need}, got {value!r:.80}")
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """Window, and how many pixels move; the default moves all, in windows an eighth of the region's shorter side.

    Attributes:
        window: side of the square windows in pixels, 4 to 2**31 - 1; or ``"region"``, one for the whole region.
        cells: instead of ``window``: how many windows lie across the region's shorter side, 1 to 2**31 - 1. It keeps
            its meaning when faces have different sizes. Small faces get windows of at least 4 pixels.
        pixels: how many pixels of a region move, at least 2 (the paper's n).
        coverage: instead of ``pixels``: the share of a region's pixels that move, over 0 and up to 1.
        psnr: instead of ``pixels``: as many as bring the whole image to this peak signal-to-noise ratio, in dB. Like
            the two below it is for the image as a whole: every region then moves the same share of its pixels.
        distance: instead of ``pixels``: as many as move the whole image by this Euclidean distance, the root of the
            sum of the squared differences of all samples.
        mse: instead of ``pixels``: as many as give this mean squared error over all samples of the image.
        data_range: for ``psnr``: the largest possible sample; 255 for uint8 and 65535 for uint16 if not given, needed
            for float32.

    Raises:
        TypeError: a number of the wrong kind.
        ValueError: out of range, or two ways to say the same thing.
    """

    window: int | Literal["region"] | None = None
    cells: int | None = None
    pixels: int | None = None
    coverage: float | None = None
    psnr: float | None = None
    distance: float | None = None
    mse: float | None = None
    data_range: float | None = None

    def __post_init__(self) -> None:
        if self.window is not None and self.cells is not None:
            raise ValueError(f"give window or cells, not both, got window={self.window!r} and cells={self.cells!r}")
        given = [f"{name}={getattr(self, name)!r}" for name in _AMOUNTS if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"give one of {', '.join(_AMOUNTS)}, got {' and '.join(given)}")
        if isinstance(self.window, str):
            if self.window != "region":
                raise ValueError(f"window must be a whole number of pixels or 'region', got {self.window!r}")
        elif self.window is not None:
            object.__setattr__(self, "window", _positive("window", self.window, MIN_WINDOW, MAX_COORDINATE))
        if self.cells is not None:
            object.__setattr__(self, "cells", _positive("cells", self.cells, 1, MAX_COORDINATE))
        if self.pixels is not None:
            object.__setattr__(self, "pixels", _positive("pixels", self.pixels, 2))
        if self.coverage is not None:
            share = _number("coverage", self.coverage, "a number over 0 and up to 1")
            if not 0.0 < share <= 1.0:  # also refuses NaN
                raise ValueError(f"coverage must be over 0 and up to 1, got {self.coverage!r:.80}")
            object.__setattr__(self, "coverage", share)
        self._check_target()

    def _check_target(self) -> None:
        if self.psnr is not None:
            object.__setattr__(self, "psnr", _real("psnr", self.psnr, "a number of dB"))
            if abs(self.psnr) > 300.0:
                raise ValueError(f"psnr must be -300 to 300 dB, got {self.psnr!r}")
        for name in ("distance", "mse", "data_range"):
            value = getattr(self, name)
            if value is None:
                continue
            if (number := _real(name, value, "a number over 0")) <= 0.0:
                raise ValueError(f"{name} must be over 0, got {value!r}")
            object.__setattr__(self, name, number)
        if self.data_range is not None and self.psnr is None:
            raise ValueError(f"data_range goes with psnr alone, got data_range={self.data_range!r} without it")

    @property
    def target(self) -> Target | None:
        """What to solve for: ("psnr", "distance" or "mse", its value, data_range); None if nothing is."""
        if self.psnr is not None:
            return "psnr", self.psnr, self.data_range
        if self.distance is not None:
            return "distance", self.distance, None
        return None if self.mse is None else ("mse", self.mse, None)

    def window_for(self, region: Region) -> int:
        """The side of this region's windows, in pixels. Counted on the whole box, also where the image clips it."""
        if self.window == "region":
            return max(region.width, region.height, MIN_WINDOW)
        if self.window is not None:
            return self.window
        cells = DEFAULT_CELLS if self.cells is None else self.cells
        return max(MIN_WINDOW, -(-min(region.width, region.height) // cells))

    def pixels_for(self, owned: int) -> int:
        """How many of the ``owned`` pixels of a region are to move.

        Raises:
            ValueError: ``pixels`` is more than there are, or the number depends on the image.
        """
        if self.target is not None:
            raise ValueError(f"{self.target[0]} gives a number of pixels for an image only; see forecast()")
        if self.pixels is not None:
            if self.pixels > owned:
                raise ValueError(
                    f"pixels must be at most the {owned} that the region has, got {self.pixels}; "
                    "coverage= asks for a share instead"
                )
            return self.pixels
        return math.floor((1.0 if self.coverage is None else self.coverage) * owned + 0.5)


def list_strengths(strength: Strength | Sequence[Strength], count: int) -> list[Strength]:
    """One strength for each of ``count`` regions."""
    strengths = [strength] * count if isinstance(strength, Strength) else list(strength)
    for item in strengths:
        if not isinstance(item, Strength):
            raise TypeError(f"strength must be a Strength or one for each region, got {item!r}")
    if len(strengths) != count:
        raise ValueError(f"strength must be one, or one for each of the {count} regions, got {len(strengths)}")
    return strengths


def common_target(strengths: Sequence[Strength]) -> Target | None:
    """The target of all regions of an image, which must be one and the same, for it is the image's.

    Raises:
        ValueError: they differ, or only some have one.
    """
    first = strengths[0].target
    for strength in strengths:
        if strength is not strengths[0] and strength.target != first:
            raise ValueError("psnr, distance and mse are for the whole image: give all regions the same, or none")
    return first
