"""Writes the results of a job to where they belong, and knows which are there already."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from ...checks import Image
from ...errors import ImageFileError
from ...files.header import Bytes, unsupported
from ...files.jpeg_open import OpenJpeg
from ...files.metadata_blocks import Blocks
from ...files.metadata_sealed import SealedFile
from ...files.reading import RECORD_TEXT, read_bytes, read_header, record_beside
from ...files.writing import FORMATS, INSIDE, TEXTS, encode, format_for, remove_record_beside, write_file
from ...perturbation.record_v2 import RecordV2
from ...record import Record
from ..options.common import Job
from .claims import Claims
from .done_marks import COPIED, MARK_TEXT, Marks
from .paths import Source
from .progress import Outcome
from .targets import Targets
from .written import BlocksFor, Written, no_blocks


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes results to where they belong, and knows which are there already.

    Attributes:
        job: what to do.
        targets: where to.
        marks: makes the marks of this job.
        beside: put records beside files, not inside.
        records: results have records, unless they are copies.
        published: results may be seen by more people than their sources; originals and copies of them never may.
        claims: places that results of this run have, where names come out of seals.
    """

    job: Job
    targets: Targets
    marks: Marks
    beside: bool = False
    records: bool = False
    published: bool = False
    claims: Claims = field(default_factory=Claims)

    def done_before(self, source: Source, marks: tuple[str, ...]) -> Outcome | None:
        """What to say of a file whose result is there, ``None`` if it is to be made.

        Args:
            source: the file.
            marks: any of which the result may carry.
        """
        path = self._place(source)
        if not os.path.lexists(path):
            return None
        if path.exists() and path.samefile(source.path):
            raise ImageFileError("the output would be the input itself")
        if self.targets.is_given(path):
            raise ImageFileError(f"the output would be another input, {path}")
        if self.job.force:
            return None
        instead = path != self.targets.path_for(source)
        marks = tuple(self.marks.of_place(mark, instead=instead) for mark in marks)
        mark = self.marks.find(path, source.path, marks) if path.is_file() else None
        if mark is not None and (not self._needs_record_beside(path, mark) or record_beside(path).is_file()):
            return Outcome(source.path, "unchanged", path)
        why = "is not the result of this input and these options"
        if mark is not None:
            why = f"its record {record_beside(path).name} is missing"
        elif not _has_texts(path):
            why = f"{FORMATS.get(path.suffix.lower(), path.suffix)} files cannot tell whose result they are"
        message = f"{path} exists, and {why}; --force writes it anew"
        cause = f"an output exists, and {why}; --force writes it anew" if mark is None else None
        return Outcome(source.path, "failed", message=message, facts={"error": "FileExistsError"}, cause=cause)

    def _place(self, source: Source) -> Path:
        """Where the result is or will be: at the fallback only if that alone is there."""
        path, fallback = self.targets.path_for(source), self.targets.fallback_for(source)
        free = fallback is not None and source.crowded is None
        alone = free and os.path.lexists(fallback or path) and not os.path.lexists(path)
        return fallback if fallback is not None and alone else path

    def write(
        self,
        source: Source,
        pixels: Image,
        icc: bytes | None,
        mark: str,
        record: Record | None = None,
        *,
        blocks: BlocksFor = no_blocks,
    ) -> Written:
        """Writes a picture, whole or not at all: as a PNG beside the place meant for it, if that cannot hold it.

        ``blocks`` makes the metadata for a format.
        """

        def make(path: Path) -> tuple[list[Bytes], Record | None]:
            return self._encode(source, path, pixels, icc, mark, record, blocks(format_for(path)))

        return self._put(source, make, mark, record)

    def write_jpeg(
        self,
        source: Source,
        file: OpenJpeg,
        mark: str,
        record: RecordV2 | None = None,
        *,
        kept: Sequence[bytes] | None = None,
        sealed: SealedFile | None = None,
    ) -> Written:
        """Writes a JPEG with the coefficients that it has now, whole or not at all.

        Args:
            source: the file that came in.
            file: with the coefficients.
            mark: of this result.
            record: of it.
            kept: segments of metadata that go on; ``None``: as for :meth:`OpenJpeg.parts`.
            sealed: metadata that come back instead.
        """
        scans = file.scans()
        texts = {MARK_TEXT: self.marks.text(mark, np.frombuffer(scans, np.uint8))}
        inside = None if self.beside else record

        def make(_path: Path) -> tuple[list[Bytes], Record | None]:
            if sealed is not None:
                return [file.with_metadata(sealed, texts)], None
            return [*file.parts(inside, kept=kept, texts=texts, scans=scans)], record if self.beside else None

        return self._put(source, make, mark, record, fallback=False)

    def write_bytes(self, source: Source, data: bytes, mark: str) -> Written:
        """Writes the bytes of a file as they are; they carry no mark."""
        return self._put(source, lambda _path: ([data], None), mark, None, fallback=False)

    def has_no_mark(self, source: Source) -> bool:
        """Whether the result is to be of a format that cannot tell whose result it is."""
        return not _has_texts(self.targets.path_for(source))

    def is_there(self, source: Source, pixels: Image) -> bool:
        """Whether a result without a mark is there already, byte for byte."""
        path = self.targets.path_for(source)
        return b"".join(encode(pixels, format_for(path))) == read_bytes(path)

    def is_jpeg(self, source: Source) -> bool:
        """Whether the result is to be a JPEG."""
        return self.takes(source, "JPEG")

    def takes(self, source: Source, name: str) -> bool:
        """Whether the result is to be a file of the format ``name``."""
        return FORMATS.get(self.targets.path_for(source).suffix.lower()) == name

    def takes_file(self, source: Source, sealed: SealedFile) -> bool:
        """Whether the result is to be the original's very file, and not one of another format that was asked for."""
        return self.targets.keeps_formats or self.takes(source, sealed.format)

    def _put(
        self,
        source: Source,
        make: Callable[[Path], tuple[list[Bytes], Record | None]],
        mark: str,
        record: Record | None,
        *,
        fallback: bool = True,
    ) -> Written:
        """A million results must not fill the system's memory: none stays there."""
        path, other = self.targets.path_for(source), self.targets.fallback_for(source) if fallback else None
        try:
            parts, beside = make(path)
        except ImageFileError as error:
            if other is None:
                raise
            if source.crowded is not None:
                raise ImageFileError(f"{error}; {source.crowded}") from None
            self.claims.claim(other, source)
            path = other
            parts, beside = make(path)
        clear = not self.published or mark.endswith(COPIED)
        mode = os.stat(source.path).st_mode & 0o666 if clear else 0o666  # noqa: PTH116
        seals = b"" if record is None else record.beside_bytes()
        apart = len(seals) + (0 if beside is None else len(beside.to_json(indent=1)) + 1)
        done = Written(path, sum(map(len, parts)), apart)
        if self.job.dry_run:
            return done
        write = partial(write_file, path, parts, beside, overwrite=self.job.force, cached=False, mode=mode, seals=seals)
        try:
            write()
        except FileNotFoundError:  # the first of its folder
            path.parent.mkdir(parents=True, exist_ok=True)
            write()
        if beside is None:
            remove_record_beside(path)  # of what was there before: with this picture it would be taken for tampering
        return done

    def _encode(
        self,
        source: Source,
        path: Path,
        pixels: Image,
        icc: bytes | None,
        mark: str,
        record: Record | None,
        blocks: Blocks,
    ) -> tuple[list[Bytes], Record | None]:
        """The bytes of a file, and the record that lies beside it if it is not inside."""
        name = format_for(path)
        if name == "JPEG" and self.targets.keeps_formats:
            raise unsupported("another kind of picture as a JPEG, which would change all of it")
        mark = self.marks.of_place(mark, instead=path != self.targets.path_for(source))
        texts = {MARK_TEXT: self.marks.text(mark, pixels)}
        inside = name in INSIDE and not self.beside
        if record is not None and inside:
            texts[RECORD_TEXT] = record.to_json()
        parts = encode(pixels, name, icc=icc, texts=texts, blocks=blocks)
        return parts, None if inside else record

    def _needs_record_beside(self, path: Path, mark: str) -> bool:
        if not self.records or mark.endswith(COPIED):
            return False
        return self.beside or (format_for(path) not in INSIDE and not self._holds_record(path))

    @staticmethod
    def _holds_record(path: Path) -> bool:
        """Whether a JPEG has its record inside, as those have whose coefficients were protected."""
        try:
            return RECORD_TEXT in read_header(read_bytes(path)).texts
        except (ImageFileError, OSError):
            return False


def _has_texts(path: Path) -> bool:
    """Whether a file of that name can tell whose result it is."""
    return FORMATS.get(path.suffix.lower()) in TEXTS
