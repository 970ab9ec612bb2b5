"""The keyed bytes of a perturbation: nonce, header, subkey and tag, as docs/format.md defines them.

Everything is keyed BLAKE2b (RFC 7693) from the standard library, purposes told apart by its personalisation; but pixels
are authenticated by Poly1305 (RFC 8439), which reads ten times as fast, under a key that is derived for them alone.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from . import _core
from .arrays import Image, dtype_name, rows_are_packed
from .key import Key
from .record import NONCE_BYTES, RECORD_VERSION, CoreRegion

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.poly1305 import Poly1305

_DTYPE_CODES = {"uint8": 1, "uint16": 2, "float32": 3}
ROWS_BYTES = 2**20
"""About how many bytes of a region are copied at a time to be hashed."""

_REGION = struct.Struct("<qqQQBQQ")
_SHAPE = struct.Struct("<QQIBI")


def header(nonce: bytes, shape: tuple[int, ...], dtype: str, regions: Sequence[CoreRegion]) -> bytes:
    """All that a permutation depends on besides the key, as bytes."""
    channels = shape[2] if len(shape) == 3 else 0
    sizes = _SHAPE.pack(shape[0], shape[1], channels, _DTYPE_CODES[dtype], len(regions))
    return b"".join(
        (b"fastperturb", bytes((RECORD_VERSION,)), nonce, sizes, *(_REGION.pack(*region) for region in regions))
    )


def fresh_nonce() -> bytes:
    """A nonce from the system's random source: 24 bytes, so that none ever comes twice."""
    return os.urandom(NONCE_BYTES)


def reproducible_nonce(key: Key, image: Image, regions: Sequence[CoreRegion]) -> bytes:
    """A nonce that depends on the key, the whole image and the parameters and on nothing else."""
    blank = header(bytes(NONCE_BYTES), image.shape, dtype_name(image), regions)
    whole = [(0, 0, image.shape[1], image.shape[0], 0, 1, 0)]
    return key.derive(b"fastperturb once", blank, size=NONCE_BYTES, more=_pixels(image, whole))


def next_nonce(key: Key, header_bytes: bytes) -> bytes:
    """The reproducible nonce that comes after the one in a header, where a perturbation is drawn again."""
    return key.derive(b"fastperturb once", header_bytes, size=NONCE_BYTES)


def subkey(key: Key, header_bytes: bytes) -> bytes:
    """The ChaCha20 key of this one permutation."""
    return key.derive(b"fastperturb perm", header_bytes)


def tag(key: Key, header_bytes: bytes, moved: Sequence[int], image: Image, regions: Sequence[CoreRegion]) -> bytes:
    """The tag of a record and of the perturbed pixels inside the boxes of its regions.

    Poly1305 must see one message a key. It does: the nonce in the header is of this perturbation alone or, if it is
    reproducible, of one image, which is perturbed in one way only.
    """
    mac = _poly1305()(
        key.derive(b"fastperturb tag", header_bytes, struct.pack(f"<{len(moved)}Q", *moved), bytes.fromhex(key.id))
    )
    for block in _pixels(image, regions):
        mac.update(block)
    return mac.finalize()


@cache
def _poly1305() -> type[Poly1305]:
    """From cryptography, imported with the first image and not with the package."""
    from cryptography.hazmat.primitives.poly1305 import Poly1305

    return Poly1305


def _pixels(image: Image, regions: Sequence[CoreRegion]) -> Iterator[memoryview]:
    """The bytes of the regions' clipped boxes in raster order, some rows at a time, so that no copy is ever large."""
    height, width = image.shape[:2]
    if image.itemsize * 4 * sum(region[2] * region[3] for region in regions) <= ROWS_BYTES and rows_are_packed(image):
        yield memoryview(_core.box_bytes(image, list(regions)))
        return
    for x, y, w, h, *_ in regions:
        crop = image[max(y, 0) : max(min(y + h, height), 0), max(x, 0) : max(min(x + w, width), 0)]
        rows = max(1, ROWS_BYTES * len(crop) // max(1, crop.nbytes))
        for first in range(0, len(crop), rows):
            # Flat, because there are versions of cryptography that read len() bytes, and of rows that is their number.
            yield np.ascontiguousarray(crop[first : first + rows]).reshape(-1).view(np.uint8).data
