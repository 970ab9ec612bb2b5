"""How a run knows what an earlier one did: each file that is written carries a mark of its input and of all options.

The mark is a hash of the input's size and modification time, as rsync compares them, and of the options; keyed where
there is a key. No pixel goes into it, so that it tells nothing about the original's.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from ..errors import ImageFileError
from ..files.reading import read_bytes, read_header
from ..key import Key

MARK_TEXT = "fastperturb-job"
_PURPOSE = b"fastperturb job"


class Marks:
    """Makes marks.

    Args:
        command: that writes the files.
        options: all that its results depend on besides the input.
        key: that the results are made with; ``None`` for a key that nobody keeps.
    """

    def __init__(self, command: str, options: Any, key: Key | None) -> None:
        self._job = [command, options, None if key is None else key.id]
        self._key = key

    def mark(self, source: Path, options: Any = None) -> str:
        """The mark of the result for one input; ``options`` are those of this file alone."""
        facts = os.stat(source)  # noqa: PTH116
        text = json.dumps([self._job, options, facts.st_size, facts.st_mtime_ns], sort_keys=True).encode("ascii")
        if self._key is None:
            return hashlib.blake2b(text, digest_size=16, person=_PURPOSE).hexdigest()
        return self._key.derive(_PURPOSE, text, size=16).hex()


def read_mark(path: Path) -> str | None:
    """The mark of a file that is whole, ``None`` if it has none or is damaged."""
    try:
        return read_header(read_bytes(path)).texts.get(MARK_TEXT)
    except ImageFileError:
        return None
