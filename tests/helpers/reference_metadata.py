"""Sealed metadata after docs/metadata.md, *The bytes*: written and read plainly, sharing nothing with the package."""

import hashlib
import struct
import unicodedata
import zlib

import numpy as np
from reference_record import Refused, require

MAGIC = b"fastperturb metadata\1"
NAME, FORMAT, CHANGED, PARTS, TRAILER, EXACT = 1, 2, 3, 4, 5, 6


def whole_length(length: int) -> int:
    """Of the record's eight bytes and all that follows them, padded."""
    step = 4096
    while step * 16 <= length:  # an eighth of the largest power of two that is not larger
        step *= 2
    while length % step:
        length += 1
    return length


def write(items: list[tuple[int, bytes]], zeros: int | None = None) -> bytes:
    """The bytes of items, in the order given; ``zeros``: as many at the end, whatever the rule is."""
    body = MAGIC
    for kind, data in items:
        body += struct.pack("<B", kind) + struct.pack("<I", len(data)) + data
    if zeros is None:
        zeros = whole_length(8 + len(body) + 5) - 8 - len(body) - 5
    return body + b"\0" + struct.pack("<I", zeros) + bytes(zeros)


def read(data: bytes) -> dict[int, bytes]:
    """The items by kind."""
    require(data[: len(MAGIC)] == MAGIC, "the form")
    at, last, found = len(MAGIC), 0, {}
    while True:
        require(at + 5 <= len(data), "an end")
        kind, length = data[at], int.from_bytes(data[at + 1 : at + 5], "little")
        at += 5
        require(at + length <= len(data), "a whole item")
        if kind == 0:
            break
        require(last < kind <= EXACT and length > 0, "kinds that ascend, none of them empty")
        found[kind], last = data[at : at + length], kind
        at += length
    require(at + length == len(data) and not any(data[at:]), "zeros up to the end")
    require(len(data) + 8 == whole_length(at + 8), "the length")
    check(found)
    return found


def check(found: dict[int, bytes]) -> None:
    if NAME in found:
        try:
            name = found[NAME].decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("a name in UTF-8") from None
        require(len(found[NAME]) <= 1024 and name not in (".", ".."), "a name of a file")
        hidden = [sign for sign in name if unicodedata.category(sign)[0] in "CZ" and sign != " "]
        require(not hidden and "/" not in name and "\\" not in name, "a name that is no path and can be read")
    if FORMAT in found:
        signs = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        require(len(found[FORMAT]) <= 16 and all(sign in signs for sign in found[FORMAT]), "a format")
    if CHANGED in found:
        require(len(found[CHANGED]) == 8, "a time")


def exact_file(data: bytes, pixels: np.ndarray) -> bytes:
    """The very file out of item 6, of the kinds 1 and 2: the whole of it, or all but its rows of pixels."""
    require(len(data) >= 37, "a head")
    kind, digest, length = data[0], data[1:33], int.from_bytes(data[33:37], "little")
    require(length <= 2**28, "at most 2**28 bytes of a file")
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(data[37:])
    except zlib.error:
        raise Refused("a stream of zlib") from None
    require(stream.eof and not stream.unused_data and len(content) == length, "the length of what was kept")
    require(kind in (1, 2), "a kind")
    file = content if kind == 1 else with_rows(content, pixels)
    require(hashlib.sha256(file).digest() == digest, "the hash")
    return file


def with_rows(content: bytes, pixels: np.ndarray) -> bytes:
    require(len(content) >= 17, "where rows stand")
    place, stride, order = struct.unpack("<QqB", content[:17])
    rest = bytearray(content[17:])
    rows = [row_bytes(row, order) for row in pixels]
    size = len(rows[0])
    require(order < 4 and size <= abs(stride) <= size + 3, "a distance of rows")
    for at, row in sorted((place + number * stride, row) for number, row in enumerate(rows)):
        require(0 <= at <= len(rest), "rows within the file")
        rest[at:at] = row
    return bytes(rest)


def row_bytes(row: np.ndarray, order: int) -> bytes:
    found = b""
    for pixel in row:
        samples = list(np.atleast_1d(pixel))
        if order & 1 and len(samples) > 1:
            samples[:3] = samples[2::-1]
        for sample in samples:
            found += int(sample).to_bytes(row.dtype.itemsize, "big" if order & 2 else "little")
    return found
