"""PNG structure: chunks read and checked one by one, and chunks of our own put in.

PNG specification, third edition (W3C 2023): 5 (chunks), 11.2 (IHDR), 11.3 (tRNS, iCCP, tEXt, eXIf, acTL). Pixels are
decoded and encoded by OpenCV.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence

from .exif import exif_orientation
from .header import KEYWORD_PREFIX, Bytes, Header, add_text, damaged, inflate, unsupported

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD_BYTES = len(SIGNATURE) + 12 + 13  # up to the end of IHDR
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_DEPTHS = {_GREY: (1, 2, 4, 8, 16), _RGB: (8, 16), _PALETTE: (1, 2, 4, 8), _GREY_ALPHA: (8, 16), _RGBA: (8, 16)}
_KEYWORD_PREFIX = KEYWORD_PREFIX.encode("ascii")


def read_header(data: Bytes) -> Header:
    """Walks all chunks of a PNG and checks their order and CRCs.

    Raises:
        ImageFileError: cut short, a wrong CRC, no pixels, an animation, or two records.
    """
    found: dict[bytes, Bytes] = {}
    texts: dict[str, str] = {}
    for kind, body in chunks(data):
        if kind in (b"acTL", b"fcTL"):
            raise unsupported("an animated PNG; only its first frame would be protected")
        if kind == b"tEXt" and bytes(body[: len(_KEYWORD_PREFIX)]) == _KEYWORD_PREFIX:
            keyword, _, text = bytes(body).partition(b"\0")
            add_text(texts, keyword.decode("latin-1"), text.decode("latin-1"))
        elif kind != b"IDAT" or kind not in found:
            found[kind] = body
    if b"IDAT" not in found:
        raise damaged("no pixels (IDAT chunk)")
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", found[b"IHDR"])
    if not width or not height or depth not in _DEPTHS.get(colour, ()) or rest[:2] != [0, 0] or rest[2] > 1:
        raise damaged("IHDR asks for what PNG does not have")
    transparency = found.get(b"tRNS")
    return Header(
        "PNG",
        width,
        height,
        bits=16 if depth == 16 else 8,
        alpha=colour in (_GREY_ALPHA, _RGBA) or (transparency is not None and colour != _GREY),
        grey=colour == _GREY,
        orientation=exif_orientation(found[b"eXIf"]) if b"eXIf" in found else 1,
        icc=_profile(found[b"iCCP"]) if b"iCCP" in found else None,
        texts=texts,
        transparent_grey=_transparent_grey(transparency, depth) if colour == _GREY else None,
    )


def chunks(data: Bytes) -> Iterator[tuple[bytes, memoryview]]:
    """(type, body) of each chunk up to IEND, each CRC checked. What follows IEND is not part of the picture.

    Raises:
        ImageFileError: cut short, a wrong CRC, or IHDR not first.
    """
    view = memoryview(data)
    position = len(SIGNATURE)
    while True:
        if position + 12 > len(view):
            raise damaged("the file ends before its end chunk (IEND); it is cut short")
        length, kind = struct.unpack_from(">I4s", view, position)
        end = position + 12 + length
        if end > len(view):
            raise damaged(f"the file ends inside a chunk ({kind.decode('latin-1')!r}); it is cut short")
        if zlib.crc32(view[position + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
            raise damaged(f"the CRC of a chunk ({kind.decode('latin-1')!r}) is wrong")
        if (position == len(SIGNATURE)) != (kind == b"IHDR") or (kind == b"IHDR" and length != 13):
            raise damaged("IHDR is not the first chunk")
        if kind == b"IEND":
            return
        yield kind, view[position + 8 : end - 4]
        position = end


def with_chunks(png: Sequence[Bytes], icc: bytes | None, texts: Mapping[str, str]) -> list[Bytes]:
    """The parts of a PNG with an ICC profile and texts put in right after IHDR, where readers find them first.

    Args:
        png: the parts of a PNG; signature and IHDR are in the first.
        icc: a profile, or ``None``.
        texts: by keyword, of 1 to 79 characters; ASCII.
    """
    head = memoryview(png[0])
    parts: list[Bytes] = [head[:_HEAD_BYTES]]
    if icc is not None:
        parts.append(chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc)))
    parts += [chunk(b"tEXt", key.encode("ascii") + b"\0" + text.encode("ascii")) for key, text in texts.items()]
    return [*parts, head[_HEAD_BYTES:], *png[1:]]


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk: length, type, body, CRC of type and body."""
    return b"".join((struct.pack(">I4s", len(body), kind), body, struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))))


def _profile(body: Bytes) -> bytes:
    name, _, rest = bytes(body).partition(b"\0")
    if len(name) > 79 or rest[:1] != b"\0":
        raise damaged("the ICC profile (iCCP chunk) has no name or an unknown compression")
    return inflate(rest[1:], "the ICC profile (iCCP chunk)")


def _transparent_grey(body: Bytes | None, depth: int) -> int | None:
    if body is None:
        return None
    if len(body) != 2:
        raise damaged("the transparency (tRNS chunk) of a grey image is not one sample")
    sample = int.from_bytes(body, "big") & ((1 << depth) - 1)
    return sample if depth >= 8 else sample * 255 // ((1 << depth) - 1)
