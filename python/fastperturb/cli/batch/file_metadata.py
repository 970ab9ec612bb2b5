"""Metadata in the jobs of the command line: chosen and sealed where faces are hidden, put back where they come back."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...errors import RecordError
from ...files import Picture
from ...files.exact_file import keep_whole_file
from ...files.metadata import Metadata, choose, file_facts, lost, put_back, read_metadata, to_seal
from ...files.metadata_blocks import NOTHING, Blocks
from ...files.metadata_choice import CHOICES
from ...files.metadata_jpeg import chosen_segments
from ...files.metadata_sealed import SealedFile, pack_sealed
from ...files.returning import name_of_return, note_of_return, notes_of_file
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

    def blocks(self, _name: str = "") -> Blocks:
        """What goes on, for pixels that stand upright; in a file of any format."""
        return choose(self.found, self.choices.keep)

    def profile(self, picture: Picture) -> bytes | None:
        """The profile that goes on in a file of pixels."""
        return picture.icc if "icc" in self.choices.keep else None

    def segments(self, orientation: int) -> list[bytes]:
        """What goes on in a JPEG whose coefficients stay."""
        return chosen_segments(self.data, self.choices.keep, orientation=orientation)

    def facts(self) -> dict[str, Any]:
        """For a report: what is kept in the clear, and whether the rest is sealed."""
        kept = [name for name in CHOICES if name in self.choices.keep and self._has(name)]
        facts: dict[str, Any] = {"kept": kept, "metadata_sealed": self.sealed is not None}
        if self.sealed is None or self.sealed.exact:
            return facts
        names = {"bytes_behind_picture_lost": "trailer", "bytes_of_metadata_lost": "parts"}
        counts = {key: len(getattr(self.found, name)) for key, name in names.items() if not getattr(self.sealed, name)}
        return facts | {key: count for key, count in counts.items() if count}

    def notes(self, source: Source, picture: Picture, *, exact: bool, pixels: bool) -> dict[str, list[str]]:
        """What of a file does not come back, or not as it was, for a report.

        Args:
            source: the file.
            picture: of it.
            exact: its very bytes are sealed.
            pixels: its pixels are protected, and come back in the format that their name has.
        """
        more = () if self.sealed is None else lost(self.found, self.sealed)
        notes = notes_of_file((*picture.notes, *more), exact=exact)
        if pixels and not exact:
            note = note_of_return(source.path.name, picture.format, sealed=self.sealed is not None)
            notes += [] if note is None else [note]
        return {"notes": notes} if notes else {}

    def _has(self, name: str) -> bool:
        if name == "icc" and self.found.icc is not None:
            return True
        return choose(self.found, frozenset((name,))) != NOTHING


def hide_metadata(
    source: Source, data: bytes, choices: MetadataChoices, *, sealing: bool, exact: Picture | None = None
) -> Hidden:
    """Looks at a file's metadata.

    Args:
        source: the file.
        data: its bytes.
        choices: of the user.
        sealing: whether anybody could open a seal.
        exact: the file's picture, if its very bytes are to be sealed, of which the metadata are a part.
    """
    found = read_metadata(data)
    kept = b"" if exact is None else keep_whole_file(data, exact.pixels)
    if not sealing or (choices.drop and not kept):
        return Hidden(choices, data, found, None)
    facts = {} if choices.drop else file_facts(source.path)
    return Hidden(choices, data, found, to_seal(found, exact=kept, **facts))


def named_as_before(source: Source, sealed: SealedFile | None, *, jpeg: bool) -> Source:
    """The same file with the name that its result shall have: the original's, if that is a picture's.

    Args:
        source: the protected file.
        sealed: what was sealed of the original; anybody can have written it who can write to the key.
        jpeg: whether the very blocks of a JPEG come back; a JPEG's pixels become a PNG.
    """
    name = None if sealed is None else name_of_return(sealed, jpeg=jpeg)
    return source if name is None else replace(source, result=name)


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
