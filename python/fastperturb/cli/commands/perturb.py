"""``fastperturb perturb``: photographs in, protected photographs out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import click

from ...checks import Image
from ...errors import ImageFileError, RecordError
from ...files import FORMATS, Picture
from ...files.reading import find_record
from ...key import Key
from ...perturbation.formats import WRITTEN
from ...perturbation.single import perturb as perturb_image
from ...record import Record
from ...region import Face, Region
from ..batch.done_marks import COPIED, Marks
from ..batch.job import Writer, plan_output, read_picture, run_job
from ..batch.paths import Source
from ..batch.progress import Outcome
from ..errors import say
from ..options.common import Job, job_options, key_or_one_time, missing_key
from ..options.faces import Finder, finder_options
from ..options.protection import METHOD_OPTION, Method, make_method
from ..options.sections import SectionCommand, option, shared
from ..options.strength import Aim, aim_options


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What else ``perturb`` leaves to its user; the options say what each means."""

    on_no_face: str
    record_beside: bool
    allow_lossy: bool
    reproducible: bool
    method: Method | None


def _build(method: str | None, **rest: Any) -> Choices:
    return Choices(method=make_method(method), **rest)


_choices = shared(
    "choices",
    _build,
    option(
        "--on-no-face",
        type=click.Choice(["fail", "skip", "copy"]),
        default="fail",
        section="Faces",
        help="A picture without a face: count it as failed, skip it, or copy its pixels.  [default: fail]",
    ),
    option("--record-beside", is_flag=True, section="Files", help="Write records to NAME.json, not inside the files."),
    option(
        "--allow-lossy",
        is_flag=True,
        section="Files",
        help="Allow JPEG with a key: the originals can then never be restored exactly.",
    ),
    option(
        "--reproducible",
        is_flag=True,
        section="Key",
        help="The same input, key and options give the same output; shows which inputs were equal.",
    ),
    METHOD_OPTION,
)


@click.command(cls=SectionCommand, short_help="Hide the faces of photographs.")
@job_options("png", "webp", "tiff", "bmp", "pnm", "jpg")
@key_or_one_time
@aim_options
@finder_options
@_choices
def perturb(job: Job, key: Key | None, aim: Aim, finder: Finder, choices: Choices) -> int:
    """Hide the faces of photographs.

    Pixels inside faces are permuted under a key; 'restore' brings the originals back bit for bit. With --one-time-key
    nobody can. Results hold the record which restoring needs; of the original's metadata only an ICC profile is kept.

    What is done already is not done again, so a run that was interrupted goes on where it stopped.
    """
    inputs, targets = plan_output(job)
    options, method = click.get_current_context().params, choices.method
    if method is not None:
        method.check(aim, options["key_file"], choices.reproducible)
        key = key if method.protection.reversible else None
    if key is None and not options["one_time_key"]:
        keyless = None if method is None or method.protection.reversible else method.protection.name
        raise click.UsageError(missing_key(keyless))
    lossy = FORMATS[job.output.suffix.lower() if targets.is_file and job.output else f".{job.format}"] == "JPEG"
    if lossy and key is not None:
        if not choices.allow_lossy:
            raise click.UsageError(
                "JPEG changes pixels, so that the originals could not be restored; choose another format, "
                "--allow-lossy, or --one-time-key"
            )
        say("JPEG changes pixels: what is restored from these files will not be the originals")
    if key is None and not job.quiet:
        if method is None or method.protection.reversible:
            say("a one-time key is made and dropped: the results can never be restored")
        else:
            say(f"{method.protection.name} is irreversible: no record is kept, the results can never be restored")
    aim = replace(aim, strength=finder.with_window(aim.strength))
    beside = choices.record_beside and key is not None
    settings = [aim.identity(), choices.reproducible, WRITTEN, beside]
    settings += [] if method is None else [method.identity()]
    writer = Writer(job, targets, Marks("perturb", settings, key), beside, records=key is not None, published=True)
    step = _Perturbing(job, key or Key.generate(), key is not None, aim, finder, choices, writer)
    return run_job(job, step, inputs, targets)


@dataclass(frozen=True, slots=True)
class _Perturbing:
    """What is done to one file, from any thread."""

    job: Job
    key: Key
    reversible: bool
    aim: Aim
    finder: Finder
    choices: Choices
    writer: Writer

    def __call__(self, source: Source) -> Outcome:
        mark = self.writer.marks.mark(source.path, self.finder.identity(source))
        marks = (mark, mark + COPIED) if self.choices.on_no_face == "copy" else (mark,)
        done = self.writer.done_before(source, marks)
        if done is not None:
            return done
        picture = read_picture(source, self.job)
        _refuse_perturbed(source, picture.texts)
        found = self.finder.find(picture, source)
        if not found:
            return self._without_face(source, picture, mark + COPIED)
        hidden, record = self._hide(picture.pixels, found)
        path = self.writer.write(source, hidden, picture.icc, mark, record if self.reversible else None)
        method = self.choices.method
        facts: dict[str, Any] = {"method": "permutation" if method is None else method.protection.name}
        facts |= {"regions": len(found)} if record is None else {"regions": len(record.regions), "moved": record.moved}
        return Outcome(source.path, "perturbed", path, facts={**facts, "reversible": self.reversible})

    def _hide(self, pixels: Image, found: list[Face] | list[Region]) -> tuple[Image, Record | None]:
        if self.choices.method is not None:
            return self.choices.method.hide(pixels, found, self.key, self.choices.reproducible)
        strength = self.aim.strength_for(pixels, found)
        return perturb_image(pixels, found, self.key, strength, reproducible=self.choices.reproducible, out=pixels)

    def _without_face(self, source: Source, picture: Picture, mark: str) -> Outcome:
        what = "no face found" if self.finder.boxes is None else "no boxes given"
        if self.choices.on_no_face == "copy":
            path = self.writer.write(source, picture.pixels, picture.icc, mark)
            return Outcome(source.path, "copied", path, f"{what}; copied in the clear")
        if self.choices.on_no_face == "skip":
            return Outcome(source.path, "skipped", message=f"{what}; skipped")
        return Outcome(source.path, "no face", message=f"{what}; nothing written", facts={"error": "NoFaceFound"})


def _refuse_perturbed(source: Source, texts: Mapping[str, str]) -> None:
    try:
        record = find_record(source.path, texts)
    except RecordError:  # photo.jpg.json of some other program
        return
    if record is not None:
        raise ImageFileError("it is perturbed already and has a record; restore it first")
