"""What is drawn over the regions of a frame: surrogates made once a track, filters made anew in the samples."""

from __future__ import annotations

import math
import secrets
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from .._optional import import_opencv
from ..perturbation.drawing import Part
from ..protections.area import Area
from ..protections.blur_and_noise import Blur
from ..protections.camouflage import Camouflage
from ..protections.mosaic_and_black import Black, Mosaic
from ..protections.patches import Patch, patch_for, take_part
from ..protections.surrogate import Surrogate
from ..protections.surroundings import Surroundings, measure_surroundings
from ..protections.template import Template
from ..protections.toning import coarse_gains, draw_around, draw_toned, surrounding_gains
from ..protections.window_size import cut_windows
from ..region import Region
from .canvas import Canvas, Spot
from .planes import Samples, UnitArea

_RGB = np.empty((1, 1, 3), np.uint8)


class Painter(Protocol):
    """Draws over the regions of frames, one frame after the other."""

    def paint(self, canvas: Canvas, spots: Sequence[Spot]) -> None:
        """Draws over all regions of a frame.

        Args:
            canvas: the frame; only what the regions touch is written.
            spots: its regions; where they overlap, the last one shows, but windows move what each region owns.
        """


def painter_for(protection: Any) -> Painter:
    """What draws a protection over the regions of tracks.

    Raises:
        ValueError: it is none for videos, or grows its regions, which tracks have of their own.
    """
    makers: dict[type, Any] = {
        Surrogate: SurrogatePainter,
        Camouflage: CamouflagePainter,
        Mosaic: MosaicPainter,
        Blur: BlurPainter,
        Black: BlackPainter,
    }
    for kind, maker in makers.items():
        if isinstance(protection, kind):
            area = getattr(protection, "area", None)
            if isinstance(area, Area) and area.grow != 0.0:
                raise ValueError(f"grow is not for videos, whose regions take in the head, got {area.grow!r}")
            painter: Painter = maker(protection)
            return painter
    name = getattr(protection, "name", type(protection).__name__)
    raise ValueError(f"videos can show surrogate, camouflage, mosaic, blur, black or windows, got {name}")


class SurrogatePainter:
    """The template, drawn once for each track and size; then its samples are copied into every frame.

    Its tone is measured in the first frame of a track, from pixels outside all regions (or, for "coarse", of the face)
    and stays, so that it does not flicker.
    """

    def __init__(self, surrogate: Surrogate) -> None:
        self._surrogate = surrogate
        self._template = Template.default() if surrogate.template is None else surrogate.template
        self._tones: dict[int, Any] = {}
        self._drawn: dict[tuple[Any, ...], list[Samples]] = {}

    def paint(self, canvas: Canvas, spots: Sequence[Spot]) -> None:
        """Copies the template over all regions."""
        for spot in spots:  # all tones are measured before anything is drawn
            if spot.track not in self._tones:
                self._tones[spot.track] = self._tone(canvas, spot, [other.region for other in spots])
        for spot in spots:
            area = canvas.area(spot.region)
            if area is not None:
                canvas.put(area, self._samples(canvas, spot, area))

    def _samples(self, canvas: Canvas, spot: Spot, area: UnitArea) -> list[Samples]:
        """The planes of a region's whole box of units."""
        native, box = canvas.native(spot.region), area.box
        inset = (native.y - box.y, native.x - box.x)
        key = (spot.track, native.width, native.height, *inset, canvas.quarters, canvas.model)
        found = self._drawn.get(key)
        if found is None:
            picture = np.rot90(self._picture(spot), -canvas.quarters)
            below, behind = box.height - native.height - inset[0], box.width - native.width - inset[1]
            padded = np.pad(picture, ((inset[0], below), (inset[1], behind), (0, 0)), mode="edge")
            found = canvas.model.encode(padded)
            if len(self._drawn) >= 64:
                self._drawn.clear()
            self._drawn[key] = found
        return found

    def _patch(self, region: Region) -> Patch:
        return patch_for(self._template, region, self._surrogate.area, _RGB)

    def _picture(self, spot: Spot) -> Samples:
        """The template over a region's box, upright, RGB."""
        patch, tone, region = self._patch(spot.region), self._tones[spot.track], spot.region
        rows, columns = slice(region.y, region.y + region.height), slice(region.x, region.x + region.width)
        whole = Part(region, rows, columns, None)
        if tone is None:
            return take_part(patch.shown, whole)
        if isinstance(tone, Surroundings):
            return draw_around(patch, surrounding_gains(tone, patch), tone, _RGB, whole)
        return draw_toned(patch, tone, _RGB, whole)

    def _tone(self, canvas: Canvas, spot: Spot, regions: Sequence[Region]) -> Any:
        """What the first frame of a track says: colours around it, factors of its own lightness, or nothing."""
        if self._surrogate.tone is None:
            return None
        region = spot.region
        reach = max(region.width, region.height) // 4
        wide = Region(region.x - reach, region.y - reach, region.width + 2 * reach, region.height + 2 * reach)
        found = canvas.upright(wide)
        if found is None:
            return None
        picture, shown = found
        parts = canvas.parts(regions, shown)
        place = (region.x - shown.x, region.y - shown.y)
        own = next((part for part in parts if (part.region.x, part.region.y) == place), None)
        if own is None:
            return None
        if self._surrogate.tone == "around":
            return measure_surroundings(picture, own.region, parts)
        return coarse_gains(picture, own, self._patch(region))


class CamouflagePainter:
    """The head's own pixels in another order, anew in every frame; lots are drawn once for each track."""

    def __init__(self, camouflage: Camouflage) -> None:
        self._camouflage = camouflage
        self._keys: dict[int, bytes] = {}

    def paint(self, canvas: Canvas, spots: Sequence[Spot]) -> None:
        """Sorts the pixels of each region."""
        for spot in spots:
            found = canvas.upright(spot.region)
            if found is None:
                continue
            picture, shown = found
            parts = canvas.parts([spot.region], shown)
            key = self._keys.setdefault(spot.track, secrets.token_bytes(32))
            sorted_picture = picture.copy()
            self._camouflage.draw(picture, parts, sorted_picture, [key] * len(parts))
            canvas.put_upright(spot.region, sorted_picture, shown)


@dataclass
class _PlanePainter(ABC):
    """A filter of the samples of each plane."""

    protection: Any

    def paint(self, canvas: Canvas, spots: Sequence[Spot]) -> None:
        """Filters the planes within all regions."""
        shape = getattr(self.protection.area, "shape", None)
        for spot in spots:
            region = spot.region if shape is None else replace(spot.region, shape=shape)
            area = canvas.area(region)
            if area is not None:
                canvas.put(area, [self.samples(canvas, region, area, plane) for plane in range(len(canvas.planes))])

    @abstractmethod
    def samples(self, canvas: Canvas, region: Region, area: UnitArea, plane: int) -> Samples:
        """What a plane shows in the part of a region's units that lies in the frame."""


class MosaicPainter(_PlanePainter):
    """The mean of each window, in every plane; windows lie from the region's corner and move with it."""

    def samples(self, canvas: Canvas, region: Region, area: UnitArea, plane: int) -> Samples:
        """Means, rounded half up."""
        steps, samples = canvas.layout.steps(plane), canvas.planes[plane]
        window = self.protection.window_size.window_for(region)
        rows, columns = area.place(steps, canvas.layout, samples.shape)
        down = _windows(area.box.y // steps[1], area.box.height // steps[1], max(1, window // steps[1]), rows)
        across = _windows(area.box.x // steps[0], area.box.width // steps[0], max(1, window // steps[0]), columns)
        part = samples[rows, columns].astype(np.int64)
        sums = np.add.reduceat(np.add.reduceat(part, down[0], axis=0), across[0], axis=1)
        counts = down[1][:, np.newaxis] * across[1]
        means = ((2 * sums + counts) // (2 * counts)).astype(samples.dtype)
        return np.asarray(means.repeat(down[1], axis=0).repeat(across[1], axis=1))


def _windows(start: int, length: int, side: int, inside: slice) -> tuple[Samples, Samples]:
    """Where the windows along an axis begin, from the first sample inside the frame, and how long they are."""
    cuts = [
        (max(low, inside.start), min(high, inside.stop))
        for low, high in cut_windows(slice(start, start + length), side)
    ]
    kept = [(low, high) for low, high in cuts if low < high]
    return np.array([low - inside.start for low, _ in kept]), np.array([high - low for low, high in kept])


class BlurPainter(_PlanePainter):
    """Gaussian blur of each plane; what lies around a region bleeds into it, and so does what other regions hide."""

    def samples(self, canvas: Canvas, region: Region, area: UnitArea, plane: int) -> Samples:
        """The blurred plane; no more of it is looked at than reaches into the region."""
        cv2 = import_opencv()
        steps, samples = canvas.layout.steps(plane), canvas.planes[plane]
        sigma = self.protection.sigma_for(region)
        sigmas = (sigma / steps[0], sigma / steps[1])
        rows, columns = area.place(steps, canvas.layout, samples.shape)
        reach = (int(3 * sigmas[1]) + 1, int(3 * sigmas[0]) + 1)
        top, left = max(0, rows.start - reach[0]), max(0, columns.start - reach[1])
        around = np.ascontiguousarray(samples[top : rows.stop + reach[0], left : columns.stop + reach[1]])
        small = cv2.resize(around, _shrunk(around.shape, sigmas), interpolation=cv2.INTER_AREA)
        scales = (small.shape[1] / around.shape[1], small.shape[0] / around.shape[0])
        across, down = (sigmas[axis] * scales[axis] for axis in (0, 1))
        size = (2 * math.ceil(3 * across) + 1, 2 * math.ceil(3 * down) + 1)
        small = cv2.GaussianBlur(small, size, across, sigmaY=down, borderType=cv2.BORDER_REFLECT_101)
        blurred: Samples = cv2.resize(small, around.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return blurred[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]


def _shrunk(shape: tuple[int, ...], sigmas: tuple[float, float]) -> tuple[int, int]:
    """Width and height at which a blur shows the same within two levels of 256, and takes a hundredth of the time."""
    width, height = (
        max(1, round(side / max(1, int(sigma / 4)))) for side, sigma in zip(shape[::-1], sigmas, strict=True)
    )
    return width, height


class BlackPainter(_PlanePainter):
    """Black, opaque."""

    def samples(self, canvas: Canvas, region: Region, area: UnitArea, plane: int) -> Samples:
        """One value for all."""
        black = canvas.model.encode(np.zeros((canvas.layout.down, canvas.layout.across, 3), np.uint8))
        steps = canvas.layout.steps(plane)
        rows, columns = area.place(steps, canvas.layout, canvas.planes[plane].shape)
        return np.full((rows.stop - rows.start, columns.stop - columns.start), black[plane][0, 0])
