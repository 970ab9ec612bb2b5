"""Metadata of PNG and WebP as they are in a file: taken out to be sealed, and split again to be put back.

PNG third edition, 5 and 11.3; RFC 9649, 2.7. What comes out of a seal is hostile: it is split by the same rules as a
file, and only what no pixel needs is let through.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ..errors import RecordError
from . import png, webp
from .exif import hexadecimal_exif
from .header import KEYWORD_PREFIX, MAX_PROFILE_BYTES, Bytes, damaged, inflate
from .metadata_blocks import EXIF_PREFIX, XMP_KEYWORD, Chunk
from .metadata_xmp import MAX_XMP_BYTES
from .record_chunk import CHUNK

_PIXELS, _OF_PIXELS = b"IDAT", (b"bKGD", b"hIST", b"sBIT", b"tRNS", b"acTL", b"fcTL", b"fdAT")
_OURS = KEYWORD_PREFIX.encode("ascii")
_WEBP_PIXELS = (b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", CHUNK, webp.TEXTS)
_MOST_CHUNKS = 10_000
NO_CHUNKS = struct.pack("<4sI", _PIXELS, 0)
"""What is sealed of a PNG without metadata: the place of its pixels."""


def png_parts(data: Bytes) -> tuple[list[Chunk], bytes]:
    """The chunks that pixels do not need, an empty IDAT between those before and behind them; what follows IEND.

    Raises:
        ImageFileError: too many.
    """
    found: list[Chunk] = []
    position = len(png.SIGNATURE)
    for kind, body in png.chunks(data):
        position += 12 + len(body)
        if kind == _PIXELS:
            if (_PIXELS, b"") not in found[-1:]:
                found.append((_PIXELS, b""))
        elif _may_stay(kind, body):
            found.append((kind, bytes(body)))
    return _few(found), bytes(memoryview(data)[position + 12 :])


def _few(chunks: list[Chunk]) -> list[Chunk]:
    """The chunks, if they can be sealed and split again."""
    if len(chunks) > _MOST_CHUNKS:
        raise damaged(f"metadata may be {_MOST_CHUNKS} chunks, and here are {len(chunks)}")
    return chunks


def _may_stay(kind: bytes, body: Bytes) -> bool:
    ours = kind == CHUNK or (kind == b"tEXt" and bytes(body[: len(_OURS)]) == _OURS)
    return kind[:1].islower() and kind.isalpha() and kind not in _OF_PIXELS and not ours


def webp_parts(data: Bytes) -> tuple[list[Chunk], bytes]:
    """The chunks that pixels do not need, and what follows the RIFF.

    Raises:
        ImageFileError: a type is no printable ASCII, or there are too many.
    """
    found = [(kind, bytes(body)) for kind, body in webp.chunks(data) if kind not in _WEBP_PIXELS]
    for kind, _ in found:
        if not _is_printable(kind):
            raise damaged(f"the type of a chunk must be four printable characters, and one is {kind!r}")
    end = 8 + int(struct.unpack_from("<I", data, 4)[0])
    return _few(found), bytes(memoryview(data)[end + end % 2 :])


def _is_printable(kind: bytes) -> bool:
    return kind.isascii() and kind.decode("latin-1").isprintable()


def join_chunks(chunks: list[Chunk]) -> bytes:
    """Chunks as they are sealed: type, length, body each, whatever the format."""
    return b"".join(struct.pack("<4sI", kind, len(body)) + body for kind, body in chunks)


def split_chunks(raw: bytes, form: str) -> Iterator[Chunk]:
    """The chunks of :func:`join_chunks`.

    Args:
        raw: out of a seal.
        form: "PNG" or "WebP", whose chunks they must be.

    Raises:
        RecordError: they are cut, or some that no metadata are.
    """
    position, count = 0, 0
    while position < len(raw):
        kind, length = struct.unpack_from("<4sI", raw, position) if position + 8 <= len(raw) else (b"", 0)
        body = raw[position + 8 : position + 8 + length]
        if form == "PNG":
            sound = _may_stay(kind, body) or (kind == _PIXELS and not body)
        else:
            sound = kind not in _WEBP_PIXELS and _is_printable(kind)
        if len(kind) != 4 or len(body) != length or not sound or count >= _MOST_CHUNKS:
            raise RecordError(f"the sealed metadata must be whole chunks of a {form}, and are not")
        yield kind, body
        position, count = position + 8 + length, count + 1


def png_exif(chunks: list[Chunk]) -> bytes:
    """The EXIF block of a PNG; empty if it has none."""
    for kind, body in chunks:
        if kind == b"eXIf":
            return body
    for kind, body in chunks:
        keyword, _, text = body.partition(b"\0")
        if kind in (b"zTXt", b"tEXt") and keyword in (b"Raw profile type exif", b"Raw profile type APP1"):
            plain = text if kind == b"tEXt" else inflate(text[1:], 2**18) or b""
            return (hexadecimal_exif(plain) or b"").removeprefix(EXIF_PREFIX)
    return b""


def png_xmp(chunks: list[Chunk]) -> bytes:
    """The XMP packet of a PNG; empty if it has none."""
    for kind, body in chunks:
        keyword, _, rest = body.partition(b"\0")
        if kind != b"iTXt" or keyword != XMP_KEYWORD or len(rest) < 2:
            continue
        text = rest[2:].split(b"\0", 2)
        if len(text) == 3:
            return (inflate(text[2], MAX_XMP_BYTES) or b"") if rest[0] == 1 else text[2]
    return b""


def png_profile(chunks: list[Chunk]) -> bytes | None:
    """The ICC profile of a PNG."""
    for kind, body in chunks:
        if kind == b"iCCP":
            name, _, rest = body.partition(b"\0")
            return inflate(rest[1:], MAX_PROFILE_BYTES) if len(name) <= 79 and rest[:1] == b"\0" else None
    return None


def first_chunk(chunks: list[Chunk], kind: bytes) -> bytes:
    """The body of the first chunk of a type; empty if there is none."""
    return next((body for name, body in chunks if name == kind), b"")
