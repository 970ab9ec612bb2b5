"""Metadata in the jobs of the command line: chosen and sealed where faces are hidden, put back where they come back."""

from __future__ import annotations

import contextlib
import os
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

from ...errors import ImageFileError, RecordError
from ...files.metadata import Metadata, choose, file_facts, put_back, read_metadata, to_seal
from ...files.metadata_blocks import NOTHING, Blocks
from ...files.metadata_choice import CHOICES
from ...files.metadata_jpeg import chosen_segments
from ...files.metadata_sealed import SealedFile, pack_sealed
from ...files.writing import FORMATS
from ..options.metadata import MetadataChoices
from .paths import Source


@dataclass(frozen=True, slots=True)
class Hidden:
    """The metadata of one file whose faces are hidden.

    Attributes:
        choices: of the user.
        data: the file.
        found: what it holds.
        sealed: what is sealed of it; ``None``: nothing.
    """

    choices: MetadataChoices
    data: bytes = field(repr=False)
    found: Metadata
    sealed: SealedFile | None

    @property
    def rest(self) -> bytes | None:
        """The bytes to be sealed."""
        return None if self.sealed is None else pack_sealed(self.sealed)

    def blocks(self) -> Blocks:
        """What goes on, for pixels that stand upright."""
        return choose(self.found, self.choices.keep)

    def segments(self, orientation: int) -> list[bytes]:
        """What goes on in a JPEG whose coefficients stay."""
        return chosen_segments(self.data, self.choices.keep, orientation=orientation)

    def facts(self) -> dict[str, Any]:
        """For a report: what is kept in the clear, and whether the rest is sealed."""
        kept = [name for name in CHOICES if name in self.choices.keep and self._has(name)]
        facts: dict[str, Any] = {"kept": kept, "metadata_sealed": self.sealed is not None}
        lost = len(self.found.trailer) if self.sealed is None or not self.sealed.trailer else 0
        return facts | ({"bytes_behind_picture_lost": lost} if lost and self.sealed is not None else {})

    def _has(self, name: str) -> bool:
        if name == "icc" and self.found.icc is not None:
            return True
        return choose(self.found, frozenset((name,))) != NOTHING


def hide_metadata(source: Source, data: bytes, choices: MetadataChoices, *, sealing: bool) -> Hidden:
    """Looks at a file's metadata; ``sealing`` says whether anybody could open a seal."""
    found = read_metadata(data)
    sealed = to_seal(found, **file_facts(source.path)) if sealing and not choices.drop else None
    return Hidden(choices, data, found, sealed)


def named_as_before(source: Source, sealed: SealedFile | None, *, jpeg: bool) -> Source:
    """The same file with the name that its result shall have: the original's, if that is a picture's.

    Args:
        source: the protected file.
        sealed: what was sealed of the original; anybody can have written it who can write to the key.
        jpeg: whether the very blocks of a JPEG come back; a JPEG's pixels become a PNG.
    """
    if sealed is None or not _is_usable(sealed.name):
        return source
    name = PurePath(sealed.name)
    kind = FORMATS.get(name.suffix.lower())
    if jpeg and kind != "JPEG":
        name = name.with_suffix(".jpg")
    elif not jpeg and kind in (None, "JPEG"):
        name = name.with_suffix(".png")
    return replace(source, result=name.name)


def _is_usable(name: str) -> bool:
    if not name or name.startswith(".") or not PurePath(name).stem:
        return False
    return os.name != "nt" or not (set('<>:"|?*') & set(name) or PurePath(name).is_reserved())


class Claims:
    """Names that results of this run have: two of them must not be of one file, whatever seals say."""

    def __init__(self) -> None:
        self._lock, self._taken = threading.Lock(), dict[Path, Path]()

    def claim(self, path: Path, source: Source) -> None:
        """Takes a path for a file.

        Raises:
            ImageFileError: it is another's.
        """
        with self._lock:
            owner = self._taken.setdefault(path, source.path)
        if owner != source.path:
            raise ImageFileError(f"its original has the name of that of {owner}, {path.name}; restore it by itself")


def blocks_to_put_back(sealed: SealedFile | None, name: str, *, grey: bool) -> tuple[Blocks, str | None]:
    """What of sealed metadata goes into a file of the format ``name``, and what to say if it cannot."""
    if sealed is None:
        return NOTHING, None
    try:
        return put_back(sealed, name, grey=grey), None
    except RecordError as error:
        return NOTHING, f"its metadata do not come back: {error}"


def set_time(path: Path, sealed: SealedFile | None) -> None:
    """Gives a file the time that was sealed, if this system can say it."""
    if sealed is not None and sealed.changed is not None:
        with contextlib.suppress(OSError, OverflowError, ValueError):
            os.utime(path, ns=(sealed.changed, sealed.changed))
