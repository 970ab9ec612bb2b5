"""The coefficients of a JPEG that is to be protected or restored: where they lie, and which MCUs each region owns.

docs/format-2.md, "Coefficients of a JPEG". Regions here are of the picture as it is stored, whatever its orientation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..record import core_region
from ..region import Region
from .jpeg_layout import JpegLayout
from .ownership import find_owners
from .record_v2_parts import MIN_WINDOW

Mcus = NDArray[np.int16]
"""(MCUs, blocks, 64) or (rows, columns, blocks, 64), each block in zigzag order."""
_STRIP_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Coefficients:
    """A JPEG's frame with its coefficients.

    Attributes:
        frame: of the file.
        layout: of the frame.
        mcus: (rows, columns, blocks, 64); may be written to.
        orientation: EXIF orientation, 1 to 8, by which it is to be seen.
        colours: whether its components are the luma and chroma of RGB.
    """

    frame: _core.JpegFrame
    layout: JpegLayout
    mcus: Mcus
    orientation: int = 1
    colours: bool = True

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the picture as it is stored: (height, width), or with three channels."""
        size = (self.frame.height, self.frame.width)
        return size if len(self.layout.factors) == 1 else (*size, 3)


def read_coefficients(data: bytes, orientation: int = 1, *, colours: bool = True) -> Coefficients:
    """The coefficients of the bytes of a JPEG.

    Raises:
        _core.JpegError: it is damaged, or of a kind that is not supported; the message says which.
    """
    frame = _core.JpegFrame(data)
    return Coefficients(frame, JpegLayout.of(frame), frame.decode(data), orientation, colours)


@dataclass(frozen=True, slots=True)
class McuPart:
    """One region's share of the MCUs.

    Attributes:
        rows: of its box, in MCUs.
        columns: of its box, in MCUs.
        mask: (rows, columns), the MCUs of that box which the region owns.
    """

    rows: slice
    columns: slice
    mask: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """How many it owns."""
        return int(np.count_nonzero(self.mask))

    def take(self, mcus: Mcus) -> Mcus:
        """Its MCUs, in raster order."""
        found: Mcus = mcus[self.rows, self.columns][self.mask]
        return found

    def put(self, mcus: Mcus, owned: Mcus) -> None:
        """Writes its MCUs."""
        mcus[self.rows, self.columns][self.mask] = owned


def find_mcu_owners(layout: JpegLayout, shape: tuple[int, ...], regions: Sequence[Region]) -> list[McuPart]:
    """Which MCUs each region owns: those of which it owns most pixels; of equals, the first region.

    Args:
        layout: of the JPEG.
        shape: of its picture, height first.
        regions: each touches the picture.
    """
    owners = find_owners(shape, regions, [core_region(region, MIN_WINDOW, 0) for region in regions])
    rows, columns = layout.grid(shape)
    best, owner = np.zeros((rows, columns), np.int64), np.full((rows, columns), -1, np.int64)
    boxes = []
    for index, part in enumerate(owners.parts):
        box = layout.box(part.region, shape)
        boxes.append(box)
        counts = _counts(layout, box, part.rows, part.columns, part.mask)
        more = counts > best[box]
        best[box][more] = counts[more]
        owner[box][more] = index
    return [McuPart(*box, owner[box] == index) for index, box in enumerate(boxes)]


def _counts(
    layout: JpegLayout, box: tuple[slice, slice], rows: slice, columns: slice, mask: NDArray[np.bool_] | None
) -> NDArray[np.int64]:
    """How many pixels of each MCU of a box the mask marks."""
    width, height = layout.mcu
    starts = [
        np.maximum(np.arange(part.start, part.stop, dtype=np.int64) * side - pixels.start, 0)
        for part, side, pixels in ((box[0], height, rows), (box[1], width, columns))
    ]
    if mask is None:
        sizes = [
            np.diff(np.append(start, pixels.stop - pixels.start))
            for start, pixels in zip(starts, (rows, columns), strict=True)
        ]
        return np.asarray(sizes[0][:, np.newaxis] * sizes[1], np.int64)
    down = np.add.reduceat(mask, starts[0], axis=0, dtype=np.int32)
    return np.asarray(np.add.reduceat(down, starts[1], axis=1), np.int64)


def unowned(layout: JpegLayout, shape: tuple[int, ...], parts: Sequence[McuPart]) -> NDArray[np.bool_]:
    """(rows, columns): the MCUs that no region owns."""
    free = np.ones(layout.grid(shape), np.bool_)
    for part in parts:
        free[part.rows, part.columns] &= ~part.mask
    return free


@dataclass(frozen=True, slots=True)
class McuBytes:
    """Coefficients as bytes, little-endian: those of the MCUs that a mask marks, in raster order."""

    mcus: Mcus
    mask: NDArray[np.bool_]

    def blocks(self) -> Iterator[bytes | memoryview]:
        """Some rows at a time, so that no copy is ever large."""
        rows = max(1, _STRIP_BYTES * len(self.mcus) // max(1, self.mcus.nbytes))
        for first in range(0, len(self.mcus), rows):
            part, mask = self.mcus[first : first + rows], self.mask[first : first + rows]
            whole = part if mask.all() else part[mask]
            yield np.ascontiguousarray(whole, "<i2").reshape(-1).view(np.uint8).data


def of_part(mcus: Mcus, part: McuPart) -> McuBytes:
    """The bytes of what a region owns."""
    return McuBytes(mcus[part.rows, part.columns], part.mask)
