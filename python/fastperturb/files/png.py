"""PNG structure: chunks read and checked one by one, and chunks of our own put in.

PNG specification, third edition (W3C 2023): 5 (chunks), 11.2 (IHDR), 11.3 (tRNS, iCCP, tEXt, eXIf, acTL). Pixels are
decoded and encoded by OpenCV, which gets the chunks that pixels need and no others: it would inflate up to 8 MB of
every text only to throw it away.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence

from .._optional import import_isal
from .exif import exif_orientation, hexadecimal_orientation
from .header import KEYWORD_PREFIX, Bytes, Header, add_text, damaged, inflate, unsupported
from .metadata_blocks import NOTHING, XMP_KEYWORD, Blocks
from .record_chunk import CHUNK, add_record, split_record

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD_BYTES = len(SIGNATURE) + 12 + 13  # up to the end of IHDR
_END_BYTES = 12  # of IEND
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_DEPTHS = {_GREY: (1, 2, 4, 8, 16), _RGB: (8, 16), _PALETTE: (1, 2, 4, 8), _GREY_ALPHA: (8, 16), _RGBA: (8, 16)}
_SAMPLES = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 2, _RGBA: 4}
_SLACK = 2**20
_KEYWORD_PREFIX = KEYWORD_PREFIX.encode("ascii")
_PIXEL_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT")
_EXIF_TEXT = re.compile(rb"Raw profile type (?:exif|APP1)\0")
_MAX_TEXT_BYTES = 2**18  # of an EXIF block as text: 64 kB in hexadecimal, and its lines

MAX_CHUNKS = 10_000
"""The most chunks beside those of pixels (IDAT); writers make a few dozen."""


def read_header(data: Bytes) -> Header:
    """Walks all chunks of a PNG and checks their order and CRCs.

    Raises:
        ImageFileError: cut short, a wrong CRC, no pixels, an animation, two records, or more than :data:`MAX_CHUNKS`.
    """
    found: dict[bytes, Bytes] = {}
    texts: dict[str, str] = {}
    others, before = 0, b""
    for kind, body in chunks(data):
        if kind == b"IDAT":
            if kind in found and before != kind:
                raise damaged("its pixels (IDAT chunks) do not lie in one piece")
            found[kind] = b""
            before = kind
            continue
        others, before = others + 1, kind
        if others > MAX_CHUNKS:
            raise damaged(f"a PNG may have up to {MAX_CHUNKS} chunks beside its pixels, and this one has more")
        if kind in (b"acTL", b"fcTL"):
            raise unsupported("an animated PNG; only its first frame would be protected")
        if kind[:1].isupper() and (kind not in _PIXEL_CHUNKS or kind in found):
            raise damaged(f"a chunk ({kind.decode('latin-1')!r}) that is unknown or there twice, and that pixels need")
        if kind == b"tEXt" and bytes(body[: len(_KEYWORD_PREFIX)]) == _KEYWORD_PREFIX:
            keyword, _, text = bytes(body).partition(b"\0")
            add_text(texts, keyword.decode("latin-1"), text.decode("latin-1"))
        elif kind == CHUNK:
            add_record(texts, body)
        else:
            found.setdefault(b"text" if _holds_exif(kind, body) else kind, body)
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
        orientation=_orientation(found),
        icc=_profile(found[b"iCCP"]) if b"iCCP" in found else None,
        texts=texts,
        transparent_grey=_transparent_grey(transparency, depth) if colour == _GREY else None,
        rewrite=(lambda: _pixels_alone(data)) if set(found) - set(_PIXEL_CHUNKS) or texts else None,
        check_work=lambda: _check_end(data, height * (1 + (width * depth * _SAMPLES[colour] + 7) // 8)),
    )


def _check_end(data: Bytes, size: int) -> None:
    """Inflates the pixels, which have ``size`` bytes with their filter types, and refuses a stream that goes on.

    libpng inflates all of it, at a gigabyte a second: 20 MB keep it busy for 20 s.
    """
    most, done = 2 * size + _SLACK, 0  # the rows of an interlaced picture are shorter, and nearly twice as many
    stream = (import_isal() or zlib).decompressobj()
    for kind, body in chunks(data):
        piece: Bytes = body
        while kind == b"IDAT" and piece and not stream.eof:
            try:
                done += len(stream.decompress(piece, _SLACK))
            except Exception:  # damaged, of whichever library: that is for the decoder to say
                return
            piece = stream.unconsumed_tail
            if done > most:
                raise damaged("it holds far more compressed data than its pixels need")


def _pixels_alone(data: Bytes) -> bytes:
    """The PNG with nothing but what pixels need."""
    view = memoryview(data)
    parts: list[Bytes] = [SIGNATURE]
    start = end = position = len(SIGNATURE)  # of the chunks that are next to be copied in one piece
    while True:
        length, kind = struct.unpack_from(">I4s", view, position)
        after = position + 12 + int(length)
        if kind in (*_PIXEL_CHUNKS, b"IEND"):
            if position != end:
                parts.append(view[start:end])
                start = position
            end = after
        if kind == b"IEND":
            return b"".join([*parts, view[start:end]])
        position = after


def _holds_exif(kind: bytes, body: memoryview) -> bool:
    return kind in (b"zTXt", b"tEXt") and _EXIF_TEXT.match(body[:32]) is not None


def _orientation(found: Mapping[bytes, Bytes]) -> int:
    """Of the EXIF chunk, else of EXIF as some programs write it into a text."""
    if b"eXIf" in found:
        return exif_orientation(found[b"eXIf"])
    keyword, _, text = bytes(found.get(b"text", b"")).partition(b"\0")
    if text[:1] == b"\0" and keyword:  # compressed, by method 0: the only one
        try:
            text = zlib.decompressobj().decompress(text[1:], _MAX_TEXT_BYTES)
        except zlib.error:
            return 1
    return hexadecimal_orientation(text)


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


def with_chunks(
    png: Sequence[Bytes], icc: bytes | None, texts: Mapping[str, str], blocks: Blocks = NOTHING
) -> list[Bytes]:
    """The parts of a PNG with an ICC profile and texts put in right after IHDR, where readers find them first.

    The bytes of a record stand before IEND, behind the pixels: they may be many.

    Args:
        png: the parts of a PNG; signature and IHDR are in the first, all of IEND in the last.
        icc: a profile, or ``None``.
        texts: by keyword, of 1 to 79 characters; ASCII.
        blocks: metadata.
    """
    head = memoryview(png[0])
    texts, record = split_record(texts)
    before, behind = _metadata_chunks(blocks, icc)
    parts: list[Bytes] = [head[:_HEAD_BYTES], *before]
    parts += [chunk(b"tEXt", key.encode("ascii") + b"\0" + text.encode("ascii")) for key, text in texts.items()]
    parts += [head[_HEAD_BYTES:], *png[1:]]
    if record:
        behind.append(chunk(CHUNK, record))
    if behind:
        last = memoryview(parts[-1])
        parts[-1:] = [last[:-_END_BYTES], *behind, last[-_END_BYTES:]]
    return [*parts, blocks.trailer] if blocks.trailer else parts


def _metadata_chunks(blocks: Blocks, icc: bytes | None) -> tuple[list[Bytes], list[Bytes]]:
    """The chunks of metadata before the pixels, and behind them."""
    if blocks.own:
        kinds = [kind for kind, _ in blocks.own]
        middle = kinds.index(b"IDAT") if b"IDAT" in kinds else len(kinds)
        own: list[list[Bytes]] = [
            [chunk(kind, body) for kind, body in part if kind != b"IDAT"]
            for part in (blocks.own[:middle], blocks.own[middle:])
        ]
        return own[0], own[1]
    before: list[Bytes] = []
    if (profile := icc if blocks.icc is None else blocks.icc) is not None:
        before.append(chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile)))
    if blocks.exif:
        before.append(chunk(b"eXIf", blocks.exif))
    if blocks.xmp:
        before.append(chunk(b"iTXt", XMP_KEYWORD + bytes(5) + blocks.xmp))
    return before, []


def with_record(data: Bytes, record: bytes) -> list[Bytes]:
    """The parts of a PNG with its record of version 2 replaced by another; all other bytes stay."""
    view = memoryview(data)
    parts: list[Bytes] = [view[: len(SIGNATURE)]]
    position = start = len(SIGNATURE)
    for kind, body in chunks(data):
        after = position + 12 + len(body)
        if kind == CHUNK:
            parts.append(view[start:position])
            start = after
        position = after
    return [*parts, view[start:position], chunk(CHUNK, record), view[position : position + _END_BYTES]]


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk: length, type, body, CRC of type and body."""
    return b"".join((struct.pack(">I4s", len(body), kind), body, struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))))


def _profile(body: Bytes) -> bytes | None:
    """The profile; ``None`` if it cannot be inflated, for then no program shows the picture by it."""
    name, _, rest = bytes(body).partition(b"\0")
    return inflate(rest[1:]) if len(name) <= 79 and rest[:1] == b"\0" else None


def _transparent_grey(body: Bytes | None, depth: int) -> int | None:
    if body is None:
        return None
    if len(body) != 2:
        raise damaged("the transparency (tRNS chunk) of a grey image is not one sample")
    sample = int.from_bytes(body, "big") & ((1 << depth) - 1)
    return sample if depth >= 8 else sample * 255 // ((1 << depth) - 1)
