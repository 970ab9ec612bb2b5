"""``fastperturb restore``: the originals back, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass

import click

from ...checks import Image
from ...errors import Tampered
from ...files import Picture
from ...files.reading import find_record, record_beside
from ...key import Key
from ...perturbation.single import restore as restore_image
from ...record import Record
from ..batch.done_marks import COPIED, Marks
from ..batch.job import Writer, plan_output, read_picture, run_job
from ..batch.paths import Source
from ..batch.progress import Outcome
from ..options.common import Job, job_options, key_needed
from ..options.sections import SectionCommand, option, shared


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What else ``restore`` leaves to its user; the options say what each means."""

    on_no_record: str
    no_verify: bool


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
        help="Restore pictures that were changed since, as well as can be; they will not be the originals.",
    ),
)


@click.command(cls=SectionCommand, short_help="Bring back what was hidden, bit for bit.")
@job_options("png", "webp", "tiff", "bmp", "pnm", "jpg")
@key_needed
@_choices
def restore(job: Job, key: Key, choices: Choices) -> int:
    """Bring back what 'perturb' hid, bit for bit.

    The record is read from inside each PNG, or from NAME.json beside the file. It is checked with the key first:
    another key, or pixels or a record that were changed, are errors and nothing is written.
    """
    inputs, targets = plan_output(job)
    step = _Restoring(job, key, choices, Writer(job, targets, Marks("restore", [choices.no_verify], key)))
    return run_job(job, step, inputs, targets)


@dataclass(frozen=True, slots=True)
class _Restoring:
    """What is done to one file, from any thread."""

    job: Job
    key: Key
    choices: Choices
    writer: Writer

    def __call__(self, source: Source) -> Outcome:
        mark = self.writer.marks.mark(source.path)
        marks = (mark, mark + COPIED) if self.choices.on_no_record == "copy" else (mark,)
        done = self.writer.done_before(source, marks)
        if done is not None:
            return done
        picture = read_picture(source, self.job)
        record = find_record(source.path, picture.texts)
        if record is None:
            return self._without_record(source, picture, mark + COPIED)
        shown, message = self._restored(picture.pixels, record)
        path = self.writer.write(source, shown, picture.icc, mark)
        return Outcome(source.path, "restored", path, message, {"verified": message is None})

    def _restored(self, pixels: Image, record: Record) -> tuple[Image, str | None]:
        try:
            return restore_image(pixels, record, self.key), None
        except Tampered as error:
            if not self.choices.no_verify or (record.shape, record.dtype) != (pixels.shape, pixels.dtype.name):
                raise Tampered(str(error).replace("verify=False", "--no-verify")) from None
        shown = restore_image(pixels, record, self.key, verify=False)
        return shown, "picture or record were changed since; what is restored is not the original"

    def _without_record(self, source: Source, picture: Picture, mark: str) -> Outcome:
        what = f"no record inside, and no {record_beside(source.path).name} beside it"
        if self.choices.on_no_record == "copy":
            path = self.writer.write(source, picture.pixels, picture.icc, mark)
            return Outcome(source.path, "copied", path, f"{what}; copied as it is")
        if self.choices.on_no_record == "skip":
            return Outcome(source.path, "skipped", message=f"{what}; skipped")
        return Outcome(source.path, "no record", message=f"{what}; nothing written", facts={"error": "RecordError"})
