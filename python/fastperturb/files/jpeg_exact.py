"""The very bytes of a JPEG out of its coefficients: all of the file but its entropy-coded data, compressed.

The data are written anew with the file's own Huffman tables. Whether that gives the file is tried when it is
protected; if not, as for encoders with habits of their own, the whole file is kept instead.
"""

from __future__ import annotations

import hashlib
import struct
import zlib

from .. import _core
from ..errors import ImageFileError, RecordError, Tampered
from ..perturbation.coefficients import Mcus
from ..perturbation.record_v2_parts import MAX_REST_BYTES

_FRAME, _WHOLE = 0, 1
_HEAD = struct.Struct("<B32sI")
_MOST = MAX_REST_BYTES - 4096  # room for the names of parts, and for others of some bytes


def keep_file(data: bytes, frame: _core.JpegFrame, mcus: Mcus) -> bytes:
    """What brings the file back; to be sealed.

    Args:
        data: the file.
        frame: of it.
        mcus: its original coefficients.

    Raises:
        ImageFileError: it would take more than 16 MiB.
    """
    pieces, at = [], 0
    for begin, end in frame.scan_data:
        pieces.append(data[at:begin])
        at = end
    rest = b"".join([*pieces, data[at:]])
    kind, kept = _FRAME, rest
    if _rebuilt(rest, mcus) != data:
        kind, kept = _WHOLE, data
    packed = zlib.compress(kept, 6)
    if len(packed) + _HEAD.size > _MOST or len(kept) >= 2**32:
        raise ImageFileError(
            f"its exact bytes would need {len(packed)} bytes beside its pixels, and {_MOST} can be sealed; "
            "without --exact-file its pixels come back all the same"
        )
    return _HEAD.pack(kind, hashlib.sha256(data).digest(), len(kept)) + packed


def bring_back_file(kept: bytes, mcus: Mcus) -> bytes:
    """The file, byte for byte.

    Args:
        kept: what :func:`keep_file` gave, out of a seal: hostile input.
        mcus: the restored coefficients.

    Raises:
        RecordError: it is damaged.
        Tampered: what comes out is another file, since coefficients outside of all regions were changed.
    """
    what = "what was sealed of the file"
    if len(kept) < _HEAD.size:
        raise RecordError(f"{what} is cut")
    kind, digest, length = _HEAD.unpack_from(kept)
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(kept[_HEAD.size :], min(length, 2**31) + 1)
    except zlib.error as error:
        raise RecordError(f"{what} is damaged: {error}") from None
    if len(data) != length or not stream.eof or stream.unused_data or kind > _WHOLE:
        raise RecordError(f"{what} must hold {length} bytes, but does not")
    found = data if kind == _WHOLE else _rebuilt(data, mcus)
    if found is None or hashlib.sha256(found).digest() != digest:
        raise Tampered("the file does not come back as it was: its surroundings were changed since it was protected")
    return found


def _rebuilt(rest: bytes, mcus: Mcus) -> bytes | None:
    """The file of the given coefficients; None if they are none of it."""
    try:
        return _core.JpegFrame(rest).replay(rest, mcus)
    except ValueError:
        return None
