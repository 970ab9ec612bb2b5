"""The file that a review reads and writes: boxes by picture as JSON Lines, for 'perturb --boxes'; one writer.

Of a video it names the file of its tracks.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ...bounded_files import read_start
from ...files.atomic import write_atomically
from ...server.review.clips import Clip
from ...server.review.items import FileChanged, Item, is_box
from ...video.track_file import is_track_file
from ..options.boxes import names_of, read_entries
from .paths import Source
from .review_tracks import TrackFiles

_STAMP = ("bytes", "mtime_ns", "sha256")
_OWN = ("file", "width", "height", "faces", "spared", "perhaps", "review", *_STAMP)


class InUse(Exception):
    """Another review holds the file."""


class ReviewFile:
    """The file, held by a lock beside it as long as this is open.

    Args:
        path: of the file; it need not be there.

    Raises:
        InUse: another review has it.
        OSError: its folder cannot be written to, or the file cannot be read.
        ValueError: it is no file of boxes.
    """

    def __init__(self, path: Path) -> None:
        if path.suffix.lower() == ".csv":
            raise ValueError(f"{path}: a review is written as JSON Lines, give it a name that ends in .jsonl")
        if path.is_file() and is_track_file(read_start(path, 256)):
            raise ValueError(f"{path}: it holds tracks of a video, and a review is of pictures")
        self.path = path
        self.tracks = TrackFiles(path)
        self._clips: list[Clip] = []
        self._lock_path = path.with_name(f".{path.name}.fastperturb-lock")
        self._descriptor: int | None = _lock(self._lock_path)
        try:
            self._others = read_entries(path) if path.exists() else []
            self._seen = self._facts()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Gives the lock back; a second time does nothing."""
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):
            self._lock_path.unlink()
        os.close(self._descriptor)
        self._descriptor = None

    def take(self, sources: Iterable[Source]) -> tuple[list[Item], list[Clip]]:
        """The pictures and the videos with what the file says of them; entries of others stay in the file as they are.

        Numbers go on from the pictures to the videos.
        """
        entries: dict[str, list[dict[str, Any]]] = {}
        for entry in self._others:
            entries.setdefault(os.path.normpath(entry["file"]), []).append(entry)
        items: list[Item] = []
        videos = []
        for source in sources:
            names = map(os.path.normpath, names_of(source))
            known = next((entries.pop(name) for name in names if name in entries), [])
            if source.video:
                videos.append((source, known))
                continue
            try:
                items.append(_item(len(items), source, known))
            except ValueError as error:
                raise ValueError(f"{self.path}: {error}") from None
        self._clips = [_clip(len(items) + index, *video) for index, video in enumerate(videos)]
        self._others = [entry for rest in entries.values() for entry in rest]
        return items, self._clips

    def write(self, items: Sequence[Item], overwrite: bool = False) -> None:
        """Writes all, each file whole or not at all: the tracks of videos that changed first.

        Raises:
            FileChanged: somebody else wrote a file since, and ``overwrite`` does not say that it may go.
            OSError: it cannot be written; it is what it was.
        """
        if not overwrite and self._facts() != self._seen:
            raise FileChanged(f"{self.path} was changed by another program since")
        for clip in self._clips:
            if clip.unsaved:
                self.tracks.write(clip, overwrite)
        lines = [_entry(item) for item in items if item.size is not None]
        lines += [entry for clip in self._clips if (entry := self._clip_entry(clip)) is not None]
        lines += self._others
        text = "".join(json.dumps(line) + "\n" for line in lines)
        write_atomically(self.path, [text.encode("ascii")])
        self._seen = self._facts()

    def _clip_entry(self, clip: Clip) -> dict[str, Any] | None:
        """The line of a video; None if there is nothing to say of it."""
        if clip.found is None:
            return clip.fields or None
        found = clip.found
        size = {"width": found.width, "height": found.height, "frames": found.frame_count}
        kept = {name: value for name, value in clip.fields.items() if name not in (*_OWN, "frames", "tracks")}
        review = "done" if clip.state == "done" else "open"
        own = {"file": clip.name, **size, "tracks": self.tracks.name_of(clip)}
        return {**own, **kept, "review": review, **(clip.stamp or {})}

    def _facts(self) -> tuple[int, int, int] | None:
        try:
            facts = self.path.stat()
        except FileNotFoundError:
            return None
        return facts.st_ino, facts.st_size, facts.st_mtime_ns


def _item(number: int, source: Source, entries: Sequence[dict[str, Any]]) -> Item:
    item = Item(number, source.relative.as_posix(), source.path)
    for entry in entries:
        for name, boxes in (("faces", item.faces), ("spared", item.spared), ("perhaps", item.perhaps)):
            given = entry.get(name)
            boxes += [_box(box, entry["file"]) for box in (given if isinstance(given, list) else [])]
        item.fields |= {name: value for name, value in entry.items() if name not in _OWN}
        if all(name in entry for name in _STAMP):
            item.stamp = {name: entry[name] for name in _STAMP}
        width, height = entry.get("width"), entry.get("height")
        if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
            item.size = (width, height)
    if entries and item.size is not None and all(entry.get("review") == "done" for entry in entries):
        item.state = "done"
    item.edited = bool(item.faces or item.spared)
    if source.problem is not None:
        item.state, item.problem = "broken", source.problem
    return item


def _clip(number: int, source: Source, entries: Sequence[dict[str, Any]]) -> Clip:
    clip = Clip(number, source.relative.as_posix(), source.path)
    for entry in entries:
        clip.fields |= entry
    if all(name in clip.fields for name in _STAMP):
        clip.stamp = {name: clip.fields[name] for name in _STAMP}
    if source.problem is not None:
        clip.state, clip.problem = "broken", source.problem
    return clip


def _box(box: Any, file: str) -> dict[str, Any]:
    if isinstance(box, list) and len(box) == 4:
        box = dict(zip(("x", "y", "width", "height"), box, strict=True))
    if not is_box(box):
        raise ValueError(
            f"a box of {file!r} must be x, y, width and height in whole pixels; where given, score 0 to 1, shape box "
            f"or ellipse, found_by a list of names; got {box!r:.160}"
        )
    return dict(box)


def _entry(item: Item) -> dict[str, Any]:
    width, height = item.size or (0, 0)
    return {
        "file": item.name,
        "width": width,
        "height": height,
        "faces": item.faces,
        **({"spared": item.spared} if item.spared else {}),
        **({"perhaps": item.perhaps} if item.perhaps else {}),
        **item.fields,
        "review": "done" if item.state == "done" else "open",
        **(item.stamp or {}),
    }


def _lock(path: Path) -> int:
    """A descriptor of the file, locked: the system lets go of it when the process ends, however it does."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise InUse from None
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return descriptor
        os.close(descriptor)  # the one who had it took it away in between
