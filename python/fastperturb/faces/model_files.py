"""Model files: read from where the user says, or found inside a package that is installed, without importing it."""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ..bounded_files import read_regular_file
from ..errors import MissingExtra, ModelError

T = TypeVar("T")
MAX_MODEL_BYTES = 2**32


def read_model(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a model file.

    Raises:
        ModelError: it cannot be read, is no regular file, is empty, or has more than :data:`MAX_MODEL_BYTES`.
    """
    try:
        content = read_regular_file(path, MAX_MODEL_BYTES)
    except OSError as error:
        raise ModelError(f"{path}: the model cannot be read: {error.strerror or error}") from error
    if not content:
        raise ModelError(f"{path}: the model is an empty file")
    return content


def packaged_model(package: str, inside: str, advice: str) -> Path:
    """Where a model file lies inside an installed package.

    Args:
        package: name of the top-level module.
        inside: the file, relative to the package's folder.
        advice: how to get it.

    Raises:
        MissingExtra: the package is not installed, or has no such file.
    """
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):  # ValueError: a module of that name hides it
        spec = None
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder, inside)
        if path.is_file():
            return path
    raise MissingExtra(f"{Path(inside).name} was not found, which the package {package} holds; {advice}", name=package)


class PerThread:
    """Base of detectors whose networks serve one thread at a time: each thread makes its own; none is pickled."""

    def __init__(self) -> None:
        self._local = threading.local()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_local"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _local=threading.local())

    def _own(self, make: Callable[[], T]) -> T:
        """What ``make`` makes, made once a thread."""
        if not hasattr(self._local, "made"):
            self._local.made = make()
        return self._local.made  # type: ignore[no-any-return]
