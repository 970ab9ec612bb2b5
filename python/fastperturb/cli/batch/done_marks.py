"""How a run knows what an earlier one did: each file that is written carries a mark.

With a key it is a keyed hash of all options and of the input's size and modification time, as rsync compares them,
salted by the pixels that are shown: originals of equal size and time, and copies of one, must not be known by equal
marks. An unkeyed hash of these would let anyone who has an original confirm that a file came from it; so without a key
the mark is of the options alone, and the file's time has to tell whether it was made after the input. No pixel of the
original goes into either.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...checks import Image
from ...errors import ImageFileError
from ...files.reading import read_bytes, read_header
from ...key import Key

MARK_TEXT = "fastperturb-job"
COPIED = "-copied"
"""What the mark of a file ends in that was copied as it is."""
_INSTEAD = "-instead"
"""In the mark of a PNG that stands where another file's result may stand, if marks do not tell the inputs."""
_PURPOSE = b"fastperturb job"
_SALT_BYTES = 8
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
        """What the result for one input is known by; ``options`` are those of this file alone."""
        facts = None
        if self._key is not None:
            status = os.stat(source)  # noqa: PTH116
            facts = [status.st_size, status.st_mtime_ns]
        text = f"[{self._job}, {_as_text(options)}, {_as_text(facts)}]".encode("ascii")
        if self._key is None:
            return hashlib.blake2b(text, digest_size=16, person=_PURPOSE).hexdigest()
        return self._key.derive(_PURPOSE, text, size=16).hex()

    def of_place(self, mark: str, *, instead: bool) -> str:
        """The mark of a result; ``instead``: of a PNG in the place of what its format cannot hold."""
        job = mark.removesuffix(COPIED)
        return job + _INSTEAD + mark[len(job) :] if instead and self._key is None else mark

    def text(self, mark: str, shown: Image) -> str:
        """The text that a file with these pixels carries for a mark of :meth:`mark`."""
        if self._key is None:
            return mark
        salt = hashlib.blake2b(np.ascontiguousarray(shown).data, digest_size=_SALT_BYTES, person=_PURPOSE)
        return _salted(self._key, mark, salt.hexdigest())

    def find(self, path: Path, source: Path, marks: Sequence[str]) -> str | None:
        """The mark of a result that is there: one of ``marks``, or ``None`` for another's or an outdated one."""
        return self.match(read_mark(path), path, source, marks)

    def match(self, text: str | None, path: Path, source: Path, marks: Sequence[str]) -> str | None:
        """As :meth:`find`, for the text that a result carries."""
        key = self._key
        if text is None or not text.isascii():
            return None
        if key is None:
            is_newer = path.stat().st_mtime_ns >= source.stat().st_mtime_ns
            return text if text in marks and is_newer else None
        salt = text[: 2 * _SALT_BYTES]
        return next((mark for mark in marks if text == _salted(key, mark, salt)), None)


def _salted(key: Key, mark: str, salt: str) -> str:
    job = mark.removesuffix(COPIED)
    return salt + key.derive(_PURPOSE, f"{salt} {job}".encode(), size=16).hex() + mark[len(job) :]


def read_mark(path: Path) -> str | None:
    """The mark of a file that is whole, ``None`` if it has none or is damaged."""
    try:
        return read_header(read_bytes(path)).texts.get(MARK_TEXT)
    except ImageFileError:
        return None
