"""EXIF made anew from the tags that are chosen: numbers, dates, short texts, each checked; nothing else goes through.

Exif 2.32 (CIPA DC-008), sections 4.6.4 to 4.6.6; TIFF 6.0, section 2. Thumbnails (the second directory), maker notes,
comments, serial numbers, the subject's area (a face) and tags that are not in the tables are not even read.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from .exif_tags import (
    ASCII,
    BYTE,
    EXIF_POINTER,
    GPS_POINTER,
    LONG,
    ORIENTATION,
    RATIO,
    SHORT,
    SIGNED_RATIO,
    SIZES,
    UNDEFINED,
    ChosenTags,
    Reader,
    Tags,
    Value,
)
from .header import Bytes
from .metadata_blocks import EXIF_PREFIX as PREFIX
from .metadata_choice import Keep, camera_text, clean_text

_MOST_BYTES = 2048

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
    return {tag: _Rule(choice, ASCII, form=form) for tag in tags}


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
    **_numbers("camera", RATIO, 0x829A, 0x829D, 0x9202, 0x9205, 0x920A, 0xA404),
    **_numbers("camera", SIGNED_RATIO, 0x9201, 0x9203, 0x9204),
    **_numbers("camera", RATIO, 0xA432, most=4),  # LensSpecification
    # program, sensitivity type, metering, light, flash, sensing, exposure mode, white balance, 35 mm, scene type
    **_numbers("camera", SHORT, 0x8822, 0x8830, 0x9207, 0x9208, 0x9209, 0xA217, 0xA402, 0xA403, 0xA405, 0xA406),
    **_numbers("camera", SHORT, 0x8827, most=2),
    **_numbers("icc", SHORT, 0xA001),  # ColorSpace
}
_GPS = {
    **_numbers("place", BYTE, 0x00, most=4),
    **_texts("place", "[NS]", 0x01),
    **_texts("place", "[EW]", 0x03),
    **_numbers("place", RATIO, 0x02, 0x04, most=3),
    **_numbers("place", BYTE, 0x05),
    **_numbers("place", RATIO, 0x06, 0x0B, 0x0D, 0x0F, 0x11, 0x18, 0x1F),  # altitude, precision, speed, directions
    **_texts("place", "[KMN]", 0x0C),
    **_texts("place", "[TM]", 0x0E, 0x10, 0x17),
    **_texts("place", r"[A-Z0-9 -]{1,20}", 0x12),  # MapDatum
    **_numbers("date", RATIO, 0x07, most=3),
    **_texts("date", _DAY, 0x1D),
}


def _values(reader: Reader, start: int, rules: dict[int, _Rule]) -> Tags:
    """The first value of each of those tags that is as its rule says."""
    found: Tags = {}
    for place in reader.entries(start):
        tag, kind, count = struct.unpack_from(reader.order + "HHI", reader.data, place)
        rule = rules.get(tag)
        if rule is not None and tag not in found and (value := _value(reader, place, kind, count, rule)) is not None:
            found[tag] = value
    return found


def _value(reader: Reader, place: int, kind: int, count: int, rule: _Rule) -> Value | None:
    if kind == LONG and rule.kind == SHORT and count == 1:  # some writers take it for whole numbers
        number = reader.number("I", place + 8)
        return (SHORT, 1, struct.pack("<H", number)) if number < 2**16 else None
    if kind != rule.kind or not count or (rule.kind != ASCII and count > rule.most):
        return None
    size = count * SIZES[kind]
    if size > _MOST_BYTES:
        return None
    start = place + 8 if size <= 4 else reader.number("I", place + 8)
    body = bytes(reader.data[start : start + size])
    if len(body) != size:
        return None
    return _text(body, rule.form) if kind == ASCII else (kind, count, reader.little_endian(kind, body))


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
    return ASCII, len(raw), raw


def chosen_tags(block: Bytes | None, keep: Keep, *, orientation: int | None = 1) -> ChosenTags:
    """What of an EXIF block, or of the directories of a TIFF, goes through.

    Args:
        block: with or without the prefix that it has in a JPEG; ``None`` or damaged: nothing does.
        keep: what to keep.
        orientation: what to say of it, 1 being nothing; ``None``: what the block says, whatever else is kept.
    """
    block = b"" if block is None else block
    reader = Reader(block[len(PREFIX) :] if bytes(block[: len(PREFIX)]) == PREFIX else block)
    rules = {tag: rule for tag, rule in _FIRST.items() if rule.choice in keep}
    first = _values(reader, reader.first, rules)
    if orientation is None:
        turned = _values(reader, reader.first, {ORIENTATION: _Rule("", SHORT)}).get(ORIENTATION)
        orientation = 1 if turned is None else int.from_bytes(turned[2], "little")
    if 2 <= orientation <= 8:
        first[ORIENTATION] = (SHORT, 1, struct.pack("<H", orientation))
    other: list[Tags] = []
    for pointer, table in ((EXIF_POINTER, _EXIF), (GPS_POINTER, _GPS)):
        rules = {tag: rule for tag, rule in table.items() if rule.choice in keep}
        other.append(_values(reader, reader.pointer(reader.first, pointer), rules) if rules else {})
    if other[0]:
        other[0][0x9000] = (UNDEFINED, 4, b"0232")  # which version these tags are of
    if set(other[1]) == {0x00}:
        other[1].clear()  # a version of nothing
    elif other[1]:
        other[1].setdefault(0x00, (BYTE, 4, b"\2\3\0\0"))
    return ChosenTags(first, *other)
