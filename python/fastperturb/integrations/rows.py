"""Rows of a data frame to protected images, for engines that run on many machines: nothing twice, no row fails others.

Used by Ray Data and Dask alike. With secret keys a row that an engine tries again gives the same bits; a file that is
there already is known by its mark, and whoever writes it first has it (docs/clusters.md).
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from .. import NoFaceFound, Record
from .._optional import import_opencv
from ..errors import ImageFileError
from ..files import FORMATS
from ..files.header import Bytes
from ..files.reading import (
    RECORD_TEXT,
    decode,
    find_record,
    has_record_beside,
    read_bytes,
    read_header,
    record_beside,
    seals_beside,
)
from ..files.writing import encode, write_file
from .batches import Batch
from .first_writer import write_first
from .marks import Marks
from .methods import identify
from .places import is_address
from .protector import Protector
from .row_jobs import COLUMNS, RowJob, RowResult

MARK_TEXT = "fastperturb-row"
"""The text in a PNG by which a later attempt knows that it is the result of the same bytes, options and key."""
_IMAGES = frozenset((*FORMATS, ".jpe", ".jfif", ""))


class RowWorker:
    """Protects rows; made once in each process, with key and detector.

    Args:
        job: what to do.
        folder: of the results, if they are not files of their own but parts of files there; where marks of public keys
            have their secret.

    Raises:
        OSError, KeyError, ValueError: this machine does not have the key: nothing can be done here.
    """

    def __init__(self, job: RowJob, folder: str | None = None) -> None:
        self.job, self._folder = job, folder
        keys: Any = job.keys
        self._protector = protector = Protector(keys, job.options, beside=job.seals == "beside")
        o = job.options
        found = [o.detector, o.threshold, o.grow, o.shape, o.no_face, protector.reproducible]
        identity = json.dumps(["rows 2", identify(protector.method), found, job.seals, job.record_beside])
        self.marks = Marks(protector.recipients, identity.encode(), job.output if folder is None else folder)

    def __reduce__(self) -> tuple[Any, ...]:
        """A pickle holds the job, and so no secret."""
        return RowWorker, (self.job, self._folder)

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

    def _protect(self, path: str | None, data: bytes | None) -> RowResult:
        if data is None:
            data = self._read(path)
        mark = self.marks.mark(data)
        target = None if self.job.output is None else self._target(self.job.output, path)
        if target is not None and os.path.lexists(target):
            with contextlib.suppress(*([FileExistsError] if self.job.overwrite else [])):  # a retry replaces nothing
                return self._known(target, mark)
        picture = decode(data, max_pixels=self.job.max_pixels)
        if RECORD_TEXT in picture.texts or (path is not None and has_record_beside(Path(path))):
            why = "it is protected already and has a record; restore it first"
            return RowResult("protected before", error=why)
        hidden, record = self._protector(picture.pixels, surroundings=True)
        text = None if record is None else record.to_json()
        own = self.marks.text(mark, [np.ascontiguousarray(hidden).data.cast("B")])
        texts = {MARK_TEXT: own} if own else {}
        if text is not None and not self.job.record_beside:
            texts[RECORD_TEXT] = text
        parts = encode(hidden, "PNG", icc=picture.icc, texts=texts)
        status = "passed" if record is None else "perturbed"
        if target is None:
            seals = None if record is None else record.beside_bytes() or None
            return RowResult(status, image=b"".join(parts), record=text, seals=seals)
        if not self._write(target, parts, record):
            return self._known(target, mark)
        return RowResult(status, os.fspath(target), record=text)

    def _write(self, target: Path, parts: list[Bytes], record: Record | None) -> bool:
        """Writes a result; False if another attempt at this row was quicker."""
        if not self.job.overwrite:
            return write_first(target, parts, record, beside=self.job.record_beside)
        target.parent.mkdir(parents=True, exist_ok=True)
        seals = b"" if record is None else record.beside_bytes()
        write_file(target, parts, record if self.job.record_beside else None, overwrite=True, seals=seals)
        return True

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

    def _known(self, target: Path, mark: bytes) -> RowResult:
        """The result that is there already, if it is this job's and whole."""
        texts: dict[str, str] = {}
        with contextlib.suppress(ImageFileError, OSError):
            texts = dict(read_header(read_bytes(target)).texts)
        if not self.marks.fits(texts.get(MARK_TEXT), mark):
            raise FileExistsError(17, "it is not the result of this input, key and options", os.fspath(target))
        record = find_record(target, texts)
        if record is None and self.job.record_beside and self.job.options.no_face != "pass":
            raise FileExistsError(17, "its record is missing", os.fspath(record_beside(target)))
        if record is not None and record.missing:
            raise FileExistsError(17, "its seals are missing", os.fspath(seals_beside(target)))
        text = texts.get(RECORD_TEXT) if record is None or RECORD_TEXT in texts else record.to_json()
        return RowResult("unchanged", os.fspath(target), record=text)


class PerturbImages:
    """A callable from rows to rows, for Ray's ``map_batches`` in any of its batch formats, and for Dask.

    The rows have a column of paths, of the bytes of files, or both. The bytes are taken out, as they are the originals
    in the clear; the columns of :data:`COLUMNS` are added, all of them on every batch and always of the same types.

    Args:
        job: what to do with every row.
        path: name of the column of paths.
        data: name of the column of bytes.
        folder: as for :class:`RowWorker`.

    Raises:
        OSError, KeyError, ValueError: this machine does not have the key.
        MissingExtra: pandas or PyArrow is not installed.
    """

    def __init__(self, job: RowJob, *, path: str = "path", data: str = "bytes", folder: str | None = None) -> None:
        import_opencv().setNumThreads(1)  # engines run a process for each processor
        Batch({})  # tells of missing packages before the first rows
        self._worker = RowWorker(job, folder)
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

    @property
    def marks(self) -> Marks:
        """By which results are known again."""
        return self._worker.marks


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _bytes(value: Any) -> bytes | None:
    return bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else None
