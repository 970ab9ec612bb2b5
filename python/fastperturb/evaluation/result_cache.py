"""Finished work on disk: one JSON file a piece, named by a digest of all that decides it, so that a later run goes on.

The digest holds the code that makes the numbers, so that results of other code are never taken for today's. A file is
written under another name and renamed: it is whole or not there.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from .. import Face, Region

FOLDER = "cache"  # in the output folder of a run
PRESENTING = (  # modules and packages that ask for numbers or show them, and make none
    "fastperturb.cli",
    "fastperturb.server",
    "fastperturb.integrations",
    "fastperturb.evaluation.report",
    "fastperturb.evaluation.study.recommendation",
    "fastperturb.evaluation.study.results",
)
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_PACKAGE = Path(__file__).parents[1]


class ResultCache:
    """A folder of finished cells.

    Args:
        folder: made if it is not there; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def find(self, digest: str) -> dict[str, Any] | None:
        """What a cell gave before; None if it is not there, or cannot be read (then it is made anew)."""
        if self._folder is None:
            return None
        try:
            content = json.loads((self._folder / f"{digest}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        return content if isinstance(content, dict) else None

    def keep(self, digest: str, content: dict[str, Any]) -> None:
        """Writes what a cell gave."""
        if self._folder is None:
            return
        write_whole(self._folder / f"{digest}.json", json.dumps(content).encode())


def digest_of(work: Any) -> str:
    """A name for what JSON can hold of a piece of work."""
    return hashlib.sha256(json.dumps(work, sort_keys=True, default=repr).encode()).hexdigest()[:40]


@lru_cache(maxsize=1)
def digest_code() -> str:
    """A digest of the package's Python code; empty where it is installed without its sources.

    It is of what the code does: comments, docstrings, layout and the modules in ``PRESENTING`` do not count. Of the
    compiled core the package's version stands in.

    Raises:
        LookupError: a name in ``PRESENTING`` is no module of the package.
    """
    left_out = [_source_of(name) for name in PRESENTING]
    counted = [
        path for path in sorted(_PACKAGE.rglob("*.py")) if not any(path.is_relative_to(part) for part in left_out)
    ]
    read = [[path.relative_to(_PACKAGE).as_posix(), meaning_of(path.read_text(encoding="utf-8"))] for path in counted]
    return digest_of(read) if read else ""


def _source_of(name: str) -> Path:
    """The file of a module, or the folder of a package."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise LookupError(f"{name} must be a module of the package: was it renamed?")
    origin = Path(spec.origin)
    return origin.parent if spec.submodule_search_locations else origin


def meaning_of(source: str) -> str:
    """What a Python file says, without comments, docstrings and layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def pixel_digest(image: Any) -> str:
    """What tells an array from others: shape, dtype and samples."""
    return hashlib.sha256(repr((image.shape, str(image.dtype))).encode() + image.tobytes()).hexdigest()


def pack_faces(faces: Iterable[Face]) -> list[list[Any]]:
    """Faces as JSON can hold them."""
    packed = []
    for face in faces:
        r, points = face.region, [list(map(float, point)) for point in face.landmarks]
        packed.append(
            [r.x, r.y, r.width, r.height, r.shape, float(face.score), points, float(face.turn), list(face.found_by)]
        )
    return packed


def unpack_faces(packed: Iterable[Sequence[Any]]) -> tuple[Face, ...]:
    """The faces that :func:`pack_faces` was given."""
    return tuple(
        Face(
            Region(x, y, width, height, shape),
            score,
            tuple((point[0], point[1]) for point in points),
            turn,
            tuple(names),
        )
        for x, y, width, height, shape, score, points, turn, names in packed
    )


def error_text(error: BaseException) -> str:
    """An error in one short line, as results hold it."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that is whole or not there, replacing one of the same name."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
