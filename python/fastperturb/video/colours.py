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

    def encode(self, rgb: Colours) -> list[Samples]:
        """The planes of a picture of whole units, (height, width, 3), 0 to 1; alpha is opaque, chroma the mean."""
        black, span, middle, reach = self._scales
        dtype, top = (np.uint16 if self.layout.bits > 8 else np.uint8), (1 << self.layout.bits) - 1
        shown = rgb * np.float32(self.white) if self.white != 1.0 else rgb
        red, green, blue = shown[..., 0], shown[..., 1], shown[..., 2]
        luma = self.red * red + (1 - self.red - self.blue) * green + self.blue * blue
        fields = {"y": luma * span + black, "r": red * span, "g": green * span, "b": blue * span}
        fields["u"] = (blue - luma) * (0.5 * reach / (1 - self.blue)) + middle
        fields["v"] = (red - luma) * (0.5 * reach / (1 - self.red)) + middle
        fields["a"] = np.full_like(luma, top)
        found = []
        for index, role in enumerate(self.layout.roles):
            across, down = self.layout.steps(index)
            values = fields[role]
            if (across, down) != (1, 1):
                size = (values.shape[1] // across, values.shape[0] // down)
                values = import_opencv().resize(values, size, interpolation=import_opencv().INTER_AREA)
            found.append(np.clip(np.rint(values), 0, top).astype(dtype))
        return found

    def decode(self, planes: list[Samples]) -> Colours:
        """(height, width, 3), 0 to 1, out of the planes of a picture of whole units; chroma is repeated."""
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
