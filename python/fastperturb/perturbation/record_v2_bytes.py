"""Writes the one binary form of record version 2 and its JSON wrapper, as docs/format-2.md defines them."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any, TypeAlias

from ..errors import RecordError
from .jpeg_layout import JpegLayout
from .record_v2_parts import (
    IV_BYTES,
    MAC_BYTES,
    NONCE_BYTES,
    SALT_BYTES,
    STATES,
    TAG_BYTES,
    Entry,
    RegionV2,
    State,
)

FORMAT = "fastperturb-record"
MAGIC = b"fastperturb\x02"
SAMPLES_CARRIER, JPEG_CARRIER = 0, 1
"""What regions and seals are of: the samples of an image, or the coefficients of a JPEG."""
SAMPLES = {"uint8": 1, "uint16": 2, "float32": 3}
IMAGE = struct.Struct("<12sBBIIBH")
REGION = struct.Struct("<iiIIBBHIII")
ENTRY = struct.Struct(f"<BQ{SALT_BYTES}s{IV_BYTES}s{TAG_BYTES}s")
SCENE = struct.Struct(f"<{IV_BYTES}s{TAG_BYTES}s")
REST = struct.Struct(f"<Q{SALT_BYTES}s")
STANZA = struct.Struct("<BH")
BOTH = struct.Struct(f"<{NONCE_BYTES}s{MAC_BYTES}s")


Written: TypeAlias = Any
"""A RecordV2, whose class imports this module."""


def core_bytes(
    shape: tuple[int, ...], dtype: str, regions: tuple[RegionV2, ...], layout: JpegLayout | None = None
) -> bytes:
    """CORE: what a record says of the image and its regions, all that never changes."""
    channels = shape[2] if len(shape) == 3 else 0
    parts = [
        IMAGE.pack(
            MAGIC,
            SAMPLES_CARRIER if layout is None else JPEG_CARRIER,
            SAMPLES[dtype],
            shape[0],
            shape[1],
            channels,
            len(regions),
        )
    ]
    if layout is not None:
        parts.append(layout.to_bytes())
    for item in regions:
        r = item.region
        ellipse = r.shape == "ellipse"
        parts.append(
            REGION.pack(r.x, r.y, r.width, r.height, ellipse, item.method, item.revision, item.window, item.pixels, 0)
        )
    return b"".join(parts)


def entry_bytes(entry: Entry) -> bytes:
    """A region's entry without its MAC."""
    return pack_entry(entry.state, entry.length, entry.salt, entry.iv, entry.tag)


def pack_entry(state: State, length: int, salt: bytes, iv: bytes, tag: bytes) -> bytes:
    """The same out of its values."""
    return ENTRY.pack(STATES.index(state), length, salt, iv, tag)


def authenticated_bytes(record: Written, core: bytes | None = None) -> bytes:
    """All that stands before the record's MAC; ``core`` where it is at hand."""
    parts = [
        core or core_bytes(record.shape, record.dtype, record.regions, record.layout),
        record.nonce,
        record.commitment,
    ]
    for entry in record.entries:
        parts += (entry_bytes(entry), entry.mac)
    parts.append(b"\x01" + SCENE.pack(record.scene.iv, record.scene.tag) if record.scene else b"\x00")
    parts.append(bytes((STATES.index(record.rest.state),)))
    if record.rest.length:
        parts.append(REST.pack(record.rest.length, record.rest.salt))
    parts.append(bytes((len(record.stanzas),)))
    for stanza in record.stanzas:
        parts += (STANZA.pack(stanza.kind, len(stanza.body)), stanza.body)
    return b"".join(parts)


def to_bytes(record: Written) -> bytes:
    """The record with the seals that are in it.

    Raises:
        RecordError: such a seal is not at hand.
    """
    seals = [
        seal for place, seal in zip((*record.entries, record.rest), record.seals, strict=True) if place.state == "here"
    ]
    if any(seal is None for seal in seals):
        raise RecordError("a seal that belongs in the record is not at hand")
    return b"".join([authenticated_bytes(record), record.mac, *(seal for seal in seals if seal)])


def to_json(record: Written, *, indent: int | None = None) -> str:
    """The record as JSON text: a wrapper of its bytes, without a second copy of any number."""
    data = base64.b64encode(to_bytes(record)).decode("ascii")
    return json.dumps({"format": FORMAT, "version": 2, "data": data}, indent=indent)
