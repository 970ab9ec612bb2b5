"""Reads annotations of faces: files of WIDER FACE and LFPW, CSV, JSON.

Boxes are x, y, width, height in pixels, top-left first. Nothing is guessed: a line that cannot be read is an error that
names it.
"""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from ...bounded_files import read_regular_text
from ...strict_texts import Table, read_entries

TruthForm: TypeAlias = Literal["wider", "lfpw", "csv", "json"]

_MAX_BYTES = 2**30
_COLUMNS = ("file", "x", "y", "width", "height")
# LFPW marks points, not boxes. Margins at each side and on top, shares of the points' own width and height, that make
# YuNet's box of them: medians over 34 faces of dlib's 68 points, with the outline of the jaw and without it.
_WITH_OUTLINE, _WITHOUT_OUTLINE = (0.0, 0.34), (0.1, 0.35)
_OUTLINED = 60  # points, from which the outline is among them


class TruthBox(NamedTuple):
    """A face that is there; ``ignored``: too unclear to count as found or missed."""

    x: float
    y: float
    width: float
    height: float
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """The faces of a set of images.

    Attributes:
        boxes: by image, as the source names it: a path with slashes, relative to the data.
        source: where they come from, to print.
    """

    boxes: Mapping[str, tuple[TruthBox, ...]]
    source: str

    def find(self, name: str) -> str | None:
        """What the source calls an image; None if it does not know it.

        ``name`` may have folders in front that the source leaves out, or the other way round, as long as only one image
        of the source fits. A source without file extensions (a folder of ``.pts`` files) knows it without its own.

        Raises:
            ValueError: several fit.
        """
        for wanted in (_normal(name), _normal(name).rpartition(".")[0]):
            if wanted in self.boxes:
                return wanted
            ending = f"/{wanted}"
            fits = [known for known in self.boxes if f"/{known}".endswith(ending) or ending.endswith(f"/{known}")]
            if len(fits) > 1:
                raise ValueError(f"{name} could be {' or '.join(sorted(fits)[:3])} of {self.source}")
            if fits:
                return fits[0]
        return None

    def assign(self, names: Iterable[str]) -> dict[str, str]:
        """What the source calls each of several images, without those that it does not know.

        Raises:
            ValueError: several entries fit one image, or one entry fits several images.
        """
        found: dict[str, str] = {}
        taken: dict[str, str] = {}
        for name in names:
            entry = self.find(name)
            if entry is None:
                continue
            if entry in taken:
                raise ValueError(f"{entry} of {self.source} could be {taken[entry]} or {name}: name its folder there")
            found[name], taken[entry] = entry, name
        return found


def read_truth(path: str | os.PathLike[str], form: TruthForm | None = None) -> Truth:
    """Reads an annotation file.

    Args:
        path: of the file; for LFPW also a folder of ``.pts`` files.
        form: "wider": WIDER FACE's ``wider_face_*_bbx_gt.txt``, whose faces marked invalid are ignored ones; "lfpw":
            LFPW's table of landmarks (tabs or commas, columns ``imageURL``, ``worker``, ``..._x``, ``..._y``), of which
            the worker "average" is taken where there is one, else all together, and whose images are called by their
            files' names, or by their whole addresses where two have one name; or ``.pts`` files, for images of
            the same name; landmarks but ears become boxes by margins on top and, for sets without the outline of the
            jaw, at the sides; "csv": columns file, x, y, width, height, and ignored (0 or 1) if there is one, a row a
            face, all four numbers left empty for an image without; "json": what ``fastperturb locate`` prints, or
            {"file": [[x, y, width, height], …]}. None tells
            it by the name's ending (.csv, .json, .jsonl, .pts; .txt is WIDER FACE's).

    Raises:
        OSError: the file cannot be read.
        ValueError: it is in none of these forms, an entry cannot be read, or a box has no size; the message says where.
    """
    path = Path(path)
    readers = {"wider": _read_wider, "lfpw": _read_lfpw, "csv": _read_csv, "json": _read_json}
    endings = {".csv": "csv", ".json": "json", ".jsonl": "json", ".txt": "wider", ".pts": "lfpw"}
    chosen = form or ("lfpw" if path.is_dir() else endings.get(path.suffix.lower()))
    if chosen not in readers:
        raise ValueError(f"form must be one of {', '.join(readers)}; {path.name} does not say which")
    boxes: dict[str, tuple[TruthBox, ...]] = {}
    try:
        for name, faces in readers[chosen](path):
            if not name or not name.strip():
                raise ValueError(f"an entry must name its image, got {name!r} with {len(faces)} faces")
            for face in faces:
                _check(name, face)
            boxes[_normal(name)] = (*boxes.get(_normal(name), ()), *faces)
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{path}: {error}") from None
    except RecursionError:
        raise ValueError(f"{path}: it is nested too deeply") from None
    if not boxes:
        raise ValueError(f"{path}: there is no image in it")
    return Truth(boxes, f"{path.name} ({chosen})")


def _normal(name: str) -> str:
    return os.path.normpath(name.replace("\\", "/")).replace(os.sep, "/")


def _check(name: str, face: TruthBox) -> None:
    if not all(map(math.isfinite, face[:4])) or (not face.ignored and min(face.width, face.height) <= 0):
        raise ValueError(f"a box of {name!r} must have a size, got {tuple(face[:4])}")


def _read_wider(path: Path) -> Iterable[tuple[str, list[TruthBox]]]:
    lines = read_regular_text(path, _MAX_BYTES).splitlines()
    place = 0
    while place < len(lines):
        name = lines[place].strip()
        if not name:
            place += 1
            continue
        try:
            count = int(lines[place + 1])
        except (IndexError, ValueError):
            count = -1
        if count < 0:
            raise ValueError(f"line {place + 2} must be the number of faces of {name!r}")
        rows = lines[place + 2 : place + 2 + max(1, count)]  # an image without faces has a line of zeros
        if count == 0 and (not rows or rows[0].split()[:4] != ["0"] * 4):
            rows = []
        if len(rows) < count:
            raise ValueError(f"{name!r} must have {count} faces, the file ends after {len(rows)}")
        yield name, [_wider_box(row, place + 3 + index) for index, row in enumerate(rows[:count])]
        place += 2 + len(rows)


def _wider_box(row: str, line: int) -> TruthBox:
    try:
        numbers = [float(part) for part in row.split()]
    except ValueError:
        numbers = []
    if len(numbers) < 4:
        raise ValueError(f"line {line} must be x y width height and attributes, got {row!r:.60}")
    invalid = len(numbers) > 7 and numbers[7] == 1
    x, y, width, height = numbers[:4]
    return TruthBox(x, y, width, height, invalid or min(width, height) <= 0)


def _read_lfpw(path: Path) -> Iterable[tuple[str, list[TruthBox]]]:
    if path.is_dir() or path.suffix.lower() == ".pts":
        files = sorted(path.rglob("*.pts")) if path.is_dir() else [path]
        for each in files:
            name = (each.relative_to(path) if path.is_dir() else Path(each.name)).with_suffix("").as_posix()
            found = _pts(each)
            yield name, [_around(found, len(found))]
        return
    text = read_regular_text(path, _MAX_BYTES, "utf-8-sig")
    table = csv.DictReader(io.StringIO(text), delimiter="\t" if "\t" in text.partition("\n")[0] else ",")
    columns = table.fieldnames or []
    names = [name for name in columns if name.endswith("_x") and f"{name[:-1]}y" in columns and "_ear_" not in name]
    if not names or "imageURL" not in columns:
        raise ValueError("the first line must name the columns imageURL, worker and landmarks ending in _x and _y")
    points: dict[str, dict[bool, list[tuple[float, float]]]] = {}  # by address
    for row in table:
        try:
            found = [(float(row[name]), float(row[f"{name[:-1]}y"])) for name in names]
        except (TypeError, ValueError):
            raise ValueError(f"line {table.line_num} must give a number for each landmark") from None
        average = (row.get("worker") or "").strip().lower() == "average"
        address = (row["imageURL"] or "").partition("?")[0].rpartition("://")[2]
        points.setdefault(address, {}).setdefault(average, []).extend(found)
    shared = Counter(address.rpartition("/")[2] for address in points)
    for address, sets in points.items():
        file = address.rpartition("/")[2]
        yield file if shared[file] == 1 else address, [_around(sets.get(True) or sets[False], len(names))]


def _pts(path: Path) -> list[tuple[float, float]]:
    """The points of a ``.pts`` file, which counts from 1."""
    inside = re.search(r"\{(.*?)\}", read_regular_text(path, _MAX_BYTES), re.DOTALL)
    try:
        numbers = [float(part) for part in inside[1].split()] if inside else []
    except ValueError:
        numbers = []
    if len(numbers) < 4 or len(numbers) % 2:
        raise ValueError(f"{path.name} must hold points, x y, in curly brackets")
    return [(x - 1, y - 1) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]


def _around(points: list[tuple[float, float]], marked: int) -> TruthBox:
    """The box of landmarks, of which a face has ``marked``."""
    left, top = (min(point[axis] for point in points) for axis in (0, 1))
    width, height = (max(point[axis] for point in points) - low for axis, low in ((0, left), (1, top)))
    beside, above = _WITH_OUTLINE if marked >= _OUTLINED else _WITHOUT_OUTLINE
    return TruthBox(left - beside * width, top - above * height, width * (1 + 2 * beside), height * (1 + above))


def _read_csv(path: Path) -> Iterable[tuple[str, list[TruthBox]]]:
    table = Table(read_regular_text(path, _MAX_BYTES, "utf-8-sig"), _COLUMNS)
    for row in table:
        if not any(row[name].strip() for name in _COLUMNS[1:]):
            yield row["file"], []
            continue
        try:
            x, y, width, height = (float(row[name]) for name in _COLUMNS[1:])
            ignored = bool(int(row.get("ignored") or 0))
        except (TypeError, ValueError):
            raise ValueError(f"line {table.line_num}: x, y, width, height and ignored must be numbers") from None
        yield row["file"], [TruthBox(x, y, width, height, ignored)]


def _read_json(path: Path) -> Iterable[tuple[str, list[TruthBox]]]:
    for entry in read_entries(read_regular_text(path, _MAX_BYTES, "utf-8-sig")):
        faces = entry.get("faces") if isinstance(entry, dict) else None
        if not isinstance(faces, list) or not isinstance(entry.get("file"), str):
            raise ValueError(f'an entry must be an object with "file" and "faces", got {entry!r:.60}')
        yield entry["file"], [_json_box(entry["file"], face) for face in faces]


def _json_box(name: str, face: Any) -> TruthBox:
    values: Any = [face.get(column) for column in _COLUMNS[1:]] if isinstance(face, dict) else face
    ignored = isinstance(face, dict) and bool(face.get("ignored"))
    good = isinstance(values, list) and len(values) == 4
    if not good or not all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        raise ValueError(f"a box of {name!r} must be [x, y, width, height] or an object, got {face!r:.60}")
    try:
        x, y, width, height = map(float, values)
    except OverflowError:
        raise ValueError(f"a box of {name!r} must have numbers of float64, got {face!r:.60}") from None
    return TruthBox(x, y, width, height, ignored)
