"""``fastperturb score``: scores how well faces are found before and after, directly and through the view."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any

import click

from ...errors import ImageFileError
from ...evaluation import (
    DetectionRun,
    DetectionStudy,
    DetectionTable,
    Truth,
    consensus,
    detection_table,
    draw_missed_faces,
    look_at_clear,
    read_truth,
    run_detection,
)
from ...evaluation.datasets import Sample
from ...evaluation.result_cache import FOLDER, ResultCache
from ...files import read_image
from ...files.atomic import mode_of, write_atomically
from ...files.writing import encode
from ..batch.paths import Inputs, Source
from ..errors import say
from ..options.common import Job
from ..options.score import (
    CountOptions,
    DetectionOptions,
    TruthOptions,
    count_options,
    detection_options,
    score_job,
    truth_options,
)
from ..options.sections import SectionCommand, SectionOption


@click.command(cls=SectionCommand, short_help="Score how well faces are found before and after.")
@score_job
@detection_options
@truth_options
@count_options
@click.option(
    "--output",
    "-o",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    cls=SectionOption,
    section="Results",
    help="Write scores.csv, scores.json and scores.md there, and what was found, so that a later run goes on.",
)
@click.option(
    "--misses",
    type=click.IntRange(1),
    metavar="N",
    cls=SectionOption,
    section="Results",
    help="Draw up to N pictures of missed faces for each row there too.",
)
def score(
    job: Job,
    options: DetectionOptions,
    truth_options: TruthOptions,
    counting: CountOptions,
    output: Path | None,
    misses: int | None,
) -> int:
    """Score how well faces are found: clear, protected, and protected but read through the view.

    Every true face is protected, by a key made of the seed. Precision, recall, F and average precision come with their
    bootstrap intervals. What fails is counted beside them and makes the exit code 1.
    """
    if misses is not None and output is None:
        raise click.UsageError("--misses are written into a folder: -o FOLDER")
    samples, paths = _samples(job, options, counting.by_folder)
    study = options.study
    cache = None if output is None else ResultCache(output / FOLDER)
    try:
        truth, undecided = _truth(job, truth_options, study, samples, cache)
        with _progress(job, "scores") as progress:
            run = run_detection(samples, truth, study, cache=cache, progress=progress)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    for name, reason in undecided.items():
        say(f"{name}: no consensus, a detector failed: {reason}")
    table = detection_table(run, counting.rule, resamples=counting.resamples, seed=study.seed)
    sys.stdout.write(table.to_json() + "\n" if job.json else table.to_text())
    if output is not None:
        _write(output, table)
        for missed in draw_missed_faces(run, samples, counting.rule, limit=misses) if misses else ():
            row = f"{missed.task.detector} {missed.task.protection} {missed.task.reading}"
            path = output / "misses" / _file_name(row) / f"{_file_name(missed.name)}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, encode(missed.pixels, "PNG"), mode=mode_of(paths[missed.name]))
    return _problems(run, bool(undecided), quiet=job.quiet)


def _samples(job: Job, options: DetectionOptions, by_folder: bool) -> tuple[list[Sample], dict[str, Path]]:
    """What is looked at, and the files by their names there."""
    sources = list(Inputs(job.inputs))
    if not sources:
        raise ImageFileError(f"no images found in {', '.join(map(str, job.inputs))}")
    if options.sample is not None and options.sample < len(sources):
        chosen = set(random.Random(options.study.seed).sample(range(len(sources)), options.sample))
        sources = [source for index, source in enumerate(sources) if index in chosen]
    names = [PurePath(source.relative).as_posix() for source in sources]
    if len(set(names)) < len(names):
        names = [source.path.as_posix() for source in sources]
    people = [source.path.parent.as_posix() if by_folder else None for source in sources]
    samples = [
        Sample(name, person, _reader(source, job)) for name, person, source in zip(names, people, sources, strict=True)
    ]
    return samples, {name: source.path for name, source in zip(names, sources, strict=True)}


def _reader(source: Source, job: Job) -> Callable[[], Any]:
    def read() -> Any:
        if source.problem is not None:
            raise ImageFileError(source.problem)
        return read_image(source.path, max_pixels=job.max_pixels).pixels

    return read


def _truth(
    job: Job, options: TruthOptions, study: DetectionStudy, samples: list[Sample], cache: ResultCache | None
) -> tuple[Truth, dict[str, str]]:
    """The truth, and the images on which there is none because a detector failed."""
    if options.path is not None:
        return read_truth(options.path, options.form), {}
    with _progress(job, "consensus") as progress:
        voters = options.voters or study.detectors
        found, failed = look_at_clear(samples, voters, cache=cache, progress=progress)
    return consensus(found, votes=options.votes), failed


def _write(folder: Path, table: DetectionTable) -> None:
    for ending, text in (("csv", table.to_csv()), ("json", table.to_json() + "\n"), ("md", table.to_markdown())):
        (folder / f"scores.{ending}").write_text(text, encoding="utf-8")


def _problems(run: DetectionRun, undecided: bool, *, quiet: bool) -> int:
    for name, reason in run.unreadable.items():
        say(f"{name}: {reason}")
    failed = False
    for task, images in run.results.items():
        errors = [image for image in images if image.found is None and image.name not in run.unreadable]
        failed = failed or bool(errors)
        if errors:
            row = f"{task.detector}, {task.protection}, {task.reading}"
            say(f"{row}: failed on {len(errors)} of {len(images)}, such as {errors[0].name}: {errors[0].error}")
    if not quiet and run.without_truth:
        say(f"{len(run.without_truth)} images without truth are in no score, such as {run.without_truth[0]}")
    if not quiet and run.unused_truth:
        say(f"truth of {len(run.unused_truth)} images that were not given, such as {run.unused_truth[0]}")
    return 1 if failed or undecided or run.unreadable else 0


def _file_name(text: str) -> str:
    return "".join(c if c.isalnum() or c in "-._" else "_" for c in text)


@contextmanager
def _progress(job: Job, what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Shows a progress bar on a terminal."""
    if job.quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task(what)
        yield lambda done, total: bar.update(task, completed=done, total=total)
