"""JPEG structure: the segments before the pixels, whether the file has an end, and whether it is a bomb.

ITU-T T.81, annex B; Exif in APP1; ICC profiles in APP2 (ICC.1:2022, B.4). Entropy-coded data has no checksum: damage
inside it cannot be seen, only that it stops early. A progressive file (annex G) may go over all of its pixels again
with a scan of some fifty bytes, so that a small one keeps a processor for minutes: scans and segments are counted.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..perturbation.record_v2 import RecordV2
from .exif import exif_orientation
from .header import MAX_PROFILE_BYTES, Bytes, Header, add_text, damaged, pack_texts, unpack_texts, unsupported
from .jpeg_record import PREFIX, record_segments, record_text
from .jumbf import APP11, Packets
from .metadata_blocks import NOTHING, XMP_PREFIX, Blocks
from .record_chunk import RECORD_TEXT

SIGNATURE = b"\xff\xd8\xff"
_START_OF_SCAN, _END, _APP1, _APP2, _COMMENT = 0xDA, 0xD9, 0xE1, 0xE2, 0xFE
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_BASELINE_OR_PROGRESSIVE = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
_EXIF, _ICC = b"Exif\0\0", b"ICC_PROFILE\0"
_MOST_BODY = 65_533
_PIECE = _MOST_BODY - len(_ICC) - 2

MAX_SCANS = 100
"""The most scans of a file that is read; encoders write about ten."""
MAX_SEGMENTS = 5_000
"""The most segments, scans among them: a profile may have 255, and extended XMP one for each 64 kB."""

_ANY_MARKER = re.compile(rb"\xff+([^\0\xff])")
# What ends a scan's data: not a stuffed byte, nor a restart, nor what decoders take for noise (without a length).
_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd9-\xfe])")


@dataclass(frozen=True, slots=True)
class JpegSegments:
    """The segments of a JPEG before its first scan.

    Attributes:
        header: of the file.
        before_scan: marker and body of each.
    """

    header: Header
    before_scan: tuple[tuple[int, bytes], ...]


def read_segments(data: Bytes) -> JpegSegments:
    """All segments before the first scan; raises as :func:`read_header`."""
    found = tuple(_segments(bytes(data)))
    return JpegSegments(_header(found), found)


def read_header(data: Bytes) -> Header:
    """Walks the segments up to the first scan, and over the scans from there to the end marker.

    Raises:
        ImageFileError: cut short, more than :data:`MAX_SCANS` or :data:`MAX_SEGMENTS`, CMYK, 12-bit or lossless coding.
    """
    return _header(_segments(bytes(data)))


def _header(segments: Iterable[tuple[int, bytes]]) -> Header:
    frame, orientation, profile, packets = None, 1, {}, Packets()
    texts: dict[str, str] = {}
    for marker, body in segments:
        if marker in _FRAMES:
            frame = _frame(marker, body)
        elif marker == _APP1 and body.startswith(_EXIF) and orientation == 1:
            orientation = exif_orientation(body)
        elif marker == _APP2 and body.startswith(_ICC) and len(body) > 14:
            profile[body[12]] = (body[13], body[14:])
        elif marker == _COMMENT:
            unpack_texts(body, texts)
        elif marker == APP11:
            packets.add(body)
    if frame is None:
        raise damaged("no frame header before the pixels")
    width, height, components = frame
    record = record_text(packets)
    if record is not None:
        add_text(texts, RECORD_TEXT, record)
    return Header(
        "JPEG", width, height, grey=components == 1, orientation=orientation, icc=_joined(profile), texts=texts
    )


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, body) of each segment before the first scan."""
    return ((marker, data[start + 4 : end]) for marker, start, end in _places(data))


def _places(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment before the first scan; what stands between is skipped, as decoders do."""
    position = 2
    for count in range(MAX_SEGMENTS):
        match = _ANY_MARKER.search(data, position)
        if match is None or match.end() + 2 > len(data):
            raise damaged(_CUT)
        marker, position = match[1][0], match.end()
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            continue
        if marker == _END:
            raise damaged("it ends before its pixels begin")
        end = position + int(struct.unpack_from(">H", data, position)[0])
        if end < position + 2 or end > len(data):
            raise damaged(_CUT)
        if marker == _START_OF_SCAN:
            _check_scans(data, end, count + 1)
            return
        yield marker, position - 2, end
        position = end
    raise damaged(_TOO_MANY)


def _check_scans(data: bytes, position: int, segments: int) -> None:
    """Looks for the end from behind the first scan's header, over further scans and the segments between them."""
    scans = 1
    while (match := _MARKER.search(data, position)) is not None:
        marker, position = match[1][0], match.end()
        if marker == _END:
            return
        scans += marker == _START_OF_SCAN
        segments += 1
        if scans > MAX_SCANS or segments > MAX_SEGMENTS:
            raise damaged(_TOO_MANY)
        if position + 2 <= len(data):
            position += int(struct.unpack_from(">H", data, position)[0])
    raise damaged("the end marker is missing; the file is cut short")


_TOO_MANY = f"a JPEG may have up to {MAX_SCANS} scans and {MAX_SEGMENTS} segments, and this one has more"
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


def with_record(data: Bytes, record: RecordV2) -> list[Bytes]:
    """The parts of a file with another record in the place of the one in it; all else stays as it is.

    Args:
        data: a sound file with a record of its coefficients.
        record: of the same.
    """
    whole = bytes(data)
    places = list(_places(whole))
    packets = Packets()
    for marker, start, end in places:
        if marker == APP11:
            packets.add(whole[start + 4 : end])
    ours = packets.instances(PREFIX)
    others = packets.instances("") - ours
    boxes = record_segments(record, 1 + max(others, default=0))
    parts: list[Bytes] = []
    position, put = 0, False
    for marker, start, end in places:
        if marker != APP11 or Packets.instance_of(whole[start + 4 : end]) not in ours:
            continue
        parts.append(whole[position:start])
        if not put:
            parts += [_segment(APP11, body) for body in boxes]
        position, put = end, True
    return [*parts, whole[position:]]


def with_segments(
    data: memoryview, icc: bytes | None, texts: Mapping[str, str], blocks: Blocks = NOTHING
) -> list[Bytes]:
    """The parts of a JPEG with an ICC profile, metadata that a segment can hold, and short texts in a comment."""
    start = 2
    if bytes(data[2:4]) == b"\xff\xe0":  # JFIF wants its segment first
        start = 4 + int(struct.unpack_from(">H", data, 4)[0])
    parts: list[Bytes] = [data[:start]]
    for prefix, block in ((_EXIF, blocks.exif), (XMP_PREFIX, blocks.xmp)):
        if block and len(prefix) + len(block) <= _MOST_BODY:
            parts.append(_segment(_APP1, prefix + block))
    profile = (icc if blocks.icc is None else blocks.icc) or b""
    pieces = [profile[place : place + _PIECE] for place in range(0, len(profile), _PIECE)]
    if len(pieces) < 256:
        parts += [_segment(_APP2, _ICC + bytes((i, len(pieces))) + piece) for i, piece in enumerate(pieces, 1)]
    if texts:
        parts.append(_segment(_COMMENT, pack_texts(texts)))
    return [*parts, data[start:]]


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
