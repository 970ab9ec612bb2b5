"""Bombs that a picture's size does not show: JPEG files of thousands of passes over the same pixels.

A progressive JPEG (ITU-T T.81, annex G) may go over all of its pixels again with a scan of some fifty bytes, so that a
small file keeps a processor for minutes, and decoding cannot be stopped. Encoders use about ten scans.
"""

from __future__ import annotations

import re
import struct

from .problems import Problem

MAX_SCANS = 100
MAX_SEGMENTS = 5_000  # an ICC profile may have 255, and extended XMP as many as the file has 64 kB
_MARKER = re.compile(rb"\xff([^\x00\xff\x01\xd0-\xd8])")  # what ends a scan's data: not a stuffed byte or a restart
_START_OF_SCAN, _END = 0xDA, 0xD9


def check_jpeg(data: bytes | bytearray) -> None:
    """Refuses a JPEG of too many scans or segments; leaves alone what is no JPEG.

    Raises:
        Problem: it has more than :data:`MAX_SCANS` or :data:`MAX_SEGMENTS`.
    """
    if data[:3] != b"\xff\xd8\xff":
        return
    scans = segments = 0
    position = 2
    while (match := _MARKER.search(data, position)) is not None and match[1][0] != _END:
        position = match.end()
        scans += match[1][0] == _START_OF_SCAN
        segments += 1
        if scans > MAX_SCANS or segments > MAX_SEGMENTS:
            limits = f"{MAX_SCANS} scans and {MAX_SEGMENTS} segments"
            raise Problem("damaged-image", f"a JPEG may have up to {limits}, and this one has more")
        if position + 2 <= len(data):
            position += int(struct.unpack_from(">H", data, position)[0])
