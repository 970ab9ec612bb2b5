"""What is sealed of a file beside its pixels: name, format, time, metadata as they were (docs/metadata.md has bytes).

The record seals these bytes as they are (*Metadata* in docs/format-2.md). Whoever can write to a key can write all of
this, so all that comes out is checked, names are no paths, and lengths are those of the file itself: nothing is
compressed. The whole is padded, for its length could name the picture: that of a thumbnail follows the face.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from ..errors import RecordError

MAX_BYTES = 16 * 2**20 - 8
"""The most that is sealed of a file, padded: what a record of version 2 holds of metadata."""
MAX_NAME_BYTES = 1024
_MAGIC = b"fastperturb metadata\1"
_ITEM = struct.Struct("<BI")
_TIME = struct.Struct("<q")
_END, _NAME, _FORMAT, _CHANGED, _PARTS, _TRAILER, _EXACT = range(7)
_STEP = 4096
_RESERVED = {"", ".", ".."}


@dataclass(frozen=True, slots=True)
class SealedFile:
    """What is sealed of one file.

    Attributes:
        name: its name, without folders; empty if it is not told.
        format: what it was, as in ``files.FORMATS``, or "HEIF"; empty if it is not told.
        changed: when its content was last changed, in nanoseconds since 1970; ``None`` if it is not told.
        parts: its metadata, in the form of its format: a JPEG's segments, a PNG's chunks and so on.
        trailer: what stood behind the picture's end.
        exact: what else is needed to make the file's very bytes; the format's own matter.
    """

    name: str = ""
    format: str = ""
    changed: int | None = None
    parts: bytes = field(default=b"", repr=False)
    trailer: bytes = field(default=b"", repr=False)
    exact: bytes = field(default=b"", repr=False)


def pack_sealed(sealed: SealedFile) -> bytes:
    """The bytes to be sealed, padded: eight lengths between one power of two and the next, in steps of 4,096 at least.

    Raises:
        ValueError: a name that is none, a time out of range, or more than :data:`MAX_BYTES`.
    """
    items = [
        (_NAME, check_name(sealed.name).encode("utf-8") if sealed.name else b""),
        (_FORMAT, sealed.format.encode("ascii")),
        (_CHANGED, b"" if sealed.changed is None else _pack_time(sealed.changed)),
        (_PARTS, sealed.parts),
        (_TRAILER, sealed.trailer),
        (_EXACT, sealed.exact),
    ]
    body = b"".join([_MAGIC, *(_ITEM.pack(kind, len(data)) + data for kind, data in items if data)])
    length = padded_length(len(body) + _ITEM.size)
    if length > MAX_BYTES:
        raise ValueError(f"metadata must have up to {MAX_BYTES} bytes to be sealed, got {length}")
    rest = length - len(body) - _ITEM.size
    return body + _ITEM.pack(_END, rest) + bytes(rest)


def fits(sealed: SealedFile) -> bool:
    """Whether :func:`pack_sealed` takes it; its name and time must be sound."""
    most = MAX_NAME_BYTES + 16 + 8 + 7 * _ITEM.size + len(_MAGIC)
    return padded_length(most + len(sealed.parts) + len(sealed.trailer) + len(sealed.exact)) <= MAX_BYTES


def padded_length(length: int) -> int:
    """The next length that padded metadata have, 8 bytes short of the steps, for the record puts these before them."""
    step = max(_STEP, (1 << (length + 8).bit_length() - 1) // 8)
    return -(-(length + 8) // step) * step - 8


def unpack_sealed(data: bytes) -> SealedFile:
    """Reads what :func:`pack_sealed` made.

    Raises:
        RecordError: it is not exactly that.
    """
    if not data.startswith(_MAGIC):
        raise RecordError("the sealed metadata are of a form that this release does not know")
    found: dict[int, bytes] = {}
    position, before = len(_MAGIC), 0
    while True:
        if position + _ITEM.size > len(data):
            raise RecordError("the sealed metadata are cut short")
        kind, length = _ITEM.unpack_from(data, position)
        position += _ITEM.size
        if length > len(data) - position:
            raise RecordError("the sealed metadata are cut short")
        if kind == _END:
            break
        if not before < kind <= _EXACT or not length:
            raise RecordError(f"the sealed metadata hold item {kind} of {length} bytes where none can be")
        found[kind], before = data[position : position + length], kind
        position += length
    if length != len(data) - position or data.count(0, position) != length:
        raise RecordError("the sealed metadata must end with zeros, and do not")
    if len(data) != padded_length(position):
        raise RecordError(f"the sealed metadata must be padded to {padded_length(position)} bytes, got {len(data)}")
    return _sealed_file(found)


def _sealed_file(found: dict[int, bytes]) -> SealedFile:
    try:
        name = found.get(_NAME, b"").decode("utf-8")
        kind = found.get(_FORMAT, b"").decode("ascii")
        changed = int(_TIME.unpack(found[_CHANGED])[0]) if _CHANGED in found else None
        if name:
            check_name(name)
    except (ValueError, struct.error) as error:
        raise RecordError(f"the sealed metadata name no file: {error}") from None
    if len(kind) > 16 or (not kind.isalnum() and kind):
        raise RecordError(f"the sealed metadata name no format: {kind!r:.80}")
    return SealedFile(name, kind, changed, found.get(_PARTS, b""), found.get(_TRAILER, b""), found.get(_EXACT, b""))


def check_name(name: str) -> str:
    """A file name that is one, and no path.

    Raises:
        ValueError: it has a separator, or signs that cannot be seen, or is too long.
    """
    if name in _RESERVED or len(name.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES:
        raise ValueError(f"a name must have 1 to {MAX_NAME_BYTES} bytes and be no folder, got {name!r:.80}")
    if "/" in name or "\\" in name or not name.isprintable():
        raise ValueError(f"a name must have no separators or signs that cannot be seen, got {name!r:.80}")
    return name


def _pack_time(changed: int) -> bytes:
    try:
        return _TIME.pack(changed)
    except struct.error:
        raise ValueError(f"changed must be nanoseconds that 64 bits hold, got {changed}") from None
