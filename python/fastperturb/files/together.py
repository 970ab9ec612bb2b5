"""Files of one folder that get their names together: all of them or none, whatever fails between two."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from .atomic import Pending, hidden_name, naming
from .header import Bytes

PREVIOUS_SUFFIX = ".fastperturb-previous"
_TIMES = 5  # that files are written together where another writer comes between


def write_together(
    files: Sequence[tuple[Path, Iterable[Bytes], int]],
    *,
    overwrite: bool = True,
    cached: bool = True,
    new: Collection[Path] = (),
) -> None:
    """Writes files of one folder that belong together: all, or none if anything fails.

    All are on the disk before any gets its name, and they get them in order. What one but the last was before is kept
    under a hidden name that ends in ``.fastperturb-previous`` until the last has its name, and is put back if that
    fails. Only a process that is killed in that moment leaves new files beside the old last one, and then the hidden
    files are still there. Where another writer replaces one of them before the last has its name, all are written anew.

    Args:
        files: path, bytes, and who may read and write it, as for :func:`.atomic.write_atomically`, of each.
        overwrite: whether the last may be there already; the others may.
        cached: as for :func:`.atomic.write_atomically`.
        new: those that may not be there, as another writer's may by now.

    Raises:
        FileExistsError: the last or a new one is there and may not be replaced.
        OSError: one cannot be written; all are what they were, or another's where others write them all the time.
    """
    again = [(path, list(parts), mode) for path, parts, mode in files]
    for _ in range(_TIMES):
        with contextlib.ExitStack() as stack:
            pending = [(path, stack.enter_context(Pending(path, parts, cached, mode))) for path, parts, mode in again]
            if publish_together(pending, overwrite=overwrite, new=new) or not overwrite:
                return
    raise replaced(again[-1][0])


def replaced(path: Path) -> OSError:
    """What to raise where others replace files of one's own."""
    return OSError(errno.EBUSY, "others replace it, or what lies beside it, at the same time", os.fspath(path))


class Publishable(Protocol):
    """A file that is on the disk and does not have its name yet."""

    def publish(self, overwrite: bool) -> None:
        """Gives it its name; raises OSError."""


def publish_together(files: Sequence[tuple[Path, Publishable]], *, overwrite: bool, new: Collection[Path] = ()) -> bool:
    """Gives files of one folder their names, in order: all, or none if anything fails, as :func:`write_together`.

    Args:
        files: path of each, and the file.
        overwrite: as there.
        new: as there.

    Returns:
        Whether all were these when the last got its name, and not another writer's.

    Raises:
        FileExistsError, OSError: as there.
    """
    undo: list[tuple[Path, Path | None, tuple[int, int] | None]] = []
    try:
        for path, file in files[:-1]:
            previous = None if path in new else _set_aside(path)
            try:
                file.publish(overwrite=previous is not None)
            except BaseException:
                if previous is not None:
                    previous.replace(path)
                raise
            undo.append((path, previous, _identity(path)))
        files[-1][1].publish(overwrite=overwrite)
    except BaseException:
        for path, previous, ours in reversed(undo):
            if previous is not None:
                previous.replace(path)
            elif _identity(path) == ours:  # another writer may have put its own there since
                path.unlink(missing_ok=True)
        raise
    together = all(_identity(path) == ours for path, _, ours in undo)
    for _, previous, _ in undo:
        if previous is not None:
            with contextlib.suppress(OSError):  # all is written; a hidden file more does no harm
                previous.unlink()
    return together


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another of its name; ``None`` if there is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _set_aside(path: Path) -> Path | None:
    """Gives a file a hidden name; ``None`` if there is none. A folder stays, and then nothing can take its name."""
    if not os.path.lexists(path) or (path.is_dir() and not path.is_symlink()):
        return None
    hidden = path.with_name(hidden_name(path, PREVIOUS_SUFFIX))
    with naming(path):
        return path.replace(hidden)
