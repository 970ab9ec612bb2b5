"""Metadata of JPEGs: the segments that go on in the clear, made anew, and all of them as they were, to be sealed.

ITU-T T.81, annex B; Exif 2.32 (APP1); XMP part 3 (APP1); ICC.1:2022, B.4 (APP2); JFIF 1.02 (APP0). Nothing of what is
in a file goes through as it is: not a thumbnail (EXIF, JFIF, Photoshop's 8BIM), an MPF picture, extended XMP, boxes of
others (APP11, C2PA), a comment, or what stands behind the end (motion photographs, second pictures, gain maps).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ..errors import RecordError
from .exif_tags import write_exif
from .header import KEYWORD_PREFIX, MAX_PROFILE_BYTES, Bytes, damaged
from .icc import colours_alone
from .metadata_blocks import EXIF_PREFIX as EXIF
from .metadata_blocks import XMP_PREFIX as XMP
from .metadata_choice import DEFAULT_KEEP, Keep
from .metadata_exif import chosen_tags
from .metadata_sealed import SealedFile, fits, pack_sealed
from .metadata_xmp import chosen_properties, write_xmp

MAX_SEGMENTS = 5_000
_APP0, APP1, _APP2, _APP11, _APP14, _COMMENT = 0xE0, 0xE1, 0xE2, 0xEB, 0xEE, 0xFE
_SCAN, _END = 0xDA, 0xD9
_ICC = b"ICC_PROFILE\0"
_PIECE = 65_533 - len(_ICC) - 2
_ADOBE = b"Adobe"
_OURS = b'{"' + KEYWORD_PREFIX.encode("ascii")
_ANY = re.compile(rb"\xff+([^\0\xff])")
_IN_SCAN = re.compile(rb"\xff([\xc0-\xcf\xd9-\xfe])")

Segment = tuple[int, bytes]
"""Marker and body, without the length."""


@dataclass(frozen=True, slots=True)
class JpegParts:
    """A JPEG's metadata.

    Attributes:
        segments: all APP0 to APP15 and comments, in order, wherever they stand.
        trailer: what stands behind the end of the picture.
        components: of the frame: 1 for grey, 3 for colour.
    """

    segments: list[Segment]
    trailer: bytes
    components: int

    def first(self, marker: int, prefix: bytes) -> bytes | None:
        """As :func:`first_segment`."""
        return first_segment(self.segments, marker, prefix)


def first_segment(segments: Iterable[Segment], marker: int, prefix: bytes) -> bytes | None:
    """The body, without its prefix, of the first segment that begins with it."""
    for kind, body in segments:
        if kind == marker and body.startswith(prefix):
            return body[len(prefix) :]
    return None


def jpeg_parts(data: Bytes) -> JpegParts:
    """Walks a JPEG from its start to its end marker.

    Raises:
        ImageFileError: cut short, or more than :data:`MAX_SEGMENTS`.
    """
    whole = bytes(data)
    segments: list[Segment] = []
    position, components, pattern = 2, 3, _ANY
    for _ in range(MAX_SEGMENTS):
        match = pattern.search(whole, position)
        if match is None:
            raise damaged("the end marker is missing; the file is cut short")
        marker, position = match[1][0], match.end()
        if marker == _END:
            return JpegParts(segments, whole[position:], components)
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            continue
        length = int.from_bytes(whole[position : position + 2], "big")
        if length < 2 or position + length > len(whole):
            raise damaged("a segment is cut short")
        body = whole[position + 2 : position + length]
        if _APP0 <= marker < 0xF0 or marker == _COMMENT:
            segments.append((marker, body))
        elif 0xC0 <= marker < 0xD0 and marker not in (0xC4, 0xC8, 0xCC) and len(body) > 5:
            components = body[5]
        pattern = _IN_SCAN if marker == _SCAN or pattern is _IN_SCAN else _ANY
        position += length
    raise damaged(f"a JPEG may have up to {MAX_SEGMENTS} segments, and this one has more")


def kept_segments(data: Bytes, keep: Keep = DEFAULT_KEEP, *, orientation: int | None = None) -> list[bytes]:
    """The whole APPn segments, markers and lengths too, that a protected JPEG is to have; no others.

    They stand right behind the start marker, in this order: JFIF without its thumbnail, EXIF, XMP, ICC, Adobe (which
    says how colours are coded). Where the file has neither JFIF nor Adobe there is none, for that decides colours, too.

    Args:
        data: the original file.
        keep: what goes on in the clear.
        orientation: as for :func:`chosen_segments`.

    Raises:
        ImageFileError: as :func:`jpeg_parts`.
    """
    parts = jpeg_parts(data)
    kept = chosen_segments(data, keep, orientation=orientation)
    jfif = parts.first(_APP0, b"JFIF\0")
    if jfif is not None and len(jfif) >= 7:
        kept.insert(0, segment(_APP0, b"JFIF\0" + jfif[:7] + b"\0\0"))
    adobe = parts.first(_APP14, _ADOBE)
    if adobe is not None and len(adobe) >= 7:
        kept.append(segment(_APP14, _ADOBE + struct.pack(">HHHB", 100, 0, 0, adobe[6])))
    return kept


def chosen_segments(data: Bytes, keep: Keep = DEFAULT_KEEP, *, orientation: int | None = None) -> list[bytes]:
    """Of :func:`kept_segments` those that do not say how the picture is decoded: EXIF, XMP, ICC.

    Args:
        data: the original file.
        keep: what goes on in the clear.
        orientation: what EXIF shall say of it, 1 for pixels that have been turned upright; ``None``: what it says,
            whatever else is kept.

    Raises:
        ImageFileError: as :func:`jpeg_parts`.
    """
    parts = jpeg_parts(data)
    kept: list[bytes] = []
    exif = write_exif(chosen_tags(parts.first(APP1, EXIF), keep, orientation=orientation))
    if exif:
        kept.append(segment(APP1, EXIF + exif))
    xmp = write_xmp(chosen_properties(parts.first(APP1, XMP), keep))
    if xmp and len(XMP) + len(xmp) <= 65_533:
        kept.append(segment(APP1, XMP + xmp))
    profile = segments_profile(parts.segments) if "icc" in keep else None
    if profile is not None:
        clean = colours_alone(profile, "GRAY" if parts.components == 1 else "RGB ")
        kept += [] if clean is None else icc_segments(clean)
    return kept


def left_out(
    data: Bytes, keep: Keep = DEFAULT_KEEP, *, name: str = "", changed: int | None = None, exact: bytes = b""
) -> bytes:
    """What a record is to seal of a JPEG: its name, time and *all* its metadata, kept or not, so that order stays.

    Args:
        data: the original file.
        keep: what goes on in the clear; it changes nothing here, and is named so that it may.
        name: of the file.
        changed: when it was changed, in nanoseconds since 1970.
        exact: what else is needed for its very bytes; :attr:`SealedFile.exact` gives it back.

    Raises:
        ImageFileError: as :func:`jpeg_parts`.
        ValueError: more than can be sealed, even without what stands behind the picture.
    """
    del keep
    parts = jpeg_parts(data)
    sealed = SealedFile(name, "JPEG", changed, join_segments(parts.segments), parts.trailer, exact)
    return pack_sealed(sealed if fits(sealed) else replace(sealed, trailer=b""))


def join_segments(segments: Iterable[Segment]) -> bytes:
    """Segments as they are sealed: as in a file, but for our own comments, which are made anew."""
    return b"".join(segment(*item) for item in segments if item[0] != _COMMENT or not item[1].startswith(_OURS))


def original_segments(sealed: SealedFile) -> list[bytes]:
    """The segments that :func:`left_out` sealed, each whole, in order: the restored JPEG is to have them alone.

    ``sealed.trailer`` goes behind its end.

    Raises:
        RecordError: they are not APPn and comments of whole lengths. Anybody may have written them.
    """
    if sealed.format != "JPEG":
        raise RecordError(f"the sealed metadata must be of a JPEG, got {sealed.format or 'no format'!r}")
    return [segment(marker, body) for marker, body in split_segments(sealed.parts)]


def split_segments(raw: bytes) -> Iterator[Segment]:
    """Marker and body of each of a row of APPn segments and comments.

    Raises:
        RecordError: it is none.
    """
    position, count = 0, 0
    while position < len(raw):
        head = raw[position : position + 4]
        length = int.from_bytes(head[2:], "big")
        marker = head[1] if len(head) == 4 and head[0] == 0xFF else 0
        whole = length >= 2 and position + 2 + length <= len(raw)
        if not whole or not (_APP0 <= marker < 0xF0 or marker == _COMMENT) or count >= MAX_SEGMENTS:
            raise RecordError("the sealed metadata must be whole segments of a JPEG, and are not")
        yield marker, raw[position + 4 : position + 2 + length]
        position, count = position + 2 + length, count + 1


def segments_profile(segments: Iterable[Segment]) -> bytes | None:
    """The ICC profile out of its numbered pieces; ``None`` if one is missing, for half a profile is none."""
    pieces = {}
    for marker, body in segments:
        if marker == _APP2 and body.startswith(_ICC) and len(body) > 14:
            pieces[body[12]] = (body[13], body[14:])
    if not pieces or sorted(pieces) != list(range(1, len(pieces) + 1)):
        return None
    if any(count != len(pieces) for count, _ in pieces.values()):
        return None
    profile = b"".join(pieces[number][1] for number in sorted(pieces))
    return profile if len(profile) <= MAX_PROFILE_BYTES else None


def icc_segments(profile: bytes) -> list[bytes]:
    """A profile as segments, none if it is too long."""
    pieces = [profile[place : place + _PIECE] for place in range(0, len(profile), _PIECE)]
    if len(pieces) > 255:
        return []
    return [segment(_APP2, _ICC + bytes((i, len(pieces))) + piece) for i, piece in enumerate(pieces, 1)]


def segment(marker: int, body: bytes) -> bytes:
    """One segment: marker, length, body."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def join_jpeg(data: Bytes, segments: Iterable[bytes], trailer: bytes = b"") -> bytes:
    """A JPEG with these segments instead of its own APPn and comments, wherever these stand, and this trailer.

    Raises:
        ImageFileError: as :func:`jpeg_parts`.
    """
    whole = bytes(data)
    kept: list[bytes] = [whole[:2], *segments]
    position = start = 2
    pattern = _ANY
    for _ in range(MAX_SEGMENTS):
        match = pattern.search(whole, position)
        if match is None:
            break
        marker, begin, position = match[1][0], match.end() - 2, match.end()
        if marker == _END:
            return b"".join((*kept, whole[start:position], trailer))
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            continue
        position += int.from_bytes(whole[position : position + 2], "big")
        if _APP0 <= marker < 0xF0 or marker == _COMMENT:
            kept.append(whole[start:begin])
            start = position
        pattern = _IN_SCAN if marker == _SCAN or pattern is _IN_SCAN else _ANY
    raise damaged("the end marker is missing; the file is cut short")
