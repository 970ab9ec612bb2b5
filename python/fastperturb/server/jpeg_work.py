"""A JPEG in the service: protected and restored in its coefficients, so that it stays a JPEG."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from .. import Face, FaceKey, Key, Record, Region
from ..errors import ImageFileError, RecordError, Tampered, UnverifiedWarning
from ..files import Picture
from ..files.jpeg_exact import bring_back_file
from ..files.jpeg_open import OpenJpeg, open_jpeg
from ..files.metadata_choice import Keep
from ..files.metadata_jpeg import chosen_segments
from ..files.metadata_sealed import SealedFile
from ..files.reading import decode
from ..orientation import upright_region
from ..protections.method import Method
from ..recipients import Recipients
from .metadata_work import Returned, open_sealed
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


@dataclass(frozen=True, slots=True)
class JpegChoice:
    """What a request wants of a JPEG.

    Attributes:
        reproducible: the same input, key and options give the same output.
        face_keys: a list to which the keys of faces are added.
        keep: what metadata stay in the clear.
        sealed: what else is sealed of the file.
        exact_file: whether its very bytes shall come back.
    """

    reproducible: bool
    face_keys: list[FaceKey]
    keep: Keep
    sealed: SealedFile | None
    exact_file: bool


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
    how: JpegChoice,
) -> HiddenJpeg:
    """Replaces the blocks under faces, and seals the original ones.

    Args:
        file: is changed.
        picture: the same, decoded.
        found: faces, or boxes from brow to chin.
        method: what is drawn.
        recipients: who will be able to restore it; None: nobody.
        how: the rest of what is wanted.

    Raises:
        NoFaceFound, ValueError: as :meth:`Method.hide`.
        ImageFileError: it cannot be written.
    """
    record = None
    if recipients is None:
        stored = file.replace(picture, found, method.drawing)
    else:
        sealing = method.sealing(how.reproducible, how.face_keys)
        rest: dict[str, Any] = {"sealed": how.sealed, "exact_file": how.exact_file}
        record = file.protect(picture, found, recipients, method.drawing, sealing, **rest)
        stored = tuple(item.region for item in record.regions)
    coded = file.coefficients
    regions = tuple(upright_region(region, coded.shape, coded.orientation) for region in stored)
    kept = chosen_segments(file.data, how.keep, orientation=file.header.orientation)
    return HiddenJpeg(b"".join(file.parts(record, kept=kept)), record, regions)


def restore_blocks(
    file: OpenJpeg, record: Record, key: Key | FaceKey, only: Sequence[int] | None, origin: str
) -> tuple[bytes, Returned]:
    """The bytes of the restored file, and what else has come back.

    They are the very ones of the original, if they were sealed and all comes back; else the original's metadata go with
    its blocks.

    Raises:
        WrongKey, Tampered, RecordError, ValueError: as :func:`fastperturb.files.restore_jpeg`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnverifiedWarning)
        file.restore(record, key, only=only, origin=origin)
    back = open_sealed(record, key, only)
    damaged = replace(back, state="damaged")
    if back.sealed is not None and back.sealed.exact:
        try:
            exact = bring_back_file(back.sealed.exact, file.coefficients.mcus)
        except (RecordError, Tampered):
            return b"".join(file.parts()), damaged
        return exact, replace(back, exact=True)
    if back.sealed is not None and back.sealed.parts:
        try:
            return file.with_metadata(back.sealed), back
        except RecordError:
            return b"".join(file.parts()), damaged
    return b"".join(file.parts()), back
