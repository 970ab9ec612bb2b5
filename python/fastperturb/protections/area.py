"""The area that a protection covers: a face's region as it is, grown, or as an ellipse; and its own pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .. import Face, Region
from ..faces import HEAD, Margins, grow_region
from ..perturbation.ownership import find_owners
from ..record import core_region
from ..region import raster_order
from ..strength.strength import MIN_WINDOW


@dataclass(frozen=True, slots=True)
class Area:
    """What of a face is protected.

    Attributes:
        shape: "box" or "ellipse"; None keeps that of the face's region.
        grow: margins around it, as for :func:`fastperturb.faces.grow_region`; ``HEAD`` takes in hair and ears.
    """

    shape: Literal["box", "ellipse"] | None = None
    grow: Margins = 0.0

    def __post_init__(self) -> None:
        grow_region(Region(0, 0, 1, 1), self.grow, self.shape)  # raises what there is to raise

    def regions(self, faces: Sequence[Face], shape: tuple[int, ...]) -> list[Region]:
        """The regions of all faces that touch an image of ``shape``, in the faces' order."""
        grown = [grow_region(face.region, self.grow, self.shape, turn=face.turn) for face in faces]
        return [region for region in grown if touches(region, shape)]

    @property
    def words(self) -> str:
        """How it differs from the face's own region: "", ", ellipse", ", head"."""
        if self.grow == HEAD:
            grown = ", head"
        elif self.grow in (0, 0.0, (0, 0, 0, 0)):
            grown = ""
        else:
            several = self.grow if isinstance(self.grow, tuple) else (self.grow,)
            grown = ", grown " + "+".join(f"{margin:g}" for margin in several)
        return grown + (f", {self.shape}" if self.shape else "")


AS_FOUND = Area()
"""The face's region as the detector, or the user, gave it."""


def touches(region: Region, shape: tuple[int, ...]) -> bool:
    """Whether some pixel of the region's box lies in an image of this shape."""
    rows, columns = region.clipped(shape[0], shape[1])
    return bool(rows.start < rows.stop and columns.start < columns.stop)


def owned_parts(
    regions: Sequence[Region], shape: tuple[int, ...]
) -> Iterator[tuple[Region, tuple[slice, slice], NDArray[np.bool_]]]:
    """For each region its clipped box, and which pixels of that it owns.

    The owners are those of a perturbation, whatever the order of the regions.

    Args:
        regions: each touches the image; in any order.
        shape: of the image, height first.

    Yields:
        Region, (rows, columns) in the image, boolean mask of these; in the order of ``regions``.
    """
    if not regions:
        return
    order = raster_order(regions)
    in_order = [regions[i] for i in order]
    core = [core_region(region, MIN_WINDOW, 0) for region in in_order]
    found = dict(zip(order, find_owners(shape, in_order, core).parts, strict=True))
    for part in (found[i] for i in range(len(regions))):
        size = part.rows.stop - part.rows.start, part.columns.stop - part.columns.start
        yield part.region, (part.rows, part.columns), np.ones(size, np.bool_) if part.mask is None else part.mask
