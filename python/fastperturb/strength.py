"""How strongly a region is permuted: how large its windows are, and how many of its pixels move."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .region import Region

DEFAULT_CELLS = 8


def _positive(name: str, value: object, least: int) -> int:
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {value!r}") from None
    if isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if number < least:
        raise ValueError(f"{name} must be at least {least}, got {number}")
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """Window, and how many pixels move; the default moves all, in windows an eighth of the region's shorter side.

    Attributes:
        window: side of the square windows in pixels, at least 2; or ``"region"``, one window for the whole region.
        cells: instead of ``window``: how many windows lie across the region's shorter side. It keeps its meaning when
            faces have different sizes. Small faces get windows of at least 2 pixels.
        pixels: how many pixels of a region move, at least 2 (the paper's n).
        coverage: instead of ``pixels``: the share of a region's pixels that move, over 0 and up to 1.

    Raises:
        TypeError: a number of the wrong kind.
        ValueError: out of range, or two ways to say the same thing.
    """

    window: int | Literal["region"] | None = None
    cells: int | None = None
    pixels: int | None = None
    coverage: float | None = None

    def __post_init__(self) -> None:
        if self.window is not None and self.cells is not None:
            raise ValueError(f"give window or cells, not both, got window={self.window!r} and cells={self.cells!r}")
        if self.pixels is not None and self.coverage is not None:
            raise ValueError(
                f"give pixels or coverage, not both, got pixels={self.pixels!r} and coverage={self.coverage!r}"
            )
        if isinstance(self.window, str):
            if self.window != "region":
                raise ValueError(f"window must be a whole number of pixels or 'region', got {self.window!r}")
        elif self.window is not None:
            object.__setattr__(self, "window", _positive("window", self.window, 2))
        if self.cells is not None:
            object.__setattr__(self, "cells", _positive("cells", self.cells, 1))
        if self.pixels is not None:
            object.__setattr__(self, "pixels", _positive("pixels", self.pixels, 2))
        if self.coverage is not None:
            if isinstance(self.coverage, bool) or not isinstance(self.coverage, (int, float)):
                raise TypeError(f"coverage must be a number over 0 and up to 1, got {self.coverage!r}")
            if not 0.0 < self.coverage <= 1.0:  # also refuses NaN
                raise ValueError(f"coverage must be over 0 and up to 1, got {self.coverage!r}")

    def window_for(self, region: Region) -> int:
        """The side of this region's windows, in pixels. Counted on the whole box, also where the image clips it."""
        if self.window == "region":
            return max(region.width, region.height, 2)
        if self.window is not None:
            return self.window
        cells = DEFAULT_CELLS if self.cells is None else self.cells
        return max(2, -(-min(region.width, region.height) // cells))

    def pixels_for(self, owned: int) -> int:
        """How many of the ``owned`` pixels of a region are to move.

        Raises:
            ValueError: ``pixels`` is more than there are.
        """
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
