"""The one thing that is read of EXIF: how the picture is to be turned to stand upright.

Exif 2.32 (CIPA DC-008), section 4.6.4: tag 274 of the first directory; everything else is left behind. The standard
says SHORT; some writers take another type of whole numbers (TIFF 6.0, section 2), and mean the same.
"""

from __future__ import annotations

import struct

import numpy as np

from ..checks import Image
from .header import Bytes

ORIENTATION_TAG = 274
MAX_EXIF_BYTES = 2**20
"""What is read of an EXIF block; in a JPEG it has up to 64 kB."""
_PREFIX = b"Exif\0\0"
_WHOLE_NUMBERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I"}


def exif_orientation(data: Bytes) -> int:
    """The orientation, 1 to 8, that an EXIF block asks for; 1 if it says none, or nothing sensible."""
    block = bytes(data[:MAX_EXIF_BYTES])
    block = block.removeprefix(_PREFIX)
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, start)
        for place in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, values = struct.unpack_from(order + "HHI", block, place)
            if tag == ORIENTATION_TAG:
                return _whole_number(block, order, kind, values, place + 8)
    except struct.error:
        pass
    return 1


def _whole_number(block: bytes, order: str, kind: int, count: int, place: int) -> int:
    """The first value of a tag if it is an orientation, else 1; more than four bytes of values lie elsewhere."""
    form = order + _WHOLE_NUMBERS.get(kind, "")
    size = struct.calcsize(form)
    if not size or not count:
        return 1
    if size * count > 4:
        (place,) = struct.unpack_from(order + "I", block, place)
    (value,) = struct.unpack_from(form, block, place)
    return value if 1 <= value <= 8 else 1


def hexadecimal_orientation(text: bytes) -> int:
    """The orientation of EXIF as ImageMagick writes it into texts, 1 if it is not such a text."""
    block = hexadecimal_exif(text)
    return 1 if block is None else exif_orientation(block)


def hexadecimal_exif(text: bytes) -> bytes | None:
    """EXIF as ImageMagick writes it into texts: a line with its kind, its length, then hexadecimal.

    ``None`` if it is not such a text.
    """
    lines = text.split(b"\n", 3)
    if len(lines) != 4 or lines[0] or lines[1] not in (b"exif", b"APP1"):
        return None
    try:
        return bytes.fromhex(lines[3][: 2 * MAX_EXIF_BYTES].decode("ascii"))
    except ValueError:
        return None


def turn_upright(pixels: Image, orientation: int) -> Image:
    """A stored image as it is to be seen, contiguous. Orientations 5 to 8 swap width and height."""
    if orientation >= 5:
        pixels = np.swapaxes(pixels, 0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
