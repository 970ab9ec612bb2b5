"""Restoring an image, or some of its faces; and changing who can restore it, or what can be restored at all."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import FaceKey, Key, Record, Tampered, WrongKey, examine, forget, restore
from ..errors import ImageFileError, MissingExtra, RecordError, UnknownOrigin, UnverifiedWarning
from ..files import Picture
from ..files.jpeg_open import is_of_jpeg, open_jpeg
from ..files.reading import RECORD_TEXT, decode
from ..files.replacing import with_record
from ..files.writing import encode
from .image_work import MAX_RECORD_REGIONS, ImageWork, check_record, the_record
from .jpeg_work import restore_blocks
from .methods import EXTENSIONS, MEDIA_TYPES
from .problems import Problem
from .protect_work import File
from .request_bodies import Bytes, Parts

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
    """

    file: File
    origin: str
    record: str
    regions: tuple[str, ...]
    surroundings: str
    restored: tuple[int, ...]


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
    record = _record_with_seals(work.read_header(parts["image"]).texts, parts)
    key = choice.key_for(record)
    only = _checked(choice.only, record)
    work.check()
    try:
        if is_of_jpeg(record):
            verdicts, file = _restore_jpeg(work, parts["image"], record, key, (only, choice))
        else:
            picture = work.decode(parts["image"])
            verdicts = examine(picture.pixels, record, key)
            work.check()
            shown = _restored(picture.pixels, record, key, only, _origin(choice.origin, key))
            file = _file(shown, picture, choice.format)
    except Problem:
        raise
    except Exception as error:
        raise _problem_of(error, record, only) from None
    work.facts.moved = record.moved
    work.check()
    every = (key.index,) if isinstance(key, FaceKey) else tuple(range(len(record.regions)))
    return Restored(
        file,
        verdicts.origin or "unknown",
        _word(verdicts.record),
        tuple(_word(item) for item in verdicts.regions),
        _word(verdicts.surroundings),
        only or every,
    )


def _restore_jpeg(
    work: ImageWork, data: Bytes, record: Record, key: Key | FaceKey, how: tuple[Sequence[int] | None, RestoreChoice]
) -> tuple[Any, File]:
    """What of a JPEG is as it was written, and the same with its blocks back: a JPEG unless another was asked for."""
    only, choice = how
    try:
        coded = open_jpeg(data, max_pixels=work.max_pixels)
    except ImageFileError as error:
        raise Problem("unsupported-media", str(error)) from None
    verdicts = coded.examine(record, key)
    work.check()
    restored = restore_blocks(coded, record, key, only, _origin(choice.origin, key))
    if choice.format is None:
        return verdicts, File("image", "image.jpg", MEDIA_TYPES["JPEG"], restored)
    picture = decode(restored, max_pixels=work.max_pixels)
    return verdicts, _file(picture.pixels, picture, choice.format)


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


def _record_with_seals(texts: Mapping[str, str], parts: Parts) -> Record:
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


def _file(pixels: Any, picture: Picture, wanted: str | None) -> File:
    """An image without loss, in the format that was asked for or that came, else as PNG."""
    name = {None: picture.format, "png": "PNG", "webp": "WebP", "tiff": "TIFF"}[wanted]
    if name not in LOSSLESS:
        name = "PNG"
    try:
        data = b"".join(encode(pixels, name, icc=picture.icc))
    except ImageFileError as error:
        if wanted is not None:
            raise Problem("bad-options", str(error)) from None
        name = "PNG"
        data = b"".join(encode(pixels, name, icc=picture.icc))
    return File("image", "image" + EXTENSIONS[name], MEDIA_TYPES[name], data)


@dataclass(frozen=True, slots=True)
class Changed:
    """A record that was changed, and the image with it inside, if one came.

    Attributes:
        record: as it is now.
        files: the image with the record inside, if it came like that; the record; its seals, if they lie beside.
    """

    record: Record
    files: tuple[File, ...]


def change_record(work: ImageWork, parts: Parts, change: Callable[[Record], Record]) -> Changed:
    """Changes a record that came inside an image or by itself; no pixel is touched.

    Raises:
        Problem: there is none, it cannot be read, or it cannot be changed like that.
    """
    header = None
    if parts.get("image"):
        header = work.read_header(parts["image"])
        record = _record_with_seals(header.texts, parts)
    elif parts.get("record"):
        record = with_seals(check_record(parts["record"], MAX_RECORD_REGIONS), parts.get("seals"))
    else:
        raise Problem("bad-parts", "send the part 'image' with a record inside, or the part 'record'")
    work.check()
    try:
        changed = change(record)
    except Problem:
        raise
    except Exception as error:
        raise _change_problem(error) from None
    work.check()
    files = []
    if header is not None and RECORD_TEXT in header.texts and (header.format in LOSSLESS or is_of_jpeg(record)):
        name = header.format
        data = b"".join(with_record(parts["image"], changed))
        files.append(File("image", "image" + EXTENSIONS[name], MEDIA_TYPES[name], data))
    else:
        files.append(File("record", "record.json", "application/json", changed.to_json().encode("ascii")))
    seals = changed.beside_bytes() if not changed.missing else b""
    if seals and seals != bytes(parts.get("seals", b"")):
        files.append(File("seals", "image.seal", "application/octet-stream", seals))
    return Changed(changed, tuple(files))


def _change_problem(error: Exception) -> Problem | Exception:
    if isinstance(error, WrongKey):
        return Problem("wrong-key", str(error))
    if isinstance(error, UnknownOrigin):
        return Problem("unknown-origin", "it was made for a public key; origin=any takes it")
    if isinstance(error, RecordError):
        return Problem("erased" if "seal to erase" in str(error) else "bad-record", str(error)[:500])
    if isinstance(error, Tampered):
        return Problem("tampered", "nothing was changed")
    if isinstance(error, MissingExtra):
        return error
    return Problem("bad-options", str(error)[:500]) if isinstance(error, (TypeError, ValueError)) else error


def forgotten(record: Record, key: Key, regions: tuple[int, ...]) -> Record:
    """The record without the seals of these regions, or without any; the seals that lie beside must be at hand.

    Raises:
        Problem: there is no such region, or its file of seals would be needed, to be written anew.
    """
    if any(index >= len(record.regions) for index in regions):
        raise Problem("bad-options", f"regions must name regions from 0 to {len(record.regions) - 1}")
    if record.missing:
        raise Problem("no-seals", "send them as the part 'seals', so that those that are kept can be written anew")
    return forget(record, key, list(regions) or None)
