"""TIFF structure: the one directory of a picture, read and checked, and tags put in.

TIFF 6.0 (Adobe 1992), sections 2, 8, 15, 18; BigTIFF as libtiff defines it; ICC profile in tag 34675 (ICC.1:2022, B.3).
Damage inside the pixels cannot be seen: LZW, PackBits and plain ones have no checksum, and of 8-bit pictures OpenCV
passes on what libtiff could not decode, Deflate among it, with nothing but a line on standard error.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .exif import ORIENTATION_TAG
from .exif_tags import Tags, all_tags, first_tags, write_directories
from .header import MAX_PROFILE_BYTES, Bytes, Header, damaged, pack_texts, unpack_texts, unsupported
from .metadata_blocks import NOTHING, Blocks
from .record_chunk import TIFF_TAG, add_record, split_record

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_STRIP_OFFSETS, _SAMPLES, _STRIP_ROWS, _STRIP_SIZES, _PLANAR, _PREDICTOR = 273, 277, 278, 279, 284, 317
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_SIZES = 322, 323, 324, 325
_EXTRA_SAMPLES, _SAMPLE_FORMAT = 338, 339
PROFILE_TAG, XMP_TAG, _SUBDIRECTORIES = 34675, 700, 330
_BLACK_IS_ZERO, _RGB, _PALETTE = 1, 2, 3
_WHITE_IS_ZERO = 0
_COLOURS = {5: "CMYK", 6: "YCbCr", 8: "L*a*b*", 9: "L*a*b*", 10: "L*a*b*"}
_PLAIN, _LZW, _JPEG, _DEFLATE, _PACKBITS, _OLD_DEFLATE = 1, 5, 7, 8, 32773, 32946
_DECODED = (_PLAIN, _LZW, _JPEG, _DEFLATE, _PACKBITS, _OLD_DEFLATE)
"""Compressions that OpenCV's libtiff has in all builds; what it lacks comes out black where samples have 8 bits."""
_TYPES = {1: "B", 2: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_ASSOCIATED, _UNASSOCIATED = 1, 2
_TEXTS = 65_111  # our own tag, of the range that TIFF 6.0 leaves for private use
_MAX_SAMPLES = 64
_LONG_TAGS = (_WIDTH, _HEIGHT, _STRIP_OFFSETS, _STRIP_ROWS, _STRIP_SIZES)
_JOINED_TAGS = (_BITS, _PHOTOMETRIC, 266, ORIENTATION_TAG, _SAMPLES, _PLANAR, 320, _EXTRA_SAMPLES, _SAMPLE_FORMAT)
"""What of a tiled file goes over to one of strips; 266 is the order of bits, 320 the palette."""
MAX_PIECES = 500_000
"""The most strips or tiles: a file may let all of them be the same few bytes, and each costs a microsecond or two."""


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
            if tag in (_TEXTS, TIFF_TAG) and tag in self.tags:
                raise damaged(f"it has two tags {tag}, which hold records")
            letter = _TYPES.get(kind)
            if letter is not None:
                inline = length * struct.calcsize("=" + letter) <= (8 if self.big else 4)
                self.tags[tag] = _Tag(letter, length, place + (12 if self.big else 8) if inline else value)
        (self.next,) = self._unpack(word, start + count * size)

    def _unpack(self, form: str, place: int) -> tuple[int, ...]:
        if not 0 <= place <= len(self.data) - struct.calcsize("=" + form):
            raise damaged("the file ends inside its directory; it is cut short")
        return struct.unpack_from(self.order + form, self.data, place)

    def values(self, tag: int) -> npt.NDArray[np.uint64]:
        """All values of a tag, none if it is not there. Negative ones are as large as no offset can be."""
        if tag not in self.tags:
            return np.empty(0, np.uint64)
        item = self.tags[tag]
        size = struct.calcsize("=" + item.kind)
        if item.place + item.count * size > len(self.data):
            raise damaged(f"the values of tag {tag} are cut short")
        return np.frombuffer(self.data, self.order + item.kind, item.count, item.place).astype(np.uint64)

    def block(self, tag: int, most: int) -> bytes | None:
        """The bytes of a tag; ``None`` if it is not there, is of other values than bytes, or has more than ``most``."""
        item = self.tags.get(tag)
        if item is None or item.kind != "B" or not 0 < item.count <= most:
            return None
        if item.place + item.count > len(self.data):
            raise damaged(f"the values of tag {tag} are cut short")
        return bytes(self.data[item.place : item.place + item.count])

    def value(self, tag: int, default: int) -> int:
        """The first value of a tag."""
        item = self.tags.get(tag)
        return self._unpack(item.kind, item.place)[0] if item is not None and item.count else default

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
    bits, samples = _check_kind(directory)
    pieces = _pieces(directory, bits, samples)
    photometric = directory.value(_PHOTOMETRIC, _BLACK_IS_ZERO)
    block = directory.block(_TEXTS, MAX_PROFILE_BYTES)
    texts: dict[str, str] = {}
    if block is not None:
        unpack_texts(block, texts)
    if (record := directory.block(TIFF_TAG, len(data))) is not None:
        add_record(texts, record)
    orientation = directory.value(ORIENTATION_TAG, 1)
    changed = orientation != 1 or directory.value(_EXTRA_SAMPLES, 0) == _UNASSOCIATED
    untiled = pieces.tiled and bits == 8 and directory.value(_COMPRESSION, _PLAIN) == _PLAIN
    notes = ("sub-directories, which hold other pictures, are left out for good",) * (_SUBDIRECTORIES in directory.tags)
    notes += ("the metadata of a BigTIFF are left out for good",) * directory.big
    return Header(
        "TIFF",
        pieces.image_width,
        pieces.image_height,
        bits=bits,
        alpha=samples == 4,
        grey=photometric in (_BLACK_IS_ZERO, _WHITE_IS_ZERO),
        orientation=orientation if 1 <= orientation <= 8 else 1,
        icc=directory.block(PROFILE_TAG, MAX_PROFILE_BYTES),
        texts=texts,
        tile=pieces.width * pieces.height if pieces.tiled else 0,
        rewrite=(lambda: _rewritten(directory, pieces if untiled else None)) if changed or untiled else None,
        notes=notes,
    )


def _check_kind(directory: _Directory) -> tuple[int, int]:
    """(bits a sample, samples a pixel) of a picture that OpenCV reads as it is."""
    samples = directory.value(_SAMPLES, 1)
    if any(directory.tags[tag].count > _MAX_SAMPLES for tag in (_BITS, _SAMPLE_FORMAT) if tag in directory.tags):
        raise damaged("it says more of its samples than it has")
    depths = set(directory.values(_BITS).tolist()) or {1}
    photometric = directory.value(_PHOTOMETRIC, _BLACK_IS_ZERO)
    compression = directory.value(_COMPRESSION, _PLAIN)
    if compression not in _DECODED:
        raise unsupported(f"a TIFF of compression {compression}; none, LZW, Deflate, PackBits and JPEG are")
    if directory.value(_PREDICTOR, 1) not in (1, 2):
        raise unsupported("a TIFF whose samples are predicted as floating-point ones")
    if set(directory.values(_SAMPLE_FORMAT).tolist()) - {1, 4}:
        raise unsupported("a TIFF of signed or floating-point samples")
    if len(depths) != 1 or not depths <= {8, 16}:
        raise unsupported(f"a TIFF of {', '.join(map(str, sorted(depths)))} bits a sample; 8 or 16 are")
    bits = int(depths.pop())
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


@dataclass(frozen=True, slots=True)
class _Pieces:
    """The strips or tiles of a picture: how large they are, and where the first bytes of each stand in the file."""

    image_width: int
    image_height: int
    width: int
    height: int
    planes: int
    samples: int  # of a pixel of one plane
    tiled: bool
    places: npt.NDArray[np.uint64]

    @property
    def across(self) -> int:
        return -(-self.image_width // self.width)

    @property
    def down(self) -> int:
        return -(-self.image_height // self.height)


def _pieces(directory: _Directory, bits: int, samples: int) -> _Pieces:
    """Strips or tiles, all of them there and within the file."""
    width, height = directory.value(_WIDTH, 0), directory.value(_HEIGHT, 0)
    tiled = _TILE_OFFSETS in directory.tags and _STRIP_OFFSETS not in directory.tags
    places = directory.values(_TILE_OFFSETS if tiled else _STRIP_OFFSETS)
    sizes = directory.values(_TILE_SIZES if tiled else _STRIP_SIZES)
    planes = samples if directory.value(_PLANAR, 1) == 2 else 1
    one = directory.value(_TILE_WIDTH, 0), directory.value(_TILE_HEIGHT, 0)
    if not tiled:
        one = width, min(height, directory.value(_STRIP_ROWS, height))
    if min(width, height) < 1 or min(one) < 1 or (tiled and (one[0] % 16 or one[1] % 16)):
        raise damaged(f"it says {width} x {height} pixels in pieces of {one[0]} x {one[1]}")
    pieces = _Pieces(width, height, *one, planes, samples // planes, tiled, places)
    count = pieces.across * pieces.down * planes
    if not places.size or places.size != sizes.size or places.size < count:
        raise damaged("it does not say where its pixels are")
    if count > MAX_PIECES:
        raise damaged(f"its pixels may lie in up to {MAX_PIECES} pieces, got {count}")
    least = 0
    if directory.value(_COMPRESSION, _PLAIN) == _PLAIN:
        rows = one[1] if tiled or count == planes else min(one[1], (height - 1) % one[1] + 1)
        least = one[0] * rows * pieces.samples * bits // 8
        if count == 1:
            sizes = np.maximum(sizes, np.uint64(least))  # as decoders take it, whatever the file says
    end = np.uint64(len(directory.data))
    if (places > end).any() or (sizes > end - np.minimum(places, end)).any() or (sizes[:count] < least).any():
        raise damaged("the file ends before its pixels do; it is cut short")
    return pieces


def _rewritten(directory: _Directory, tiles: _Pieces | None) -> bytes | bytearray:
    """The file with two tags changed so that OpenCV neither turns pixels nor multiplies them by alpha.

    Plain tiles of 8 bits are joined to strips first, for newer releases of OpenCV cannot read them in most sizes.
    """
    if tiles is not None:
        directory = _Directory(_joined(directory, tiles))
    data = bytearray(directory.data)
    if ORIENTATION_TAG in directory.tags:
        directory.set(data, ORIENTATION_TAG, 1)
    if directory.value(_EXTRA_SAMPLES, 0) == _UNASSOCIATED:
        directory.set(data, _EXTRA_SAMPLES, _ASSOCIATED)
    return data


def _joined(directory: _Directory, tiles: _Pieces) -> bytes:
    """A classic TIFF of the same picture, each plane in one strip."""
    row, tile_row = tiles.image_width * tiles.samples, tiles.width * tiles.samples
    planes = np.empty((tiles.planes, tiles.image_height, row), np.uint8)
    for index, place in enumerate(tiles.places[: tiles.planes * tiles.down * tiles.across].tolist()):
        plane, rest = divmod(index, tiles.down * tiles.across)
        y, x = rest // tiles.across * tiles.height, rest % tiles.across * tile_row
        tile = np.frombuffer(directory.data, np.uint8, tiles.height * tile_row, place).reshape(tiles.height, tile_row)
        part = planes[plane, y : y + tiles.height, x : x + tile_row]
        part[...] = tile[: part.shape[0], : part.shape[1]]
    strip = planes[0].nbytes
    places = [8 + strip * plane for plane in range(tiles.planes)]
    kept = {tag: directory.values(tag).tolist() for tag in _JOINED_TAGS if tag in directory.tags}
    kept |= {_WIDTH: [tiles.image_width], _HEIGHT: [tiles.image_height], _STRIP_ROWS: [tiles.image_height]}
    kept |= {_STRIP_OFFSETS: places, _STRIP_SIZES: [strip] * tiles.planes}
    start = 8 + planes.nbytes + planes.nbytes % 2
    end = start + 2 + 12 * len(kept) + 4
    table, tail = struct.pack("<H", len(kept)), b""
    for tag, values in sorted(kept.items()):
        letter, kind = ("I", 4) if tag in _LONG_TAGS else ("H", 3)
        body = struct.pack(f"<{len(values)}{letter}", *values)
        table += struct.pack("<HHI", tag, kind, len(values))
        table += body.ljust(4, b"\0") if len(body) <= 4 else struct.pack("<I", end + len(tail))
        tail += body if len(body) > 4 else b""
    head = b"II*\0" + struct.pack("<I", start)
    return b"".join((head, planes.data, bytes(planes.nbytes % 2), table, bytes(4), tail))


def with_tags(
    data: memoryview, icc: bytes | None, texts: Mapping[str, str], alpha: bool, blocks: Blocks = NOTHING
) -> list[Bytes]:
    """The parts of a TIFF as OpenCV writes it, with an ICC profile, texts and metadata, and alpha called what it is.

    A new directory goes to the end of the file and the header points to it; the old one is left unused.
    """
    texts, record = split_record(texts)
    profile = icc if blocks.icc is None else blocks.icc
    values = {PROFILE_TAG: profile or b"", _TEXTS: pack_texts(texts), TIFF_TAG: record}
    more: Tags = {tag: (7, len(block), block) for tag, block in values.items() if block}
    if blocks.xmp:
        more[XMP_TAG] = (1, len(blocks.xmp), blocks.xmp)
    tags = all_tags(blocks.exif)
    if not alpha and not more and not tags:
        return [data]
    directory = _Directory(data)
    if directory.order != "<" or directory.big:
        raise RuntimeError("OpenCV wrote a TIFF of another kind than ever before")
    more |= first_tags(data)
    if alpha and _EXTRA_SAMPLES not in more:
        more[_EXTRA_SAMPLES] = (3, 1, struct.pack("<H", _UNASSOCIATED))
    tail = bytes(len(data) % 2)
    start = len(data) + len(tail)
    return [data[:4], struct.pack("<I", start), data[8:], tail, *write_directories(tags, start, more)]
