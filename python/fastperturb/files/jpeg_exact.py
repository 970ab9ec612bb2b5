"""The very bytes of a JPEG out of its coefficients: all of the file but its entropy-coded data, compressed.

The data are written anew with the file's own Huffman tables. Whether that gives the file is tried when it is
protected; if not, as for encoders with habits of their own, the whole file is kept instead.
"""

from __future__ import annotations

from .. import _core
from ..errors import RecordError
from ..perturbation.coefficients import Mcus
from .exact_bytes import FRAME, ROWS, WHOLE, pack_exact, unpack_exact


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
    if _rebuilt(rest, mcus) != data:
        return pack_exact(WHOLE, data, data)
    return pack_exact(FRAME, data, rest)


def bring_back_file(kept: bytes, mcus: Mcus) -> bytes:
    """The file, byte for byte.

    Args:
        kept: what :func:`keep_file` gave, out of a seal: hostile input.
        mcus: the restored coefficients.

    Raises:
        RecordError: it is damaged.
        Tampered: what comes out is another file, since coefficients outside of all regions were changed.
    """
    exact = unpack_exact(kept)
    if exact.kind == ROWS:
        raise RecordError("what was sealed of the file is of rows of pixels, and these are coefficients")
    return exact.checked(exact.content if exact.kind == WHOLE else _rebuilt(exact.content, mcus))


def _rebuilt(rest: bytes, mcus: Mcus) -> bytes | None:
    """The file of the given coefficients; None if they are none of it."""
    try:
        return _core.JpegFrame(rest).replay(rest, mcus)
    except ValueError:
        return None
