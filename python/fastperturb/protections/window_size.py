"""How coarse a protection is: in pixels, or in cells across a face's shorter side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from .. import Region, Strength


@dataclass(frozen=True, slots=True, kw_only=True)
class Grain:
    """The side of square windows; one of the two is given.

    Attributes:
        window: in pixels, at least 2; or "region": one for the whole region.
        cells: how many windows lie across the shorter side of a region, as of :class:`fastperturb.Strength`.
    """

    window: int | Literal["region"] | None = None
    cells: int | None = None

    def __post_init__(self) -> None:
        if self.window is None and self.cells is None:
            raise ValueError("give window or cells, got neither")
        Strength(window=self.window, cells=self.cells)  # raises what there is to raise

    def window_for(self, region: Region) -> int:
        """The side of a region's windows, in pixels."""
        return Strength(window=self.window, cells=self.cells).window_for(region)

    @property
    def order(self) -> float:
        """Larger where windows are: pixels, or the share of the face's shorter side."""
        if self.cells is not None:
            return 1.0 / self.cells
        return 1.0 if isinstance(self.window, str) or self.window is None else float(self.window)

    @property
    def words(self) -> str:
        """The window: "8 cells", "16 px", "whole region"."""
        if self.cells is not None:
            return "1 cell" if self.cells == 1 else f"{self.cells} cells"
        return "whole region" if self.window == "region" else f"{self.window} px"

    @property
    def family(self) -> str:
        """What sets windows in pixels apart from cells: orders of the two do not compare."""
        return ", windows in pixels" if isinstance(self.window, int) else ""


EIGHTHS = Grain(cells=8)
"""Windows as large as those of ``Strength()``."""


class _HasGrain(Protocol):
    @property
    def grain(self) -> Grain: ...


class ByGrain:
    """Base of protections whose strength is the size of their windows, in ``grain``."""

    __slots__ = ()

    @property
    def strength(self: _HasGrain) -> float:
        """By the size of windows."""
        return self.grain.order

    @property
    def strength_label(self: _HasGrain) -> str:
        """The window."""
        return self.grain.words
