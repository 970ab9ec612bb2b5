"""WebP structure: the RIFF chunks of a still picture, read and checked, and chunks put in.

RFC 9649: 2.5 to 2.7 (RIFF container), VP8 frame header in RFC 6386, 9.1, VP8L header in RFC 9649, 3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from .exif import exif_orientation
from .header import Bytes, Header, damaged, pack_texts, unpack_texts, unsupported
from .metadata_blocks import NOTHING, Blocks
from .record_chunk import CHUNK, add_record, split_record

MAX_SIDE = 16_383
_HEAD_BYTES = 12
TEXTS = b"fpTX"  # our own chunk; readers skip those that they do not know (RFC 9649, 2.7.1.6)
_ALPHA_FLAG, _ANIMATION_FLAG = 0x10, 0x02
_FLAGS = {b"ICCP": 0x20, b"EXIF": 0x08, b"XMP ": 0x04}


def is_webp(data: Bytes) -> bool:
    """Whether a file starts as a WebP does."""
    return bytes(data[:4]) == b"RIFF" and bytes(data[8:12]) == b"WEBP"


def read_header(data: Bytes) -> Header:
    """Walks the chunks of a WebP.

    Raises:
        ImageFileError: cut short, no pixels, or an animation.
    """
    found: dict[bytes, memoryview] = {}
    texts: dict[str, str] = {}
    for kind, body in chunks(data):
        if kind == TEXTS:
            unpack_texts(body, texts)
        elif kind == CHUNK:
            add_record(texts, body)
        found.setdefault(kind, body)
    flags = bytes(found[b"VP8X"])[0] if found.get(b"VP8X") else 0
    if flags & _ANIMATION_FLAG or b"ANIM" in found or b"ANMF" in found:
        raise unsupported("an animated WebP; only its first frame would be protected")
    if b"VP8L" in found:
        width, height, alpha = _lossless_size(found[b"VP8L"])
    elif b"VP8 " in found:
        (width, height), alpha = _lossy_size(found[b"VP8 "]), b"ALPH" in found
    else:
        raise damaged("no pixels (VP8 or VP8L chunk)")
    return Header(
        "WebP",
        width,
        height,
        alpha=alpha,
        orientation=exif_orientation(found[b"EXIF"]) if b"EXIF" in found else 1,
        icc=bytes(found[b"ICCP"]) if b"ICCP" in found else None,
        texts=texts,
    )


def chunks(data: Bytes) -> Iterator[tuple[bytes, memoryview]]:
    """(type, body) of each chunk of the RIFF. What follows it is not part of the picture.

    Raises:
        ImageFileError: cut short.
    """
    view = memoryview(data)
    if len(view) < _HEAD_BYTES:
        raise damaged("the file is cut short")
    end = 8 + int(struct.unpack_from("<I", view, 4)[0])
    if end > len(view):
        raise damaged(f"the file has {len(view)} bytes of {end}; it is cut short")
    position = _HEAD_BYTES
    while position + 8 <= end:
        kind, length = struct.unpack_from("<4sI", view, position)
        if position + 8 + length > end:
            raise damaged(f"the file ends inside a chunk ({kind.decode('latin-1')!r})")
        yield kind, view[position + 8 : position + 8 + length]
        position += 8 + length + length % 2


def _lossless_size(body: memoryview) -> tuple[int, int, bool]:
    if len(body) < 5 or body[0] != 0x2F:
        raise damaged("the header of its pixels (VP8L chunk)")
    (bits,) = struct.unpack_from("<I", body, 1)
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)


def _lossy_size(body: memoryview) -> tuple[int, int]:
    if len(body) < 10 or bytes(body[3:6]) != b"\x9d\x01\x2a":
        raise damaged("the header of its pixels (VP8 chunk)")
    width, height = struct.unpack_from("<HH", body, 6)
    return width & 0x3FFF, height & 0x3FFF


def with_chunks(data: memoryview, icc: bytes | None, texts: Mapping[str, str], blocks: Blocks = NOTHING) -> list[Bytes]:
    """The parts of a lossless WebP as OpenCV writes it (one VP8L chunk), with an ICC profile, texts and metadata."""
    own = list(blocks.own)
    if not own:
        profile = icc if blocks.icc is None else blocks.icc
        own = [(b"ICCP", profile or b""), (b"EXIF", blocks.exif), (b"XMP ", blocks.xmp)]
    kept = [(kind, body) for kind, body in own if body]
    if not kept and not texts:
        return [data, blocks.trailer]
    texts, record = split_record(texts)
    pixels = data[_HEAD_BYTES:]
    width, height, alpha = _lossless_size(pixels[8:])
    kinds = {kind for kind, _ in kept}
    flags = sum(flag for kind, flag in _FLAGS.items() if kind in kinds) | (_ALPHA_FLAG if alpha else 0)
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    before = _chunk(b"VP8X", bytes((flags, 0, 0, 0)) + size)
    before += b"".join(_chunk(kind, body) for kind, body in kept if kind == b"ICCP")
    after = b"".join(_chunk(kind, body) for kind, body in kept if kind != b"ICCP")
    after += _chunk(TEXTS, pack_texts(texts)) if texts else b""
    after += _chunk(CHUNK, record) if record else b""
    length = 4 + len(before) + len(pixels) + len(after)
    return [struct.pack("<4sI4s", b"RIFF", length, b"WEBP"), before, pixels, after, blocks.trailer]


def with_record(data: Bytes, record: bytes) -> list[Bytes]:
    """The parts of a WebP with its record of version 2 replaced by another; all other chunks stay."""
    parts = [_chunk(kind, bytes(body)) for kind, body in chunks(data) if kind != CHUNK]
    parts.append(_chunk(CHUNK, record))
    return [struct.pack("<4sI4s", b"RIFF", 4 + sum(map(len, parts)), b"WEBP"), *parts]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(body)) + body + bytes(len(body) % 2)
