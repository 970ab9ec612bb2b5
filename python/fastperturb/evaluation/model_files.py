"""Identifies models by the content of their files, and protections by their settings: the same on every machine."""

from __future__ import annotations

import inspect
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..bounded_files import digest_of
from ..protections import FittedProtection, Protection
from .result_cache import pixel_digest


def model_files(thing: object) -> list[Path]:
    """The model files that a detector, recogniser or judge of faces says it has, in ``model`` or ``models``.

    Those of the detectors that it looks with (``detector``, ``detectors`` by name) are among them.
    """
    one = getattr(thing, "model", None)
    several = getattr(thing, "models", ())
    found = [*(several if isinstance(several, (tuple, list)) else ()), one]
    files = [Path(item) for item in found if isinstance(item, (str, os.PathLike))]
    inner = getattr(thing, "detectors", None)
    parts = [*(inner.values() if isinstance(inner, dict) else ()), getattr(thing, "detector", None)]
    return files + [path for part in parts if hasattr(part, "detect") for path in model_files(part)]


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


def protection_identity(protection: Protection) -> list[Any]:
    """Identifies a protection: by its name, all its settings and what it learnt; names round what they say.

    Settings are the arguments of its class that it keeps by their names, and what its own ``repr`` says. Where an
    object says no more than its place in memory, its class stands for it.
    """
    learnt = protection.fingerprint if isinstance(protection, FittedProtection) else ""
    names = [*inspect.signature(type(protection)).parameters, "interpolation"]
    settings = {name: _setting(getattr(protection, name)) for name in names if hasattr(protection, name)}
    return [protection.name, protection.family, protection.order, learnt, settings, _setting(protection)[0]]


def _setting(value: Any) -> list[str]:
    """What tells a value from others in every run."""
    if isinstance(value, np.ndarray):
        return [pixel_digest(value)]
    return [re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value)), str(getattr(value, "fingerprint", ""))]


@lru_cache(maxsize=256)
def _hash(path: Path, _size: int, _time: int) -> str:
    return digest_of(path)
