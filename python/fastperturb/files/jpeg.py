"""JPEG structure: the segments before the pixels, and whether the file has an end.

ITU-T T.81, annex B; Exif in APP1; ICC profiles in APP2 (ICC.1:2022, B.4). Entropy-coded data has no checksum: damage
inside it cannot be seen, only that it stops early.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from .exif import exif_orientation
from .header import MAX_PROFILE_BYTES, Bytes, Header, damaged, pack_texts, unpack_texts, unsupported

SIGNATURE = b"\xff\xd8\xff"
_START_OF_SCAN, _APP1, _APP2, _COMMENT = 0xDA, 0xE1, 0xE2, 0xFE
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_BASELINE_OR_PROGRESSIVE = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
_EXIF, _ICC = b"Exif\0\0", b"ICC_PROFILE\0"
_PIECE = 65_533 - len(_ICC) - 2


def read_header(data: Bytes) -> Header:
    """Walks the segments up to the first scan and looks for the end marker behind it.

    Raises:
        ImageFileError: cut short, CMYK, 12-bit or lossless coding.
    """
    whole = bytes(data)
    frame, orientation, profile = None, 1, {}
    texts: dict[str, str] = {}
    for marker, body in _segments(whole):
        if marker in _FRAMES:
            frame = _frame(marker, body)
        elif marker == _APP1 and body.startswith(_EXIF) and orientation == 1:
            orientation = exif_orientation(body)
        elif marker == _APP2 and body.startswith(_ICC) and len(body) > 14:
            profile[body[12]] = (body[13], body[14:])
        elif marker == _COMMENT:
            unpack_texts(body, texts)
    if frame is None:
        raise damaged("no frame header before the pixels")
    width, height, components = frame
    return Header(
        "JPEG", width, height, grey=components == 1, orientation=orientation, icc=_joined(profile), texts=texts
    )


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 2
    while True:
        if data[position : position + 1] != b"\xff":
            raise damaged("a segment does not start where the one before ends" if position < len(data) else _CUT)
        while data[position : position + 1] == b"\xff":
            position += 1
        if position + 3 > len(data):
            raise damaged(_CUT)
        marker = data[position]
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            position += 1
            continue
        if marker == 0xD9:
            raise damaged("it ends before its pixels begin")
        (length,) = struct.unpack_from(">H", data, position + 1)
        end = position + 1 + length
        if length < 2 or end > len(data):
            raise damaged(_CUT)
        if marker == _START_OF_SCAN:
            if data.find(b"\xff\xd9", end) < 0:
                raise damaged("the end marker is missing; the file is cut short")
            return
        yield marker, data[position + 3 : end]
        position = end


_CUT = "the file ends before its pixels begin; it is cut short"


def _frame(marker: int, body: bytes) -> tuple[int, int, int]:
    if len(body) < 6:
        raise damaged("the frame header is too short")
    precision, height, width, components = struct.unpack_from(">BHHB", body)
    if marker not in _BASELINE_OR_PROGRESSIVE:
        raise unsupported("a lossless or hierarchical JPEG")
    if precision != 8:
        raise unsupported(f"a JPEG of {precision} bits a sample")
    if components == 4:
        raise unsupported("a CMYK JPEG, whose colours would come out wrong; convert it to RGB first")
    if components not in (1, 3):
        raise unsupported(f"a JPEG of {components} components")
    if not width or not height:
        raise unsupported("a JPEG that gives its height after the pixels")
    return width, height, components


def _joined(parts: dict[int, tuple[int, bytes]]) -> bytes | None:
    """The profile out of its numbered parts; ``None`` if one is missing, for half a profile is none."""
    if not parts or any(count != len(parts) for count, _ in parts.values()) or sorted(parts)[0] != 1:
        return None
    profile = b"".join(parts[number][1] for number in sorted(parts))
    return profile if max(parts) == len(parts) and len(profile) <= MAX_PROFILE_BYTES else None


def with_segments(data: memoryview, icc: bytes | None, texts: Mapping[str, str]) -> list[Bytes]:
    """The parts of a JPEG with an ICC profile, and short texts in a comment."""
    start = 2
    if bytes(data[2:4]) == b"\xff\xe0":  # JFIF wants its segment first
        start = 4 + int(struct.unpack_from(">H", data, 4)[0])
    parts: list[Bytes] = [data[:start]]
    profile = icc or b""
    pieces = [profile[place : place + _PIECE] for place in range(0, len(profile), _PIECE)]
    if len(pieces) < 256:
        parts += [_segment(_APP2, _ICC + bytes((i, len(pieces))) + piece) for i, piece in enumerate(pieces, 1)]
    if texts:
        parts.append(_segment(_COMMENT, pack_texts(texts)))
    return [*parts, data[start:]]


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
