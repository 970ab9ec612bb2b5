"""Metadata in the service: sealed with name and time where faces are hidden, put back where all of them come back."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any
from urllib.parse import quote

from .. import FaceKey, Key, Record, Tampered, WrongKey
from ..errors import ImageFileError, RecordError
from ..files import Picture
from ..files.exact_file import keep_whole_file
from ..files.metadata import Metadata, lost, put_back, to_seal
from ..files.metadata_blocks import NOTHING, Blocks
from ..files.metadata_parts import NO_CHUNKS
from ..files.metadata_record import sealed_file
from ..files.metadata_sealed import SealedFile
from ..files.returning import SUFFIXES, note_of_return, notes_of_file, own_name
from ..files.writing import FORMATS
from .options import ProtectOptions
from .problems import Problem
from .request_bodies import Upload

_NANOSECONDS = 1_000_000  # of a millisecond


def with_times(uploads: Sequence[Upload], changed: Sequence[int]) -> list[Upload]:
    """The images of a request, each with the time that was told of it.

    Raises:
        Problem: there are not as many times as images.
    """
    if not changed:
        return list(uploads)
    if len(changed) != len(uploads):
        raise Problem("bad-options", f"changed must be given once for each image, {len(uploads)} times, or not at all")
    return [replace(upload, changed=time) for upload, time in zip(uploads, changed, strict=True)]


@dataclass(frozen=True, slots=True)
class Hidden:
    """What else is sealed of an image.

    Attributes:
        sealed: its name, format, time and metadata, or its very file; None: nothing.
        notes: what of it is lost, and what comes back in another format, in words.
    """

    sealed: SealedFile | None
    notes: tuple[str, ...]


def hide_metadata(
    upload: Upload, picture: Picture, found: Metadata, options: ProtectOptions, *, keyed: bool, jpeg: bool
) -> Hidden:
    """What is to be sealed of an image beside its faces; nothing where there is nothing, or nobody to open it.

    Args:
        upload: the image's file.
        picture: of it, not yet changed.
        found: its metadata.
        options: of the request.
        keyed: whether somebody will have a key.
        jpeg: whether it stays a JPEG, whose very bytes are its own matter.

    Raises:
        Problem: the very file is more than can be sealed.
    """
    exact = options.exact_file and keyed
    sealed = None
    try:
        kept = keep_whole_file(bytes(upload.data), picture.pixels) if exact and not jpeg else b""
    except ImageFileError as error:
        raise Problem("bad-options", _for_programs(str(error))) from None
    if keyed and (kept or not options.drop_metadata):
        sealed = to_seal(found, exact=kept, **({} if options.drop_metadata else _facts(upload)))
    if sealed is not None and _is_empty(sealed):
        sealed = None
    notes = notes_of_file((*picture.notes, *(lost(found, sealed) if sealed else ())), exact=exact)
    if keyed and not exact and not jpeg:
        note = note_of_return(upload.said, picture.format, sealed=sealed is not None)
        notes += [] if note is None or picture.format in ("BMP", "PGM", "PPM") else [note]
    return Hidden(sealed, tuple(map(_for_programs, notes)))


def _is_empty(sealed: SealedFile) -> bool:
    """Whether it says nothing but a format; the chunks of a PNG have a place for its pixels in any case."""
    said = sealed.name or sealed.trailer or sealed.exact or sealed.changed is not None
    return not said and sealed.parts in (b"", NO_CHUNKS)


def _facts(upload: Upload) -> dict[str, Any]:
    return {
        "name": upload.said,
        "changed": None if upload.changed is None else upload.changed * _NANOSECONDS,
    }


def _for_programs(text: str) -> str:
    return text.replace("--exact-file", "exact_file")


@dataclass(frozen=True, slots=True)
class Returned:
    """What was sealed of an original beside its faces, and has come back.

    Attributes:
        sealed: what was sealed; None: nothing, or nothing that this key opens.
        state: "restored", "none", or "damaged".
        exact: whether the very file comes back.
    """

    sealed: SealedFile | None = None
    state: str = "none"
    exact: bool = False

    def blocks(self, name: str, *, grey: bool) -> tuple[Blocks, Returned]:
        """The metadata for a file of the format ``name``, and what has come back then."""
        if self.sealed is None:
            return NOTHING, self
        try:
            return put_back(self.sealed, name, grey=grey), self
        except RecordError:
            return NOTHING, replace(self, state="damaged")

    def name(self, kind: str) -> str | None:
        """The original's name, with the extension of the format ``kind`` unless it has it."""
        name = None if self.sealed is None else own_name(self.sealed)
        if name is None:
            return None
        keeps = self.exact or FORMATS.get(name.suffix.lower()) == kind
        return name.name if keeps else name.with_suffix(SUFFIXES[kind]).name

    def facts(self, kind: str) -> dict[str, Any]:
        """For a client: the original's name, when it was changed in milliseconds since 1970, and what came back."""
        changed = None if self.sealed is None else self.sealed.changed
        return {
            "name": self.name(kind),
            "changed": None if changed is None else changed // _NANOSECONDS,
            "metadata": self.state,
            "exact_file": self.exact,
        }

    def headers(self, kind: str) -> dict[str, str]:
        """The same, as headers; RFC 6266, RFC 9110."""
        found = {"Fastperturb-Metadata": self.state, "Fastperturb-Exact-File": "true" if self.exact else "false"}
        name = self.name(kind)
        if name is not None:
            found["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        if self.sealed is not None and self.sealed.changed is not None:
            with contextlib.suppress(OverflowError, ValueError, OSError):  # a year that HTTP has no form for
                found["Last-Modified"] = formatdate(self.sealed.changed // 10**9, usegmt=True)
        return found


def open_sealed(record: Record, key: Key | FaceKey, only: Sequence[int] | None) -> Returned:
    """What else a record seals of an image, if all of it is to come back; a seal that is damaged keeps no face away."""
    if only is not None or isinstance(key, FaceKey):
        return Returned()
    try:
        sealed = sealed_file(record, key)
    except (RecordError, Tampered, WrongKey):
        return Returned(state="damaged")
    return Returned() if sealed is None else Returned(sealed, "restored")
