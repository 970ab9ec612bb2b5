"""What a seal holds: the pixels that one region owns, predicted, compressed without loss and padded.

A crop is the part of an image inside a region's clipped box; a mask says which of its pixels the region owns, None: all
of them. docs/format-2.md defines the bytes. What comes out of a seal is not trusted, authenticated or not.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .. import _core
from .._optional import import_igzip
from ..checks import Image, packed
from ..errors import RecordError
from .record_v2_parts import REST_STEP, SEAL_STEPS, seal_step

STORED, RESIDUALS = 0, 1
_HEAD = struct.Struct("<BQ")
_LENGTH = struct.Struct("<Q")
_BLOCK_BYTES = 2**18  # stays in the cache between being copied and being authenticated
_RAW_DEFLATE = -15
_ISAL_WINDOW_BITS = 1
_MEMORY = 8  # of zlib: blocks of 16,383 bytes; 5 to 9 were measured, this is 1 % shorter than 9 and as fast

Mask = NDArray[np.bool_] | None


class Bytes(Protocol):
    """Bytes that are authenticated, some at a time."""

    def blocks(self) -> Iterator[bytes | memoryview]:
        """All of them, in order."""


def encode(crop: Image, mask: Mask, *, full: bool = False, reproducible: bool = False) -> bytes:
    """The plaintext of a seal: its length says how many eighths of the pixels' size they needed, or nothing if full.

    Args:
        crop: the original.
        mask: owned pixels, None for all.
        full: pad to the most that it can need.
        reproducible: the same bytes whichever optional packages are installed.
    """
    crop = packed(crop)
    residuals = _core.encode_residuals(crop, mask)
    body = _deflate(residuals, None if reproducible else import_igzip())
    codec = RESIDUALS
    if len(body) >= len(residuals):
        codec, body = STORED, _core.masked_bytes(crop, mask)
    step = seal_step(len(residuals))
    length = _HEAD.size + len(body)
    padded = SEAL_STEPS * step if full else -(-length // step) * step
    return b"".join((_HEAD.pack(codec, len(body)), body, bytes(padded - length)))


def _deflate(residuals: bytes, igzip: ModuleType | None) -> bytes:
    """A raw deflate stream, by ISA-L where it is at hand.

    Residuals have no repeats worth a search: Huffman codes alone are as short and twice as fast. ISA-L cannot leave
    the search out, but a window of two bytes keeps it from finding what spoils its codes, and buffers of medium size
    let these follow the planes: a fifth of zlib's time, 2 % longer (bench/seals.py).
    """
    if igzip is not None:
        found: bytes = igzip.compress(residuals, 1, igzip.COMP_DEFLATE, igzip.MEM_LEVEL_MEDIUM, _ISAL_WINDOW_BITS)
        return found
    coder = zlib.compressobj(1, zlib.DEFLATED, _RAW_DEFLATE, _MEMORY, zlib.Z_HUFFMAN_ONLY)
    return coder.compress(residuals) + coder.flush()


@dataclass(frozen=True, slots=True)
class Sealed:
    """Pixels out of a seal, decompressed and of the right length; :meth:`put` cannot fail any more."""

    codec: int
    data: bytes

    def put(self, crop: Image, mask: Mask) -> None:
        """Writes the pixels into a crop with packed rows; what the mask does not own stays."""
        if self.codec == STORED:
            _core.put_masked(crop, mask, self.data)
        else:
            _core.decode_residuals(self.data, crop, mask)


def decode(plain: bytes, raw: int, what: str) -> Sealed:
    """Reads the plaintext of a seal of ``raw`` bytes of pixels.

    Raises:
        RecordError: it does not hold exactly these; ``what`` names the seal.
    """
    step = seal_step(raw)
    if not 0 < len(plain) <= SEAL_STEPS * step or len(plain) % step:
        raise RecordError(f"{what} cannot have {len(plain)} bytes")
    codec, length = _HEAD.unpack_from(plain)
    body = plain[_HEAD.size : _HEAD.size + length] if length <= len(plain) - _HEAD.size else b""
    if len(body) != length or any_set(plain, _HEAD.size + length):
        raise RecordError(f"{what} must hold {length} bytes and zeros, but does not")
    if codec == STORED and length == raw:
        return Sealed(codec, body)
    if codec == RESIDUALS:
        return Sealed(codec, _inflate(body, raw, what))
    raise RecordError(f"{what} must hold {raw} bytes of pixels, got {length} coded as {codec}")


def _inflate(body: bytes, raw: int, what: str) -> bytes:
    stream = zlib.decompressobj(_RAW_DEFLATE)
    try:
        data = stream.decompress(body, raw + 1)
    except zlib.error as error:
        raise RecordError(f"{what} is damaged: {error}") from None
    if len(data) != raw or not stream.eof or stream.unused_data or stream.unconsumed_tail:
        raise RecordError(f"{what} must hold exactly {raw} bytes of pixels, but does not")
    return data


def any_set(data: bytes, start: int) -> bool:
    """Whether a byte from ``start`` on is not zero."""
    return data.count(0, start) != len(data) - start


def encode_rest(data: bytes) -> bytes:
    """The plaintext of sealed metadata."""
    return b"".join((_LENGTH.pack(len(data)), data, bytes(-(_LENGTH.size + len(data)) % REST_STEP)))


def decode_rest(plain: bytes) -> bytes:
    """Sealed metadata out of their plaintext.

    Raises:
        RecordError: they are not padded as they must be.
    """
    (length,) = _LENGTH.unpack_from(plain)
    end = _LENGTH.size + length
    if end > len(plain) or len(plain) - end >= REST_STEP or any_set(plain, end):
        raise RecordError(f"the sealed metadata must hold {length} bytes and zeros, but do not")
    return plain[_LENGTH.size : end]


@dataclass(frozen=True, slots=True)
class Owned:
    """The pixels of a crop that a region owns, as bytes; ``data`` are these, where they are at hand."""

    crop: Image
    mask: Mask
    data: bytes | None = None

    def blocks(self) -> Iterator[bytes | memoryview]:
        """In raster order, some rows at a time, so that no copy is ever large."""
        if self.data is not None:
            yield self.data
            return
        for first, part in _strips(self.crop):
            yield _bytes_of(part, None if self.mask is None else self.mask[first : first + len(part)])


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The pixels of an image that no region owns, as bytes.

    Attributes:
        image: as it is shown.
        x, y, labels: as ``_core.owner_labels`` gives them: where the labels stand, and 0 for pixels that are not owned.
    """

    image: Image
    x: int
    y: int
    labels: NDArray[np.uint16]

    def blocks(self) -> Iterator[bytes | memoryview]:
        """In raster order, some rows at a time."""
        x, y = self.x, self.y
        height, width = self.labels.shape
        for first, part in _strips(self.image):
            top, bottom = max(first, y), min(first + len(part), y + height)
            free = None
            if top < bottom:
                free = np.ones(part.shape[:2], np.bool_)
                free[top - first : bottom - first, x : x + width] = self.labels[top - y : bottom - y] == 0
            yield _bytes_of(part, free)


def _strips(image: Image) -> Iterator[tuple[int, Image]]:
    """Some rows at a time, each with the number of its first row."""
    rows = max(1, _BLOCK_BYTES * len(image) // max(1, image.nbytes))
    for first in range(0, len(image), rows):
        yield first, image[first : first + rows]


def _bytes_of(part: Image, mask: Mask) -> bytes | memoryview:
    if mask is None and part.flags.c_contiguous:
        return part.reshape(-1).view(np.uint8).data
    return _core.masked_bytes(packed(part), mask)
