"""The very bytes of a file whose pixels are protected, of any format: the whole of it, or all but its rows of pixels.

BMP, PGM, PPM and uncompressed TIFF hold their pixels as they are, so that these, restored, fill most of the file. Any
other coding (PNG, WebP, HEIC, a JPEG that became a PNG) cannot be made anew byte for byte: there the file is kept.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..checks import Image
from ..errors import RecordError
from .exact_bytes import ROWS, WHOLE, pack_exact, unpack_exact

_PLACE = struct.Struct("<QqB")
_REVERSED, _BIG = 1, 2
_TRIES, _STEP = 8, 4  # BMP begins each row at a multiple of 4 bytes


class _Rows(NamedTuple):
    """Where rows of pixels stand in a file.

    Attributes:
        place: of the first row.
        stride: from a row to the next; negative where they stand from the bottom up.
        order: bit 0: colours reversed; bit 1: samples of 16 bits with their high byte first.
    """

    place: int
    stride: int
    order: int


def keep_whole_file(data: bytes, pixels: Image) -> bytes:
    """What brings a file back together with its pixels; to be sealed.

    Args:
        data: the file.
        pixels: of it, as ``read_image`` gives them.

    Raises:
        ImageFileError: it would take more than 16 MiB.
    """
    rows = _find_rows(data, pixels)
    if rows is None:
        return pack_exact(WHOLE, data, data)
    start, body, size = _span(rows, pixels)
    whole = np.frombuffer(data, np.uint8)
    gaps = _grid(whole[start : start + body], rows, pixels)[:, size:]
    rest = b"".join((data[:start], gaps.tobytes()[: body - size * len(pixels)], data[start + body :]))
    return pack_exact(ROWS, data, _PLACE.pack(*rows) + rest)


def bring_back_whole_file(kept: bytes, pixels: Image) -> bytes:
    """The file, byte for byte.

    Args:
        kept: what :func:`keep_whole_file` gave, out of a seal: hostile input.
        pixels: the restored ones.

    Raises:
        RecordError: it is damaged, or not of pixels.
        Tampered: what comes out is another file, since pixels outside of all regions were changed.
    """
    exact = unpack_exact(kept)
    if exact.kind == WHOLE:
        return exact.checked(exact.content)
    if exact.kind != ROWS or len(exact.content) < _PLACE.size:
        raise RecordError("what was sealed of the file is of coefficients, or cut")
    rows = _Rows(*_PLACE.unpack_from(exact.content))
    return exact.checked(_filled(exact.content[_PLACE.size :], rows, pixels))


def _filled(rest: bytes, rows: _Rows, pixels: Image) -> bytes | None:
    """The rest of a file with its rows in their places; None if these are none."""
    start, body, size = _span(rows, pixels)
    gaps = body - size * len(pixels)
    if (
        not size <= abs(rows.stride) < size + _STEP
        or start < 0
        or start + gaps > len(rest)
        or rows.order > _REVERSED | _BIG
    ):
        return None
    grid = np.zeros((len(pixels), abs(rows.stride)), np.uint8)
    lines = _lines(pixels, rows.order)
    grid[:, :size] = lines if rows.stride > 0 else lines[::-1]
    if gaps:
        between = np.frombuffer(rest, np.uint8, gaps, start)
        grid[:-1, size:] = between.reshape(len(pixels) - 1, -1)
    return b"".join((rest[:start], grid.tobytes()[:body], rest[start + gaps :]))


def _span(rows: _Rows, pixels: Image) -> tuple[int, int, int]:
    """Where all rows begin in the file, how many bytes there are to their end, and how many a row has."""
    size, steps = pixels[0].nbytes, len(pixels) - 1
    return rows.place + min(0, steps * rows.stride), steps * abs(rows.stride) + size, size


def _grid(body: npt.NDArray[np.uint8], rows: _Rows, pixels: Image) -> npt.NDArray[np.uint8]:
    """The bytes from the first row to the last, a row a line; behind the last one are zeros."""
    grid = np.zeros((len(pixels), abs(rows.stride)), np.uint8)
    grid.reshape(-1)[: len(body)] = body
    return grid


def _lines(pixels: Image, order: int) -> npt.NDArray[np.uint8]:
    """The bytes of each row, from top to bottom."""
    if order & _REVERSED and pixels.ndim == 3:
        channels = [2, 1, 0, *range(3, pixels.shape[2])]
        pixels = pixels[..., channels]
    samples = pixels.astype(pixels.dtype.newbyteorder(">" if order & _BIG else "<"))
    return samples.reshape(len(pixels), -1).view(np.uint8)


def _find_rows(data: bytes, pixels: Image) -> _Rows | None:
    """Where the rows stand, if the file holds them one by one at even distances."""
    if len(data) < pixels.nbytes:
        return None
    whole, anchor = np.frombuffer(data, np.uint8), _liveliest(pixels)
    for order in (0, _REVERSED, _BIG, _REVERSED | _BIG):
        if order & _BIG and pixels.dtype.itemsize == 1:
            continue
        lines = _lines(pixels, order)
        size = lines.shape[1]
        for place in _places(data, lines[anchor].tobytes()):
            for stride in (size, -size, size + -size % _STEP, -(size + -size % _STEP)):
                rows = _Rows(place - anchor * stride, stride, order)
                start, body, _ = _span(rows, pixels)
                if rows.place < 0 or start < 0 or start + body > len(data):
                    continue
                found = _grid(whole[start : start + body], rows, pixels)[:, :size]
                if np.array_equal(found if stride > 0 else found[::-1], lines):
                    return rows
    return None


def _liveliest(pixels: Image) -> int:
    """Of some rows the one that least probably stands elsewhere too."""
    tried = range(0, len(pixels), max(1, len(pixels) // 64))
    return max(tried, key=lambda row: float(pixels[row].std()))


def _places(data: bytes, line: bytes) -> Iterator[int]:
    """The first places of a row's bytes."""
    place = -1
    for _ in range(_TRIES):
        place = data.find(line, place + 1)
        if place < 0:
            return
        yield place
