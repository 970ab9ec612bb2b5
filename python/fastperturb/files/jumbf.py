"""JUMBF, the boxes of JPEG systems: what they hold, and how a JPEG carries them in APP11 segments.

ISO/IEC 19566-5 (boxes, description boxes, packets) and ISO/IEC 19566-4 (protection boxes). Only boxes whose label
begins with a prefix of ours are read; others are stepped over.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .header import damaged

APP11 = 0xEB
JSON_CONTENT = bytes.fromhex("6a736f6e00110010800000aa00389b71")
PROTECTION_CONTENT = bytes.fromhex("74b11bbff21d4eea98c10bebf23aefd3")
_COMMON_ID = b"JP"
_REQUESTABLE_LABEL = 3
_BOX = struct.Struct(">I4s")
_PACKET = struct.Struct(">2sHI")
_PIECE = 65_533 - _PACKET.size - _BOX.size - 8
_LARGE = 2**32


@dataclass(frozen=True, slots=True)
class Superbox:
    """A superbox with a label.

    Attributes:
        content: UUID of its kind, 16 bytes.
        label: which it is.
        boxes: type and payload of each box after the description.
    """

    content: bytes
    label: str
    boxes: tuple[tuple[bytes, bytes], ...]

    def to_bytes(self) -> bytes:
        """The whole box, its own length and type in front."""
        label = self.label.encode("utf-8") + b"\0"
        description = _boxed(b"jumd", self.content + bytes((_REQUESTABLE_LABEL,)) + label)
        return _boxed(b"jumb", description + b"".join(_boxed(kind, payload) for kind, payload in self.boxes))


def _boxed(kind: bytes, payload: bytes) -> bytes:
    size = len(payload) + _BOX.size
    if size < _LARGE:
        return _BOX.pack(size, kind) + payload
    return _BOX.pack(1, kind) + struct.pack(">Q", size + 8) + payload


def segments(boxes: Iterable[Superbox], first: int = 1) -> list[bytes]:
    """The bodies of APP11 segments that carry boxes, each box in packets of its own instance number from ``first``."""
    found = []
    for instance, box in enumerate(boxes, first):
        data = box.to_bytes()
        head, payload = data[: _BOX.size], data[_BOX.size :]
        if head.startswith(b"\0\0\0\1"):
            head, payload = data[:16], data[16:]
        for number, start in enumerate(range(0, len(payload), _PIECE), 1):
            packet = _PACKET.pack(_COMMON_ID, instance, number)
            found.append(packet + head + payload[start : start + _PIECE])
    return found


class Packets:
    """Collects the packets of a file's boxes, in the order of its segments."""

    def __init__(self) -> None:
        self._boxes: dict[int, list[bytes]] = {}
        self._heads: dict[int, bytes] = {}
        self._broken: set[int] = set()

    def add(self, body: bytes) -> None:
        """Takes the body of an APP11 segment; one that carries no box is let pass."""
        if len(body) < _PACKET.size + _BOX.size:
            return
        mark, instance, number = _PACKET.unpack_from(body)
        size, kind = _BOX.unpack_from(body, _PACKET.size)
        if mark != _COMMON_ID or kind != b"jumb":
            return
        end = _PACKET.size + (16 if size == 1 else _BOX.size)
        parts = self._boxes.setdefault(instance, [])
        head = self._heads.setdefault(instance, body[_PACKET.size : end])
        if number != len(parts) + 1 or head != body[_PACKET.size : end]:
            self._broken.add(instance)
        parts.append(body[end:])

    @staticmethod
    def instance_of(body: bytes) -> int | None:
        """The instance number of the box of which the body of an APP11 segment is a packet; None if of none."""
        if len(body) < _PACKET.size + _BOX.size or not body.startswith(_COMMON_ID):
            return None
        return int(_PACKET.unpack_from(body)[1])

    def instances(self, prefix: str) -> set[int]:
        """The instance numbers of all boxes, or of those whose label begins with a prefix."""
        found = {number: _description(parts[0]) for number, parts in self._boxes.items()}
        return {number for number, box in found.items() if not prefix or (box and box[1].startswith(prefix))}

    def boxes(self, prefix: str) -> list[Superbox]:
        """The superboxes whose label begins with a prefix, in the order in which they begin.

        Raises:
            ImageFileError: such a box is cut, or its packets are out of order.
        """
        found = []
        for instance, parts in self._boxes.items():
            first = _description(parts[0])
            if first is None or not first[1].startswith(prefix):
                continue
            size, _ = _BOX.unpack_from(self._heads[instance])
            if size == 1:
                size = struct.unpack_from(">Q", self._heads[instance], _BOX.size)[0]
            whole = b"".join(parts)
            if instance in self._broken:
                raise damaged(f"the packets of the box {first[1]:.40} are out of order or double")
            if len(whole) + len(self._heads[instance]) != size:
                raise damaged(f"the box {first[1]:.40} is cut: it must have {size} bytes")
            found.append(Superbox(first[0], first[1], tuple(_content(whole))[1:]))
        return found


def _description(payload: bytes) -> tuple[bytes, str] | None:
    """Content type and label of a superbox; None without a label, as boxes of others may be."""
    box = next(_content(payload[:1024], cut=True), None)
    if box is None or box[0] != b"jumd" or len(box[1]) < 18 or not box[1][16] & 2:
        return None
    label, zero, _ = box[1][17:].partition(b"\0")
    try:
        return (box[1][:16], label.decode("utf-8")) if zero else None
    except UnicodeDecodeError:
        return None


def _content(payload: bytes, *, cut: bool = False) -> Iterator[tuple[bytes, bytes]]:
    """The boxes in a payload, the description first if it is not ``cut``; sizes are checked."""
    at = 0
    while at < len(payload):
        if len(payload) - at < _BOX.size:
            raise damaged("a JUMBF box is cut")
        size, kind = _BOX.unpack_from(payload, at)
        start = at + _BOX.size
        if size == 1 and len(payload) - start >= 8:
            size, start = struct.unpack_from(">Q", payload, start)[0], start + 8
        if size < start - at or (at + size > len(payload) and not cut):
            raise damaged("a JUMBF box is cut")
        yield kind, payload[start : at + size]
        if cut:
            return
        at += size
