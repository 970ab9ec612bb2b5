"""The size of windows: in pixels, or as cells across a face's shorter side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .. import Region, Strength


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSize:
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
        _ = self.strength  # raises what there is to raise

    @property
    def strength(self) -> Strength:
        """The strength that moves all pixels of such windows."""
        return Strength(window=self.window, cells=self.cells)

    def window_for(self, region: Region) -> int:
        """The side of a region's windows, in pixels."""
        return self.strength.window_for(region)

    @property
    def order(self) -> float:
        """Larger where windows are: pixels, or the share of the face's shorter side."""
        if self.cells is not None:
            return 1.0 / self.cells
        return 1.0 if isinstance(self.window, str) or self.window is None else float(self.window)

    @property
    def label(self) -> str:
        """The window: "8 cells", "16 px", "whole region"."""
        if self.cells is not None:
            return "1 cell" if self.cells == 1 else f"{self.cells} cells"
        return "whole region" if self.window == "region" else f"{self.window} px"

    @property
    def unit(self) -> str:
        """What sets windows in pixels apart from cells: orders of the two do not compare."""
        return ", windows in pixels" if isinstance(self.window, int) else ""


EIGHTHS = WindowSize(cells=8)
"""Windows as large as those of ``Strength()``."""
