"""The one binary form of record version 2 and its JSON wrapper, as docs/format-2.md defines them.

Reading walks the bytes once, never beyond their end; what it takes is exactly what writing gives.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from typing import Any

from .errors import RecordError
from .record_v2 import MAX_REGIONS, MAX_STANZAS, RecordV2
from .record_v2_parts import (
    IV_BYTES,
    MAC_BYTES,
    NONCE_BYTES,
    SALT_BYTES,
    STATES,
    TAG_BYTES,
    Entry,
    RegionV2,
    Rest,
    Scene,
    Stanza,
)
from .region import Region

FORMAT = "fastperturb-record"
MAGIC = b"fastperturb\x02"
_SAMPLES = {"uint8": 1, "uint16": 2, "float32": 3}
_DTYPES = {code: name for name, code in _SAMPLES.items()}
_IMAGE = struct.Struct("<12sBBIIBH")
_REGION = struct.Struct("<iiIIBBHIII")
_ENTRY = struct.Struct(f"<BQ{SALT_BYTES}s{IV_BYTES}s{TAG_BYTES}s")
_SCENE = struct.Struct(f"<{IV_BYTES}s{TAG_BYTES}s")
_REST = struct.Struct(f"<Q{SALT_BYTES}s")
_STANZA = struct.Struct("<BH")
_BOTH = struct.Struct(f"<{NONCE_BYTES}s{MAC_BYTES}s")


def core_bytes(shape: tuple[int, ...], dtype: str, regions: tuple[RegionV2, ...]) -> bytes:
    """CORE: what a record says of the image and its regions, all that never changes."""
    channels = shape[2] if len(shape) == 3 else 0
    parts = [_IMAGE.pack(MAGIC, 0, _SAMPLES[dtype], shape[0], shape[1], channels, len(regions))]
    for item in regions:
        r = item.region
        ellipse = r.shape == "ellipse"
        parts.append(
            _REGION.pack(r.x, r.y, r.width, r.height, ellipse, item.method, item.revision, item.window, item.pixels, 0)
        )
    return b"".join(parts)


def entry_bytes(entry: Entry) -> bytes:
    """A region's entry without its MAC."""
    return _ENTRY.pack(STATES.index(entry.state), entry.length, entry.salt, entry.iv, entry.tag)


def authenticated_bytes(record: RecordV2, core: bytes | None = None) -> bytes:
    """All that stands before the record's MAC; ``core`` where it is at hand."""
    parts = [core or core_bytes(record.shape, record.dtype, record.regions), record.nonce, record.commitment]
    for entry in record.entries:
        parts += (entry_bytes(entry), entry.mac)
    parts.append(b"\x01" + _SCENE.pack(record.scene.iv, record.scene.tag) if record.scene else b"\x00")
    parts.append(bytes((STATES.index(record.rest.state),)))
    if record.rest.length:
        parts.append(_REST.pack(record.rest.length, record.rest.salt))
    parts.append(bytes((len(record.stanzas),)))
    for stanza in record.stanzas:
        parts += (_STANZA.pack(stanza.kind, len(stanza.body)), stanza.body)
    return b"".join(parts)


def to_bytes(record: RecordV2) -> bytes:
    """The record with the seals that are in it.

    Raises:
        RecordError: such a seal is not at hand.
    """
    seals = [seal for place, seal in zip(record.places, record.seals, strict=True) if place.state == "here"]
    if any(seal is None for seal in seals):
        raise RecordError("a seal that belongs in the record is not at hand")
    return b"".join([authenticated_bytes(record), record.mac, *(seal for seal in seals if seal)])


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
    shape, dtype, count = _read_image(reader, max_regions)
    regions = tuple(_read_region(reader, index) for index in range(count))
    nonce, commitment = reader.unpack(_BOTH)
    entries = tuple(_read_entry(reader) for _ in range(count))
    has_scene = reader.byte()
    if has_scene > 1:
        raise RecordError(f"the flag of the surroundings must be 0 or 1, got {has_scene}")
    scene = Scene(*reader.unpack(_SCENE)) if has_scene else None
    state = _state(reader.byte())
    rest = Rest(state, *reader.unpack(_REST)) if state in ("here", "beside") else Rest(state)
    stanza_count = reader.byte()
    if stanza_count > MAX_STANZAS:
        raise RecordError(f"a record may have up to {MAX_STANZAS} recipients, got {stanza_count}")
    stanzas = tuple(_read_stanza(reader) for _ in range(stanza_count))
    mac = reader.take(MAC_BYTES)
    places: tuple[Entry | Rest, ...] = (*entries, rest)
    seals = tuple(reader.take(place.length) if place.state == "here" else None for place in places)
    reader.end()
    return RecordV2(shape, dtype, regions, nonce, commitment, entries, mac, scene, rest, stanzas, seals)


def _read_image(reader: _Reader, max_regions: int) -> tuple[tuple[int, ...], str, int]:
    magic, carrier, sample, height, width, channels, count = reader.unpack(_IMAGE)
    if magic != MAGIC:
        raise RecordError(f"a record of version 2 must begin with {MAGIC!r}, got {magic!r}")
    if carrier != 0 or sample not in _DTYPES:
        raise RecordError(f"carrier {carrier} with samples {sample} is not known; a newer release may know it")
    if count > max_regions:
        raise RecordError(f"a record must have 1 to {max_regions} regions, got {count}")
    return (height, width, channels) if channels else (height, width), _DTYPES[sample], count


def _read_region(reader: _Reader, index: int) -> RegionV2:
    x, y, width, height, shape, method, revision, window, pixels, zero = reader.unpack(_REGION)
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
    state, length, salt, iv, tag = reader.unpack(_ENTRY)
    return Entry(_state(state), length, salt, iv, tag, reader.take(MAC_BYTES))


def _read_stanza(reader: _Reader) -> Stanza:
    kind, length = reader.unpack(_STANZA)
    return Stanza(kind, reader.take(length))


def to_json(record: RecordV2, *, indent: int | None = None) -> str:
    """The record as JSON text: a wrapper of its bytes, without a second copy of any number."""
    data = base64.b64encode(to_bytes(record)).decode("ascii")
    return json.dumps({"format": FORMAT, "version": 2, "data": data}, indent=indent)


def may_be_version_2(text: str | bytes) -> bool:
    """Whether JSON text has the three fields of version 2, told by its quotes without parsing it."""
    return (text.count('"') if isinstance(text, str) else text.count(b'"')) == 10


def from_json(text: str | bytes, *, max_regions: int = MAX_REGIONS) -> RecordV2:
    """Reads what :func:`to_json` wrote; its work and memory are a few times the text's length, whatever it is.

    Raises:
        RecordError: not a record of version 2.
    """
    if isinstance(text, (bytes, bytearray)):
        try:
            text = bytes(text).decode("utf-8")
        except UnicodeDecodeError:
            raise RecordError("a record must be UTF-8 text") from None
    if not may_be_version_2(text) or text.count("[") or text.count("{") != 1:
        raise RecordError('a record of version 2 must be a JSON object of "format", "version" and "data"')
    try:
        fields = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"a record must be JSON text: {error!s:.200}") from None
    values = dict(fields) if isinstance(fields, list) else {}
    if len(fields) != 3 or sorted(values) != ["data", "format", "version"] or values["format"] != FORMAT:
        raise RecordError('a record of version 2 must be a JSON object of "format", "version" and "data"')
    if type(values["version"]) is not int or values["version"] != 2:
        raise RecordError(f"version must be 2, got {values['version']!r:.80}; a newer release may know it")
    return from_bytes(_decoded(values["data"]), max_regions=max_regions)


def _decoded(text: object) -> bytes:
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (ValueError, binascii.Error):
        data = b""
    if not data or base64.b64encode(data).decode("ascii") != text:
        raise RecordError("data must be base64 text in its one canonical form (RFC 4648, section 4)")
    return data
