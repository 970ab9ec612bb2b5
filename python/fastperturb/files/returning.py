"""The way back of an original: its name, its very file out of a seal, and what to say of formats that do not return."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import PurePath

from ..checks import Image
from ..errors import ImageFileError, MissingExtra, RecordError, Tampered
from . import heif
from .exact_file import bring_back_whole_file
from .metadata import read_metadata, to_seal
from .metadata_sealed import SealedFile
from .reading import read_header
from .writing import FORMATS

SUFFIXES = {
    "PNG": ".png",
    "JPEG": ".jpg",
    "WebP": ".webp",
    "TIFF": ".tiff",
    "BMP": ".bmp",
    "PPM": ".ppm",
    "PGM": ".pgm",
    "HEIF": ".heic",
}
"""Extensions of the formats that can be read."""
NAMES = frozenset((*FORMATS, ".dib", ".tf8", ".btf", ".heic", ".heif", ".hif", ".avif"))
"""Extensions of files that can be read."""
_FAMILY = {"PGM": "PNM", "PPM": "PNM"}


def own_name(sealed: SealedFile) -> PurePath | None:
    """The name that was sealed, if a file may have it; anybody can have written it who can write to the key."""
    name = PurePath(sealed.name)
    if not sealed.name or sealed.name.startswith(".") or not name.stem:
        return None
    if os.name == "nt" and (set('<>:"|?*') & set(sealed.name) or name.is_reserved()):
        return None
    return name


def name_of_return(sealed: SealedFile, *, jpeg: bool) -> str | None:
    """The name of what comes back in a folder: the original's, if that is a picture's.

    Where the very file comes back its name stays; else the extension must be of a format that is written.

    Args:
        sealed: of the original.
        jpeg: whether the very blocks of a JPEG come back; a JPEG's pixels become a PNG.
    """
    name = own_name(sealed)
    if name is None:
        return None
    kind = FORMATS.get(name.suffix.lower())
    if sealed.exact:
        if name.suffix.lower() not in NAMES:
            name = name.with_suffix(SUFFIXES.get(sealed.format, ".png"))
    elif jpeg and kind != "JPEG":
        name = name.with_suffix(".jpg")
    elif not jpeg and kind in (None, "JPEG"):
        name = name.with_suffix(".png")
    return name.name


def whole_file(sealed: SealedFile | None, pixels: Image) -> tuple[bytes | None, str | None]:
    """The very bytes of the original, if they were sealed; and what to say if they do not come back.

    Args:
        sealed: hostile, out of a record.
        pixels: restored.
    """
    if sealed is None or not sealed.exact:
        return None, None
    try:
        data = bring_back_whole_file(sealed.exact, pixels)
        found = "HEIF" if heif.is_heif(data[:12]) else read_header(data).format  # who has no decoder gets it, too
    except Tampered as error:
        return None, str(error)
    except (RecordError, ImageFileError) as error:
        return None, f"the file does not come back as it was: {error}"
    return (data, None) if found == sealed.format else (None, f"what was sealed as a {sealed.format} is a {found}")


def with_parts(sealed: SealedFile | None, data: bytes | None) -> SealedFile | None:
    """What was sealed, with the metadata of the very file, for a result of another format."""
    if data is None or sealed is None:
        return sealed
    try:
        return replace(to_seal(read_metadata(data)), name=sealed.name, changed=sealed.changed)
    except MissingExtra:  # of HEIC and AVIF
        return replace(sealed, exact=b"")


def note_of_return(name: str, was: str, *, sealed: bool) -> str | None:
    """What to say where a picture will not come back in its own format; None where it will.

    Args:
        name: of the file, whose pixels are protected.
        was: its format.
        sealed: whether the name is sealed, by which it comes back.
    """
    own = FORMATS.get(PurePath(name).suffix.lower())
    back = own if own in ("WebP", "TIFF") or (sealed and own not in (None, "JPEG")) else "PNG"
    if _family(back) == _family(was):
        return None
    return f"{_one(was)} comes back as a {back} of the same pixels; --exact-file brings back the file itself"


def notes_of_returned(sealed: SealedFile, now: str, *, meant: bool) -> list[str]:
    """What to say where a picture came back in another format than its own; ``meant``: that was asked for."""
    was = sealed.format
    if not was or _family(was) == _family(now):
        return []
    notes = [f"was {_one(was)}, and is a {now} of the same pixels: 'perturb --exact-file' seals the file itself"]
    behind = f"what stood behind its picture, {len(sealed.trailer)} bytes, stays in the seal: a {now} does not get it"
    return ([] if meant else notes) + ([behind] if sealed.trailer else [])


def notes_of_file(notes: tuple[str, ...], *, exact: bool) -> list[str]:
    """Notes on what of a file is lost; where all of it is sealed it comes back."""
    if not exact:
        return list(notes)
    there = [note.replace("are left out for good", "come back with the file") for note in notes]
    return [note.replace("is left out for good", "comes back with the file") for note in there]


def _family(name: str | None) -> str | None:
    return None if name is None else _FAMILY.get(name, name)


def _one(name: str) -> str:
    return "a HEIC or AVIF" if name == "HEIF" else f"a {name}"
