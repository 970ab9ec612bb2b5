"""The samples of a frame as they are stored: views of its planes, and regions in whole units of them.

A unit is the smallest block whose samples belong together: 2 x 2 of luma and one of each chroma for 4:2:0, 2 x 1 for
4:2:2, single pixels for 4:4:4, grey and RGB.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import VideoFileError
from ..region import Region
from .reading import import_av

Samples = NDArray[Any]

_DEPTHS = ("9le", "10le", "12le", "14le", "16le")
PLANAR = frozenset(
    (
        *("yuv410p", "yuv411p", "yuv420p", "yuv422p", "yuv440p", "yuv444p"),
        *("yuva420p", "yuva422p", "yuva444p", "yuva420p10le", "yuva422p10le", "yuva444p10le"),
        *(f"yuv{kind}p{depth}" for kind in (420, 422, 444) for depth in _DEPTHS),
        *("gray", *(f"gray{depth}" for depth in _DEPTHS)),
        *("gbrp", "gbrap", *(f"gbrp{depth}" for depth in _DEPTHS)),
    )
)
"""Formats whose planes are worked on as they are."""
FULL_RANGE = {f"yuvj{kind}p": f"yuv{kind}p" for kind in (411, 420, 422, 440, 444)}
"""Formats that say by their name that samples use their whole range, and their names without that."""
_CONVERTED = {
    "nv12": "yuv420p",
    "nv21": "yuv420p",
    "nv16": "yuv422p",
    "nv24": "yuv444p",
    "p010le": "yuv420p10le",
    "p210le": "yuv422p10le",
    **dict.fromkeys(("yuyv422", "uyvy422", "yvyu422"), "yuv422p"),
    **dict.fromkeys(("monow", "monob"), "gray"),
    **dict.fromkeys(("rgb24", "bgr24", "rgb0", "bgr0", "0rgb", "0bgr", "rgb8", "bgr8", "rgb565le", "rgb555le"), "gbrp"),
    **dict.fromkeys(("pal8", "rgba", "bgra", "argb", "abgr"), "gbrap"),
}
"""Formats whose samples lie otherwise, and the planar ones with the same samples."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the planes of a format lie.

    Attributes:
        name: FFmpeg's name of it.
        roles: of each plane: y, u, v, r, g, b or a.
        bits: of a sample.
        across: luma samples across a chroma sample.
        down: luma samples down a chroma sample.
    """

    name: str
    roles: str
    bits: int
    across: int
    down: int

    @property
    def rgb(self) -> bool:
        """Whether the planes are colours themselves."""
        return "r" in self.roles

    def steps(self, plane: int) -> tuple[int, int]:
        """Pixels across and down a sample of a plane."""
        return (self.across, self.down) if self.roles[plane] in "uv" else (1, 1)


@lru_cache(maxsize=64)
def layout_of(name: str) -> Layout:
    """The layout of one of :data:`PLANAR`."""
    components = import_av().VideoFormat(name, 64, 64).components
    rgb, roles = name.startswith("gb"), ["a"] * len(components)
    for component, role in zip(components, "rgba" if rgb else "yuva", strict=False):
        roles[component.plane] = role
    chroma = components[1] if len(components) > 2 and not rgb else components[0]
    return Layout(name, "".join(roles), components[0].bits, 64 // chroma.width, 64 // chroma.height)


def planar_name(name: str) -> str:
    """The format in which frames of a format are worked on.

    Raises:
        VideoFileError: there is none.
    """
    if name in PLANAR:
        return name
    found = FULL_RANGE.get(name) or _CONVERTED.get(name)
    if found is None:
        raise VideoFileError(f"its pixel format {name} is not supported")
    return found


def as_planar(frame: Any) -> Any:
    """The frame with planes that may be written to: itself where nothing else holds them, else a copy."""
    name = planar_name(frame.format.name)
    if frame.format.name in FULL_RANGE:
        return relabelled(frame, name)
    if name != frame.format.name:
        return frame.reformat(format=name)
    frame.make_writable()
    return frame


def relabelled(frame: Any, name: str) -> Any:
    """A copy with the same samples under the name of another format, whose planes lie alike."""
    copy = import_av().VideoFrame(frame.width, frame.height, name)
    for source, target in zip(frame.planes, copy.planes, strict=True):
        rows = np.frombuffer(source, np.uint8).reshape(-1, source.line_size)
        width = min(source.line_size, target.line_size)
        np.frombuffer(target, np.uint8).reshape(-1, target.line_size)[:, :width] = rows[: target.height, :width]
    copy.pts, copy.time_base, copy.color_range = frame.pts, frame.time_base, frame.color_range
    copy.colorspace, copy.color_primaries, copy.color_trc = frame.colorspace, frame.color_primaries, frame.color_trc
    return copy


def planes_of(frame: Any) -> list[Samples]:
    """Views of the planes of a frame of :func:`as_planar`: (height, width), uint8 or uint16."""
    found = []
    dtype = np.dtype("<u2") if layout_of(frame.format.name).bits > 8 else np.dtype(np.uint8)
    for plane in frame.planes:
        rows = np.frombuffer(plane, dtype).reshape(-1, plane.line_size // dtype.itemsize)
        found.append(rows[: plane.height, : plane.width])
    return found


def to_native(region: Region, quarters: int, width: int, height: int) -> Region:
    """A region of the upright picture as it lies in the stored one.

    Args:
        region: in the upright picture.
        quarters: turns anticlockwise that bring the stored picture upright, 0 to 3.
        width: of the stored picture.
        height: of the stored picture.
    """
    x, y, across, down = region.x, region.y, region.width, region.height
    if quarters == 1:
        x, y, across, down = width - (y + down), x, down, across
    elif quarters == 2:
        x, y = width - (x + across), height - (y + down)
    elif quarters == 3:
        x, y, across, down = y, height - (x + across), down, across
    return Region(x, y, across, down, region.shape)


class _Shape(NamedTuple):
    """A region's size and shape, how far in from the box's corner it lies, pixels of a unit."""

    kind: tuple[int, int, str]
    offset: tuple[int, int]
    steps: tuple[int, int]


@dataclass(frozen=True, slots=True)
class UnitArea:
    """A region in whole units of a frame.

    Attributes:
        box: of all units, in pixels, not cut off at the frame.
        rows: units of the box inside the frame.
        columns: units of the box inside the frame.
        shape: of the region and how it lies in the box, from which its masks are made once.
    """

    box: Region
    rows: slice
    columns: slice
    shape: _Shape

    def place(self, steps: tuple[int, int], layout: Layout, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """Where it lies in a plane with so many pixels across and down a sample, and of this shape."""
        across, down = layout.across // steps[0], layout.down // steps[1]
        rows = slice(self.rows.start * down, min(self.rows.stop * down, shape[0]))
        return rows, slice(self.columns.start * across, min(self.columns.stop * across, shape[1]))

    def mask_for(self, steps: tuple[int, int], layout: Layout, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """The mask in the samples of that plane."""
        rows, columns = self.place(steps, layout, shape)
        top, left = self.box.y // layout.down, self.box.x // layout.across
        shown = (self.rows.start - top, self.rows.stop - top, self.columns.start - left, self.columns.stop - left)
        mask = _mask(self.shape, shown, (layout.across // steps[0], layout.down // steps[1]))
        return mask[: rows.stop - rows.start, : columns.stop - columns.start]


def unit_area(region: Region, layout: Layout, width: int, height: int) -> UnitArea | None:
    """The units that a region touches; None if it lies outside of the frame.

    Args:
        region: in the stored picture.
        layout: of its planes.
        width: of the stored picture, in pixels.
        height: of the stored picture, in pixels.
    """
    across, down = layout.across, layout.down
    left, top = region.x // across, region.y // down
    right, bottom = -(-(region.x + region.width) // across), -(-(region.y + region.height) // down)
    first, last = max(0, top), min(bottom, -(-height // down))
    start, stop = max(0, left), min(right, -(-width // across))
    if first >= last or start >= stop:
        return None
    kind = (region.width, region.height, region.shape)
    offset = (region.x - left * across, region.y - top * down)
    shape = _Shape(kind, offset, (across, down))
    box = Region(left * across, top * down, (right - left) * across, (bottom - top) * down)
    return UnitArea(box, slice(first, last), slice(start, stop), shape)


@lru_cache(maxsize=128)
def _mask(shape: _Shape, shown: tuple[int, int, int, int], repeated: tuple[int, int]) -> NDArray[np.bool_]:
    """Which units of its box a region touches, each repeated so often across and down; read-only.

    Args:
        shape: of the region, and how it lies in the box.
        shown: the first row of units and the one after the last, then columns: boxes may be far larger than frames.
        repeated: across and down.
    """
    found = _touched(shape, shown)
    for axis, count in ((1, repeated[0]), (0, repeated[1])):
        found = found.repeat(count, axis=axis)
    found.flags.writeable = False
    return found


def _touched(shape_in_box: _Shape, shown: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    (width, height, shape), (left, top), (across, down) = shape_in_box
    first, last, start, stop = shown
    rows = np.arange(first * down, last * down)[:, np.newaxis] - top
    columns = np.arange(start * across, stop * across) - left
    pixels = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    if shape != "box":
        away = ((2.0 * rows + 1 - height) / height) ** 2 + ((2.0 * columns + 1 - width) / width) ** 2
        pixels &= away <= 1.0
    return np.asarray(pixels.reshape(last - first, down, stop - start, across).any(axis=(1, 3)))
