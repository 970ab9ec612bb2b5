"""Record version 1: its fields, its JSON form, and its keyed bytes; docs/format.md defines it, and it never changes.

Everything is keyed BLAKE2b (RFC 7693) from the standard library, purposes told apart by its personalisation; but pixels
are authenticated by AES-256-GCM (GMAC, NIST SP 800-38D) from cryptography, which reads twelve times as fast, under a
key that is derived for them alone.
"""

from __future__ import annotations

import hmac
import json
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _core
from ..checks import Image
from ..errors import RecordError, WrongKey
from ..face_key import FaceKey
from ..key import Key
from ..record import (
    FORMAT,
    MAX_RECORD_BYTES,
    MAX_REGIONS,
    NONCE_BYTES,
    TAG_BYTES,
    CoreRegion,
    Record,
    RegionRecord,
    check_count,
    check_fields,
    check_int,
    check_layout,
    check_list,
    read_hex,
)
from ..region import MAX_COORDINATE, Region
from . import aes_gcm

VERSION = 1
PART_BYTES = 2**20
"""About how many bytes of a region are copied at a time to be authenticated."""

_FIELDS = ("format", "version", "key_id", "nonce", "shape", "dtype", "regions", "tag")
_REGION_FIELDS = ("x", "y", "width", "height", "shape", "window", "pixels", "moved")
_KEY_ID = re.compile("[0-9a-f]{16}")
_DTYPE_CODES = {"uint8": 1, "uint16": 2, "float32": 3}
_MAGIC = b"fastperturb" + bytes((VERSION,))
_REGION = struct.Struct("<qqQQBQQ")
_SHAPE = struct.Struct("<QQIBI")


@dataclass(frozen=True, slots=True)
class RecordV1(Record):
    """A record of version 1: windows of pixels that moved.

    Attributes:
        key_id: public name of the key that restores the image.
        nonce: 24 bytes that no two perturbations share.
        shape: of the image, (height, width) or (height, width, channels).
        dtype: of the image: "uint8", "uint16" or "float32".
        regions: what was done where, in the order of ownership.
        tag: 16 bytes that authenticate all the above and the perturbed pixels.
        version: 1.

    Raises:
        RecordError: a value of another kind or out of range.
    """

    key_id: str
    nonce: bytes
    shape: tuple[int, ...]
    dtype: str
    regions: tuple[RegionRecord, ...]
    tag: bytes
    version: int = VERSION

    def __post_init__(self) -> None:
        if type(self.version) is not int or self.version != VERSION:
            raise RecordError(f"version must be {VERSION}, got {self.version!r:.80}; a newer release may know it")
        if not isinstance(self.key_id, str) or not _KEY_ID.fullmatch(self.key_id):
            raise RecordError(f"key_id must be 16 lower-case hexadecimal digits, got {self.key_id!r:.80}")
        for name, data, size in (("nonce", self.nonce, NONCE_BYTES), ("tag", self.tag, TAG_BYTES)):
            if not isinstance(data, bytes) or len(data) != size:
                raise RecordError(f"{name} must be {size} bytes, got {data!r:.80}")
        check_layout(self.shape, self.dtype, self.regions)

    def opens_with(self, key: Key) -> bool:
        """Whether it was made with this key."""
        return key.id == self.key_id

    def to_json(self, *, indent: int | None = None) -> str:
        """The record as JSON text.

        Raises:
            RecordError: the indent makes it longer than the 16 MiB that are read.
        """
        text = json.dumps(
            {
                "format": FORMAT,
                "version": self.version,
                "key_id": self.key_id,
                "nonce": self.nonce.hex(),
                "shape": list(self.shape),
                "dtype": self.dtype,
                "regions": [_region_to_json(item) for item in self.regions],
                "tag": self.tag.hex(),
            },
            indent=indent,
        )
        if len(text) > MAX_RECORD_BYTES:
            raise RecordError(f"indent must leave the record within {MAX_RECORD_BYTES} bytes, got {len(text)}")
        return text


def read_fields(data: dict[str, Any], max_regions: int = MAX_REGIONS) -> RecordV1:
    """A record of up to so many regions out of the fields of its JSON text.

    Raises:
        RecordError: a field missing, unknown or out of range.
    """
    check_fields(data, _FIELDS, "record")
    items = check_list(data["regions"], "regions")
    check_count(len(items), max_regions)
    return RecordV1(
        key_id=data["key_id"],
        nonce=read_hex(data["nonce"], "nonce", NONCE_BYTES),
        shape=tuple(check_list(data["shape"], "shape")),
        dtype=data["dtype"],
        regions=tuple(_region_from_json(item, f"regions[{i}]") for i, item in enumerate(items)),
        tag=read_hex(data["tag"], "tag", TAG_BYTES),
    )


def _region_to_json(item: RegionRecord) -> dict[str, int | str]:
    r = item.region
    values = (r.x, r.y, r.width, r.height, r.shape, item.window, item.pixels, item.moved)
    return dict(zip(_REGION_FIELDS, values, strict=True))


def _region_from_json(data: Any, name: str) -> RegionRecord:
    if not isinstance(data, dict):
        raise RecordError(f"{name} must be an object, got {type(data).__name__}")
    check_fields(data, _REGION_FIELDS, name)
    for field in ("x", "y", "width", "height"):
        check_int(data[field], f"{name}.{field}", -MAX_COORDINATE, MAX_COORDINATE)
    try:
        region = Region(data["x"], data["y"], data["width"], data["height"], data["shape"])
        item = RegionRecord(region, data["window"], data["pixels"], data["moved"])
        check_int(item.moved, "moved", 0, item.pixels)
    except (TypeError, ValueError) as error:
        raise RecordError(f"{name}: {error!s:.200}") from None
    return item


class Binding:
    """The keyed values of one perturbation, bound to a key and to all that the permutation depends on.

    Attributes:
        subkey: the ChaCha20 key of the permutation.
    """

    __slots__ = ("_core", "_header", "_key", "subkey")

    def __init__(self, key: Key, nonce: bytes, shape: tuple[int, ...], dtype: str, core: Sequence[CoreRegion]) -> None:
        self._key, self._core = key, core
        self._header = header(nonce, shape, dtype, core)
        self.subkey = key.derive(b"fastperturb perm", self._header)

    def tag(self, moved: Sequence[int], image: Image, boxes: bytes | None = None) -> bytes:
        """The tag of a record and of the perturbed pixels inside the boxes of its regions.

        AES-GCM must show the tags of one message a key only, as its initialisation vector is always the same. That
        holds: the nonce in the header is of one perturbation alone, and what is computed to verify altered pixels is
        not shown. ``boxes`` are the bytes of the pixels, where they are at hand.
        """
        counts = struct.pack(f"<{len(moved)}Q", *moved)
        tag_key = self._key.derive(b"fastperturb tag", self._header, counts, bytes.fromhex(self._key.id))
        blocks = _pixels(image, self._core) if boxes is None else (boxes,)
        return aes_gcm.gmac(tag_key, aes_gcm.ZERO_IV, blocks)


class OpenedRecord:
    """A record with its key: what the core has to do to bring the pixels back.

    Attributes:
        core: the regions as the core takes them.
        subkey: the ChaCha20 key of the permutation.
        origin: the holder of the key made it; nobody else could.
    """

    origin = "key"

    def __init__(self, record: RecordV1, key: Key) -> None:
        self.core = record.core_regions()
        self._record, self._binding = record, Binding(key, record.nonce, record.shape, record.dtype, self.core)
        self.subkey = self._binding.subkey

    def changed(self, image: Image, boxes: bytes | None = None) -> list[int]:
        """The numbers of the regions whose pixels are not the ones that were written: one tag covers all of them."""
        counts = [item.moved for item in self._record.regions]
        whole = hmac.compare_digest(self._binding.tag(counts, image, boxes), self._record.tag)
        return [] if whole else list(range(len(self.core)))

    def is_sealed(self, index: int) -> bool:
        """Whether a region comes back out of a seal: none does."""
        return False

    def finish(self, target: Image) -> None:
        """There is nothing left to write."""

    def undo(self, target: Image) -> None:
        """There was nothing to write."""


def open_record(
    record: RecordV1, key: Key | FaceKey, shape: tuple[int, ...], only: Sequence[int] | None
) -> OpenedRecord:
    """Opens a record to restore an image of ``shape``.

    Raises:
        WrongKey: it was made with another key.
        ValueError: single regions are asked for, whose tags this version does not have.
    """
    if isinstance(key, FaceKey):
        raise WrongKey("a record of version 1 has no face keys; it needs the key it was made with")
    if not record.opens_with(key):
        raise WrongKey(f"the record was made with key {record.key_id}, got key {key.id}")
    if only is not None:
        raise ValueError("only must be None: a record of version 1 restores as a whole")
    _core.check_regions(shape[0], shape[1], record.core_regions())
    return OpenedRecord(record, key)


def header(nonce: bytes, shape: tuple[int, ...], dtype: str, regions: Sequence[CoreRegion]) -> bytes:
    """All that a permutation depends on besides the key, as bytes."""
    channels = shape[2] if len(shape) == 3 else 0
    sizes = _SHAPE.pack(shape[0], shape[1], channels, _DTYPE_CODES[dtype], len(regions))
    return b"".join([_MAGIC, nonce, sizes, *[_REGION.pack(*region) for region in regions]])


def fits_one_buffer(image: Image, regions: Sequence[CoreRegion]) -> bool:
    """Whether the bytes of the regions' boxes are best collected by the core and authenticated at once."""
    size = 0
    for region in regions:
        size += region.width * region.height
    return size * 4 * image.itemsize <= PART_BYTES


def _pixels(image: Image, regions: Sequence[CoreRegion]) -> Iterator[memoryview]:
    """The bytes of the regions' clipped boxes in raster order, some rows at a time, so that no copy is ever large."""
    height, width = image.shape[:2]
    for x, y, w, h, *_ in regions:
        crop = image[max(y, 0) : max(min(y + h, height), 0), max(x, 0) : max(min(x + w, width), 0)]
        rows = max(1, PART_BYTES * len(crop) // max(1, crop.nbytes))
        for first in range(0, len(crop), rows):
            yield np.ascontiguousarray(crop[first : first + rows]).reshape(-1).view(np.uint8).data
