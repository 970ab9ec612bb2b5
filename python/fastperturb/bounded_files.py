"""Reading of files that may be other things than they should be: pipes that block, devices without end, huge files."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from typing import BinaryIO

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # a pipe that nobody writes to is opened at once, and then refused
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def read_regular_file(path: str | os.PathLike[str], most: int) -> bytes:
    """All of a file, which must be a regular one or a link to one.

    Args:
        path: the file.
        most: how many bytes it may have.

    Raises:
        OSError: it cannot be opened or read, is no regular file (EINVAL), or has more bytes (EFBIG).
    """
    descriptor = _open_regular(path)
    try:
        return _read(descriptor, path, most)
    finally:
        os.close(descriptor)


def read_regular_text(path: str | os.PathLike[str], most: int, encoding: str = "utf-8") -> str:
    """All of a text file, its lines ending as in Python.

    Raises:
        OSError: as :func:`read_regular_file`.
        UnicodeDecodeError: it is no such text.
    """
    text = read_regular_file(path, most).decode(encoding)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def open_regular_file(path: str | os.PathLike[str]) -> BinaryIO:
    """A regular file, to be read.

    Raises:
        OSError: it cannot be opened, or is no regular file (EINVAL).
    """
    return os.fdopen(_open_regular(path), "rb")


def _open_regular(path: str | os.PathLike[str]) -> int:
    descriptor = os.open(path, _FLAGS)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))


def read_start(path: str | os.PathLike[str], count: int) -> bytes:
    """The first bytes of a regular file.

    Raises:
        OSError: as :func:`read_regular_file`.
    """
    descriptor = _open_regular(path)
    try:
        return os.read(descriptor, count)
    finally:
        os.close(descriptor)


def digest_of(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a regular file, in hexadecimal digits, read piece by piece.

    Raises:
        OSError: it cannot be opened or read, or is no regular file (EINVAL).
    """
    digest = hashlib.sha256()
    descriptor = _open_regular(path)
    try:
        while piece := os.read(descriptor, 1 << 20):
            digest.update(piece)
    finally:
        os.close(descriptor)
    return digest.hexdigest()


def read_file_or_pipe(path: str | os.PathLike[str], most: int) -> bytes:
    """As :func:`read_regular_file`, of a pipe too, which its user names on purpose and which is waited for.

    Raises:
        OSError: as there; devices, folders and sockets are neither.
    """
    descriptor = os.open(path, _FLAGS & ~getattr(os, "O_NONBLOCK", 0))
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
        if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
            raise OSError(errno.EINVAL, "neither a regular file nor a pipe", os.fspath(path))
        return _read(descriptor, path, most)
    finally:
        os.close(descriptor)


def _read(descriptor: int, path: str | os.PathLike[str], most: int) -> bytes:
    size = os.fstat(descriptor).st_size
    if size > most:
        raise _too_large(path, most)
    data = os.read(descriptor, size + 1)
    if size == len(data):
        return data  # as nearly always
    parts, count = [data], len(data)
    while count <= most and (data := os.read(descriptor, min(2**20, most + 1 - count))):
        parts.append(data)
        count += len(data)
    if count > most:
        raise _too_large(path, most)
    return b"".join(parts)


def _too_large(path: str | os.PathLike[str], most: int) -> OSError:
    return OSError(errno.EFBIG, f"it may have up to {most} bytes, and has more", os.fspath(path))
