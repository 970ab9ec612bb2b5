"""Files attached to a Matroska video (RFC 9559): added at its end and found again, piece by piece."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import VideoFileError

_SEGMENT, _SEEK_HEAD, _VOID, _ATTACHMENTS = 0x18538067, 0x114D9B74, 0xEC, 0x1941A469
_FILE, _NAME, _KIND, _NUMBER, _DATA = 0x61A7, 0x466E, 0x4660, 0x46AE, 0x465C
_EBML = 0x1A45DFA3
_WIDE = 8  # bytes of a size that is not known before
_MOST_NAME = 1024


def attach(path: Path, name: str, kind: str, fill: Callable[[BinaryIO], None]) -> None:
    """Adds an attached file to a finished Matroska file.

    Args:
        path: of the video.
        name: of the attached file.
        kind: its media type.
        fill: writes its content.

    Raises:
        VideoFileError: not a Matroska file that can be written on.
        OSError: it cannot be written.
    """
    with path.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        place = file.tell()
        segment = _find_segment(file, place)
        size_at, size_bytes, start = segment
        parts = _element(_NAME, name.encode()) + _element(_KIND, kind.encode())
        parts += _element(_NUMBER, (secrets.randbits(63) | 1).to_bytes(8, "big"))
        head = _id(_ATTACHMENTS) + _size(0, _WIDE) + _id(_FILE) + _size(0, _WIDE) + parts + _id(_DATA) + _size(0, _WIDE)
        file.seek(place)
        file.write(head)
        content = file.tell()
        fill(file)
        end = file.tell()
        attached = place + len(_id(_ATTACHMENTS)) + _WIDE
        inner = attached + len(_id(_FILE)) + _WIDE
        for at, count in (
            (attached - _WIDE, end - attached),
            (inner - _WIDE, end - inner),
            (content - _WIDE, end - content),
        ):
            file.seek(at)
            file.write(_size(count, _WIDE))
        _announce(file, start, place)
        file.seek(size_at)
        file.write(_size(end - start, size_bytes))


def find_attached(file: BinaryIO, name: str) -> Slice | None:
    """The content of an attached file of a Matroska file, by its name; None if there is none, or it is no Matroska."""
    end = file.seek(0, os.SEEK_END)
    try:
        _, _, start = _find_segment(file, end)
    except VideoFileError:
        return None
    for number, at, size, _ in _elements(file, start, end):
        if number != _ATTACHMENTS:
            continue
        for inner, place, length, _ in _elements(file, at, at + size):
            if inner == _FILE:
                found = _content(file, place, length)
                if found is not None and found[0] == name:
                    return Slice(file, found[1], found[2])
    return None


class Slice:
    """Part of a file, to be read from its beginning to its end.

    Args:
        file: open for reading.
        start: of the part.
        size: of the part.
    """

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self.size = size
        self._file, self._at, self._end = file, start, start + size

    def read(self, size: int = -1) -> bytes:
        """The next bytes; none at the end."""
        count = self._end - self._at if size < 0 else min(size, self._end - self._at)
        self._file.seek(self._at)
        data = self._file.read(count)
        self._at += len(data)
        return data


def _content(file: BinaryIO, place: int, length: int) -> tuple[str, int, int] | None:
    """Name, place and size of what an attached file holds."""
    name, data = "", None
    for number, at, size, _ in _elements(file, place, place + length):
        if number == _NAME and size <= _MOST_NAME:
            file.seek(at)
            name = file.read(size).decode("utf-8", "replace")
        elif number == _DATA:
            data = (at, size)
    return None if data is None else (name, *data)


def _announce(file: BinaryIO, start: int, place: int) -> None:
    """Says in the seek head where the attachments are, if the space behind it has room."""
    first = list(_elements(file, start, start + 4096))[:2]
    if len(first) < 2 or first[0][0] != _SEEK_HEAD or first[1][0] != _VOID:
        return
    (_, head_at, head_size, size_bytes), (_, void_at, void_size, _) = first
    entry = _element(0x4DBB, _element(0x53AB, _id(_ATTACHMENTS)) + _element(0x53AC, (place - start).to_bytes(8, "big")))
    rest = void_at + void_size - (head_at + head_size) - len(entry)
    if rest < 10 or head_size + len(entry) >= (1 << 7 * size_bytes) - 1:
        return
    file.seek(start + len(_id(_SEEK_HEAD)))
    file.write(_size(head_size + len(entry), size_bytes))
    file.seek(head_at + head_size)
    file.write(entry + _id(_VOID) + _size(rest - 9, _WIDE))


def _find_segment(file: BinaryIO, end: int) -> tuple[int, int, int]:
    """Where the size of the segment stands, in how many bytes, and where its content begins."""
    for number, at, _, width in _elements(file, 0, end):
        if number == _SEGMENT:
            return at - width, width, at
        if number != _EBML:
            break
    raise VideoFileError("it is no Matroska file")


def _elements(file: BinaryIO, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """The elements one after the other: number, place and size of the content up to ``end``, bytes of the size."""
    at = start
    while at < end:
        file.seek(at)
        head = file.read(12)
        number, used = _number(head, marked=True)
        size, more = _number(head[used:], marked=False)
        if not used or not more:
            return
        content = at + used + more
        unknown = size == (1 << 7 * more) - 1
        size = max(0, end - content) if unknown else size
        yield number, content, min(size, max(0, end - content)), more
        at = content + size


def _number(data: bytes, *, marked: bool) -> tuple[int, int]:
    """A number of variable length, and how many bytes it takes; 0 bytes if there is none."""
    if not data or not data[0]:
        return 0, 0
    width = 9 - data[0].bit_length()
    if len(data) < width:
        return 0, 0
    value = int.from_bytes(data[:width], "big")
    return (value if marked else value & ~(1 << 7 * width)), width


def _id(number: int) -> bytes:
    return number.to_bytes(-(-number.bit_length() // 8), "big")


def _size(count: int, width: int) -> bytes:
    return (count | 1 << 7 * width).to_bytes(width, "big")


def _element(number: int, content: bytes) -> bytes:
    return _id(number) + _size(len(content), 1 if len(content) < 127 else _WIDE) + content
