"""``fastperturb restore``: the originals back, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import click

from ...errors import RecordError, Tampered, WrongKey
from ...face_key import FaceKey
from ...files import Picture
from ...files.jpeg_open import is_of_jpeg, open_jpeg
from ...files.metadata_blocks import Blocks
from ...files.metadata_record import sealed_file
from ...files.metadata_sealed import SealedFile
from ...files.reading import RECORD_TEXT, decode, find_record, is_of_others, read_bytes, read_header, record_beside
from ...files.returning import notes_of_returned, whole_file, with_parts
from ...files.writing import FORMATS
from ...key import Key
from ...record import Record
from ...video_names import VIDEOS
from ..batch.bringing_back import Restored, bring_back, check_seals
from ..batch.done_marks import COPIED, Marks
from ..batch.file_metadata import blocks_to_put_back, named_as_before, set_time
from ..batch.job import plan_output, run_job
from ..batch.jpeg_job import Opened, bring_back_jpeg, exact_bytes, open_to_keep
from ..batch.live import Live
from ..batch.paths import Source
from ..batch.progress import Outcome
from ..batch.restore_videos import VideoRestoring
from ..batch.targets import VideoTargets
from ..batch.writer import Writer
from ..batch.written import Written
from ..options.common import Job, job_options
from ..options.keys import opening_key
from ..options.sections import SectionCommand, option, shared

ANYONE = "restored; anyone who has the public key can have made its record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What else ``restore`` leaves to its user; the options say what each means."""

    on_no_record: str
    no_verify: bool
    origin: str
    faces: tuple[int, ...]


_choices = shared(
    "choices",
    Choices,
    option(
        "--on-no-record",
        type=click.Choice(["fail", "skip", "copy"]),
        default="fail",
        section="Files",
        help="A picture without a record: count it as failed, skip it, or copy its pixels.  [default: fail]",
    ),
    option(
        "--no-verify",
        is_flag=True,
        section="Key",
        help="Restore pictures that were changed since, as well as can be; they will not be the originals. Videos that "
        "were changed stay refused.",
    ),
    option(
        "--origin",
        type=click.Choice(["any", "key"]),
        default="any",
        section="Key",
        help="key: refuse what anyone can have made who has the public key, all videos among it.  [default: any]",
    ),
    option(
        "--face",
        "faces",
        type=click.IntRange(0),
        multiple=True,
        metavar="N",
        section="Faces",
        help="Restore this region of a picture alone, by the number that 'inspect' gives it; may be given several "
        "times. The result has no record: keep the protected file for the others. Videos are refused.",
    ),
)


@click.command(cls=SectionCommand, short_help="Bring back what was hidden, bit for bit.")
@job_options("same", "png", "webp", "tiff", "bmp", "pnm", "jpg")
@opening_key
@_choices
def restore(job: Job, key: Key | FaceKey, choices: Choices) -> int:
    """Bring back what 'perturb' hid, bit for bit.

    The record is read from inside each file, or from NAME.json beside it, and seals that are not in it from NAME.seal.
    It is checked with the key first: another key, or pixels or a record that were changed, are errors and nothing is
    written. Sealed faces come back exactly all the same, if only what is shown was changed: out of a JPEG, say. A JPEG
    that was protected as one gets its own blocks back, or with 'perturb --exact-file' its very bytes. Names, times and
    metadata that were sealed come back too, in a folder.

    A video's original comes out of the sealed file in it, or out of NAME.age beside it, byte for byte; that of lossless
    windows frame for frame.
    """
    inputs, targets = plan_output(job, VideoTargets(tuple(sorted(VIDEOS))))
    if isinstance(key, FaceKey) and choices.faces not in ((), (key.index,)):
        raise click.UsageError(f"the face key opens face {key.index}, got --face {choices.faces[0]}")
    settings: list[Any] = [choices.no_verify, choices.faces, choices.origin]
    if isinstance(key, FaceKey):
        settings += [key.record_id.hex(), key.index]
        choices = replace(choices, faces=(key.index,))
    marks = Marks("restore", settings, key if isinstance(key, Key) else None)
    writer, live = Writer(job, targets, marks), Live()
    videos = VideoRestoring(key, choices.on_no_record, writer, live, choices.origin, choices.faces, choices.no_verify)
    return run_job(job, _Restoring(job, key, choices, writer, videos), inputs, targets, live=live)


@dataclass(slots=True)
class _Back:
    """The metadata that come back into a file of pixels.

    Attributes:
        sealed: as they were sealed.
        grey: whether the pixels are.
        untold: why they do not come back.
    """

    sealed: SealedFile | None
    grey: bool
    untold: str | None = None

    def blocks(self, name: str) -> Blocks:
        """For a file of the format ``name``."""
        blocks, self.untold = blocks_to_put_back(self.sealed, name, grey=self.grey)
        return blocks


@dataclass(frozen=True, slots=True)
class _Restoring:
    """What is done to one file, from any thread."""

    job: Job
    key: Key | FaceKey
    choices: Choices
    writer: Writer
    videos: VideoRestoring

    def __call__(self, source: Source) -> Outcome:
        if source.video:
            return self.videos(source)
        mark = self.writer.marks.mark(source.path)
        marks = (mark, mark + COPIED) if self.choices.on_no_record == "copy" else (mark,)
        data = read_bytes(source.path)
        record = self._record(source, read_header(data).texts)
        choices = self.choices
        sealed, untold = self._sealed(record)
        protected, source = source, named_as_before(source, sealed, jpeg=is_of_jpeg(record))
        before = self.writer.done_before(source, marks)
        if before is not None and before.status != "failed":
            return before
        self.writer.claims.claim(self.writer.targets.path_for(source), source)
        if record is not None and is_of_jpeg(record):
            return self._restore_jpeg(source, data, record, mark, before, sealed, untold)
        exact = sealed is not None and bool(sealed.exact)
        if before is not None and not exact and not self.writer.has_no_mark(source):
            return before
        picture = decode(data, max_pixels=self.job.max_pixels)
        if record is None:
            return before or self._without_record(source, picture, data, mark + COPIED)
        check_seals(source.path, record, choices.faces)
        how: dict[str, Any] = {"verify": not choices.no_verify, "origin": choices.origin, "whole": exact}
        done = bring_back(picture.pixels, record, self.key, choices.faces, **how)
        file, why = whole_file(sealed, done.pixels)
        if sealed is not None and why is not None:  # then it comes back as if it had not been sealed
            sealed, untold = replace(sealed, exact=b""), why
            source = named_as_before(protected, sealed, jpeg=False)
            self.writer.claims.claim(self.writer.targets.path_for(source), source)
            before = self.writer.done_before(source, marks)
            if before is not None:
                return before
        if before is not None:
            path = self.writer.targets.path_for(source)
            same = read_bytes(path) == file if exact else self.writer.is_there(source, done.pixels)
            return Outcome(source.path, "unchanged", path) if same else before
        return self._write(source, done, picture.icc, mark, (sealed, untold), file)

    def _record(self, source: Source, texts: Mapping[str, str]) -> Record | None:
        try:
            return find_record(source.path, texts)
        except RecordError:
            if self.choices.on_no_record == "fail" or RECORD_TEXT in texts or not is_of_others(source.path):
                raise
            return None

    def _write(
        self,
        source: Source,
        done: Restored,
        icc: bytes | None,
        mark: str,
        told: tuple[SealedFile | None, str | None],
        file: bytes | None,
    ) -> Outcome:
        """Writes the very file of the original, if that was sealed, or else its pixels."""
        sealed, untold = told
        if sealed is not None and file is not None and self.writer.takes_file(source, sealed):
            written = self.writer.write_bytes(source, file, mark)
            said = f"{done.message}; the file is the original one" if done.message else None
            return self._restored(source, written, said, done.origin, sealed, {"exact_file": True})
        back = _Back(with_parts(sealed, file), done.pixels.ndim == 2)
        written = self.writer.write(source, done.pixels, icc, mark, blocks=back.blocks)
        said = "; ".join(filter(None, (done.message, untold or back.untold))) or None
        return self._restored(source, written, said, done.origin, sealed, {"exact_file": False})

    def _sealed(self, record: Record | None) -> tuple[SealedFile | None, str | None]:
        """What else the record seals of the file, if all of it is to come back, or why it does not."""
        if record is None or self.choices.faces or isinstance(self.key, FaceKey):
            return None, None
        try:
            return sealed_file(record, self.key), None
        except (RecordError, Tampered, WrongKey) as error:
            return None, f"name, time and metadata do not come back: {error}"

    def _restore_jpeg(
        self,
        source: Source,
        data: bytes,
        record: Record,
        mark: str,
        before: Outcome | None,
        sealed: SealedFile | None,
        untold: str | None,
    ) -> Outcome:
        """Brings back the blocks of a JPEG; as pixels, where the result is to be of another format.

        A file that is there already, ``before``, stays; it may be the very one that comes out, which has no mark.
        """
        choices = self.choices
        check_seals(source.path, record, choices.faces)
        file = open_jpeg(data, max_pixels=self.job.max_pixels)
        how = {"origin": choices.origin}
        said, made_by = bring_back_jpeg(file, record, self.key, choices.faces, how, not choices.no_verify)
        exact = None
        if not choices.faces:
            exact, why = exact_bytes(file, record, self.key)
            said = "; ".join(filter(None, (said, why or untold))) or None
        if before is not None:
            path = self.writer.targets.path_for(source)
            return Outcome(source.path, "unchanged", path) if exact and exact == read_bytes(path) else before
        if exact is not None and sealed is not None and self.writer.takes_file(source, sealed):
            written = self.writer.write_bytes(source, exact, mark)
        elif self.writer.is_jpeg(source):
            written = self.writer.write_jpeg(source, file, mark, sealed=sealed if sealed and sealed.parts else None)
        else:
            picture = decode(exact or b"".join(file.parts()), max_pixels=self.job.max_pixels)
            back = _Back(with_parts(sealed, exact), picture.pixels.ndim == 2)
            written = self.writer.write(source, picture.pixels, picture.icc, mark, blocks=back.blocks)
            exact = None
        return self._restored(source, written, said, made_by, sealed, {"exact_file": exact is not None})

    def _restored(
        self,
        source: Source,
        written: Written,
        said: str | None,
        made_by: str | None,
        sealed: SealedFile | None,
        more: dict[str, Any] | None = None,
    ) -> Outcome:
        if not self.job.dry_run:
            set_time(written.path, sealed)
        facts: dict[str, Any] = {"verified": said is None, "origin": made_by, **(more or {}), **written.facts(source)}
        facts["metadata_restored"] = sealed is not None
        if sealed is not None and not facts.get("exact_file"):
            now = FORMATS.get(written.path.suffix.lower(), "")
            notes = notes_of_returned(sealed, now, meant=not self.writer.targets.keeps_formats)
            facts |= {"notes": notes} if notes else {}
        if said is None and made_by == "anyone":
            return Outcome(source.path, "restored", written.path, ANYONE, facts, cause=ANYONE)
        return Outcome(source.path, "restored", written.path, said, facts)

    def _without_record(self, source: Source, picture: Picture, data: bytes, mark: str) -> Outcome:
        beside = record_beside(source.path)
        there = f"{beside.name} is none" if beside.exists() else f"no {beside.name} beside it"
        what = f"no record inside, and {there}"
        if self.choices.on_no_record == "copy":
            jpeg = Opened(None, None)
            if picture.format == "JPEG" and self.writer.is_jpeg(source):
                jpeg = open_to_keep(source, data, self.writer)
            if jpeg.file is not None:
                written = self.writer.write_jpeg(source, jpeg.file, mark)
            else:
                written = self.writer.write(source, picture.pixels, picture.icc, mark)
            said, facts = f"{what}; copied as it is", written.facts(source)
            return Outcome(source.path, "copied", written.path, said, facts)
        if self.choices.on_no_record == "skip":
            return Outcome(source.path, "skipped", message=f"{what}; skipped")
        why = "it is not protected, or was saved anew by a program that dropped the record; nothing written"
        return Outcome(source.path, "no record", message=f"{what}: {why}", facts={"error": "RecordError"})
