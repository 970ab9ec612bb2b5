"""What a record's sealed metadata hold: named parts, each for those who know its name. Hostile input, out of a seal.

A part is u8 length of its name, the name in ASCII, u32 length of its content, little-endian, and the content.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from ..errors import RecordError

JPEG_FILE = "jpeg"
"""What brings back the very bytes of a JPEG; see :mod:`.jpeg_exact`."""
_LENGTH = struct.Struct("<I")
_MOST_PARTS = 32


def pack_parts(parts: Mapping[str, bytes]) -> bytes | None:
    """Parts as one; None if there are none."""
    pieces = []
    for name, content in parts.items():
        title = name.encode("ascii")
        pieces += [bytes((len(title),)), title, _LENGTH.pack(len(content)), content]
    return b"".join(pieces) or None


def unpack_parts(data: bytes) -> dict[str, bytes]:
    """Reads what :func:`pack_parts` wrote.

    Raises:
        RecordError: it is something else, a part is double, or there are more than 32.
    """
    parts: dict[str, bytes] = {}
    at = 0
    while at < len(data):
        start = at + 1 + data[at]
        name = data[at + 1 : start]
        if len(data) - start < _LENGTH.size or not name.isascii() or not name:
            raise RecordError("the sealed metadata are cut, or none that this release knows")
        (length,) = _LENGTH.unpack_from(data, start)
        at = start + _LENGTH.size + length
        text = name.decode("ascii")
        if at > len(data) or text in parts or len(parts) == _MOST_PARTS:
            raise RecordError("the sealed metadata are cut, or hold a part twice")
        parts[text] = data[start + _LENGTH.size : at]
    return parts
