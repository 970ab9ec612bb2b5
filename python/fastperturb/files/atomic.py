"""Files that are either whole or absent, whatever happens: full disk, Ctrl-C, a kill, a power cut."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from .header import Bytes

PARTIAL_SUFFIX = ".fastperturb-partial"
_ONE_WRITE = 2**20  # bytes that are cheaper to put together than to write one part after the other


def write_atomically(
    path: Path, parts: Iterable[Bytes], *, overwrite: bool = True, cached: bool = True, mode: int = 0o666
) -> None:
    """Writes ``parts`` one after the other to a file that appears under its name only when all is on the disk.

    On Linux file systems that can do it, the file has no name at all before that, so that even a killed process leaves
    nothing behind; elsewhere it is hidden and ends in ``.fastperturb-partial``.

    Args:
        path: where to; its folder must exist.
        parts: the bytes.
        overwrite: whether a file that is there already may be replaced (as a whole, at the last moment).
        cached: leave what was written in the system's memory too, for who reads it soon.
        mode: who may read and write the file, as far as the process's umask allows it.

    Raises:
        FileExistsError: it is there and may not be replaced.
        OSError: it cannot be written; what was there before still is.
    """
    with Pending(path, parts, cached, mode) as file:
        file.publish(overwrite)


def mode_of(*paths: str | os.PathLike[str]) -> int:
    """Who may read and write what shows something of these files: its owner, and who may with each of them.

    Raises:
        OSError: one is not there.
    """
    mode = 0o666
    for path in paths:
        mode &= os.stat(path).st_mode  # noqa: PTH116
    return mode | 0o600


def write_once(files: Sequence[tuple[Path, Iterable[Bytes], int]]) -> None:
    """Writes files of one folder that belong together, whoever writes them first: none of them may be there.

    All are on the disk before any gets its name, and they get them in order. Who names the first has them all: another
    that writes them at the same time fails, and touches none. A process that is killed between two names leaves the
    first ones without the last.

    Args:
        files: path, bytes, and who may read and write it, as for :func:`write_atomically`, of each.

    Raises:
        FileExistsError: one is there.
        OSError: one cannot be written; then none is there.
    """
    with contextlib.ExitStack() as stack:
        pending = [stack.enter_context(Pending(path, parts, True, mode)) for path, parts, mode in files]
        named: list[Path] = []
        try:
            for (path, _, _), file in zip(files, pending, strict=True):
                file.publish(overwrite=False)
                named.append(path)
        except BaseException:
            for path in named:
                path.unlink()
            raise


class Pending:
    """A file that is whole on the disk and does not have its name yet; without :meth:`publish` nothing remains of it.

    Args:
        path: where it is to be.
        parts: the bytes.
        cached: as for :func:`write_atomically`.
        mode: as for :func:`write_atomically`.

    Raises:
        OSError: they cannot be written.
    """

    def __init__(self, path: Path, parts: Iterable[Bytes], cached: bool = True, mode: int = 0o666) -> None:
        self._path = path
        self._mode = mode
        self._cached = cached
        self._parts = list(parts)
        if sum(memoryview(part).nbytes for part in self._parts) <= _ONE_WRITE:
            self._parts = [b"".join(self._parts)]
        self._name: Path | None = None
        with naming(path):
            self._descriptor = _nameless(path.parent, mode)
            try:
                if self._descriptor is None:
                    self._write_named()
                else:
                    _fill(self._descriptor, self._parts, self._cached)
            except BaseException:
                self._discard()
                raise

    def __enter__(self) -> Pending:
        """Nothing more is done."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Removes what did not get its name."""
        self._discard()

    def publish(self, overwrite: bool) -> None:
        """Gives the file its name.

        Raises:
            FileExistsError: it is there and may not be replaced.
            OSError: that is not possible; what was there before still is.
        """
        with naming(self._path):
            if self._descriptor is not None:
                try:
                    _give_name(self._descriptor, self._path)
                    return
                except FileExistsError:
                    if not overwrite:
                        raise
                    self._name = _partial_name(self._path)
                    _give_name(self._descriptor, self._name)
                except OSError:
                    self._write_named()  # some file systems and sandboxes give no names afterwards
            if not overwrite:
                self._take_name()
            elif self._name is not None:
                self._name.replace(self._path)
            self._name = None

    def _take_name(self) -> None:
        """Gives the hidden file its name if that is free: by a link, for it replaces nothing, where there are links."""
        assert self._name is not None  # noqa: S101
        try:
            os.link(self._name, self._path)
        except FileExistsError:
            raise
        except OSError:
            if os.path.lexists(self._path):
                raise FileExistsError(17, "File exists", os.fspath(self._path)) from None
            self._name.replace(self._path)
        else:
            self._name.unlink()

    def _write_named(self) -> None:
        self._name = _partial_name(self._path)
        descriptor = os.open(self._name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), self._mode)
        try:
            _fill(descriptor, self._parts, self._cached)
        finally:
            os.close(descriptor)

    def _discard(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        if self._name is not None:
            self._name.unlink(missing_ok=True)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Errors within name the file that was asked for, not a hidden one."""
    try:
        yield
    except OSError as error:
        if error.filename != os.fspath(path):
            raise type(error)(error.errno, error.strerror, os.fspath(path)) from None
        raise


def _nameless(folder: Path, mode: int) -> int | None:
    """A file without a name (O_TMPFILE), open; ``None`` if this system or file system has none."""
    flag = getattr(os, "O_TMPFILE", 0)
    if not flag or not _descriptors_have_paths():
        return None
    try:
        return os.open(folder, flag | os.O_WRONLY, mode)
    except OSError:
        return None  # a folder that is missing or read-only fails again, with its reason, in the other way


@cache
def _descriptors_have_paths() -> bool:
    return Path("/proc/self/fd").is_dir()


def _give_name(descriptor: int, path: Path) -> None:
    # Python follows the link in /proc only if it is given a descriptor; one beside an absolute path does nothing else.
    os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor, follow_symlinks=True)


def _partial_name(path: Path) -> Path:
    return path.with_name(hidden_name(path, PARTIAL_SUFFIX))


def hidden_name(path: Path, suffix: str) -> str:
    """A new name that begins with a dot, for a file beside another."""
    return f".{path.name[:40]}.{secrets.token_hex(4)}{suffix}"


def _fill(descriptor: int, parts: Iterable[Bytes], cached: bool) -> None:
    for part in parts:
        rest = memoryview(part).cast("B")
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)
    if not cached and hasattr(os, "posix_fadvise"):
        with contextlib.suppress(OSError):  # it was advice only
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
