"""The keyed bytes of a perturbation: nonce, header, subkey and tag, as docs/format.md defines them.

Everything is keyed BLAKE2b (RFC 7693) from the standard library, purposes told apart by its personalisation; but pixels
are authenticated by AES-256-GCM (GMAC, NIST SP 800-38D) from cryptography, which reads twelve times as fast, under a
key that is derived for them alone.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence

import numpy as np

from ..checks import Image, dtype_name
from ..key import Key
from ..record import NONCE_BYTES, RECORD_VERSION, CoreRegion
from . import aes_gcm

_DTYPE_CODES = {"uint8": 1, "uint16": 2, "float32": 3}
PART_BYTES = 2**20
"""About how many bytes of a region are copied at a time to be authenticated."""

_MAGIC = b"fastperturb" + bytes((RECORD_VERSION,))
_REGION = struct.Struct("<qqQQBQQ")
_SHAPE = struct.Struct("<QQIBI")


def header(nonce: bytes, shape: tuple[int, ...], dtype: str, regions: Sequence[CoreRegion]) -> bytes:
    """All that a permutation depends on besides the key, as bytes."""
    channels = shape[2] if len(shape) == 3 else 0
    sizes = _SHAPE.pack(shape[0], shape[1], channels, _DTYPE_CODES[dtype], len(regions))
    return b"".join([_MAGIC, nonce, sizes, *[_REGION.pack(*region) for region in regions]])


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


def tag(
    key: Key,
    header_bytes: bytes,
    moved: Sequence[int],
    image: Image,
    regions: Sequence[CoreRegion],
    boxes: bytes | None = None,
) -> bytes:
    """The tag of a record and of the perturbed pixels inside the boxes of its regions.

    AES-GCM must show the tags of one message a key only, as its initialisation vector is always the same. That holds:
    the nonce in the header is of this perturbation alone or, if it is reproducible, of one image, which is perturbed in
    one way only; and what is computed to verify altered pixels is not shown. ``boxes`` are the bytes of the pixels,
    where they are at hand.
    """
    counts = struct.pack(f"<{len(moved)}Q", *moved)
    tag_key = key.derive(b"fastperturb tag", header_bytes, counts, bytes.fromhex(key.id))
    return aes_gcm.gmac(tag_key, aes_gcm.ZERO_IV, _pixels(image, regions) if boxes is None else (boxes,))


def are_few(image: Image, regions: Sequence[CoreRegion]) -> bool:
    """Whether the bytes of the regions' boxes are best collected by the core and authenticated at once."""
    size = 0
    for region in regions:
        size += region[2] * region[3]
    return size * 4 * image.itemsize <= PART_BYTES


def _pixels(image: Image, regions: Sequence[CoreRegion]) -> Iterator[memoryview]:
    """The bytes of the regions' clipped boxes in raster order, some rows at a time, so that no copy is ever large."""
    height, width = image.shape[:2]
    for x, y, w, h, *_ in regions:
        crop = image[max(y, 0) : max(min(y + h, height), 0), max(x, 0) : max(min(x + w, width), 0)]
        rows = max(1, PART_BYTES * len(crop) // max(1, crop.nbytes))
        for first in range(0, len(crop), rows):
            yield np.ascontiguousarray(crop[first : first + rows]).reshape(-1).view(np.uint8).data
