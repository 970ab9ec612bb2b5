"""Pixels to the chunks of a PNG by way of ISA-L, Intel's library of fast compression, where it is installed.

PNG specification, third edition (W3C 2023): 9.2 (filter types), 11.2 (IHDR, IDAT, IEND). Every row is filtered by the
mean of its left and upper neighbours. ISA-L matches strings at a quarter of the time that OpenCV's encoder takes to
match runs; docs/command-line.md has the measurements.
"""

from __future__ import annotations

import struct
from types import ModuleType

import numpy as np
import numpy.typing as npt

from .._optional import import_isal
from ..checks import Image
from .header import Bytes
from .png import SIGNATURE, chunk

__all__ = ["encode", "import_isal"]

_LEVEL = 1
"""Of ISA-L's levels 0 to 3: 2 and 3 give the same size in the same time, 0 gives a fifth more."""
_AVERAGE = 3
_COLOURS = {1: 0, 3: 2, 4: 6}
_BAND_BYTES = 2**20
"""About how many bytes are filtered and compressed at a time, so that no copy of a large image is made."""


def encode(image: Image, isal_zlib: ModuleType) -> list[Bytes]:
    """The parts of a PNG, the first of which is signature and IHDR.

    Args:
        image: (height, width) grey, (height, width, 3) RGB or (height, width, 4) RGBA; uint8 or uint16.
        isal_zlib: of :func:`import_isal`.
    """
    height, width = image.shape[:2]
    channels = 1 if image.ndim == 2 else image.shape[2]
    pixel_bytes = channels * image.itemsize
    row_bytes = width * pixel_bytes
    head = struct.pack(">IIBBBBB", width, height, 8 * image.itemsize, _COLOURS[channels], 0, 0, 0)
    parts: list[Bytes] = [SIGNATURE + chunk(b"IHDR", head)]
    compressor = isal_zlib.compressobj(_LEVEL)
    above = np.zeros(row_bytes, np.uint8)
    rows = max(1, _BAND_BYTES // row_bytes)
    for first in range(0, height, rows):
        band = _bytes(image[first : first + rows])
        if done := compressor.compress(_filtered(band, above, pixel_bytes)):
            parts.append(chunk(b"IDAT", done))
        above = band[-1]
    parts.append(chunk(b"IDAT", compressor.flush()))
    parts.append(chunk(b"IEND", b""))
    return parts


def _bytes(rows: Image) -> npt.NDArray[np.uint8]:
    """Rows as PNG has them: samples of two bytes with the greater first."""
    if rows.itemsize == 2:
        rows = rows.astype(">u2")
    return np.ascontiguousarray(rows).reshape(len(rows), -1).view(np.uint8)


def _filtered(band: npt.NDArray[np.uint8], above: npt.NDArray[np.uint8], pixel_bytes: int) -> npt.NDArray[np.uint8]:
    """Rows with their filter type in front, each byte less the mean of those of the pixels left of it and above it."""
    count, row_bytes = band.shape
    out = np.empty((count, 1 + row_bytes), np.uint8)
    out[:, 0] = _AVERAGE
    up = np.empty_like(band)
    up[0] = above
    up[1:] = band[:-1]
    left = band[:, :-pixel_bytes]
    rest = up[:, pixel_bytes:]
    mean = (left ^ rest) >> 1
    mean += left & rest  # half of the sum, rounded down, without its ninth bit
    np.subtract(band[:, :pixel_bytes], up[:, :pixel_bytes] >> 1, out=out[:, 1 : 1 + pixel_bytes])
    np.subtract(band[:, pixel_bytes:], mean, out=out[:, 1 + pixel_bytes :])
    return out
