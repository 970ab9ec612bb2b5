"""The directories of EXIF and TIFF: tags with their values, read within bounds, and written anew.

Exif 2.32 (CIPA DC-008), section 4.6; TIFF 6.0, section 2. The reader is our own: a few known tags are wanted out
of hostile files, values are checked one by one, and a TIFF is to be written in the same way; Pillow, which nothing else
here needs, reads all values before one can choose, and Exiv2 and its wrappers are under the GPL.
"""

from __future__ import annotations

import struct
from collections.abc import Container
from dataclasses import dataclass

import numpy as np

from .header import Bytes
from .metadata_blocks import EXIF_PREFIX

EXIF_POINTER, GPS_POINTER, ORIENTATION = 0x8769, 0x8825, 0x0112
BYTE, ASCII, SHORT, LONG, RATIO, UNDEFINED, SIGNED_RATIO = 1, 2, 3, 4, 5, 7, 10
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
_UNITS = {SHORT: 2, 8: 2, LONG: 4, 9: 4, 11: 4, 12: 8, 13: 4, RATIO: 4, SIGNED_RATIO: 4}
_STRUCTURE = {
    *(*range(254, 260), 262, 263, 266, 273, 274, *range(277, 282), 284, 292, 293, 317, *range(320, 326), 330, 332, 338),
    *(339, 340, 341, 347, *range(512, 522), *range(529, 533), EXIF_POINTER, GPS_POINTER, 0xA005, 65_111, 65_112),
}
"""What pixels, other directories and our own records need: no metadata of a TIFF."""
MOST_ENTRIES = 2000

Value = tuple[int, int, bytes]
"""Type, number of values, and these, little-endian."""
Tags = dict[int, Value]


@dataclass(frozen=True, slots=True)
class ChosenTags:
    """Tags that go through, by directory."""

    first: Tags
    exif: Tags
    gps: Tags

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.first or self.exif or self.gps)


class Reader:
    """Values of the directories of an EXIF block or a TIFF; whatever is wrong with one, it is not there."""

    def __init__(self, data: Bytes) -> None:
        self.data = data
        self.order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(data[:4]), "")
        self.first = self.number("I", 4) if self.order else 0

    def number(self, letter: str, place: int) -> int:
        """A number of the file, 0 where it ends before."""
        try:
            return int(struct.unpack_from(self.order + letter, self.data, place)[0])
        except struct.error:
            return 0

    def pointer(self, start: int, tag: int) -> int:
        """Where another directory is, 0 if nowhere."""
        place = self.find(start, tag)
        kind, count = struct.unpack_from(self.order + "HI", self.data, place + 2) if place else (0, 0)
        return self.number("I", place + 8) if kind in (LONG, 13) and count == 1 else 0

    def find(self, start: int, wanted: int) -> int:
        """Where the entry of a tag is, 0 if nowhere."""
        for place in self.entries(start):
            if struct.unpack_from(self.order + "H", self.data, place)[0] == wanted:
                return place
        return 0

    def everything(self, start: int, most: int, skipped: Container[int]) -> tuple[Tags, int]:
        """All tags but those that are skipped, of up to so many bytes, and how many are left of these."""
        found: Tags = {}
        for place in self.entries(start):
            tag, kind, count = struct.unpack_from(self.order + "HHI", self.data, place)
            size = count * SIZES.get(kind, 0)
            if tag in skipped or tag in found or not 0 < size <= most:
                continue
            at = place + 8 if size <= 4 else self.number("I", place + 8)
            body = bytes(self.data[at : at + size])
            if len(body) == size:
                found[tag] = kind, count, self.little_endian(kind, body)
                most -= size
        return found, most

    def little_endian(self, kind: int, body: bytes) -> bytes:
        """A value's bytes in the other order, where its numbers have several."""
        unit = _UNITS.get(kind, 1)
        if self.order == "<" or unit == 1:
            return body
        return np.frombuffer(body, f"u{unit}").byteswap().tobytes()

    def entries(self, start: int) -> range:
        """Where the entries of a directory are."""
        if start < 8 or start + 2 > len(self.data):
            return range(0)
        count = min(self.number("H", start), MOST_ENTRIES, (len(self.data) - start - 2) // 12)
        return range(start + 2, start + 2 + 12 * count, 12)


def all_tags(block: Bytes) -> ChosenTags:
    """All tags of an EXIF block, or of a TIFF but those that pixels need, to be sealed or put back: any bytes at all.

    What several tags share is read once for each, and no more in all than the block is long.
    """
    reader = Reader(block[len(EXIF_PREFIX) :] if bytes(block[: len(EXIF_PREFIX)]) == EXIF_PREFIX else block)
    starts = [reader.first, *(reader.pointer(reader.first, pointer) for pointer in (EXIF_POINTER, GPS_POINTER))]
    left = len(reader.data)
    found: list[Tags] = []
    for start in starts:
        tags, left = reader.everything(start, left, _STRUCTURE)
        found.append(tags)
    return ChosenTags(*found)


def first_tags(data: Bytes) -> Tags:
    """All tags of the first directory of a TIFF, those that pixels need too."""
    reader = Reader(data)
    return reader.everything(reader.first, len(data), ())[0]


def upright(block: bytes) -> bytes:
    """The same EXIF block with the orientation of pixels that have been turned; nothing else changes."""
    prefix = EXIF_PREFIX if block.startswith(EXIF_PREFIX) else b""
    reader = Reader(block[len(prefix) :])
    place = reader.find(reader.first, ORIENTATION)
    if not place:
        return block
    kind, count = struct.unpack_from(reader.order + "HI", reader.data, place + 2)
    form = reader.order + {1: "B", SHORT: "H", LONG: "I"}.get(kind, "")
    if count != 1 or len(form) != 2:
        return block
    changed = bytearray(block)
    struct.pack_into(form, changed, len(prefix) + place + 8, 1)
    return bytes(changed)


def write_exif(tags: ChosenTags) -> bytes:
    """An EXIF block, without the prefix that it has in a JPEG; empty if there are no tags."""
    if not tags:
        return b""
    entries, tail = write_directories(tags, 8)
    return struct.pack("<2sHI", b"II", 42, 8) + entries + tail


def write_directories(tags: ChosenTags, start: int, more: Tags | None = None) -> tuple[bytes, bytes]:
    """The first directory, to stand at ``start``, and what follows right after it: values and the other directories.

    Args:
        tags: what to write.
        start: an even offset in the file.
        more: tags of the first directory beside those.
    """
    first = {**tags.first, **(more or {})}
    groups = [(tag, group) for tag, group in ((EXIF_POINTER, tags.exif), (GPS_POINTER, tags.gps)) if group]
    place = start + _directory_size({**first, **{tag: (LONG, 1, bytes(4)) for tag, _ in groups}})
    tail = b""
    for tag, group in groups:
        first[tag] = (LONG, 1, struct.pack("<I", place + len(tail)))
        tail += _directory(group, place + len(tail))
    return _directory(first, start), tail


def _directory_size(tags: Tags) -> int:
    bodies = sum(len(body) + len(body) % 2 for _, _, body in tags.values() if len(body) > 4)
    return 2 + 12 * len(tags) + 4 + bodies


def _directory(tags: Tags, start: int) -> bytes:
    """One directory with its values behind it; none follows."""
    table: list[bytes] = [struct.pack("<H", len(tags))]
    bodies: list[bytes] = []
    place = start + 2 + 12 * len(tags) + 4
    for tag, (kind, count, body) in sorted(tags.items()):
        field = body.ljust(4, b"\0")
        if len(body) > 4:
            field = struct.pack("<I", place)
            bodies += (body, bytes(len(body) % 2))
            place += len(body) + len(body) % 2
        table += (struct.pack("<HHI", tag, kind, count), field)
    return b"".join((*table, bytes(4), *bodies))
