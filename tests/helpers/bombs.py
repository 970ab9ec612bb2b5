"""Small files that would cost much: text chunks, endless pixels, aliased strips, huge tiles, nested lists."""

import json
import struct
import zlib

import cv2
import numpy as np
from raw_files import GREY_8, grey_png, grey_tags, png_head, png_of, png_pixels, tiff_of

TEXT = zlib.compress(bytes(8_000_000 - 4096), 9)
NESTED = b"[" + b"[]," * 5_242_880 + b"[]]"


def texts_of_a_png(count=100, kind=b"zTXt"):
    """A PNG with compressed texts, each of which libpng would inflate to 8 MB."""
    head = {b"zTXt": b"\0\0", b"iTXt": b"\0\1\0\0\0", b"iCCP": b"\0\0"}[kind]
    return grey_png(*[(kind, b"k%d" % i + head + TEXT) for i in range(count)])


def chunks_of_a_png(count=200_000):
    return grey_png(*[(b"prIV", b"")] * count)


def pixels_without_end(mebibytes=48):
    """A PNG whose compressed pixels go on long after the last of them."""
    stream = zlib.compressobj(9)
    parts = [stream.compress(b"".join(b"\0" + row.tobytes() for row in GREY_8))]
    parts += [stream.compress(bytes(2**20)) for _ in range(mebibytes)]
    return png_of(png_head(30, 20), (b"IDAT", b"".join([*parts, stream.flush()])))


def empty_pixels_of_a_png(count=200_000):
    return png_of(png_head(30, 20), *[(b"IDAT", b"")] * count, png_pixels(GREY_8))


def aliased_strips(count=500_000, compression=8):
    """A TIFF of one column whose strips are all the same few bytes."""
    strip = {1: b"\1", 8: zlib.compress(b"\1"), 7: cv2.imencode(".jpg", np.zeros((1, 1), np.uint8))[1].tobytes()}
    data = strip[compression]
    tags = grey_tags(len(data), t256=(3, [1]), t257=(4, [count]), t278=(3, [1]), t259=(3, [compression]))
    return tiff_of(tags | {273: (4, [8] * count), 279: (4, [len(data)] * count)}, data)


def huge_tile(side=16_368, compression=8):
    """A TIFF of 16 x 16 pixels in one tile of a quarter of a gigapixel."""
    data = zlib.compress(b"\1" * 256)
    tags = {256: (4, [16]), 257: (4, [16]), 258: (3, [8] * 3), 259: (3, [compression]), 262: (3, [2]), 277: (3, [3])}
    tags |= {322: (4, [side]), 323: (4, [side]), 324: (4, [8]), 325: (4, [len(data)])}
    return tiff_of(tags, data)


def large_tags(tag, count=5_000_000):
    """A TIFF that says five million values of a tag which needs few."""
    return tiff_of(grey_tags(600) | {tag: (4, [8]) if tag == 0 else (3, [8] * count)}, GREY_8.tobytes())


def nested_texts_of_a_webp():
    """A WebP whose texts are JSON that a parser would make half a gigabyte of."""
    webp = cv2.imencode(".webp", np.dstack([GREY_8] * 3), [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
    body = webp[12:] + b"fpTX" + struct.pack("<I", len(NESTED)) + NESTED + bytes(len(NESTED) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def record_of(regions, width=10_000):
    """The text of a record with so many regions, all of them over one another."""
    region = {"x": 0, "y": 0, "width": 100, "height": 98, "shape": "box", "window": 2, "pixels": 2, "moved": 2}
    record = {"format": "fastperturb-record", "version": 1, "key_id": "0" * 16, "nonce": "0" * 48}
    record |= {"shape": [width, width, 3], "dtype": "uint8", "regions": [region] * regions, "tag": "0" * 32}
    return json.dumps(record)
