"""Restoring an image with all that was sealed of it, or some of its faces."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .. import FaceKey, Key, Record, Tampered, WrongKey, examine, restore
from ..errors import ImageFileError, MissingExtra, RecordError, UnknownOrigin, UnverifiedWarning
from ..files import Picture, heif
from ..files.jpeg_open import is_of_jpeg, open_jpeg
from ..files.reading import decode
from ..files.returning import SUFFIXES, whole_file, with_parts
from ..files.writing import encode
from .image_work import ImageWork, the_record
from .jpeg_work import restore_blocks
from .metadata_work import Returned, open_sealed
from .methods import READ_TYPES
from .problems import Problem
from .request_bodies import Bytes, Parts, clean_name
from .results import File

_Done = tuple[File, Returned, str]
"""An image, what else has come back, and its format."""
LOSSLESS = ("PNG", "WebP", "TIFF")


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored image.

    Attributes:
        file: the image.
        origin: who can have made the record: "key", "recipients", "anyone", or "unknown" to a face key.
        record: "whole", or "unknown" to a face key.
        regions: for each region of the record "whole", "changed" or "unknown": what it showed.
        surroundings: "whole", "changed" or "unknown".
        restored: the numbers of the regions that were brought back.
        back: what else has come back: name, time, metadata, or the very file.
        kind: the format of the file.
    """

    file: File
    origin: str
    record: str
    regions: tuple[str, ...]
    surroundings: str
    restored: tuple[int, ...]
    back: Returned
    kind: str


@dataclass(frozen=True, slots=True)
class RestoreChoice:
    """What is to be restored.

    Attributes:
        key_for: gives the key for a record, or raises a problem.
        only: the numbers of the regions; empty for all that the key opens.
        origin: "key" to refuse records that anyone could have made; "any"; None for "key" where the key can tell.
        format: of the result, as an option has it; None for the one that came.
    """

    key_for: Callable[[Record], Key | FaceKey]
    only: tuple[int, ...] = ()
    origin: str | None = None
    format: str | None = None


def restore_image(work: ImageWork, parts: Parts, choice: RestoreChoice) -> Restored:
    """The original of a protected image, or the image with some of its faces back.

    Sealed faces come back exactly whatever the image shows now, so a change of that is told and is no error.

    Raises:
        Problem: nothing was restored; its name says why.
    """
    record = record_with_seals(work.read_header(parts["image"]).texts, parts)
    key = choice.key_for(record)
    only = _checked(choice.only, record)
    work.check()
    try:
        if is_of_jpeg(record):
            verdicts, done = _restore_jpeg(work, parts["image"], record, key, (only, choice))
        else:
            picture = work.decode(parts["image"])
            verdicts = examine(picture.pixels, record, key)
            work.check()
            shown = _restored(picture.pixels, record, key, only, _origin(choice.origin, key))
            done = _with_metadata(shown, picture, choice.format, open_sealed(record, key, only))
    except Problem:
        raise
    except Exception as error:
        raise _problem_of(error, record, only) from None
    work.facts.moved = record.moved
    work.check()
    every = (key.index,) if isinstance(key, FaceKey) else tuple(range(len(record.regions)))
    file, back, kind = done
    return Restored(
        file,
        verdicts.origin or "unknown",
        _word(verdicts.record),
        tuple(_word(item) for item in verdicts.regions),
        _word(verdicts.surroundings),
        only or every,
        back,
        kind,
    )


def _restore_jpeg(
    work: ImageWork, data: Bytes, record: Record, key: Key | FaceKey, how: tuple[Sequence[int] | None, RestoreChoice]
) -> tuple[Any, _Done]:
    """What of a JPEG is as it was written, and the same with its blocks back: a JPEG unless another was asked for."""
    only, choice = how
    try:
        coded = open_jpeg(data, max_pixels=work.max_pixels)
    except ImageFileError as error:
        raise Problem("unsupported-media", str(error)) from None
    verdicts = coded.examine(record, key)
    work.check()
    restored, back = restore_blocks(coded, record, key, only, _origin(choice.origin, key))
    if choice.format is None:
        return verdicts, (_named(restored, "JPEG", back), back, "JPEG")
    picture = decode(restored, max_pixels=work.max_pixels)
    if back.exact:
        back = replace(back, sealed=with_parts(back.sealed, restored), exact=False)
    return verdicts, _encoded(picture.pixels, picture, choice.format, back)


def _origin(asked: str | None, key: Key | FaceKey) -> str:
    """A face key cannot tell who made a record: unless it is asked for by name, that is no reason to refuse it."""
    return asked or ("any" if isinstance(key, FaceKey) else "key")


def _restored(pixels: Any, record: Record, key: Key | FaceKey, only: Sequence[int] | None, origin: str) -> Any:
    try:
        return restore(pixels, record, key, only=only, origin=origin)
    except UnknownOrigin:
        raise
    except Tampered:
        if not record.sealed:
            raise
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnverifiedWarning)
        return restore(pixels, record, key, only=only, origin=origin, verify=False)


def _word(verdict: bool | None) -> str:
    return {True: "whole", False: "changed", None: "unknown"}[verdict]


def _problem_of(error: Exception, record: Record, only: Sequence[int] | None) -> Problem | Exception:
    """What a client is told of an error; an error that nobody foresaw stays what it is."""
    if isinstance(error, WrongKey):
        return Problem("wrong-key", str(error))
    if isinstance(error, UnknownOrigin):
        return Problem("unknown-origin", "it was made for a public key, or a face key cannot tell; origin=any takes it")
    if isinstance(error, RecordError):
        wanted = range(len(record.regions)) if only is None else only
        if any(index in record.missing for index in wanted):
            return Problem("no-seals", "send them as the part 'seals'")
        if "erased" in str(error) or "never made" in str(error):
            return Problem("erased", str(error))
        return Problem("bad-record", str(error)[:500])
    if isinstance(error, (Tampered, ValueError)) and not isinstance(error, MissingExtra):
        return Problem("tampered", "nothing was restored")
    return error


def _checked(only: tuple[int, ...], record: Record) -> tuple[int, ...] | None:
    if any(index >= len(record.regions) for index in only):
        raise Problem("bad-options", f"only must name regions from 0 to {len(record.regions) - 1}")
    return only or None


def record_with_seals(texts: Mapping[str, str], parts: Parts) -> Record:
    """The record inside an image or beside it, with the seals that came beside it.

    Raises:
        Problem: there is none, it cannot be read, or the seals are another image's.
    """
    record = the_record(texts, parts.get("record"))
    if record is None:
        raise Problem("no-record", "there is none inside the image; send it as the part 'record'")
    return with_seals(record, parts.get("seals"))


def with_seals(record: Record, seals: Bytes | None) -> Record:
    """The record with the seals that came beside it.

    Raises:
        Problem: they are those of another image, or there is no place for them.
    """
    if seals is None:
        return record
    try:
        return record.with_beside(bytes(seals))
    except RecordError as error:
        raise Problem("bad-seals", str(error)) from None


def _with_metadata(pixels: Any, picture: Picture, wanted: str | None, back: Returned) -> _Done:
    """The original: its very file, if that was sealed and no other format is wanted, or its pixels and metadata."""
    whole, _ = whole_file(back.sealed, pixels)
    sealed = back.sealed
    if whole is not None and sealed is not None and wanted is None:
        return _named(whole, sealed.format, replace(back, exact=True)), replace(back, exact=True), sealed.format
    if sealed is not None and sealed.exact and whole is None:
        back = replace(back, state="damaged")
    back = replace(back, sealed=with_parts(sealed, whole))
    return _encoded(pixels, picture, wanted, back)


def _encoded(pixels: Any, picture: Picture, wanted: str | None, back: Returned) -> _Done:
    """An image without loss, in the format that was asked for or that came, else as PNG."""
    name = {None: picture.format, "png": "PNG", "webp": "WebP", "tiff": "TIFF"}[wanted]
    if name not in LOSSLESS:
        name = "PNG"
    blocks, told = back.blocks(name, grey=pixels.ndim == 2)
    try:
        data = b"".join(encode(pixels, name, icc=picture.icc, blocks=blocks))
    except ImageFileError as error:
        if wanted is not None:
            raise Problem("bad-options", str(error)) from None
        name = "PNG"
        blocks, told = back.blocks(name, grey=pixels.ndim == 2)
        data = b"".join(encode(pixels, name, icc=picture.icc, blocks=blocks))
    return _named(data, name, told), told, name


def _named(data: bytes, name: str, back: Returned) -> File:
    """A file with the name of the original, as far as that is known and a header can hold it."""
    title = clean_name(back.name(name) or "") or "image" + SUFFIXES[name]
    kind = "image/avif" if name == "HEIF" and heif.is_avif(data) else READ_TYPES[name]
    return File("image", title, kind, data)
