"""What a JPEG is put together of when it is written with other coefficients: which of its segments stay, and how.

Nothing that could show a face or name a person is carried over: segments that say how to decode the pixels, and those
that a caller names. ITU-T T.81, annex B; ITU-T T.871 (JFIF); Exif 2.32.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import ImageFileError
from .header import pack_texts
from .jpeg import JpegSegments
from .jumbf import APP11

APP0, APP1, APP2, APP14, COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xFE
_DQT, _FRAMES = 0xDB, {0xC0, 0xC1, 0xC2}
_JFIF, _ADOBE = b"JFIF\0", b"Adobe"
_MOST_BODY = 65_533


@dataclass(frozen=True, slots=True)
class Decoding:
    """What says how a JPEG is decoded.

    Attributes:
        jfif: the body of APP0 without a thumbnail; None without one.
        adobe: the body of APP14, which says what the components are; None without one.
        tables: the quantisation tables and the frame header, as segments.
        colours: whether three components are luma and chroma; RGB otherwise.
    """

    jfif: bytes | None
    adobe: bytes | None
    tables: bytes
    colours: bool


def find_decoding(parts: JpegSegments) -> Decoding:
    """What says how the file is decoded, by the rules of libjpeg, which browsers and OpenCV share."""
    jfif = adobe = None
    tables, ids = [], b""
    for marker, body in parts.before_scan:
        if marker == APP0 and body.startswith(_JFIF) and len(body) >= 14 and jfif is None:
            jfif = body[:12] + b"\0\0"
        elif marker == APP14 and body.startswith(_ADOBE) and len(body) >= 12 and adobe is None:
            adobe = body[:12]
        elif marker == _DQT or marker in _FRAMES:
            tables.append(segment(marker, body))
            if marker in _FRAMES:
                ids = body[6::3]
    if jfif is not None:
        colours = True
    elif adobe is not None:
        colours = adobe[11] != 0
    else:
        colours = ids != b"RGB"
    return Decoding(jfif, adobe, b"".join(tables), colours)


def put_together(
    decoding: Decoding,
    scans: bytes,
    *,
    kept: Sequence[bytes] = (),
    boxes: Sequence[bytes] = (),
    texts: Mapping[str, str] | None = None,
) -> list[bytes]:
    """The parts of a file, to be written one after the other.

    Args:
        decoding: of the original.
        scans: from the first scan's tables to the end marker.
        kept: whole segments that stay, marker and length in front, EXIF and profiles among them.
        boxes: the bodies of APP11 segments.
        texts: short texts of this package, for a comment.
    """
    parts = [b"\xff\xd8"]
    if decoding.jfif is not None:
        parts.append(segment(APP0, decoding.jfif))
    parts += kept
    if decoding.adobe is not None:
        parts.append(segment(APP14, decoding.adobe))
    parts += [segment(APP11, body) for body in boxes]
    if texts:
        parts.append(segment(COMMENT, pack_texts(texts)))
    return [*parts, decoding.tables, scans]


def segment(marker: int, body: bytes) -> bytes:
    """A segment with its marker and length.

    Raises:
        ImageFileError: it is longer than a segment can be.
    """
    if len(body) > _MOST_BODY:
        raise ImageFileError(f"a segment of a JPEG must have up to {_MOST_BODY} bytes, got {len(body)}")
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
