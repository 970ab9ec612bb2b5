"""How a run knows what an earlier one did: each file that is written carries a mark.

With a key it is a keyed hash of all options and of the input's size and modification time, as rsync compares them. An
unkeyed hash of these would let anyone who has an original confirm that a file came from it; so without a key the mark
is of the options alone, and the file's time has to tell whether it was made after the input. No pixel goes into either.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import ImageFileError
from ...files.reading import read_bytes, read_header
from ...key import Key

MARK_TEXT = "fastperturb-job"
COPIED = "-copied"
"""What the mark of a file ends in that was copied as it is."""
_PURPOSE = b"fastperturb job"
_as_text = json.JSONEncoder(sort_keys=True).encode


class Marks:
    """Makes marks.

    Args:
        command: that writes the files.
        options: all that its results depend on besides the input.
        key: that the results are made with; ``None`` for a key that nobody keeps.
    """

    def __init__(self, command: str, options: Any, key: Key | None) -> None:
        self._job = _as_text([command, options, None if key is None else key.id])
        self._key = key

    def mark(self, source: Path, options: Any = None) -> str:
        """The mark of the result for one input; ``options`` are those of this file alone."""
        facts = None
        if self._key is not None:
            status = os.stat(source)  # noqa: PTH116
            facts = [status.st_size, status.st_mtime_ns]
        text = f"[{self._job}, {_as_text(options)}, {_as_text(facts)}]".encode("ascii")
        if self._key is None:
            return hashlib.blake2b(text, digest_size=16, person=_PURPOSE).hexdigest()
        return self._key.derive(_PURPOSE, text, size=16).hex()

    def find(self, path: Path, source: Path, marks: Sequence[str]) -> str | None:
        """The mark of a result that is there: one of ``marks``, or ``None`` for another's or an outdated one."""
        mark = read_mark(path)
        if mark not in marks or (self._key is None and path.stat().st_mtime_ns < source.stat().st_mtime_ns):
            return None
        return mark


def read_mark(path: Path) -> str | None:
    """The mark of a file that is whole, ``None`` if it has none or is damaged."""
    try:
        return read_header(read_bytes(path)).texts.get(MARK_TEXT)
    except ImageFileError:
        return None
