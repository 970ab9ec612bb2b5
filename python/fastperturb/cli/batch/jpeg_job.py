"""A JPEG in the jobs of the command line: protected and restored in its coefficients where that is possible."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

from ...errors import ImageFileError, Tampered, UnknownOrigin, UnverifiedWarning
from ...face_key import FaceKey
from ...files.header import TooManyPixels
from ...files.jpeg_open import OpenJpeg, open_jpeg
from ...key import Key
from ...perturbation.verdicts import say_verdicts
from ...record import Record
from .paths import Source
from .writer import Writer


class Opened(NamedTuple):
    """A JPEG, or why its coefficients cannot be kept."""

    file: OpenJpeg | None
    why: str | None


def open_to_keep(source: Source, data: bytes, writer: Writer) -> Opened:
    """The coefficients of a JPEG whose result is to be one.

    Raises:
        ImageFileError: they cannot be kept, and the result has been given the name of a JPEG.
    """
    try:
        return Opened(open_jpeg(data, max_pixels=writer.job.max_pixels), None)
    except TooManyPixels:
        raise
    except ImageFileError as error:
        if writer.targets.fallback_for(source) is None:
            raise ImageFileError(f"{error}; as a PNG its pixels can be protected") from None
        return Opened(None, str(error))


def bring_back_jpeg(
    file: OpenJpeg, record: Record, key: Key | FaceKey, faces: Sequence[int], how: dict[str, Any], verify: bool
) -> tuple[str | None, str | None]:
    """Restores regions of a JPEG, in place.

    Args:
        file: protected.
        record: with the seals that are needed.
        key: it was made with, or the key of one face.
        faces: the numbers of the regions; none named means all, or the face key's.
        how: further arguments of :meth:`OpenJpeg.restore`.
        verify: refuse regions whose coefficients were changed.

    Returns:
        What to say if not all is as it was written; and who can have made the record.
    """
    only = tuple(faces) or None
    verdicts = file.examine(record, key)
    said = "; ".join(say_verdicts(verdicts, only))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnverifiedWarning)  # the verdicts say it
            file.restore(record, key, only=only, verify=verify, **how)
    except UnknownOrigin as error:
        raise UnknownOrigin(str(error).replace("origin='key'", "--origin key")) from None
    except Tampered as error:
        why = str(error).replace("verify=False", "--no-verify")
        raise Tampered(f"{said}: {why}" if said and said not in why else why) from None
    return (f"{said}; the blocks of the faces are the original ones" if said else None), verdicts.origin


def exact_bytes(file: OpenJpeg, record: Record, key: Key | FaceKey) -> tuple[bytes | None, str | None]:
    """The very bytes of the original, if they were sealed; and what to say if they do not come back."""
    try:
        return file.exact_file(record, key), None
    except Tampered as error:
        return None, str(error)
