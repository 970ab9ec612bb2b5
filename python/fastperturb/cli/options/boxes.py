"""Own boxes: regions for each file out of a JSON, JSON Lines or CSV file; docs/command-line.md has the forms."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from ... import strict_texts
from ...bounded_files import digest_of, read_regular_file, read_start
from ...errors import ImageFileError, VideoFileError
from ...files.reading import read_bytes
from ...region import Region, Shape
from ...video.track_file import VideoTracks, is_track_file
from ..batch.paths import Source

MAX_BOXES_BYTES = 2**30
_COLUMNS = ("file", "x", "y", "width", "height")


class Boxes:
    """Regions by file.

    Args:
        path: of the JSON, JSON Lines or CSV file.
        shape: of regions that do not say their own.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is in none of the forms; the message says where.
    """

    def __init__(self, path: Path, shape: Shape) -> None:
        self._shape = shape
        self._regions: dict[str, list[Region]] = {}
        self._spared: dict[str, list[Region]] = {}
        self._reviewed: dict[str, list[dict[str, Any]]] = {}
        self._tracks: VideoTracks | None = None  # of a video, if the file holds such instead
        self._track_files: dict[str, dict[str, Any]] = {}
        self._folder = path.parent
        if is_track_file(read_start(path, 256)):
            self._tracks = VideoTracks.read(path)
            return
        try:
            for entry in read_entries(path):
                name = os.path.normpath(entry["file"])
                if is_of_video(entry):
                    self._track_files[name] = entry
                    continue
                found = self._regions.setdefault(name, [])
                found += [self._region(entry["file"], box) for box in entry["faces"]]
                if "spared" in entry:
                    spared = _list(entry["spared"], entry["file"])
                    self._spared.setdefault(name, []).extend(self._region(entry["file"], box) for box in spared)
                if "review" in entry:
                    self._reviewed.setdefault(name, []).append(entry)
        except (ValueError, TypeError) as error:
            raise error if str(error).startswith(str(path)) else ValueError(f"{path}: {error}") from None

    def tracks(self, source: Source) -> VideoTracks | None:
        """The tracks of a video: the file's, if that is one of tracks, or those of the file that its entry names.

        Returns:
            ``None`` if there are none.

        Raises:
            VideoFileError: its tracks cannot be read.
            ImageFileError: a review of this video is not finished, or was of another content.
        """
        if self._tracks is not None:
            return self._tracks
        name = next((name for name in map(os.path.normpath, names_of(source)) if name in self._track_files), None)
        if name is None:
            return None
        entry = self._track_files[name]
        if "review" in entry:
            _check_review(entry, source)
        try:
            return VideoTracks.read(self._folder / entry["tracks"])
        except OSError as error:
            raise VideoFileError(f"its tracks cannot be read: {entry['tracks']}: {error.strerror}") from None
        except ValueError as error:
            raise VideoFileError(str(error)) from None

    def find(self, source: Source) -> list[Region] | None:
        """The regions of a file, which may be none; ``None`` if it is not named.

        Raises:
            ImageFileError: a review of this file is not finished, or was of another content.
        """
        name = next((name for name in map(os.path.normpath, names_of(source)) if name in self._regions), None)
        if name is None:
            return None
        for entry in self._reviewed.get(name, ()):
            _check_review(entry, source)
        return self._regions[name]

    def spared(self, source: Source) -> list[Region]:
        """The faces of a file that a reviewer left as they are; none if it is not named."""
        name = next((name for name in map(os.path.normpath, names_of(source)) if name in self._spared), None)
        return [] if name is None else self._spared[name]

    def _region(self, file: str, box: Any) -> Region:
        if isinstance(box, Mapping):
            missing = [name for name in _COLUMNS[1:] if name not in box]
            if missing:
                raise ValueError(f"a box of {file!r} lacks {', '.join(missing)}")
            if not strict_texts.are_texts(box.get("found_by") or []):
                raise ValueError(f"found_by of a box of {file!r} must be a list of names, got {box['found_by']!r:.60}")
            values, shape = [box[name] for name in _COLUMNS[1:]], box.get("shape") or self._shape
        elif isinstance(box, list) and len(box) == 4:
            values, shape = box, self._shape
        else:
            raise ValueError(f"a box of {file!r} must be [x, y, width, height] or an object, got {box!r:.60}")
        try:
            x, y, width, height = values
            return Region(x, y, width, height, shape)
        except (TypeError, ValueError) as error:
            raise ValueError(f"a box of {file!r}: {error}") from None


class Ignored:
    """Regions in which nothing is to be found: the same for all files, or by file.

    Args:
        texts: each ``X,Y,WIDTH,HEIGHT``, or the path of a file of boxes.

    Raises:
        OSError: a file cannot be read.
        ValueError: it is in none of the forms, or a text is neither box nor file.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._everywhere: list[Region] = []
        self._files: list[Boxes] = []
        for text in texts:
            parts = text.split(",")
            if len(parts) == 4 and all(part.strip().removeprefix("-").isdecimal() for part in parts):
                self._everywhere.append(_region_of(parts, text))
            elif Path(text).is_file():
                self._files.append(Boxes(Path(text), "box"))
            else:
                raise ValueError(f"--ignore must be X,Y,WIDTH,HEIGHT or a file of boxes, got {text!r}")

    def find(self, source: Source) -> list[Region]:
        """The regions of a file."""
        return [*self._everywhere, *(region for boxes in self._files for region in boxes.find(source) or [])]


def _region_of(parts: Iterable[str], text: str) -> Region:
    try:
        x, y, width, height = map(int, parts)
        return Region(x, y, width, height)
    except ValueError as error:
        raise ValueError(f"--ignore {text:.60}: {error}") from None


def names_of(source: Source) -> tuple[str, str, str]:
    """What a file of boxes may call a picture."""
    return str(source.path), str(source.relative), str(source.path.resolve())


def is_of_video(entry: Mapping[str, Any]) -> bool:
    """Whether an entry names the file of a video's tracks, and no boxes."""
    return isinstance(entry.get("tracks"), str)


def read_entries(path: Path) -> list[dict[str, Any]]:
    """The entries of a file of boxes in any of its forms: objects with "file", "faces" and what else stands in them.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is in none of the forms; the message says where.
    """
    try:
        entries = list(_entries(read_regular_file(path, MAX_BOXES_BYTES).decode("utf-8-sig"), path.suffix.lower()))
        _check_tracks(entries)
        return entries
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from None
    except RecursionError:
        raise ValueError(f"{path}: it is nested too deeply") from None


def _check_review(entry: Mapping[str, Any], source: Source) -> None:
    if entry["review"] != "done":
        raise ImageFileError("its boxes are not reviewed yet; go on with 'fastperturb review'")
    facts = source.path.stat()
    if entry.get("bytes") == facts.st_size and entry.get("mtime_ns") == facts.st_mtime_ns:
        return
    digest = digest_of(source.path) if source.video else hashlib.sha256(read_bytes(source.path)).hexdigest()
    if entry.get("sha256") != digest:
        raise ImageFileError("it changed after its boxes were reviewed; look again with 'fastperturb review'")


def _entries(text: str, suffix: str) -> Iterable[dict[str, Any]]:
    if suffix == ".csv":
        try:
            return [{"file": file, "faces": boxes} for file, boxes in _csv_rows(text)]
        except csv.Error as error:
            raise ValueError(f"a table of boxes must be CSV: {error}") from None
    return map(_entry, strict_texts.read_entries(text))


def _entry(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict) or not isinstance(item.get("file"), str):
        raise ValueError(f'an entry must be an object with "file" and "faces", got {item!r:.60}')
    if is_of_video(item):
        if "faces" in item:
            raise ValueError(f"the entry of {item['file']!r} must have faces or tracks, got both")
        place = PurePosixPath(item["tracks"])
        if place.is_absolute() or ".." in place.parts or "\\" in item["tracks"] or "\0" in item["tracks"]:
            raise ValueError(f"the tracks of {item['file']!r} must lie beside the file of boxes, got {place!s:.60}")
        return item
    _list(item.get("faces"), item["file"])
    return item


def _check_tracks(entries: Iterable[Mapping[str, Any]]) -> None:
    """Raises ValueError if a file has tracks and other tracks, or boxes: only one of them would count."""
    told: dict[str, Any] = {}
    for entry in entries:
        tracks = entry["tracks"] if is_of_video(entry) else None
        if told.setdefault(os.path.normpath(entry["file"]), tracks) != tracks:
            raise ValueError(f"{entry['file']!r} must have faces, or tracks in one file, got several")


def _list(boxes: Any, file: str) -> list[Any]:
    if not isinstance(boxes, list):
        raise ValueError(f"the boxes of {file!r} must be a list, got {boxes!r:.60}")
    return boxes


def _csv_rows(text: str) -> Iterable[tuple[str, list[Any]]]:
    table = strict_texts.Table(text, _COLUMNS)
    for row in table:
        if not any(row[name].strip() for name in _COLUMNS[1:]):
            yield row["file"], []  # a file without faces
            continue
        try:
            box = {name: int(row[name]) for name in _COLUMNS[1:]}
        except ValueError:
            raise ValueError(f"line {table.line_num}: x, y, width and height must be whole numbers") from None
        yield row["file"], [{**box, "shape": row.get("shape")}]
