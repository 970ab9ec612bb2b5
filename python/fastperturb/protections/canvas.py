"""A picture under the brush: coordinates of the face's frame, smooth edges, colours laid over each other."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Field: TypeAlias = NDArray[Any]
"""float32, over a part of the picture; or one row or column of it."""

WIDTH, HEIGHT = 400, 520
"""The frame."""
ZOOM, MIDDLE = 0.93, 268.0
"""Everything is drawn so much smaller, towards this row of the middle line: rounded regions are larger than heads."""


def in_frame(x: float, y: float) -> tuple[float, float]:
    """Where a point of the drawing comes to lie in the frame."""
    return WIDTH / 2 + ZOOM * (x - WIDTH / 2), MIDDLE + ZOOM * (y - MIDDLE)


class Canvas:
    """An RGB picture from 0 to 1 under the brush, with the coordinates of its pixels in the frame."""

    def __init__(self, width: int, height: int) -> None:
        self.pixel = WIDTH / width / ZOOM  # in units of the drawing
        across, down = ((np.arange(count, dtype=np.float32) + 0.5) / count for count in (width, height))
        self.across: Field = ((across - 0.5) * (WIDTH / ZOOM))[np.newaxis]
        self.down: Field = ((down * HEIGHT - MIDDLE) / ZOOM + MIDDLE)[:, np.newaxis]
        self.colours: Field = np.empty((height, width, 3), np.float32)
        self.matte: Field = np.zeros((height, width), np.float32)

    def window(self, left: float, right: float, top: float, bottom: float) -> tuple[tuple[slice, slice], Field, Field]:
        """The part between two distances from the middle line and two rows: place, columns' and rows' coordinates."""
        x0, x1 = np.searchsorted(self.across[0], (left, right))
        y0, y1 = np.searchsorted(self.down[:, 0], (top, bottom))
        part = (slice(int(y0), int(y1)), slice(int(x0), int(x1)))
        return part, self.across[:, part[1]], self.down[part[0]]

    def edge(self, inside: Field, soft: float = 1.0) -> Field:
        """Coverage, 0 to 1, from the distance to an edge (positive inside), ``soft`` frame pixels wide at least."""
        covered: Field = np.clip(inside / max(soft, self.pixel) + 0.5, 0.0, 1.0)
        return covered

    def paint(self, part: tuple[slice, slice], colour: Any, cover: Field) -> None:
        """Lays a colour, (3,) or (height, width, 3), over a part."""
        under = self.colours[part]
        under += cover[..., np.newaxis] * (np.asarray(colour, np.float32) - under)

    def tint(self, part: tuple[slice, slice], factor: tuple[float, float, float], cover: Field) -> None:
        """Multiplies a part by a colour, where ``cover`` is 1 in full."""
        self.colours[part] *= 1.0 + cover[..., np.newaxis] * (np.asarray(factor, np.float32) - 1.0)
