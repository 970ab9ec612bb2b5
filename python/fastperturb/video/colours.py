"""From RGB to the samples of a video and back, inside regions: its matrix, range, depth and transfer.

Matrices are those of ITU-R BT.601, BT.709 and BT.2020; numbers as FFmpeg counts them (ISO/IEC 23091-2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._optional import import_opencv
from .planes import FULL_RANGE, Layout, Samples

Colours = NDArray[np.float32]

_WEIGHTS = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087)}
_WEIGHTS |= {9: (0.2627, 0.0593), 10: (0.2627, 0.0593)}
_FULL = 2
_PQ, _HLG = 16, 18
_PQ_WHITE = 0.5807
"""Signal of 203 cd/m², the white of graphics in HDR (ITU-R BT.2408), in the PQ transfer."""
_HLG_WHITE = 0.75
_STRIP = 64  # rows that are worked on at once, of any unit; a large region takes little memory so


@dataclass(frozen=True, slots=True)
class ColourModel:
    """What the samples of a video mean.

    Attributes:
        layout: of its planes.
        red: weight of red in luma.
        blue: weight of blue in luma.
        full: whether samples use their whole range.
        white: how bright white of an ordinary picture is, 1 but in HDR.
    """

    layout: Layout
    red: float
    blue: float
    full: bool
    white: float = 1.0

    @property
    def _scales(self) -> tuple[float, float, float, float]:
        """Offset and span of luma, middle and span of chroma."""
        unit = float(1 << (self.layout.bits - 8))
        if self.full or self.layout.rgb:
            top = float((1 << self.layout.bits) - 1)
            return 0.0, top, 128 * unit, top
        return 16 * unit, 219 * unit, 128 * unit, 224 * unit

    def encode(self, picture: NDArray[np.uint8]) -> list[Samples]:
        """The planes of a picture of whole units, (height, width, 3), RGB; alpha is opaque, chroma the mean."""
        dtype = np.uint16 if self.layout.bits > 8 else np.uint8
        height, width = picture.shape[:2]
        steps = [self.layout.steps(index) for index in range(len(self.layout.roles))]
        planes = [np.empty((height // down, width // across), dtype) for across, down in steps]
        for start in range(0, height, _STRIP):
            strip = picture[start : start + _STRIP].astype(np.float32) / np.float32(255)
            for plane, values, (_, down) in zip(planes, self._encoded(strip), steps, strict=True):
                plane[start // down : start // down + len(values)] = values
        return planes

    def _encoded(self, rgb: Colours) -> list[Samples]:
        black, span, middle, reach = self._scales
        top = (1 << self.layout.bits) - 1
        red, green, blue = (rgb[..., index] * np.float32(self.white) for index in range(3))
        luma = self.red * red + (1 - self.red - self.blue) * green + self.blue * blue
        found = []
        for index, role in enumerate(self.layout.roles):
            if role == "u":
                values = (blue - luma) * (0.5 * reach / (1 - self.blue)) + middle
            elif role == "v":
                values = (red - luma) * (0.5 * reach / (1 - self.red)) + middle
            elif role == "a":
                values = np.full_like(luma, top)
            else:
                values = {"y": luma, "r": red, "g": green, "b": blue}[role] * span + black
            across, down = self.layout.steps(index)
            if (across, down) != (1, 1):
                size = (values.shape[1] // across, values.shape[0] // down)
                values = import_opencv().resize(values, size, interpolation=import_opencv().INTER_AREA)
            found.append(np.clip(np.rint(values), 0, top))
        return found

    def decode(self, planes: list[Samples]) -> NDArray[np.uint8]:
        """(height, width, 3), RGB, out of the planes of a picture of whole units; chroma is repeated."""
        steps = [self.layout.steps(index) for index in range(len(planes))]
        luma = next(index for index, step in enumerate(steps) if step == (1, 1))
        height, width = planes[luma].shape
        picture = np.empty((height, width, 3), np.uint8)
        for start in range(0, height, _STRIP):
            parts = [
                plane[start // down : -(-min(start + _STRIP, height) // down)]
                for plane, (_, down) in zip(planes, steps, strict=True)
            ]
            picture[start : start + _STRIP] = np.rint(self._decoded(parts) * np.float32(255))
        return picture

    def _decoded(self, planes: list[Samples]) -> Colours:
        black, span, middle, reach = self._scales
        fields = {}
        for index, role in enumerate(self.layout.roles):
            across, down = self.layout.steps(index)
            values = planes[index].astype(np.float32)
            if (across, down) != (1, 1):
                values = values.repeat(down, axis=0).repeat(across, axis=1)
            fields[role] = values
        if self.layout.rgb:
            rgb = np.stack([fields[role] / span for role in "rgb"], axis=-1)
        else:
            luma = (fields["y"] - black) / span
            if "u" not in fields:
                rgb = np.stack([luma] * 3, axis=-1)
            else:
                u, v = (fields["u"] - middle) / reach, (fields["v"] - middle) / reach
                red, blue = luma + 2 * (1 - self.red) * v, luma + 2 * (1 - self.blue) * u
                green = (luma - self.red * red - self.blue * blue) / (1 - self.red - self.blue)
                rgb = np.stack([red, green, blue], axis=-1)
        found: Colours = np.clip(rgb / np.float32(self.white), 0, 1).astype(np.float32)
        return found


def colour_model(frame: Any, layout: Layout) -> ColourModel:
    """What the samples of a frame mean; BT.709 from 720 lines on, else BT.601, where the file does not say."""
    matrix = int(frame.colorspace)
    red, blue = _WEIGHTS.get(matrix, _WEIGHTS[1] if frame.height >= 720 else _WEIGHTS[6])
    full = int(frame.color_range) == _FULL or frame.format.name in FULL_RANGE
    white = {_PQ: _PQ_WHITE, _HLG: _HLG_WHITE}.get(int(frame.color_trc), 1.0)
    return ColourModel(layout, red, blue, full, white)
