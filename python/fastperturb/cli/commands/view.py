"""``fastperturb view``: what everybody can read of a photograph, protected or not, as a picture."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from ...errors import RecordError
from ...files.reading import find_record
from ...perturbation.block_view import Interpolation
from ...perturbation.block_view import view as view_image
from ...record import Record
from ...strength.strength import Strength
from ..batch.done_marks import Marks
from ..batch.job import plan_output, read_picture, run_job
from ..batch.paths import Source
from ..batch.progress import Outcome
from ..batch.writer import Writer
from ..options.common import Job, job_options, strength_options
from ..options.faces import Finder, finder_options
from ..options.sections import SectionCommand, SectionOption


@click.command(cls=SectionCommand, short_help="Show what anyone can see without a key.")
@job_options("png", "webp", "tiff", "bmp", "pnm", "jpg")
@strength_options
@finder_options
@click.option(
    "--interpolation",
    cls=SectionOption,
    type=click.Choice(["mosaic", "linear", "cubic", "lanczos"]),
    default="cubic",
    section="Strength",
    help="Show window means as squares, or what lies between them.  [default: cubic]",
)
def view(job: Job, strength: Strength, finder: Finder, interpolation: Interpolation) -> int:
    """Show what anyone can see without a key: each window's mean, smoothly joined.

    A permutation keeps every window's mean, so the view of a protected picture is the view of its original. Regions
    and windows come from the record if there is one; else faces are detected, and strength options count.
    """
    inputs, targets = plan_output(job)
    strength = finder.with_window(strength)
    writer = Writer(job, targets, Marks("view", [asdict(strength), interpolation], None))

    def step(source: Source) -> Outcome:
        mark = writer.marks.mark(source.path, finder.identity(source))
        done = writer.done_before(source, (mark,))
        if done is not None:
            return done
        picture = read_picture(source, job)
        where: Any = _record(source, picture.texts) or finder.find(picture, source)
        if not where:
            return Outcome(source.path, "no face", message="no record and no face found; nothing written")
        shown = picture.pixels  # what was drawn is what everybody sees
        if not isinstance(where, Record) or any(item.window for item in where.regions):
            shown = view_image(shown, where, strength, interpolation=interpolation, out=shown)
        return Outcome(source.path, "viewed", writer.write(source, shown, picture.icc, mark).path)

    return run_job(job, step, inputs, targets)


def _record(source: Source, texts: Any) -> Record | None:
    try:
        return find_record(source.path, texts)
    except RecordError:  # photo.jpg.json of some other program
        return None
