"""Image files made byte by byte: PNG chunks, TIFF directories, BMP headers and EXIF blocks that no library writes."""

import struct
import zlib

import numpy as np

from fastperturb.files import png

GREY_8 = np.random.default_rng(3).integers(1, 256, (20, 30), np.uint8)


def png_of(*chunks):
    """A PNG of these chunks (type, body); IEND is added."""
    return png.SIGNATURE + b"".join(png.chunk(kind, body) for kind, body in (*chunks, (b"IEND", b"")))


def png_head(width, height, depth=8, colour=0, interlace=0):
    return b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)


def png_pixels(image):
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    return b"IDAT", zlib.compress(rows)


def grey_png(*chunks, image=GREY_8):
    """A grey PNG with further chunks before its pixels."""
    return png_of(png_head(image.shape[1], image.shape[0]), *chunks, png_pixels(image))


_LETTERS = {1: "B", 2: "s", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 13: "I", 16: "Q"}


def tiff_of(tags, data=b"", order="<", big=False):
    """A TIFF of these tags, {number: (type, values)}; ``data`` stands at byte 8 (16 of a BigTIFF)."""
    word, count_word, inline, entry = ("Q", "Q", 8, 20) if big else ("I", "H", 4, 12)
    start = (16 if big else 8) + len(data)
    after = start + struct.calcsize("=" + count_word) + entry * len(tags) + inline
    table, tail = struct.pack(order + count_word, len(tags)), b""
    for tag, (kind, values) in sorted(tags.items()):
        body = struct.pack(order + f"{len(values)}{_LETTERS[kind]}", *values)
        table += struct.pack(order + "HH" + word, tag, kind, len(values))
        table += body.ljust(inline, b"\0") if len(body) <= inline else struct.pack(order + word, after + len(tail))
        tail += body if len(body) > inline else b""
    mark = (b"II" if order == "<" else b"MM") + struct.pack(order + "H", 43 if big else 42)
    head = mark + (struct.pack(order + "HHQ", 8, 0, start) if big else struct.pack(order + "I", start))
    return head + data + table + bytes(inline) + tail


def grey_tags(size, place=8, **changes):
    """The tags of a grey picture of 30 x 20 in one strip of ``size`` bytes; ``changes`` by t and number."""
    tags = {256: (3, [30]), 257: (3, [20]), 258: (3, [8]), 259: (3, [1]), 262: (3, [1]), 273: (4, [place])}
    tags |= {277: (3, [1]), 278: (3, [20]), 279: (4, [size])}
    return tags | {int(name[1:]): value for name, value in changes.items()}


def exif_of(kind, value, order="<", *, count=1, before=0):
    """An EXIF block whose first directory gives the orientation by this type."""
    letter = _LETTERS[kind]
    body = struct.pack(order + f"{count}{letter}", *[value] * count)
    other = struct.pack(order + "HHII", 271, 2, 4, 0x41414141) * before
    inline = len(body) <= 4
    table = struct.pack(order + "H", before + 1) + other + struct.pack(order + "HHI", 274, kind, count)
    table += body.ljust(4, b"\0") if inline else struct.pack(order + "I", 8 + len(table) + 4 + 4)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "I", 8) + table + bytes(4) + (b"" if inline else body)


def bmp_of(words, depth, *, size=40, masks=None, compression=None, upwards=True):
    """A BMP of 16 or 32 bits a pixel out of (height, width) numbers, the top row first."""
    height, width = words.shape
    rows = (words[::-1] if upwards else words).astype(f"<u{depth // 8}")
    padded = b"".join(row.tobytes() + bytes(-len(row.tobytes()) % 4) for row in rows)
    if compression is None:
        compression = 0 if masks is None else 3
    head = struct.pack(
        "<IiiHHIIiiII", size, width, height if upwards else -height, 1, depth, compression, len(padded), 0, 0, 0, 0
    )
    listed = struct.pack(f"<{len(masks)}I", *masks) if masks else b""
    head += listed if size == 40 else (listed + bytes(100))[: size - 40]
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(padded), 0, 0, 14 + len(head)) + head + padded
