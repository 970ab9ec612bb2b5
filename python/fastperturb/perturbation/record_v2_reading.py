"""Reads the binary form of record version 2 and its JSON wrapper, which record_v2_bytes.py writes.

Reading walks the bytes once, never beyond their end; what it takes is exactly what writing gives.
"""

from __future__ import annotations

import base64
import binascii
import struct
from typing import Any

from ..errors import RecordError
from ..record import check_fields
from ..region import Region
from .jpeg_layout import JpegLayout
from .record_v2 import MAX_REGIONS, MAX_STANZAS, RecordV2
from .record_v2_bytes import (
    BOTH,
    ENTRY,
    IMAGE,
    JPEG_CARRIER,
    MAGIC,
    REGION,
    REST,
    SAMPLES,
    SAMPLES_CARRIER,
    SCENE,
    STANZA,
)
from .record_v2_parts import MAC_BYTES, STATES, Entry, RegionV2, Rest, Scene, Stanza

_DTYPES = {code: name for name, code in SAMPLES.items()}


class _Reader:
    """Takes bytes from the front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise RecordError(f"a record must go on for {end} bytes at least, got {len(self._data)}")
        self._at, start = end, self._at
        return self._data[start:end]

    def unpack(self, form: struct.Struct) -> tuple[Any, ...]:
        return form.unpack(self.take(form.size))

    def byte(self) -> int:
        return self.take(1)[0]

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def end(self) -> None:
        if self._at != len(self._data):
            raise RecordError(f"a record must end after {self._at} bytes, got {len(self._data)}")


def from_bytes(data: bytes, *, max_regions: int = MAX_REGIONS) -> RecordV2:
    """Reads what :func:`to_bytes` wrote.

    Args:
        data: the bytes of a record, with the seals that are in it.
        max_regions: the most regions that the caller wants to take; more are refused before they are read.

    Raises:
        RecordError: not exactly a record of version 2.
    """
    reader = _Reader(bytes(data))
    shape, dtype, count, layout = _read_image(reader, max_regions)
    regions = tuple(_read_region(reader, index) for index in range(count))
    nonce, commitment = reader.unpack(BOTH)
    entries = tuple(_read_entry(reader) for _ in range(count))
    has_scene = reader.byte()
    if has_scene > 1:
        raise RecordError(f"the flag of the surroundings must be 0 or 1, got {has_scene}")
    scene = Scene(*reader.unpack(SCENE)) if has_scene else None
    state = _state(reader.byte())
    rest = Rest(state, *reader.unpack(REST)) if state in ("here", "beside") else Rest(state)
    stanza_count = reader.byte()
    if stanza_count > MAX_STANZAS:
        raise RecordError(f"a record may have up to {MAX_STANZAS} recipients, got {stanza_count}")
    stanzas = tuple(_read_stanza(reader) for _ in range(stanza_count))
    mac = reader.take(MAC_BYTES)
    places: tuple[Entry | Rest, ...] = (*entries, rest)
    needed = sum(place.length for place in places if place.state == "here")
    if reader.left < needed:
        raise RecordError(
            f"a record must have its seals, {needed} bytes, got {reader.left}: seals were cut out or cut since"
        )
    seals = tuple(reader.take(place.length) if place.state == "here" else None for place in places)
    reader.end()
    return RecordV2(shape, dtype, regions, nonce, commitment, entries, mac, scene, rest, stanzas, seals, layout)


def _read_image(reader: _Reader, max_regions: int) -> tuple[tuple[int, ...], str, int, JpegLayout | None]:
    magic, carrier, sample, height, width, channels, count = reader.unpack(IMAGE)
    if magic != MAGIC:
        raise RecordError(f"a record of version 2 must begin with {MAGIC!r}, got {magic!r}")
    if carrier not in (SAMPLES_CARRIER, JPEG_CARRIER) or sample not in _DTYPES:
        raise RecordError(f"carrier {carrier} with samples {sample} is not known; a newer release may know it")
    if count > max_regions:
        raise RecordError(f"a record must have 1 to {max_regions} regions, got {count}")
    layout = None
    if carrier == JPEG_CARRIER:
        if channels not in (0, 3) or _DTYPES[sample] != "uint8":
            raise RecordError(f"a JPEG must have 0 or 3 channels and samples 1, got {channels} and {sample}")
        layout = JpegLayout.from_bytes(reader.take(JpegLayout.length(channels or 1)))
    return (height, width, channels) if channels else (height, width), _DTYPES[sample], count, layout


def _read_region(reader: _Reader, index: int) -> RegionV2:
    x, y, width, height, shape, method, revision, window, pixels, zero = reader.unpack(REGION)
    if shape > 1 or zero:
        raise RecordError(f"region {index} must have shape 0 or 1 and end in zeros, got {shape} and {zero}")
    try:
        region = Region(x, y, width, height, "ellipse" if shape else "box")
    except ValueError as error:
        raise RecordError(f"region {index}: {error}") from None
    return RegionV2(region, method, revision, window, pixels)


def _state(code: int) -> Any:
    if code >= len(STATES):
        raise RecordError(f"the state of a seal must be 0 to {len(STATES) - 1}, got {code}")
    return STATES[code]


def _read_entry(reader: _Reader) -> Entry:
    state, length, salt, iv, tag = reader.unpack(ENTRY)
    return Entry(_state(state), length, salt, iv, tag, reader.take(MAC_BYTES))


def _read_stanza(reader: _Reader) -> Stanza:
    kind, length = reader.unpack(STANZA)
    return Stanza(kind, reader.take(length))


def read_fields(data: dict[str, Any], max_regions: int = MAX_REGIONS) -> RecordV2:
    """A record of up to so many regions out of the fields of its JSON text.

    Raises:
        RecordError: not a record of version 2.
    """
    check_fields(data, ("format", "version", "data"), "record")
    return from_bytes(_decoded(data["data"]), max_regions=max_regions)


def _decoded(text: object) -> bytes:
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (ValueError, binascii.Error):
        data = b""
    if not data or base64.b64encode(data).decode("ascii") != text:
        raise RecordError("data must be base64 text in its one canonical form (RFC 4648, section 4)")
    return data
