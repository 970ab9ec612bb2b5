"""BMP and Netpbm structure: headers read and checked; neither has a place for metadata.

BMP: Microsoft's BITMAPINFOHEADER and its successors; pixels of 16 and 32 bits are taken apart here, by their masks.
Netpbm: the pgm(5) and ppm(5) manual pages.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .header import Bytes, Header, damaged, unsupported

_FIELD = re.compile(rb"(?:\s|#[^\n\r]*[\n\r])+(\d{1,10})")
_UNCOMPRESSED, _RLE8, _RLE4, _BITFIELDS, _ALPHA_BITFIELDS = 0, 1, 2, 3, 6
_COMPRESSIONS = {  # bits a pixel of each
    _UNCOMPRESSED: (1, 4, 8, 16, 24, 32),
    _RLE8: (8,),
    _RLE4: (4,),
    _BITFIELDS: (16, 32),
    _ALPHA_BITFIELDS: (16, 32),
}
_CORE, _INFO, _OS2 = 12, 40, 64  # bytes of headers; masks stand in those of 52 and more, but for OS/2's
BMP_HEADERS = tuple(struct.pack("<I", size) for size in (_CORE, _INFO, 52, 56, _OS2, 108, 124))
"""How the headers of BMP files start: with their size."""
_MASKS = {16: (0x7C00, 0x3E0, 0x1F), 32: (0xFF0000, 0xFF00, 0xFF)}  # where a file gives none


def read_bmp_header(data: Bytes) -> Header:
    """Reads the header of a BMP.

    Raises:
        ImageFileError: cut short, no size, or another compression than runs of bytes (JPEG, PNG, Huffman).
    """
    head = bytes(data[:138])
    try:
        pixels, size = struct.unpack_from("<II", head, 10)
        if size == _CORE:
            width, height, _, depth = struct.unpack_from("<HHHH", head, 18)
            compression = _UNCOMPRESSED
        else:
            width, height, _, depth, compression = struct.unpack_from("<iiHHI", head, 18)
        masks = _masks(head, size, depth, compression)
    except struct.error:
        raise damaged("the header is cut short") from None
    upwards, height = height > 0, abs(height)
    if width <= 0 or height == 0 or depth not in _COMPRESSIONS[_UNCOMPRESSED]:
        raise damaged(f"the header says {width} x {height} pixels of {depth} bits")
    if head[14:18] not in BMP_HEADERS:
        raise unsupported(f"a BMP with a header of {size} bytes")
    if depth not in _COMPRESSIONS.get(compression, ()) or (size == _OS2 and compression >= _BITFIELDS):
        raise unsupported(f"a BMP of {depth} bits a pixel and compression {compression}")
    row_bytes = (width * depth + 31) // 32 * 4
    if compression in (_RLE8, _RLE4):
        if bytes(data[-2:]) != b"\0\1":
            raise damaged("the compressed pixels have no end mark; the file is cut short")
    elif pixels + row_bytes * height > len(data):
        raise damaged("the file ends before its pixels do; it is cut short")
    if depth not in _MASKS:
        rewrite = (lambda: _with_info_header(data, pixels, width, height, depth)) if size == _CORE else None
        return Header("BMP", width, height, grey=None, rewrite=rewrite)
    _check_masks(masks, depth)
    rows = _Rows(pixels, height, width, row_bytes, depth, upwards)
    return Header("BMP", width, height, alpha=masks[3] != 0, rewrite=lambda: _plain_bmp(rows.words(data), masks))


def _with_info_header(data: Bytes, start: int, width: int, height: int, depth: int) -> bytes:
    """A BMP of OS/2's first header with Windows' own: OpenCV reads the former without its colours."""
    first = 14 + _CORE
    colours = min(1 << depth, max(0, start - first) // 3) if depth <= 8 else 0
    palette = b"".join(bytes(data[first + 3 * i : first + 3 * i + 3]) + b"\0" for i in range(colours))
    head = struct.pack("<IiiHHIIiiII", _INFO, width, height, 1, depth, 0, 0, 0, 0, colours, 0) + palette
    pixels = bytes(data[start:])
    return struct.pack("<2sIII", b"BM", 14 + len(head) + len(pixels), 0, 14 + len(head)) + head + pixels


def _masks(head: bytes, size: int, depth: int, compression: int) -> tuple[int, ...]:
    """Which bits of a pixel are red, green, blue, alpha; alpha is 0 if there is none."""
    if compression not in (_BITFIELDS, _ALPHA_BITFIELDS):
        return (*_MASKS.get(depth, ()), 0)
    count = 4 if size >= 56 or (size == _INFO and compression == _ALPHA_BITFIELDS) else 3
    return (*struct.unpack_from(f"<{count}I", head, 14 + _INFO), 0)[:4]


def _check_masks(masks: tuple[int, ...], depth: int) -> None:
    union = 0
    for index, mask in enumerate(masks):
        runs = bin(mask).strip("0b")
        if (not mask and index < 3) or mask & union or mask >> depth or "0" in runs:
            raise damaged("the masks of its colours are empty, overlap, or have gaps")
        union |= mask


@dataclass(frozen=True, slots=True)
class _Rows:
    """Where pixels of 16 or 32 bits stand in a file."""

    start: int
    height: int
    width: int
    row_bytes: int
    depth: int
    upwards: bool

    def words(self, data: Bytes) -> npt.NDArray[np.uint32]:
        """The pixels as numbers, (height, width), the top row first."""
        rows = np.frombuffer(data, np.uint8, self.height * self.row_bytes, self.start)
        whole = rows.reshape(self.height, self.row_bytes)[:, : self.width * self.depth // 8]
        words = whole.copy().view(f"<u{self.depth // 8}").astype(np.uint32)
        return words[::-1] if self.upwards else words


def _plain_bmp(words: npt.NDArray[np.uint32], masks: tuple[int, ...]) -> bytes:
    """Pixels as a BMP of eight bits a channel, in the order that OpenCV reads rightly in all its versions."""
    height, width = words.shape
    channels = 4 if masks[3] else 3
    rows = np.zeros((height, (channels * width + 3) // 4 * 4), np.uint8)
    for index, mask in enumerate((masks[2], masks[1], masks[0], masks[3])[:channels]):
        shift = (mask & -mask).bit_length() - 1
        most = mask >> shift
        levels = (words & np.uint32(mask)) >> np.uint32(shift)
        if most != 255:
            levels = np.floor(levels * (255.0 / most) + 0.5).astype(np.uint32)
        rows[:, index : channels * width : channels] = levels
    size = 40 if channels == 3 else 108
    head = struct.pack("<IiiHHIIiiII", size, width, -height, 1, 8 * channels, 0 if channels == 3 else 3, 0, 0, 0, 0, 0)
    if channels == 4:
        head += struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + b"BGRs" + bytes(48)
    return b"".join((struct.pack("<2sIII", b"BM", 14 + size + rows.nbytes, 0, 14 + size), head, rows.data))


def is_netpbm(data: Bytes) -> bool:
    """Whether a file starts as one of the Netpbm family does."""
    return re.match(rb"P[1-7Ff][\s#]", bytes(data[:3])) is not None


def format_of(start: Bytes) -> str:
    """BMP, PGM or PPM, by the first bytes of a file; "" for what is none of these."""
    if bytes(start[:2]) == b"BM":
        return "BMP"
    return {b"P2": "PGM", b"P5": "PGM", b"P3": "PPM", b"P6": "PPM"}.get(bytes(start[:2]), "")


def read_netpbm_header(data: Bytes) -> Header:
    """Reads the header of a PGM or PPM, binary or plain.

    Raises:
        ImageFileError: cut short, longer than one picture, a bitmap (PBM), PAM or PFM, or a largest value other than
            255 or 65535, which OpenCV would not scale.
    """
    kind = bytes(data[1:2])
    if kind not in b"2356":
        raise unsupported(f"a Netpbm file of kind P{kind.decode('ascii')}; PGM and PPM are (P2, P3, P5, P6)")
    head, position, numbers = bytes(data[:4096]), 2, []
    for _ in range(3):
        match = _FIELD.match(head, position)
        if match is None:
            raise damaged("the header does not give width, height and largest value")
        numbers.append(int(match[1]))
        position = match.end()
    width, height, largest = numbers
    if not width or not height:
        raise damaged(f"the header says {width} x {height} pixels")
    if largest not in (255, 65_535):
        raise unsupported(f"a Netpbm file with {largest} as its largest value; 255 and 65535 are")
    channels = 3 if kind in b"36" else 1
    plain = kind in b"23"
    if not plain:
        end = position + 1 + width * height * channels * (1 if largest == 255 else 2)
        if end > len(data):
            raise damaged("the file ends before its pixels do; it is cut short")
        if bytes(data[end : end + 64]).strip():
            raise unsupported("a Netpbm file of several pictures, or with something behind its pixels")
    name = "PPM" if channels == 3 else "PGM"
    bits = 8 if largest == 255 else 16
    # OpenCV wants white space behind the last number too
    rewrite = (lambda: bytes(data) + b"\n") if plain else None
    return Header(name, width, height, bits=bits, grey=channels == 1, rewrite=rewrite)
