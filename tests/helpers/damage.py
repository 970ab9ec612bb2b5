"""Broken copies of image files, for tests and for the fuzz run of the service (bench/load/broken_images.py)."""

import contextlib
import struct
import zlib


def broken(data, rng):
    """A damaged copy of a file."""
    copy = bytearray(data)
    head = int(rng.integers(2))  # half of the damage goes to the first kilobyte, where the structure is
    top = min(len(copy), 1024) if head else len(copy)
    way, place = rng.integers(5), int(rng.integers(top))
    if way == 0:
        for _ in range(rng.integers(1, 9)):
            copy[rng.integers(top)] ^= 1 << rng.integers(8)
    elif way == 1:
        copy[place : place + 8] = rng.bytes(8)
    elif way == 2:
        del copy[place:]
    elif way == 3:
        copy[place:place] = copy[place : place + 64]
    else:
        del copy[place : place + int(rng.integers(1, 64))]
    return bytes(copy)


def mend_crcs(data):
    """The PNG with right CRCs, as far as there are whole chunks."""
    copy, position = bytearray(data), 8
    with contextlib.suppress(struct.error):
        while position < len(copy):
            (length,) = struct.unpack_from(">I", copy, position)
            end = position + 8 + length
            struct.pack_into(">I", copy, end, zlib.crc32(copy[position + 4 : end]))
            position = end + 4
    return bytes(copy)
