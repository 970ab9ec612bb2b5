"""The very bytes of a file, sealed: what of them its pixels do not give, compressed, and the hash of the whole.

Three kinds: all but the entropy-coded data of a JPEG (jpeg_exact.py), the whole file, and all but the rows of its
pixels, for files that hold these as they are (exact_file.py). docs/metadata.md has the bytes.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from typing import NamedTuple

from ..errors import ImageFileError, RecordError, Tampered
from ..perturbation.record_v2_parts import MAX_REST_BYTES

FRAME, WHOLE, ROWS = 0, 1, 2
_HEAD = struct.Struct("<B32sI")
_MOST = MAX_REST_BYTES - 4096  # room for the names of parts, and for others of some bytes
MAX_CONTENT = 2**28
"""Most bytes of a file that are kept, before they are compressed: a hostile record could otherwise fill memory."""
_WHAT = "what was sealed of the file"


class Exact(NamedTuple):
    """What was kept of a file.

    Attributes:
        kind: how the file is made of it.
        digest: SHA-256 of the file.
        content: the bytes that were kept.
    """

    kind: int
    digest: bytes
    content: bytes

    def checked(self, found: bytes | None) -> bytes:
        """The file that was found; raises Tampered if it is another one than was sealed."""
        if found is None or hashlib.sha256(found).digest() != self.digest:
            raise Tampered(
                "the file does not come back as it was: its surroundings were changed since it was protected"
            )
        return found


def pack_exact(kind: int, data: bytes, kept: bytes) -> bytes:
    """The bytes to be sealed.

    Args:
        kind: how the file is made of what is kept.
        data: the file.
        kept: of it.

    Raises:
        ImageFileError: more than 16 MiB, or :data:`MAX_CONTENT` before they are compressed.
    """
    if len(kept) > MAX_CONTENT:
        raise ImageFileError(
            f"its exact bytes would need {len(kept)} bytes, and {MAX_CONTENT} can be kept; "
            "without --exact-file its pixels come back all the same"
        )
    packed = zlib.compress(kept, 6)
    if len(packed) + _HEAD.size > _MOST:
        raise ImageFileError(
            f"its exact bytes would need {len(packed)} bytes beside its pixels, and {_MOST} can be sealed; "
            "without --exact-file its pixels come back all the same"
        )
    return _HEAD.pack(kind, hashlib.sha256(data).digest(), len(kept)) + packed


def unpack_exact(kept: bytes) -> Exact:
    """Reads what :func:`pack_exact` gave, out of a seal: hostile input.

    Raises:
        RecordError: it is damaged.
    """
    if len(kept) < _HEAD.size:
        raise RecordError(f"{_WHAT} is cut")
    kind, digest, length = _HEAD.unpack_from(kept)
    if length > MAX_CONTENT:
        raise RecordError(f"{_WHAT} must be at most {MAX_CONTENT} bytes, got {length}")
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(kept[_HEAD.size :], length + 1)
    except zlib.error as error:
        raise RecordError(f"{_WHAT} is damaged: {error}") from None
    if len(content) != length or not stream.eof or stream.unused_data or kind > ROWS:
        raise RecordError(f"{_WHAT} must hold {length} bytes, but does not")
    return Exact(kind, digest, content)
