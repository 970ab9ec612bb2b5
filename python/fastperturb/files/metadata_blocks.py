"""Metadata that a writer puts into a file."""

from __future__ import annotations

from dataclasses import dataclass, field

Chunk = tuple[bytes, bytes]
"""Type and body, of PNG and WebP."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """Metadata for a file; formats without a place for one go without it.

    Attributes:
        exif: an EXIF block, without the prefix that it has in a JPEG.
        xmp: an XMP packet.
        icc: a profile that goes in as it is; where there is none, a writer makes one of the picture's.
        own: instead of all of these, the chunks of a PNG or WebP; in a PNG, those behind an empty IDAT stand behind the
            pixels.
        trailer: what stands behind the end of a PNG or WebP.
    """

    exif: bytes = field(default=b"", repr=False)
    xmp: bytes = field(default=b"", repr=False)
    icc: bytes | None = field(default=None, repr=False)
    own: tuple[Chunk, ...] = field(default=(), repr=False)
    trailer: bytes = field(default=b"", repr=False)


NOTHING = Blocks()
EXIF_PREFIX = b"Exif\0\0"
"""Of an EXIF block in a JPEG."""
XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
"""Of an XMP packet in a JPEG."""
XMP_KEYWORD = b"XML:com.adobe.xmp"
"""Of an XMP packet in a PNG."""
