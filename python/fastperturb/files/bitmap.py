"""BMP and Netpbm structure: headers read and checked; neither has a place for metadata.

BMP: Microsoft's BITMAPINFOHEADER and its successors. Netpbm: the pgm(5) and ppm(5) manual pages.
"""

from __future__ import annotations

import re
import struct

from .header import Bytes, Header, damaged, unsupported

_FIELD = re.compile(rb"(?:\s|#[^\n\r]*[\n\r])+(\d{1,10})")
_UNCOMPRESSED, _BITFIELDS, _ALPHA_BITFIELDS = 0, 3, 6


def read_bmp_header(data: Bytes) -> Header:
    """Reads the header of a BMP.

    Raises:
        ImageFileError: cut short, or no size.
    """
    head = bytes(data[:138])
    try:
        pixels, size = struct.unpack_from("<II", head, 10)
        if size == 12:
            width, height, _, depth = struct.unpack_from("<HHHH", head, 18)
            compression = _UNCOMPRESSED
        else:
            width, height, _, depth, compression = struct.unpack_from("<iiHHI", head, 18)
        alpha_mask = struct.unpack_from("<I", head, 66)[0] if size >= 56 and compression == _BITFIELDS else 0
    except struct.error:
        raise damaged("the header is cut short") from None
    height = abs(height)
    if width <= 0 or height == 0 or depth not in (1, 4, 8, 16, 24, 32):
        raise damaged(f"the header says {width} x {height} pixels of {depth} bits")
    if compression in (_UNCOMPRESSED, _BITFIELDS, _ALPHA_BITFIELDS):
        if pixels + (width * depth + 31) // 32 * 4 * height > len(data):
            raise damaged("the file ends before its pixels do; it is cut short")
    elif bytes(data[-2:]) != b"\0\1":
        raise damaged("the compressed pixels have no end mark; the file is cut short")
    return Header("BMP", width, height, alpha=alpha_mask != 0 or compression == _ALPHA_BITFIELDS, grey=None)


def is_netpbm(data: Bytes) -> bool:
    """Whether a file starts as one of the Netpbm family does."""
    return re.match(rb"P[1-7Ff][\s#]", bytes(data[:3])) is not None


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
    if plain:
        decodable = bytes(data) + b"\n"  # OpenCV wants white space behind the last number too
    else:
        end = position + 1 + width * height * channels * (1 if largest == 255 else 2)
        if end > len(data):
            raise damaged("the file ends before its pixels do; it is cut short")
        if bytes(data[end : end + 64]).strip():
            raise unsupported("a Netpbm file of several pictures, or with something behind its pixels")
    name = "PPM" if channels == 3 else "PGM"
    bits = 8 if largest == 255 else 16
    return Header(name, width, height, bits=bits, grey=channels == 1, decodable=decodable if plain else None)
