"""Changing a record: who can restore it, or what can be restored at all. No pixel is touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .. import Key, Record, Tampered, WrongKey, forget
from ..errors import MissingExtra, RecordError, UnknownOrigin
from ..files.jpeg_open import is_of_jpeg
from ..files.reading import RECORD_TEXT
from ..files.replacing import with_record
from .image_work import MAX_RECORD_REGIONS, ImageWork, check_record
from .methods import EXTENSIONS, MEDIA_TYPES
from .problems import Problem
from .request_bodies import Parts
from .restore_work import LOSSLESS, record_with_seals, with_seals
from .results import File


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
        record = record_with_seals(header.texts, parts)
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


def forgotten(record: Record, key: Key, regions: tuple[int, ...], *, metadata: bool = False) -> Record:
    """The record without the seals of these regions, or without any; the seals that lie beside must be at hand.

    Args:
        record: with seals.
        key: one that opens it.
        regions: whose seals go; empty for all.
        metadata: erase sealed metadata alone, and no region's seal.

    Raises:
        Problem: there is no such region, or its file of seals would be needed, to be written anew.
    """
    if any(index >= len(record.regions) for index in regions):
        raise Problem("bad-options", f"regions must name regions from 0 to {len(record.regions) - 1}")
    if metadata and regions:
        raise Problem(
            "bad-options", "metadata=true erases no face: give no regions, with which metadata go in any case"
        )
    if record.missing:
        raise Problem("no-seals", "send them as the part 'seals', so that those that are kept can be written anew")
    return forget(record, key, (), rest=True) if metadata else forget(record, key, list(regions) or None)
