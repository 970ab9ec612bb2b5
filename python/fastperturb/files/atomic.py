"""Files that are either whole or absent, whatever happens: full disk, Ctrl-C, a kill, a power cut."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from .header import Bytes

PARTIAL_SUFFIX = ".fastperturb-partial"


def write_atomically(path: Path, parts: Iterable[Bytes], *, overwrite: bool = True) -> None:
    """Writes ``parts`` one after the other to a file that appears under its name only when all is on the disk.

    On Linux file systems that can do it, the file has no name at all before that, so that even a killed process leaves
    nothing behind; elsewhere it is hidden and ends in ``.fastperturb-partial``.

    Args:
        path: where to; its folder must exist.
        parts: the bytes.
        overwrite: whether a file that is there already may be replaced (as a whole, at the last moment).

    Raises:
        FileExistsError: it is there and may not be replaced.
        OSError: it cannot be written; what was there before still is.
    """
    try:
        if not _write_nameless(path, parts := list(parts), overwrite):
            _write_named(path, parts, overwrite)
    except OSError as error:
        if error.filename != os.fspath(path):
            raise type(error)(error.errno, error.strerror, os.fspath(path)) from None
        raise


def _write_nameless(path: Path, parts: Iterable[Bytes], overwrite: bool) -> bool:
    """Through a file without a name (O_TMPFILE); False if this system or file system has none."""
    flag = getattr(os, "O_TMPFILE", 0)
    if not flag or not Path("/proc/self/fd").is_dir():
        return False
    try:
        descriptor = os.open(path.parent, flag | os.O_WRONLY, 0o666)
    except OSError:
        return False  # a folder that is missing or read-only fails again, with its reason, in the other way
    try:
        _fill(descriptor, parts)
        try:
            _give_name(descriptor, path)
        except FileExistsError:
            if not overwrite:
                raise
            name = _partial_name(path)
            _give_name(descriptor, name)
            _replace(name, path)
        except OSError:
            return False  # some file systems and sandboxes give no names afterwards
    finally:
        os.close(descriptor)
    return True


def _give_name(descriptor: int, path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:  # Python follows the link in /proc only if it is given the descriptor of a folder
        os.link(f"/proc/self/fd/{descriptor}", path.name, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _write_named(path: Path, parts: Iterable[Bytes], overwrite: bool) -> None:
    name = _partial_name(path)
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        try:
            _fill(descriptor, parts)
        finally:
            os.close(descriptor)
        if not overwrite and os.path.lexists(path):
            raise FileExistsError(17, "File exists", os.fspath(path))
    except BaseException:
        name.unlink(missing_ok=True)
        raise
    _replace(name, path)


def _replace(name: Path, path: Path) -> None:
    try:
        name.replace(path)
    except BaseException:
        name.unlink(missing_ok=True)
        raise


def _partial_name(path: Path) -> Path:
    return path.with_name(f".{path.name[:80]}.{secrets.token_hex(4)}{PARTIAL_SUFFIX}")


def _fill(descriptor: int, parts: Iterable[Bytes]) -> None:
    for part in parts:
        rest = memoryview(part).cast("B")
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)
