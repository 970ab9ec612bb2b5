"""Files of one line that hold a key: reading any of them, and writing secret ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from .bounded_files import read_file_or_pipe

T = TypeVar("T")
_KINDS = {"fpkey1_": "a secret key", "fpface2_": "the key of one face", "fppub2_": "a public key"}
_MAX_FILE_BYTES = 4096


def check_prefix(text: str, prefix: str, what: str) -> None:
    """Raises ValueError unless a text starts as it must; it never repeats the text, which may be a secret.

    Args:
        text: of a key, perhaps of another kind.
        prefix: one of those of keys.
        what: it should be: "a key's text".
    """
    if not text.startswith(prefix):
        other = next((kind for start, kind in _KINDS.items() if text.startswith(start)), None)
        came = "does not (it is not shown here)" if other is None else f"is {other}"
        raise ValueError(f"{what} must start with {prefix!r}; what came {came}")


def read_key_file(path: str | os.PathLike[str], what: str, from_text: Callable[[str], T]) -> T:
    """Reads a file of one line of text, which may be a pipe, as a shell's ``<(...)`` gives.

    Args:
        path: the file.
        what: it should be, for errors: "a key file".
        from_text: makes the key of the text; its ValueError must not repeat the text.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds no such key.
    """
    data = read_file_or_pipe(path, _MAX_FILE_BYTES)
    try:
        return from_text(data.decode("ascii"))
    except ValueError as error:  # UnicodeDecodeError is one
        reason = "it is not text" if isinstance(error, UnicodeDecodeError) else str(error)
        raise ValueError(f"{os.fspath(path)}: not {what}: {reason}") from None


def write_key_file(path: str | os.PathLike[str], text: str, *, mode: int = 0o600) -> None:
    """Writes a new file of one line, that only its owner can read unless ``mode`` says otherwise.

    Raises:
        FileExistsError: there is one, which is never overwritten: what an old key protected would be lost.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("ascii") + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise
