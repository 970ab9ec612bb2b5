"""A frame under the brush: its planes, what their samples mean, and how the picture lies in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import Image
from ..perturbation.drawing import Part
from ..protections.area import owned_parts, touches
from ..region import Region
from .colours import ColourModel, colour_model
from .planes import Layout, Samples, UnitArea, as_planar, layout_of, planes_of, to_native, unit_area


@dataclass(frozen=True, slots=True)
class Spot:
    """One region of a frame.

    Attributes:
        track: number of the track it belongs to.
        region: in the upright picture.
    """

    track: int
    region: Region


@dataclass(frozen=True, slots=True)
class Canvas:
    """A frame whose planes may be written to.

    Attributes:
        frame: PyAV's, planar.
        planes: views of its samples.
        model: what they mean.
        quarters: turns anticlockwise that bring the stored picture upright.
    """

    frame: Any
    planes: list[Samples]
    model: ColourModel
    quarters: int

    @classmethod
    def of(cls, frame: Any, quarters: int) -> Canvas:
        """The canvas of a decoded frame; a copy, where somebody else holds it."""
        colours, planar = frame, as_planar(frame)
        layout = layout_of(planar.format.name)
        return cls(planar, planes_of(planar), colour_model(colours, layout), quarters)

    @property
    def layout(self) -> Layout:
        """Of the planes."""
        return self.model.layout

    def area(self, region: Region) -> UnitArea | None:
        """The units that a region of the upright picture touches; None if it lies outside."""
        return unit_area(self.native(region), self.layout, self.frame.width, self.frame.height)

    def native(self, region: Region) -> Region:
        """A region of the upright picture as it is stored."""
        return to_native(region, self.quarters, self.frame.width, self.frame.height)

    def put(self, area: UnitArea, values: Sequence[Samples]) -> None:
        """Writes what a region touches.

        Args:
            area: of the region.
            values: for each plane the samples of the whole box of units, or of its part inside the frame.
        """
        for index, plane in enumerate(self.planes):
            steps = self.layout.steps(index)
            rows, columns = area.place(steps, self.layout, plane.shape)
            height, width = rows.stop - rows.start, columns.stop - columns.start
            source = values[index]
            if source.shape[0] == area.box.height // steps[1] and source.shape[1] == area.box.width // steps[0]:
                top, left = rows.start - area.box.y // steps[1], columns.start - area.box.x // steps[0]
                source = source[top : top + height, left : left + width]
            mask = area.mask_for(steps, self.layout, plane.shape)
            np.copyto(plane[rows, columns], source[:height, :width], where=mask)

    def colours(self, area: UnitArea) -> NDArray[np.uint8]:
        """RGB of the part of a box of units that lies in the frame, as it is stored."""
        planes = []
        for index, plane in enumerate(self.planes):
            steps = self.layout.steps(index)
            rows, columns = area.place(steps, self.layout, plane.shape)
            height = (area.rows.stop - area.rows.start) * self.layout.down // steps[1]
            width = (area.columns.stop - area.columns.start) * self.layout.across // steps[0]
            planes.append(_padded(plane[rows, columns], height, width))
        return self.model.decode(planes)

    def upright(self, region: Region) -> tuple[Image, Region] | None:
        """The picture within a box, upright, RGB, uint8, and the box that it shows, in whole units; None: outside."""
        area = self.area(Region(region.x, region.y, region.width, region.height))
        if area is None:
            return None
        across, down = self.layout.across, self.layout.down
        stored = self.colours(area)
        x, y = area.columns.start * across, area.rows.start * down
        shown = self._upright_box(Region(x, y, stored.shape[1], stored.shape[0]))
        return np.ascontiguousarray(np.rot90(stored, self.quarters)), shown

    def put_upright(self, region: Region, picture: Image, shown: Region) -> None:
        """Writes what a region touches, out of a picture of :meth:`upright`."""
        area = self.area(region)
        if area is None:
            return
        stored = np.rot90(picture, -self.quarters)
        box = self.native(shown)
        left, top = area.columns.start * self.layout.across - box.x, area.rows.start * self.layout.down - box.y
        height = (area.rows.stop - area.rows.start) * self.layout.down
        width = (area.columns.stop - area.columns.start) * self.layout.across
        self.put(area, self.model.encode(stored[top : top + height, left : left + width]))

    def parts(self, regions: Sequence[Region], shown: Region) -> list[Part]:
        """What each of some regions owns of a picture of :meth:`upright`; those outside of it are left out."""
        shape = (shown.height, shown.width)
        moved = [Region(r.x - shown.x, r.y - shown.y, r.width, r.height, r.shape) for r in regions]
        inside = [region for region in moved if touches(region, shape)]
        return [
            Part(region, rows, columns, None if mask.all() else mask)
            for region, (rows, columns), mask in owned_parts(inside, shape)
        ]

    def _upright_box(self, box: Region) -> Region:
        """A box of the stored picture in the upright one."""
        width, height = self.frame.width, self.frame.height
        size = (height, width) if self.quarters % 2 else (width, height)
        return to_native(box, -self.quarters % 4, *size)


def _padded(samples: Samples, height: int, width: int) -> Samples:
    """Samples with their last row and column repeated to a size, where a frame ends within a unit."""
    if samples.shape == (height, width):
        return samples
    return np.pad(samples, ((0, height - samples.shape[0]), (0, width - samples.shape[1])), mode="edge")
