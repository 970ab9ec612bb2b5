"""Finished cells on disk: one JSON file each, named by a hash of all that made it, so that a later run goes on.

A file is written under another name and renamed: it is whole or not there.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any


class CellStore:
    """A folder of finished cells.

    Args:
        folder: made if it is not there; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def find(self, digest: str) -> dict[str, Any] | None:
        """What a cell gave before; None if it is not there, or cannot be read (then it is made anew)."""
        if self._folder is None:
            return None
        try:
            content = json.loads((self._folder / f"{digest}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def keep(self, digest: str, content: dict[str, Any]) -> None:
        """Writes what a cell gave."""
        if self._folder is None:
            return
        write_whole(self._folder / f"{digest}.json", json.dumps(content).encode())


def digest_of(work: Any) -> str:
    """A name for what JSON can hold of a piece of work."""
    return hashlib.sha256(json.dumps(work, sort_keys=True, default=repr).encode()).hexdigest()[:40]


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that is whole or not there, replacing one of the same name."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
