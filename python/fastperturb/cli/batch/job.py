"""The frame of a command that works on many files: survey, report, threads, and what is done before and after each."""

from __future__ import annotations

import errno
from collections.abc import Callable

import click

from ..._optional import import_opencv
from ...errors import MissingExtra, ModelError
from ...files import Picture
from ...files.reading import decode, read_bytes
from ...files.writing import format_for
from ...threads import available_cpus
from ..errors import describe
from ..options.common import Job
from .live import Interrupted, Live
from .paths import Inputs, Source
from .progress import Outcome, Report
from .targets import Targets, VideoTargets
from .worker_pool import Stop, map_in_order

INTERRUPTED_HERE = "interrupted"
"""Status of a file that was worked on when somebody pressed Ctrl-C; it is not counted."""


def run_job(
    job: Job,
    step: Callable[[Source], Outcome],
    inputs: Inputs,
    targets: Targets | None = None,
    *,
    prints: bool = False,
    live: Live | None = None,
) -> int:
    """Does ``step`` for every file; ``prints`` says that outcomes have texts for standard output.

    ``live`` is connected with the report and with Ctrl-C, for steps that take long.

    Returns:
        The exit code.
    """
    survey = inputs.survey(targets)
    threads = min(job.threads, max(survey.images, 1))
    import_opencv().setNumThreads(max(1, available_cpus() // threads))  # our threads are enough
    manner = {"machine": job.json, "quiet": job.quiet, "verbose": job.verbose, "prints": prints}
    with Stop() as stop, Report(survey.images, **manner) as report:
        if live is not None:
            live.stop, live.report = stop, report
        for outcome in map_in_order(lambda source: attempt(step, source, targets), inputs, threads, stop):
            if outcome.status != INTERRUPTED_HERE:
                report.add(outcome)
        interrupted = stop.wanted and sum(report.counts.values()) < survey.images
    if job.dry_run:
        report.say("a dry run: nothing was written")
    if not survey.images:
        report.say("no images found in " + ", ".join(map(str, job.inputs)))
    return report.finish(interrupted, survey.ignored)


def attempt(step: Callable[[Source], Outcome], source: Source, targets: Targets | None = None) -> Outcome:
    """What became of one file; an error is an outcome too, so that the others go on."""
    if source.problem is not None:
        return Outcome(source.path, "failed", message=source.problem)
    try:
        outcome = step(source)
    except Interrupted:
        return Outcome(source.path, INTERRUPTED_HERE)
    except Exception as error:
        message = describe(error).removeprefix(f"{source.path}: ")
        facts = {"error": type(error).__name__}
        return Outcome(source.path, "failed", message=message, facts=facts, cause=_common_cause(error))
    if targets is not None and outcome.output is not None and outcome.output == targets.fallback_for(source):
        outcome.instead_of = format_for(targets.path_for(source))
    return outcome


def _common_cause(error: Exception) -> str | None:
    """What is wrong with the machine, which fails one file after the other; ``None`` for what is wrong with a file."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
        return error.strerror
    return describe(error) if isinstance(error, (MissingExtra, ModelError, ImportError)) else None


def read_picture(source: Source, job: Job) -> Picture:
    """Reads and decodes a file once."""
    return decode(read_bytes(source.path), max_pixels=job.max_pixels)


def not_tried(source: Source) -> Outcome:
    """What a dry run says of a video."""
    return Outcome(source.path, "skipped", message="a video: how large its result would be, only making it could tell")


def plan_output(job: Job, videos: VideoTargets | None = None, *, jpeg: bool = True) -> tuple[Inputs, Targets]:
    """Inputs, and where their results go; with ``videos``, videos are among them, and ``jpeg`` lets JPEGs stay such.

    Raises:
        click.UsageError: that cannot be.
    """
    if job.output is None:
        raise click.UsageError("an output is needed: -o PATH")
    inputs = Inputs(job.inputs, job.output, videos=videos is not None)
    return inputs, Targets(job.output, inputs, f".{job.format}", job.full_names, videos, jpeg=jpeg)
