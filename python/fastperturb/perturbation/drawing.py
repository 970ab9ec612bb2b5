"""What a protection that can be sealed gives to the perturbation: its final regions, and how it draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeGuard, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..checks import Image
from ..region import Face, Region


@dataclass(frozen=True, slots=True)
class Part:
    """One region's share of the image.

    Attributes:
        region: as recorded, unclipped.
        rows: of its box inside the image.
        columns: of its box inside the image.
        mask: (rows, columns), the pixels of that box which the region owns; None: all of them.
        beyond: whether rows and columns go beyond the region, as in a JPEG, whose MCUs are drawn as a whole.
    """

    region: Region
    rows: slice
    columns: slice
    mask: NDArray[np.bool_] | None
    beyond: bool = False

    @property
    def box(self) -> Region:
        """All that is to be drawn: the region, or the box of its MCUs."""
        if not self.beyond:
            return self.region
        rows, columns = self.rows, self.columns
        return Region(columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)


@runtime_checkable
class Drawing(Protocol):
    """A protection as the perturbation needs it.

    Attributes:
        method: code in the record, 0 to 255: 1 windows, 2 camouflage, 3 surrogate, 4 mosaic, 5 blur, 6 black, 7 noise,
            8 k-same, 9 autoencoder, 255 other.
        revision: of the method, 0 to 65,535.
    """

    @property
    def method(self) -> int:
        """Code in the record."""

    @property
    def revision(self) -> int:
        """Revision of the method."""

    def regions_for(self, faces: Sequence[Region | Face], shape: tuple[int, ...]) -> tuple[Region, ...]:
        """The final regions in an image of ``shape``, height first; each touches it."""

    def draw(self, image: Image, parts: Sequence[Part], out: Image, keys: Sequence[bytes]) -> None:
        """Writes the owned pixels of all regions.

        Args:
            image: the original; read only.
            parts: every region of the image, so that what none of them owns is known.
            out: of the image's shape and dtype, with packed rows; only owned pixels are written.
            keys: 32 bytes for each region, for what is random.
        """


_drawings: set[type] = set()


def is_drawing(value: object) -> TypeGuard[Drawing]:
    """Whether a value is one; types that were are remembered, as looking for every attribute takes 8 microseconds."""
    if type(value) in _drawings:
        return True
    if not isinstance(value, Drawing):
        return False
    _drawings.add(type(value))
    return True
