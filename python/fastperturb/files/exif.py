"""The one thing that is read of EXIF: how the picture is to be turned to stand upright.

Exif 2.32 (CIPA DC-008), section 4.6.4: tag 274 of the first directory; everything else is left behind.
"""

from __future__ import annotations

import struct

import numpy as np

from ..checks import Image
from .header import Bytes

ORIENTATION_TAG = 274


def exif_orientation(data: Bytes) -> int:
    """The orientation, 1 to 8, that an EXIF block asks for; 1 if it says none, or nothing sensible."""
    block = bytes(data[6:] if bytes(data[:6]) == b"Exif\0\0" else data)
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, start)
        for entry in range(count):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", block, start + 2 + 12 * entry)
            if tag == ORIENTATION_TAG and kind == 3:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def turn_upright(pixels: Image, orientation: int) -> Image:
    """A stored image as it is to be seen, contiguous. Orientations 5 to 8 swap width and height."""
    if orientation >= 5:
        pixels = np.swapaxes(pixels, 0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
