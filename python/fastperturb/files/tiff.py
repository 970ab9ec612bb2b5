"""TIFF structure: the one directory of a picture, read and checked, and tags put in.

TIFF 6.0 (Adobe 1992), sections 2, 8, 15, 18; BigTIFF as libtiff defines it; ICC profile in tag 34675 (ICC.1:2022, B.3).
Damage inside the pixels cannot be seen: LZW, PackBits and plain ones have no checksum, and of 8-bit pictures OpenCV
passes on what libtiff could not decode, Deflate among it, with nothing but a line on standard error.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from .exif import ORIENTATION_TAG
from .header import Bytes, Header, damaged, pack_texts, unpack_texts, unsupported

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC = 256, 257, 258, 262
_STRIP_OFFSETS, _SAMPLES, _STRIP_SIZES, _PLANAR = 273, 277, 279, 284
_TILE_OFFSETS, _TILE_SIZES, _EXTRA_SAMPLES, _SAMPLE_FORMAT, _PROFILE = 324, 325, 338, 339, 34675
_BLACK_IS_ZERO, _RGB, _PALETTE = 1, 2, 3
_WHITE_IS_ZERO = 0
_COLOURS = {5: "CMYK", 6: "YCbCr", 8: "L*a*b*", 9: "L*a*b*", 10: "L*a*b*"}
_TYPES = {1: "B", 2: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_MAX_VALUES = 2**24
_ASSOCIATED, _UNASSOCIATED = 1, 2
_TEXTS = 65_111  # our own tag, of the range that TIFF 6.0 leaves for private use


@dataclass(frozen=True, slots=True)
class _Tag:
    kind: str
    count: int
    place: int  # where its values stand in the file


class _Directory:
    """The tags of the first directory of a file, and how to read their values."""

    def __init__(self, data: Bytes) -> None:
        self.data = data
        self.order = "<" if bytes(data[:2]) == b"II" else ">"
        self.big = bytes(data[2:4]) in (b"+\0", b"\0+")
        self.tags: dict[int, _Tag] = {}
        entry, word = ("HHQQ", "Q") if self.big else ("HHII", "I")
        (start,) = self._unpack(word, 8 if self.big else 4)
        (count,) = self._unpack("Q" if self.big else "H", start)
        start += 8 if self.big else 2
        size = struct.calcsize("=" + entry)
        if start + count * size > len(data):
            raise damaged("its directory is cut short")
        for place in range(start, start + count * size, size):
            tag, kind, length, value = self._unpack(entry, place)
            if tag == _TEXTS and tag in self.tags:
                raise damaged(f"it has two tags {tag}, which hold records")
            letter = _TYPES.get(kind)
            if letter is not None:
                inline = length * struct.calcsize("=" + letter) <= (8 if self.big else 4)
                self.tags[tag] = _Tag(letter, length, place + (12 if self.big else 8) if inline else value)
        (self.next,) = self._unpack(word, start + count * size)

    def _unpack(self, form: str, place: int) -> tuple[int, ...]:
        try:
            return struct.unpack_from(self.order + form, self.data, place)
        except struct.error:
            raise damaged("the file ends inside its directory; it is cut short") from None

    def values(self, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """All values of a tag."""
        if tag not in self.tags:
            return default
        item = self.tags[tag]
        if item.count > _MAX_VALUES:
            raise damaged(f"tag {tag} has {item.count} values")
        return self._unpack(f"{item.count}{item.kind}", item.place)

    def value(self, tag: int, default: int) -> int:
        """The first value of a tag."""
        return (self.values(tag) or (default,))[0]

    def set(self, data: bytearray, tag: int, value: int) -> None:
        """Puts another value in the first place of a tag, in a copy of the file."""
        struct.pack_into(self.order + self.tags[tag].kind, data, self.tags[tag].place, value)


def read_header(data: Bytes) -> Header:
    """Reads the directory of a TIFF.

    Raises:
        ImageFileError: cut short, several pages, or a kind of pixel that OpenCV would change.
    """
    directory = _Directory(data)
    if directory.next:
        raise unsupported("a TIFF of several pages; only its first would be protected")
    _check_strips(directory)
    bits, samples = _check_kind(directory)
    photometric = directory.value(_PHOTOMETRIC, _BLACK_IS_ZERO)
    profile, block = directory.values(_PROFILE), directory.values(_TEXTS)
    texts: dict[str, str] = {}
    if block and min(block) >= 0 and max(block) < 256:
        unpack_texts(bytes(block), texts)
    orientation = directory.value(ORIENTATION_TAG, 1)
    return Header(
        "TIFF",
        directory.value(_WIDTH, 0),
        directory.value(_HEIGHT, 0),
        bits=16 if bits == 16 else 8,
        alpha=samples == 4,
        grey=photometric in (_BLACK_IS_ZERO, _WHITE_IS_ZERO),
        orientation=orientation if 1 <= orientation <= 8 else 1,
        icc=bytes(profile) if profile and min(profile) >= 0 and max(profile) < 256 else None,
        texts=texts,
        decodable=_patched(directory, orientation),
    )


def _check_strips(directory: _Directory) -> None:
    places = directory.values(_STRIP_OFFSETS) or directory.values(_TILE_OFFSETS)
    sizes = directory.values(_STRIP_SIZES) or directory.values(_TILE_SIZES)
    if not places or len(places) != len(sizes):
        raise damaged("it does not say where its pixels are")
    if max(place + size for place, size in zip(places, sizes, strict=True)) > len(directory.data):
        raise damaged("the file ends before its pixels do; it is cut short")


def _check_kind(directory: _Directory) -> tuple[int, int]:
    """(bits a sample, samples a pixel) of a picture that OpenCV reads as it is."""
    depths = set(directory.values(_BITS, (1,)))
    samples = directory.value(_SAMPLES, 1)
    photometric = directory.value(_PHOTOMETRIC, _BLACK_IS_ZERO)
    if set(directory.values(_SAMPLE_FORMAT, (1,))) - {1, 4}:
        raise unsupported("a TIFF of signed or floating-point samples")
    if len(depths) != 1 or not depths <= {8, 16}:
        raise unsupported(f"a TIFF of {', '.join(map(str, sorted(depths)))} bits a sample; 8 or 16 are")
    (bits,) = depths
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE):
        raise unsupported(f"a TIFF in {_COLOURS.get(photometric, f'colour space {photometric}')}")
    if (photometric == _RGB and samples not in (3, 4)) or (photometric != _RGB and samples != 1):
        raise unsupported(f"a TIFF of {samples} samples a pixel in this colour space")
    if bits == 16 and photometric in (_WHITE_IS_ZERO, _PALETTE):
        raise unsupported("a TIFF of 16 bits that is inverted or has a palette")
    if bits == 16 and directory.value(_PLANAR, 1) != 1:
        raise unsupported("a TIFF of 16 bits with each colour on its own plane")
    if samples == 4 and directory.value(_EXTRA_SAMPLES, _UNASSOCIATED) == _ASSOCIATED:
        raise unsupported("a TIFF whose colours are multiplied by alpha already")
    return bits, samples


def _patched(directory: _Directory, orientation: int) -> bytearray | None:
    """The file with two tags changed so that OpenCV neither turns pixels nor multiplies them by alpha."""
    alpha = directory.value(_EXTRA_SAMPLES, 0) == _UNASSOCIATED
    if orientation == 1 and not alpha:
        return None
    data = bytearray(directory.data)
    if orientation != 1:
        directory.set(data, ORIENTATION_TAG, 1)
    if alpha:
        directory.set(data, _EXTRA_SAMPLES, _ASSOCIATED)
    return data


def with_tags(data: memoryview, icc: bytes | None, texts: Mapping[str, str], alpha: bool) -> list[Bytes]:
    """The parts of a TIFF as OpenCV writes it, with an ICC profile and texts, and alpha called what it is.

    A new directory goes to the end of the file and the header points to it; the old one is left unused.
    """
    blocks = {_PROFILE: icc or b"", _TEXTS: pack_texts(texts)}
    if not alpha and not any(blocks.values()):
        return [data]
    directory = _Directory(data)
    if directory.order != "<" or directory.big:
        raise RuntimeError("OpenCV wrote a TIFF of another kind than ever before")
    start = int(struct.unpack_from("<I", data, 4)[0])
    count = int(struct.unpack_from("<H", data, start)[0])
    entries = [bytes(data[start + 2 + 12 * i : start + 14 + 12 * i]) for i in range(count)]
    if alpha and _EXTRA_SAMPLES not in directory.tags:
        entries.append(struct.pack("<HHIHH", _EXTRA_SAMPLES, 3, 1, _UNASSOCIATED, 0))
    tail = bytes(len(data) % 2)
    for tag, block in blocks.items():
        if block:
            entries.append(struct.pack("<HHII", tag, 7, len(block), len(data) + len(tail)))
            tail += block + bytes(len(block) % 2)
    entries.sort(key=lambda entry: struct.unpack_from("<H", entry))
    table = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return [data[:4], struct.pack("<I", len(data) + len(tail)), data[8:], tail, table]
