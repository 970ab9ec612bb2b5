"""Folders that jobs write to: on a file system, and one place for all machines that do the work."""

from __future__ import annotations

import os
import re
from typing import Any

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/|.*://", re.S)  # one letter is a drive of Windows
_FILE = re.compile(r"file:(?://(?:localhost)?)?(?=/[^/])", re.I)


def storage_folder(output: str | os.PathLike[str]) -> str:
    """The absolute path of a folder, made where the job is described, as the workers have working folders of their own.

    Args:
        output: a path, or a URL of the form ``file:///folder``.

    Raises:
        TypeError: it is no text or path.
        ValueError: it is a URL of anything else, such as an object store, or is empty or has a null character.
    """
    text: Any = os.fspath(output)
    if not isinstance(text, str):
        raise TypeError(f"output must be text or a path, got {output!r}")
    if not text or "\0" in text:
        raise ValueError(f"output must name a folder, got {text!r}")
    path = text[len(found[0]) :] if (found := _FILE.match(text)) and "%" not in text else text
    if _URL.match(path):
        raise ValueError(
            f"output must be a folder that all machines mount, as a path or file:///path without %, got {text!r}; for "
            "an object store leave output=None and let the engine write the images (write_parquet, to_parquet)"
        )
    return os.path.abspath(path)  # noqa: PTH100 - Path.absolute keeps ".."
