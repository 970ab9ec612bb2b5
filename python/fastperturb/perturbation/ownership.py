"""Which pixels each region owns in record version 2: its part of the image, and what no region owns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..checks import Image
from ..record import CoreRegion
from ..region import Region
from .drawing import Part
from .seal_coding import Surroundings


@dataclass(frozen=True, slots=True)
class Ownership:
    """The owners of an image's pixels.

    Attributes:
        parts: one a region, in the record's order.
        x, y, labels: as ``_core.owner_labels`` gives them; None for a single box, which owns all it covers.
    """

    parts: tuple[Part, ...]
    x: int
    y: int
    labels: NDArray[np.uint16] | None

    def surroundings(self, image: Image) -> Surroundings:
        """The pixels of an image that no region owns."""
        labels = self.labels
        if labels is None:
            part = self.parts[0]
            shape = (part.rows.stop - part.rows.start, part.columns.stop - part.columns.start)
            labels = np.ones(shape, np.uint16)
        return Surroundings(image, self.x, self.y, labels)

    def counts(self) -> list[int]:
        """How many pixels each region owns."""
        return [count_owned(part) for part in self.parts]


def count_owned(part: Part) -> int:
    """How many pixels a region owns."""
    if part.mask is not None:
        return int(np.count_nonzero(part.mask))
    return int((part.rows.stop - part.rows.start) * (part.columns.stop - part.columns.start))


def find_owners(shape: tuple[int, ...], regions: Sequence[Region], core: Sequence[CoreRegion]) -> Ownership:
    """The owners of an image's pixels.

    Args:
        shape: of the image, height first.
        regions: each touches it.
        core: the same as the core takes them.

    Raises:
        ValueError: a region does not touch the image, or their boxes cover too much.
    """
    height, width = shape[:2]
    clipped = [region.clipped(height, width) for region in regions]
    rows, columns = clipped[0]
    if len(regions) == 1 and regions[0].shape == "box" and rows.start < rows.stop and columns.start < columns.stop:
        return Ownership((Part(regions[0], rows, columns, None),), columns.start, rows.start, None)
    x, y, labels = _core.owner_labels(height, width, core, 2)
    parts = []
    for index, (region, (rows, columns)) in enumerate(zip(regions, clipped, strict=True)):
        crop = labels[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]
        mask = np.ascontiguousarray(crop == index + 1)
        parts.append(Part(region, rows, columns, None if mask.all() else mask))
    return Ownership(tuple(parts), x, y, labels)
