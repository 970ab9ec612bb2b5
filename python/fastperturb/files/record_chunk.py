"""How records lie in files: those of version 2 as bytes, seals and all, in a chunk or tag of their own.

Between reader and writer a record is text like the others, by the keyword :data:`RECORD_TEXT`; the text of version 2 is
a wrapper of its bytes, and here one becomes the other. Records of version 1 are JSON and stay texts in files, too.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from .header import Bytes, add_text

RECORD_TEXT = "fastperturb-record"
"""The keyword of a record."""
CHUNK = b"fpSL"
"""Of PNG and WebP. For PNG the letters say: ancillary, private, and unsafe to copy once pixels change."""
TIFF_TAG = 65_112
"""Of TIFF, type UNDEFINED, in the range that TIFF 6.0 leaves for private use."""
_HEAD, _TAIL = '{"format": "fastperturb-record", "version": 2, "data": "', '"}'


def split_record(texts: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
    """The texts that stay texts, and the bytes of the record; empty if there is none, or one of version 1."""
    text = texts.get(RECORD_TEXT, "")
    if not (text.startswith(_HEAD) and text.endswith(_TAIL)):
        return dict(texts), b""
    try:
        body = base64.b64decode(text[len(_HEAD) : -len(_TAIL)], validate=True)
    except (ValueError, binascii.Error):
        return dict(texts), b""  # no record: as it came, for its reader to say so
    return {keyword: other for keyword, other in texts.items() if keyword != RECORD_TEXT}, body


def add_record(texts: dict[str, str], body: Bytes) -> None:
    """Adds a record's bytes to the texts of a file.

    Raises:
        ImageFileError: there is a record already, of either version.
    """
    add_text(texts, RECORD_TEXT, f"{_HEAD}{base64.b64encode(body).decode('ascii')}{_TAIL}")
