"""A JPEG in the service: protected and restored in its coefficients, so that it stays a JPEG."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .. import Face, FaceKey, Key, Record, Region
from ..errors import ImageFileError, UnverifiedWarning
from ..files import Picture
from ..files.jpeg_open import OpenJpeg, open_jpeg
from ..files.metadata_choice import Keep
from ..files.metadata_jpeg import chosen_segments
from ..files.reading import decode
from ..orientation import upright_region
from ..protections.method import Method
from ..recipients import Recipients
from .problems import Problem
from .request_bodies import Bytes


@dataclass(frozen=True, slots=True)
class HiddenJpeg:
    """A JPEG whose blocks under faces were replaced.

    Attributes:
        data: its bytes, with the record inside if there is one.
        record: what brings it back; None if nobody can.
        regions: what was protected, in the picture as it is seen.
    """

    data: bytes
    record: Record | None
    regions: tuple[Region, ...]

    def pixels(self, max_pixels: int) -> Any:
        """As it is seen now."""
        return decode(self.data, max_pixels=max_pixels).pixels


def open_to_keep(data: Bytes, max_pixels: int, wanted: str | None) -> OpenJpeg | None:
    """The coefficients of a JPEG; None if they cannot be kept and nobody asked for a JPEG.

    Raises:
        Problem: they cannot be kept, and a JPEG was asked for.
    """
    try:
        return open_jpeg(data, max_pixels=max_pixels)
    except ImageFileError as error:
        if wanted is None:
            return None
        raise Problem("unsupported-media", f"{error}; as a PNG its pixels can be protected") from None


def hide_blocks(
    file: OpenJpeg,
    picture: Picture,
    found: Sequence[Face | Region],
    method: Method,
    recipients: Recipients | None,
    how: tuple[bool, list[FaceKey], Keep],
) -> HiddenJpeg:
    """Replaces the blocks under faces, and seals the original ones.

    Args:
        file: is changed.
        picture: the same, decoded.
        found: faces, or boxes from brow to chin.
        method: what is drawn.
        recipients: who will be able to restore it; None: nobody.
        how: whether it is reproducible, a list to which the keys of faces are added, and what metadata stay.

    Raises:
        NoFaceFound, ValueError: as :meth:`Method.hide`.
        ImageFileError: it cannot be written.
    """
    record = None
    if recipients is None:
        stored = file.replace(picture, found, method.drawing)
    else:
        record = file.protect(picture, found, recipients, method.drawing, method.sealing(*how[:2]))
        stored = tuple(item.region for item in record.regions)
    coded = file.coefficients
    regions = tuple(upright_region(region, coded.shape, coded.orientation) for region in stored)
    kept = chosen_segments(file.data, how[2], orientation=file.header.orientation)
    return HiddenJpeg(b"".join(file.parts(record, kept=kept)), record, regions)


def restore_blocks(
    file: OpenJpeg, record: Record, key: Key | FaceKey, only: Sequence[int] | None, origin: str
) -> bytes:
    """The bytes of the restored file: the very ones of the original, if they were sealed and all comes back.

    Raises:
        WrongKey, Tampered, RecordError, ValueError: as :func:`fastperturb.files.restore_jpeg`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnverifiedWarning)
        file.restore(record, key, only=only, origin=origin)
    exact = file.exact_file(record, key) if only is None else None
    return b"".join(file.parts()) if exact is None else exact
