"""``fastperturb evaluate``: measures every protection with every detector and attacker, and writes a report."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from ..._optional import import_extra
from ...evaluation.report import render_report
from ...evaluation.result_cache import write_whole
from ...evaluation.study import Running, Stopped, StudyResults, build_study, run_study
from ..batch.worker_pool import Stop
from ..errors import say
from ..options.evaluate import Output, StudyOptions, output_options, study_options
from ..options.sections import SectionCommand

INTERRUPTED = 130
QUIET_SECONDS = 30.0
"""How long nothing is said without a terminal, so that a log shows that the work goes on."""


@click.command(cls=SectionCommand, short_help="Compare protections: found, recognised, changed; a report.")
@study_options
@output_options
def evaluate(options: StudyOptions, output: Output) -> int:
    """Compare protections on DATA: are faces still found, people still recognised, how much does the picture change?

    DATA is att (the AT&T faces), folder:PATH (a folder a person), flat:PATH, lfw:PATH or a folder. Writes results.csv,
    results.json (and results.parquet if pyarrow is there) and report.html, which needs no network. What is finished is
    kept in the folder: a run that was stopped goes on. The same seed gives the same results, bit for bit.
    """
    for package in ("jinja2", "matplotlib"):
        import_extra(package, "evaluate")  # before the work, not after it
    try:
        study = build_study(options.config)
    except (TypeError, ValueError, FileNotFoundError) as error:
        raise click.UsageError(str(error)) from None
    output.folder.mkdir(parents=True, exist_ok=True)
    with Stop() as stop, _progress(output) as progress:
        running = Running(output.folder, output.jobs, progress, lambda: stop.wanted)
        try:
            results = run_study(study, running)
        except Stopped:
            say(f"stopped; the same command goes on with what is in {output.folder}")
            return INTERRUPTED
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    results.write(output.folder)
    report = output.folder / "report.html"
    write_whole(report, render_report(results, _command()).encode())
    _tell(results, output, report)
    return 1 if results.failures else 0


def _tell(results: StudyResults, output: Output, report: Path) -> None:
    places: dict[tuple[str, str, str], int] = {}
    for failure in results.failures:
        key = (failure.kind, failure.actor, failure.reason)
        places[key] = places.get(key, 0) + 1
    for (kind, actor, reason), count in places.items():
        say(f"{kind}{f', {actor}' if actor else ''}: failed {count} times: {reason}")
    if results.about["faceless"] and not output.quiet:
        names = results.about["faceless"]
        say(f"no face found in {len(names)} images, which are in no number, such as {names[0]}")
    if output.json:
        sys.stdout.write(
            json.dumps({"report": str(report), "advice": [asdict(item) for item in results.advice]}) + "\n"
        )
        return
    for item in results.advice:
        chosen = item.chosen
        if chosen is None:
            sys.stdout.write(f"{item.aim}: nothing measured fulfils it; nearest: {item.others[0].protection}\n")
        else:
            found = "" if chosen.recall is None else f", recall {chosen.recall[0]:.2f} by {chosen.detector}"
            sys.stdout.write(f"{item.aim}: {chosen.protection}; rank-1 {chosen.rank1[0]:.2f}{found}\n")
    sys.stdout.write(f"{report}\n")


class _Lines:
    """Says a line of progress at first, at the end, and every :data:`QUIET_SECONDS` between them."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._next = self._start

    def __call__(self, what: str, done: float, ahead: float) -> None:
        now = time.monotonic()
        if now < self._next and done < ahead:
            return
        self._next = now + QUIET_SECONDS
        share = done / ahead if ahead > 0.0 else 1.0
        say(f"evaluate: {min(share, 1.0):.0%} of the expected work, {now - self._start:.0f} s, {what}")


def _command() -> str:
    return shlex.join(["fastperturb", *sys.argv[1:]])


@contextmanager
def _progress(output: Output) -> Iterator[Callable[[str, float, float], None] | None]:
    """Shows a progress bar on a terminal, by the expected time of the tasks, and elsewhere a line now and then."""
    if output.quiet:
        yield None
        return
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        *(BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn()),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(file=sys.stderr), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("reading")

        def show(what: str, done: float, ahead: float) -> None:
            bar.update(task, description=what, completed=done, total=ahead)

        yield show
