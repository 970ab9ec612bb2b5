"""``fastperturb sheet``: a contact sheet of a run, one HTML file: regions, results, what was missed, counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import click

from ...checks import Image
from ...faces import locate
from ...region import Face
from ...video.track_file import VideoTracks
from ..batch.job import run_job
from ..batch.paths import Inputs, Source
from ..batch.progress import INTERRUPTED, NO_FACE, Outcome
from ..batch.sheet_page import write_sheet
from ..batch.sheet_rows import Row, Rows
from ..batch.targets import Targets
from ..batch.worker_pool import Stop, map_in_order
from ..errors import say
from ..options.boxes import Boxes
from ..options.common import Job, job_options
from ..options.faces import Finder
from ..options.sections import SectionCommand


@click.command(cls=SectionCommand, short_help="Make a contact sheet of a run, to look at and to file.")
@job_options()
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE.html",
              help="The sheet. Needed.")  # fmt: skip
@click.option("--before", is_flag=True, help="Show the originals too: then the sheet shows the faces.")
@click.option("--boxes", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="The boxes of the run, for what was left on purpose.")  # fmt: skip
@click.option("--no-look", is_flag=True, help="Do not look for faces in the results: quicker, and less sure.")
def sheet(job: Job, output: Path, before: bool, boxes: Path | None, no_look: bool) -> int:
    """Make a contact sheet of a run: ORIGINALS PROTECTED -o sheet.html.

    For every picture it shows where something was done and the result, both small; names pictures without a result;
    and marks faces that a detector finds in a result where nothing was done. Originals are not shown without --before.

    Exit code 3 if there is something to look at, 1 if a file could not be read.
    """
    if len(job.inputs) != 2:
        raise click.UsageError("the originals and the protected pictures are needed: sheet ORIGINALS PROTECTED")
    originals, results = job.inputs
    try:
        own = None if boxes is None else Boxes(boxes, "box")
    except (ValueError, OSError) as error:
        raise click.UsageError(str(error)) from None
    is_file = results.is_file()
    if is_file and originals.is_dir():
        raise click.UsageError("the protected pictures of a folder are a folder")
    detect = None if no_look else default_detector()
    rows = Rows(results, is_file, (originals,), before, own, detect, job.max_pixels)
    return make_sheet(replace(job, inputs=(originals,)), rows, output, f"{originals.name} to {results.name}")


def add_sheet(
    path: Path, job: Job, finder: Finder, targets: Targets, followed: Mapping[Path, VideoTracks], code: int
) -> int:
    """Makes the contact sheet of a run that ended with an exit code, which stays, unless it was 0.

    ``followed`` are the tracks of videos, as :attr:`~fastperturb.cli.batch.sheet_rows.Rows.followed` has them.
    """
    if code == INTERRUPTED or job.dry_run:
        return code
    rows = Rows(
        targets.output, targets.is_file, job.inputs, False, finder.boxes, default_detector(), job.max_pixels, followed,
        targets,
    )  # fmt: skip
    title = f"{', '.join(item.name for item in job.inputs)} to {targets.output.name}"
    sheet_code = make_sheet(job, rows, path, title, told=False)
    return code or sheet_code


def default_detector() -> Callable[[Image], list[Face]]:
    """What looks for faces in results."""
    return lambda pixels: locate(pixels)


def make_sheet(job: Job, rows: Rows, output: Path, title: str, told: bool = True) -> int:
    """Makes rows of all originals, and the sheet of them.

    Args:
        job: its inputs are the originals.
        rows: makes them.
        output: the sheet.
        title: what it is of.
        told: say what there is to look at; after a run that said it already nothing is said twice.

    Returns:
        The exit code.
    """
    inputs = Inputs(job.inputs, None if rows.is_file else rows.output, videos=True)
    made: list[Row] = []
    code = 0
    if told:
        code = run_job(job, lambda source: _outcome(rows, source, made), inputs)
        made += [rows.make(source) for source in inputs if source.problem is not None]
    else:
        inputs.survey(rows.targets)
        with Stop() as stop:
            made += map_in_order(rows.make, inputs, job.threads, stop)
        code = INTERRUPTED if stop.wanted else 0
    if code == INTERRUPTED or not made:
        return code
    write_sheet(output, made, title, rows.before)
    if not job.quiet:
        say(f"contact sheet: {output}" + (", which shows the originals" if rows.before else ""))
    return code or (NO_FACE if any(row.problem for row in made) else 0)


def _outcome(rows: Rows, source: Source, made: list[Row]) -> Outcome:
    row = rows.make(source)
    made.append(row)
    status = "to look at" if row.problem else "fine"
    return Outcome(source.path, status, message=row.verdict if row.problem else None)
