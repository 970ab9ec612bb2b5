"""A file that others write by its path, and that gets its name only when it is whole."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from .atomic import PARTIAL_SUFFIX


class PartialFile:
    """A hidden file beside the place of a result; without :meth:`publish` nothing of it remains after the block.

    A process that is killed leaves it behind: its name ends in ``.fastperturb-partial``.

    Args:
        path: where the result is to be; its folder must exist.
        mode: who may read and write it, as far as the process's umask allows it.
    """

    def __init__(self, path: Path, mode: int = 0o666) -> None:
        self.target = path
        self.path = path.with_name(f".{path.stem[:40]}.{secrets.token_hex(4)}{PARTIAL_SUFFIX}")
        self._mode = mode
        self._published = False

    def __enter__(self) -> PartialFile:
        """Makes the empty file; raises OSError, which names the result, where that is not possible."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            os.close(os.open(self.path, flags, self._mode))
        except OSError as error:
            raise type(error)(error.errno, error.strerror, os.fspath(self.target)) from None
        return self

    def __exit__(self, *_error: object) -> None:
        """Removes what did not get its name."""
        if not self._published:
            self.path.unlink(missing_ok=True)

    def sync(self) -> None:
        """Waits until all that was written is on the disk."""
        descriptor = os.open(self.path, os.O_RDWR | getattr(os, "O_BINARY", 0))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def publish(self, overwrite: bool) -> None:
        """Gives the file its name.

        Raises:
            FileExistsError: it is there and may not be replaced.
            OSError: that is not possible; what was there before still is.
        """
        if overwrite:
            self.path.replace(self.target)
            self._published = True
            return
        try:
            os.link(self.path, self.target)
        except FileExistsError:
            raise FileExistsError(17, "File exists", os.fspath(self.target)) from None
        except OSError:  # a file system without links
            if os.path.lexists(self.target):
                raise FileExistsError(17, "File exists", os.fspath(self.target)) from None
            self.path.replace(self.target)
            self._published = True
