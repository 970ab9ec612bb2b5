"""Places that results of a run have, where their names come out of seals and no look at the inputs can tell them."""

from __future__ import annotations

import threading
from pathlib import Path

from ...errors import ImageFileError
from .paths import Source


class Claims:
    """Places of results: two files must not have one, whatever seals say."""

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
