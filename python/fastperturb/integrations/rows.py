"""Rows of a data frame to protected images, for engines that run on many machines: nothing twice, no row fails others.

Used by Ray Data and Dask alike. Nonces are reproducible, so that a row that an engine tries
again gives the same bits, and an output that is there already is known by its mark (docs/clusters.md).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from .. import Key, NoFaceFound
from .._optional import import_opencv
from ..errors import ImageFileError
from ..files import FORMATS, MAX_PIXELS
from ..files.reading import RECORD_TEXT, decode, has_record_beside, read_bytes, read_header
from ..files.writing import encode, write_file
from .batches import Batch
from .places import absolute_path, is_address
from .protector import FaceOptions, KeyPlace, Protector

MARK_TEXT = "fastperturb-row"
"""The text in a PNG by which a later attempt knows that it is the result of the same bytes, options and key."""
PROBLEMS = ("failed", "no face", "protected before")
"""Statuses of rows that have no result."""
COLUMNS = {"status": "string", "output": "string", "image": "large_binary", "record": "large_string", "error": "string"}
"""The columns that are added, with their Arrow types."""
_PURPOSE = b"fastperturb job"
_IMAGES = frozenset((*FORMATS, ".jpe", ".jfif", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class RowJob:
    """What to do with every row. It travels to all machines and into logs, so it names the key's place, not the key.

    Attributes:
        key: where each machine finds the key.
        options: how faces are found and protected; always ``reproducible``, and a detector must be named by text.
        output: folder that all machines mount, for PNG files; a relative one is taken from the folder of the process
            that makes the job. ``None`` to have their bytes in the column ``image``.
        root: folder that paths are relative to below ``output``; ``None`` takes their last part.
        overwrite: replace files that are there and are not the results of this job.
        max_pixels: refuse larger images.

    Raises:
        TypeError: the detector is an object, or the key is not a place.
        ValueError: ``output`` or the key's file is an address, such as ``s3://bucket``, and no path.
    """

    key: KeyPlace = KeyPlace()  # noqa: RUF009 frozen
    options: FaceOptions = FaceOptions(reproducible=True)  # noqa: RUF009 frozen
    output: str | None = None
    root: str | None = None
    overwrite: bool = False
    max_pixels: int = MAX_PIXELS

    def __post_init__(self) -> None:
        if not isinstance(self.key, KeyPlace):
            raise TypeError(
                f"key must be a KeyPlace, for a key would travel in the clear, got {type(self.key).__name__}"
            )
        if self.options.detector is not None and not isinstance(self.options.detector, str):
            raise TypeError(f"options.detector must be text or None, got {self.options.detector!r}")
        object.__setattr__(self, "options", replace(self.options, reproducible=True))
        if self.output is not None:
            advice = "output=None gives the images as bytes, which the engine's own writers take there"
            object.__setattr__(self, "output", absolute_path(os.fspath(self.output), "output", advice))
        if self.key.file is not None:
            file = absolute_path(self.key.file, "the key's file", "mount it, or put the key into the environment")
            object.__setattr__(self, "key", replace(self.key, file=file))

    def with_key_id(self) -> RowJob:
        """The same job with the id of its key, so that a machine with another key stops.

        Raises:
            ValueError: the id is not given, and this machine, where the job is made, has no key.
        """
        if self.key.key_id is not None:
            return self
        try:
            known = self.key.load()
        except (OSError, KeyError) as error:
            why = "key_id must be given where the job is made without the key: all machines must have the same"
            raise ValueError(f"{why} ({type(error).__name__}: {error})") from error
        return replace(self, key=replace(self.key, key_id=known.id))


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row.

    Attributes:
        status: "perturbed"; "unchanged", if the file was there; "passed", in the clear, as ``no_face`` says; or one
            of :data:`PROBLEMS`.
        output: path of the file, if one is there.
        image: the PNG, if no files are written.
        record: JSON text.
        error: why there is no result.
    """

    status: str
    output: str | None = None
    image: bytes | None = None
    record: str | None = None
    error: str | None = None


class RowWorker:
    """Protects rows; made once in each process, with key and detector.

    Args:
        job: what to do.

    Raises:
        OSError, KeyError, ValueError: this machine does not have the key: nothing can be done here.
    """

    def __init__(self, job: RowJob) -> None:
        self.job = job
        self._key: Key = job.key.load()
        self._protector = Protector(self._key, job.options)
        self._identity = json.dumps(["rows 1", job.options.to_dict()], sort_keys=True).encode()

    def __call__(self, path: str | None, data: bytes | None) -> RowResult:
        """Protects one image.

        Args:
            path: its path, read if there is no ``data``, and what names its output.
            data: the bytes of its file.

        Returns:
            What became of it; an error is a result too.
        """
        try:
            return self._protect(path, data)
        except NoFaceFound as error:
            return RowResult("no face", error=str(error))
        except Exception as error:
            return RowResult("failed", error=f"{type(error).__name__}: {error}")

    def mark(self, data: bytes) -> str:
        """A keyed hash of options and ``data``, by which a result is known again; nobody makes it without the key."""
        return self._key.derive(_PURPOSE, self._identity, data, size=16).hex()

    def _protect(self, path: str | None, data: bytes | None) -> RowResult:
        if data is None:
            data = self._read(path)
        mark = self.mark(data)
        target = None if self.job.output is None else self._target(self.job.output, path)
        if target is not None and not self.job.overwrite and os.path.lexists(target):
            return _known(target, mark)
        picture = decode(data, max_pixels=self.job.max_pixels)
        if RECORD_TEXT in picture.texts or (path is not None and has_record_beside(Path(path))):
            why = "it is protected already and has a record; restore it first"
            return RowResult("protected before", error=why)
        hidden, record = self._protector(picture.pixels, surroundings=True)
        text = None if record is None else record.to_json()
        texts = {MARK_TEXT: mark} if text is None else {MARK_TEXT: mark, RECORD_TEXT: text}
        parts = encode(hidden, "PNG", icc=picture.icc, texts=texts)
        status = "passed" if record is None else "perturbed"
        if target is None:
            return RowResult(status, image=b"".join(parts), record=text)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_file(target, parts, None, overwrite=self.job.overwrite)
        except FileExistsError:  # another attempt at this row was quicker
            return _known(target, mark)
        return RowResult(status, os.fspath(target), record=text)

    @staticmethod
    def _read(path: str | None) -> bytes:
        if path is None:
            raise ValueError("a row must have a path or bytes, got neither")
        if is_address(path):
            raise ValueError(f"a path must be of a file system that this machine mounts, got {path!r}; read its bytes")
        if PurePath(path).suffix.lower() not in _IMAGES:
            raise ImageFileError(f"not supported: {PurePath(path).suffix}; {', '.join(FORMATS)} are")
        return read_bytes(Path(path))

    def _target(self, output: str, path: str | None) -> Path:
        if path is None:
            raise ValueError("a row must have a path to name its output file, got none")
        relative = PurePath(PurePath(path).name)
        if self.job.root is not None:
            relative = PurePath(path).relative_to(self.job.root)
        if not relative.name or ".." in relative.parts:
            raise ValueError(f"a path must name a file below the root, got {path!r}")
        return Path(output) / relative.with_name(relative.name + ".png")


def _known(target: Path, mark: str) -> RowResult:
    """The result that is there already, if it is this job's."""
    try:
        texts: Mapping[str, str] = read_header(read_bytes(target)).texts
    except (ImageFileError, OSError):
        texts = {}
    if texts.get(MARK_TEXT) != mark:
        raise FileExistsError(17, "it is not the result of this input, key and options", os.fspath(target))
    return RowResult("unchanged", os.fspath(target), record=texts.get(RECORD_TEXT))


class PerturbImages:
    """A callable from rows to rows, for Ray's ``map_batches`` in any of its batch formats, and for Dask.

    The rows have a column of paths, of the bytes of files, or both. The bytes are taken out, as they are the originals
    in the clear; the columns of :data:`COLUMNS` are added, all of them on every batch and always of the same types.

    Args:
        job: what to do with every row.
        path: name of the column of paths.
        data: name of the column of bytes.

    Raises:
        OSError, KeyError, ValueError: this machine does not have the key.
        MissingExtra: pandas or PyArrow is not installed.
    """

    def __init__(self, job: RowJob, *, path: str = "path", data: str = "bytes") -> None:
        import_opencv().setNumThreads(1)  # engines run a process for each processor
        Batch({})  # tells of missing packages before the first rows
        self._worker = RowWorker(job)
        self._path, self._data = path, data

    def __call__(self, rows: Any) -> Any:
        """Protects rows.

        Args:
            rows: what :class:`fastperturb.integrations.batches.Batch` takes.

        Returns:
            A data frame for a data frame, and otherwise an Arrow table.

        Raises:
            TypeError: ``rows`` is something else.
            ValueError: it has neither of the two columns, or one of :data:`COLUMNS` already.
        """
        batch = Batch(rows)
        columns = set(batch.names)
        if not columns & {self._path, self._data}:
            raise ValueError(f"rows must have a column {self._path!r} or {self._data!r}, got {sorted(columns)}")
        taken = sorted((columns - {self._data}) & set(COLUMNS))
        if taken:
            raise ValueError(f"the columns {', '.join(COLUMNS)} are added, got rows that have {', '.join(taken)}")
        nothing = [None] * len(batch)
        paths = batch.column(self._path) if self._path in columns else nothing
        blocks = batch.column(self._data) if self._data in columns else nothing
        results = [self._worker(_text(path), _bytes(data)) for path, data in zip(paths, blocks, strict=True)]
        added = {name: ([getattr(result, name) for result in results], kind) for name, kind in COLUMNS.items()}
        return batch.keep(columns - {self._data}, added)

    def mark(self, data: bytes) -> str:
        """A keyed hash of options and ``data``, by which a result is known again; nobody makes it without the key."""
        return self._worker.mark(data)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _bytes(value: Any) -> bytes | None:
    return bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else None
