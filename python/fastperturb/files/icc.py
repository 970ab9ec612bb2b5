"""ICC profiles made anew with nothing but colour: no names, dates, device, private tags, or bytes behind the end.

ICC.1:2022: 7.2 (header), 7.3 (tag table), 9.2 (tags), 10 (types). What a reader needs to show a picture is kept: white
point, primaries, tone curves, adaptation, tables from device to profile colours.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from .header import Bytes

_HEAD = 128
_DATE = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)  # no time of this picture, or of its camera
_D50 = struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)
_TEXT = "colour profile"
_MAX_TAGS = 100  # the standard defines some fifty
_CURVES = {"RGB ": (b"rTRC", b"gTRC", b"bTRC"), "GRAY": (b"kTRC",)}
_COLOURS = (b"rXYZ", b"gXYZ", b"bXYZ")
_TABLES = (b"A2B0", b"A2B1", b"A2B2")
_KEPT = (b"wtpt", b"chad", *_COLOURS, *_CURVES["RGB "], *_CURVES["GRAY"], *_TABLES)


def colours_alone(profile: Bytes, space: str) -> bytes | None:
    """The profile with its colours alone; what comes out goes through unchanged.

    Args:
        profile: an ICC profile of a file.
        space: of its device colours: "RGB " or "GRAY".

    Returns:
        The new profile; ``None`` if it is none, is damaged, is of other colours, or lacks what makes it one.
    """
    data = bytes(profile)
    if len(data) < _HEAD + 4 or data[36:40] != b"acsp" or data[16:20] != space.encode("ascii"):
        return None
    try:
        tags = _tags(data)
    except (struct.error, ValueError):
        return None
    matrix = all(name in tags for name in _CURVES[space]) and (space == "GRAY" or all(c in tags for c in _COLOURS))
    if not (matrix or _TABLES[0] in tags) or data[20:24] not in (b"XYZ ", b"Lab "):
        return None
    return _profile(data, tags)


def _tags(data: bytes) -> dict[bytes, bytes]:
    """The tags that are kept, each cut to the length that its content says."""
    size, (count,) = min(len(data), int.from_bytes(data[:4], "big")), struct.unpack_from(">I", data, _HEAD)
    if count > _MAX_TAGS:
        raise ValueError
    tags: dict[bytes, bytes] = {}
    for place in range(_HEAD + 4, _HEAD + 4 + 12 * count, 12):
        name, start, length = struct.unpack_from(">4sII", data, place)
        if name not in _KEPT:
            continue
        if start + length > size:
            raise ValueError
        body = data[start : start + length]
        make = _TYPES.get(body[:4])
        if make is None:
            if name in _TABLES:
                continue  # readers go by primaries and curves, where there are any
            raise ValueError
        tags.setdefault(name, make(body))
    return tags


def _profile(data: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Header, table and tags. Equal tags share their place, as in most profiles."""
    version = data[8:9] + bytes((data[9] & 0xF0, 0, 0))
    if data[8] > 2:
        texts = (
            b"mluc" + struct.pack(">4xII2s2sII", 1, 12, b"en", b"US", 2 * len(_TEXT), 28) + _TEXT.encode("utf-16-be")
        )
        tags = {b"desc": texts, b"cprt": texts, **tags}
    else:
        plain = _TEXT.encode("ascii") + b"\0"
        tags = {b"desc": b"desc" + struct.pack(">4xI", len(plain)) + plain + bytes(78), **tags}
        tags = {b"cprt": b"text" + bytes(4) + plain, **tags}
    head = bytes(8) + version + data[12:24] + _DATE + b"acsp" + bytes(4) + bytes(4 + 4 + 4 + 8)
    head += struct.pack(">I", data[67] & 3) + _D50 + bytes(_HEAD - 80)
    places: dict[bytes, int] = {}
    body, index = b"", struct.pack(">I", len(tags))
    start = _HEAD + 4 + 12 * len(tags)
    for name, content in tags.items():
        if content not in places:
            places[content] = start + len(body)
            body += content + bytes(-len(content) % 4)
        index += struct.pack(">4sII", name, places[content], len(content))
    return struct.pack(">I", start + len(body)) + head[4:] + index + body


def _cut(body: bytes, length: int) -> bytes:
    """The first bytes of a tag, its reserved ones set to 0."""
    if length > len(body):
        raise ValueError
    return body[:4] + bytes(4) + body[8:length]


def _curve(body: bytes) -> bytes:
    return _cut(body, 12 + 2 * int(struct.unpack_from(">I", body, 8)[0]))


def _parametric(body: bytes) -> bytes:
    kind = int(struct.unpack_from(">H", body, 8)[0])
    if kind > 4:
        raise ValueError
    whole = _cut(body, 12 + 4 * (1, 3, 4, 5, 7)[kind])
    return whole[:10] + bytes(2) + whole[12:]


def _fixed(length: int) -> Callable[[bytes], bytes]:
    return lambda body: _cut(body, length)


def _table(body: bytes, sample: int) -> bytes:
    """lut8Type and lut16Type (10.10, 10.11): a matrix, curves in, a grid of colours, curves out."""
    inputs, outputs, grid = struct.unpack_from("BBB", body, 8)
    entries_in, entries_out = (256, 256) if sample == 1 else struct.unpack_from(">HH", body, 48)
    if inputs not in (1, 3) or outputs != 3:
        raise ValueError
    samples = inputs * entries_in + grid**inputs * outputs + outputs * entries_out
    whole = _cut(body, (48 if sample == 1 else 52) + sample * samples)
    return whole[:11] + b"\0" + whole[12:]


_TYPES: dict[bytes, Callable[[bytes], bytes]] = {
    b"XYZ ": _fixed(20),
    b"sf32": _fixed(8 + 4 * 9),
    b"curv": _curve,
    b"para": _parametric,
    b"mft1": lambda body: _table(body, 1),
    b"mft2": lambda body: _table(body, 2),
}
