"""Identifies models by the content of their files, which is the same on every machine."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from ..bounded_files import digest_of


def model_files(thing: object) -> list[Path]:
    """The model files that a detector, recogniser or judge of faces says it has, in ``model`` or ``models``."""
    one = getattr(thing, "model", None)
    several = getattr(thing, "models", ())
    found = [*(several if isinstance(several, (tuple, list)) else ()), one]
    return [Path(item) for item in found if isinstance(item, (str, os.PathLike))]


def file_content(path: Path) -> list[str | int]:
    """Size in bytes and SHA-256 of a file, which is read once a process unless it changes.

    Raises:
        OSError: it cannot be read.
    """
    facts = path.stat()
    return [facts.st_size, _hash(path, facts.st_size, facts.st_mtime_ns)]


def identity(thing: object) -> list[str | int]:
    """Identifies a detector: by its settings, as ``repr`` gives them, and the content of its model files.

    Raises:
        OSError: a model file cannot be read.
    """
    settings, content = repr(thing), list[str | int]()
    for path in model_files(thing):
        settings = settings.replace(repr(str(path)), "MODEL").replace(str(path), "MODEL")
        content += file_content(path)
    return [settings, *content]


@lru_cache(maxsize=256)
def _hash(path: Path, _size: int, _time: int) -> str:
    return digest_of(path)
