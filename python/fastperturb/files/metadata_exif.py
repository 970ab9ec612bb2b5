"""EXIF made anew from the tags that are chosen: numbers, dates, short texts, each checked; nothing else goes through.

Exif 2.32 (CIPA DC-008), sections 4.6.4 to 4.6.6; TIFF 6.0, section 2. Thumbnails (the second directory), maker notes,
comments, serial numbers, the subject's area (a face) and tags that are not in the tables are not even read. The reader
is our own: Pillow's copies each value before one can choose, so that 64 kB whose tags overlap take 300 MB, and
Exiv2 is under the GPL.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from .header import Bytes
from .metadata_choice import Keep, camera_text, clean_text

PREFIX = b"Exif\0\0"
_EXIF_POINTER, _GPS_POINTER, _ORIENTATION = 0x8769, 0x8825, 0x0112
_BYTE, _ASCII, _SHORT, _LONG, _RATIO, _UNDEFINED, _SIGNED_RATIO = 1, 2, 3, 4, 5, 7, 10
_SIZES = {_BYTE: 1, _ASCII: 1, _SHORT: 2, _LONG: 4, _RATIO: 8, _UNDEFINED: 1, _SIGNED_RATIO: 8}
_LETTERS = {_SHORT: ("H", 1), _LONG: ("I", 1), _RATIO: ("I", 2), _SIGNED_RATIO: ("i", 2)}
_MOST_BYTES, _MOST_ENTRIES = 2048, 2000

_DAY = r"\d{4}:\d\d:\d\d"
_TIME, _OFFSET, _PART = rf"{_DAY} \d\d:\d\d:\d\d", r"[+-]\d\d:\d\d", r"\d{1,9}"
_IN_CAMERA, _SENTENCE, _LINE = "camera text", "sentence", "line"
_MOST = {_SENTENCE: 2000, _LINE: 200}


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a tag must be to go through: of one type, so many values, and a text of one form."""

    choice: str
    kind: int
    most: int = 1
    form: str = ""


def _texts(choice: str, form: str, *tags: int) -> dict[int, _Rule]:
    return {tag: _Rule(choice, _ASCII, form=form) for tag in tags}


def _numbers(choice: str, kind: int, *tags: int, most: int = 1) -> dict[int, _Rule]:
    return {tag: _Rule(choice, kind, most) for tag in tags}


_FIRST = {
    **_texts("camera", _IN_CAMERA, 0x010F, 0x0110),  # Make, Model
    **_texts("date", _TIME, 0x0132),
    **_texts("credit", _LINE, 0x013B, 0x8298),  # Artist, Copyright
    **_texts("names", _SENTENCE, 0x010E),  # ImageDescription
}
_EXIF = {
    **_texts("date", _TIME, 0x9003, 0x9004),
    **_texts("date", _OFFSET, 0x9010, 0x9011, 0x9012),
    **_texts("date", _PART, 0x9290, 0x9291, 0x9292),
    **_texts("camera", _IN_CAMERA, 0xA433, 0xA434),  # LensMake, LensModel
    # ExposureTime, FNumber, ApertureValue, MaxApertureValue, FocalLength, DigitalZoomRatio; shutter, brightness, bias
    **_numbers("camera", _RATIO, 0x829A, 0x829D, 0x9202, 0x9205, 0x920A, 0xA404),
    **_numbers("camera", _SIGNED_RATIO, 0x9201, 0x9203, 0x9204),
    **_numbers("camera", _RATIO, 0xA432, most=4),  # LensSpecification
    # program, sensitivity type, metering, light, flash, sensing, exposure mode, white balance, 35 mm, scene type
    **_numbers("camera", _SHORT, 0x8822, 0x8830, 0x9207, 0x9208, 0x9209, 0xA217, 0xA402, 0xA403, 0xA405, 0xA406),
    **_numbers("camera", _SHORT, 0x8827, most=2),
    **_numbers("icc", _SHORT, 0xA001),  # ColorSpace
}
_GPS = {
    **_numbers("place", _BYTE, 0x00, most=4),
    **_texts("place", "[NS]", 0x01),
    **_texts("place", "[EW]", 0x03),
    **_numbers("place", _RATIO, 0x02, 0x04, most=3),
    **_numbers("place", _BYTE, 0x05),
    **_numbers("place", _RATIO, 0x06, 0x0B, 0x0D, 0x0F, 0x11, 0x18, 0x1F),  # altitude, precision, speed, directions
    **_texts("place", "[KMN]", 0x0C),
    **_texts("place", "[TM]", 0x0E, 0x10, 0x17),
    **_texts("place", r"[A-Z0-9 -]{1,20}", 0x12),  # MapDatum
    **_numbers("date", _RATIO, 0x07, most=3),
    **_texts("date", _DAY, 0x1D),
}

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


class _Reader:
    """Values of the directories of an EXIF block or a TIFF; whatever is wrong with one, it is not there."""

    def __init__(self, data: Bytes) -> None:
        self.data = data
        self.order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(data[:4]), "")
        self.first = self._number("I", 4) if self.order else 0

    def _number(self, letter: str, place: int) -> int:
        try:
            return int(struct.unpack_from(self.order + letter, self.data, place)[0])
        except struct.error:
            return 0

    def pointer(self, start: int, tag: int) -> int:
        """Where another directory is, 0 if nowhere."""
        found = self.values(start, {tag: _Rule("", _LONG)}).get(tag)
        return 0 if found is None else int.from_bytes(found[2], "little")

    def values(self, start: int, rules: dict[int, _Rule]) -> Tags:
        """The first value of each of those tags that is as its rule says."""
        found: Tags = {}
        if start < 8 or start > len(self.data):
            return found
        count = min(self._number("H", start), _MOST_ENTRIES, (len(self.data) - start - 2) // 12)
        for place in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, length = struct.unpack_from(self.order + "HHI", self.data, place)
            rule = rules.get(tag)
            if rule is not None and tag not in found and (value := self._value(place, kind, length, rule)) is not None:
                found[tag] = value
        return found

    def _value(self, place: int, kind: int, count: int, rule: _Rule) -> Value | None:
        if kind == _LONG and rule.kind == _SHORT and count == 1:  # some writers take it for whole numbers
            number = self._number("I", place + 8)
            return (_SHORT, 1, struct.pack("<H", number)) if number < 2**16 else None
        if kind != rule.kind or not count or (rule.kind != _ASCII and count > rule.most):
            return None
        size = count * _SIZES[kind]
        if size > _MOST_BYTES:
            return None
        start = place + 8 if size <= 4 else self._number("I", place + 8)
        body = bytes(self.data[start : start + size])
        if len(body) != size:
            return None
        if kind == _ASCII:
            return _text(body, rule.form)
        letter, many = _LETTERS.get(kind, ("B", 1))
        numbers = struct.unpack(f"{self.order}{many * count}{letter}", body)
        return kind, count, struct.pack(f"<{many * count}{letter}", *numbers)


def _text(body: bytes, form: str) -> Value | None:
    body = body.partition(b"\0")[0]
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    if form == _IN_CAMERA:
        line = camera_text(text)
    elif form in _MOST:
        line = clean_text(text, _MOST[form])
    else:
        line = text if re.fullmatch(form, text, re.ASCII) else None
    return None if line is None else text_value(line)


def text_value(text: str) -> Value:
    """A text as a value of a tag."""
    raw = text.encode("utf-8") + b"\0"
    return _ASCII, len(raw), raw


def chosen_tags(block: Bytes | None, keep: Keep, *, upright: bool) -> ChosenTags:
    """What of an EXIF block, or of the directories of a TIFF, goes through.

    Args:
        block: with or without the prefix that it has in a JPEG; ``None`` or damaged: nothing does.
        keep: what to keep.
        upright: leave the orientation out, since pixels have been turned; otherwise it stays, whatever is kept.
    """
    block = b"" if block is None else block
    reader = _Reader(block[len(PREFIX) :] if bytes(block[: len(PREFIX)]) == PREFIX else block)
    rules = {tag: rule for tag, rule in _FIRST.items() if rule.choice in keep}
    first = reader.values(reader.first, rules)
    if not upright:
        turned = reader.values(reader.first, {_ORIENTATION: _Rule("", _SHORT)}).get(_ORIENTATION)
        if turned is not None and 2 <= int.from_bytes(turned[2], "little") <= 8:
            first[_ORIENTATION] = turned
    other: list[Tags] = []
    for pointer, table in ((_EXIF_POINTER, _EXIF), (_GPS_POINTER, _GPS)):
        rules = {tag: rule for tag, rule in table.items() if rule.choice in keep}
        other.append(reader.values(reader.pointer(reader.first, pointer), rules) if rules else {})
    if set(other[1]) == {0x00}:
        other[1].clear()  # a version of nothing
    return ChosenTags(first, *other)


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
    exif = {0x9000: (_UNDEFINED, 4, b"0232"), **tags.exif} if tags.exif else {}
    pointers = [tag for tag, group in ((_EXIF_POINTER, exif), (_GPS_POINTER, tags.gps)) if group]
    place = start + _directory_size({**first, **dict.fromkeys(pointers, (_LONG, 1, bytes(4)))})
    tail = b""
    for tag, group in ((_EXIF_POINTER, exif), (_GPS_POINTER, tags.gps)):
        if group:
            first[tag] = (_LONG, 1, struct.pack("<I", place + len(tail)))
            tail += _directory(group, place + len(tail))
    whole = _directory(first, start)
    return whole, tail


def _directory_size(tags: Tags) -> int:
    bodies = sum(len(body) + len(body) % 2 for _, _, body in tags.values() if len(body) > 4)
    return 2 + 12 * len(tags) + 4 + bodies


def _directory(tags: Tags, start: int) -> bytes:
    """One directory with its values behind it; none follows."""
    table, bodies = struct.pack("<H", len(tags)), b""
    place = start + 2 + 12 * len(tags) + 4
    for tag, (kind, count, body) in sorted(tags.items()):
        field = body.ljust(4, b"\0")
        if len(body) > 4:
            field = struct.pack("<I", place + len(bodies))
            bodies += body + bytes(len(body) % 2)
        table += struct.pack("<HHI", tag, kind, count) + field
    return table + bytes(4) + bodies
