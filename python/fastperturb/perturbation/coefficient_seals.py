"""What a seal of a JPEG's region holds: the coefficients of the MCUs that it owns, in a scan of their own, padded.

docs/format-2.md defines the bytes. What comes out of a seal is not trusted, authenticated or not.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from .. import _core
from ..errors import RecordError
from .coefficients import Coefficients, McuBytes, McuPart, Mcus, of_part
from .seal_coding import any_set

STORED, SCAN = 0, 2
_HEAD = struct.Struct("<BQ")


@dataclass(frozen=True, slots=True)
class RegionCoefficients:
    """One region's MCUs before and after.

    Attributes:
        coefficients: of the picture; its MCUs are what is shown.
        part: what the region owns.
        original: (MCUs, blocks, 64), what is sealed; None: no seal is made.
    """

    coefficients: Coefficients
    part: McuPart
    original: Mcus | None

    def shown_bytes(self) -> McuBytes:
        """What is authenticated."""
        return of_part(self.coefficients.mcus, self.part)

    def plaintext(self, *, full: bool, reproducible: bool) -> bytes:
        """Of the seal."""
        return encode(self.coefficients, self.original, full=full)


def encode(coefficients: Coefficients, original: Mcus | None, *, full: bool = False) -> bytes:
    """The plaintext of a seal: its length says how many steps of half a bit a pixel it needed, or nothing if full.

    Args:
        coefficients: of the picture.
        original: (MCUs, blocks, 64).
        full: pad to the most that it can need.
    """
    if original is None:
        raise ValueError("original must be coefficients: nothing is sealed without")
    raw, step, most = coefficients.layout.seal_size(len(original))
    body = coefficients.frame.pack(original) if len(original) else b""
    codec = SCAN
    if len(body) >= raw:
        codec, body = STORED, np.ascontiguousarray(original, "<i2").tobytes()
    length = _HEAD.size + len(body)
    padded = most if full else -(-length // step) * step
    return b"".join((_HEAD.pack(codec, len(body)), body, bytes(padded - length)))


def decode(coefficients: Coefficients, plain: bytes, count: int, what: str) -> Mcus:
    """The coefficients of ``count`` MCUs out of the plaintext of a seal.

    Raises:
        RecordError: it does not hold exactly these; ``what`` names the seal.
    """
    raw, step, most = coefficients.layout.seal_size(count)
    if not 0 < len(plain) <= most or len(plain) % step:
        raise RecordError(f"{what} cannot have {len(plain)} bytes")
    codec, length = _HEAD.unpack_from(plain)
    body = plain[_HEAD.size : _HEAD.size + length] if length <= len(plain) - _HEAD.size else b""
    if len(body) != length or any_set(plain, _HEAD.size + length):
        raise RecordError(f"{what} must hold {length} bytes and zeros, but does not")
    if codec == STORED and length == raw:
        shape = (count, coefficients.layout.blocks, 64)
        return np.frombuffer(body, "<i2").reshape(shape).astype(np.int16)
    if codec == SCAN and count:
        try:
            return coefficients.frame.unpack(body, count)
        except _core.JpegError as error:
            raise RecordError(f"{what}: {error}") from None
    raise RecordError(f"{what} must hold the coefficients of {count} MCUs, got {length} bytes coded as {codec}")
