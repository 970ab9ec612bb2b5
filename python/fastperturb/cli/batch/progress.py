"""What the user hears: a progress bar on a terminal, a line per problem, JSON for machines, a summary, an exit code."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import printable
from .ignored import Ignored

OK, FAILED, NO_FACE, INTERRUPTED = 0, 1, 3, 130
PROBLEMS = ("failed", "no record")
"""Statuses that make the exit code 1; "no face" alone makes it 3."""
_BYTES = ("bytes_in", "bytes_out", "bytes_beside")
NOTES = 10
"""How many notes on what is lost are said in a summary."""
REPEATED = 3
"""How many files are named that fail for one cause; the others are counted, for ten thousand lines hide all else."""


@dataclass(slots=True)
class Outcome:
    """What became of one file.

    Attributes:
        source: the file that came in.
        status: "perturbed", "restored", "viewed" and so on; "unchanged" if it was done before; "copied", "skipped";
            "no face", or one of :data:`PROBLEMS`.
        output: the file that was written, if any.
        message: one line for a human: what went wrong, or what to mind.
        facts: more for machines.
        text: what is printed for a human, of commands that print.
        cause: what is wrong, if it may be the same for thousands of files and has one remedy: then few are named.
        instead_of: the format that was asked for, if it cannot hold the picture and another was taken.
    """

    source: Path
    status: str
    output: Path | None = None
    message: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    cause: str | None = None
    instead_of: str | None = None


class Report:
    """Takes outcomes as they come.

    Args:
        total: how many files there are.
        machine: write a JSON object per file, and one at the end, to standard output.
        quiet: no progress bar and no summary.
        verbose: a line for every file.
        prints: outcomes have texts, which go to standard output unless ``machine``.
    """

    def __init__(
        self,
        total: int,
        *,
        machine: bool = False,
        quiet: bool = False,
        verbose: bool = False,
        prints: bool = False,
    ) -> None:
        self.total = total
        self.counts: Counter[str] = Counter()
        self._machine = machine
        self._quiet = quiet
        self._verbose = verbose
        self._prints = machine or prints
        self._progress: Any = None
        self._task: Any = None
        self._start = time.monotonic()
        self._causes: Counter[str] = Counter()
        self._instead: Counter[str] = Counter()
        self._part = False
        self._bytes: Counter[str] = Counter()
        self._notes: Counter[str] = Counter()

    def __enter__(self) -> Report:
        """Shows the progress bar, if there is a terminal that nothing else is printed on, and more than one file."""
        crowded = self._prints and sys.stdout.isatty()
        if self.total > 1 and not self._quiet and not crowded and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            speed, part = TextColumn("{task.fields[speed]}"), TextColumn("{task.fields[part]}", markup=False)
            columns = (BarColumn(), MofNCompleteColumn(), speed, TimeRemainingColumn(), part)
            # Rich would send to its own console, standard error, what is printed to standard output.
            console = Console(file=sys.stderr)
            self._progress = Progress(
                *columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False
            )
            self._progress.start()
            self._task = self._progress.add_task("", total=self.total, speed="", part="")
        return self

    def __exit__(self, *_error: object) -> None:
        """Takes the progress bar away."""
        self._clear_part()
        if self._progress is not None:
            self._progress.stop()

    def show_part(self, line: str) -> None:
        """How far the file is that is worked on, on a terminal: in the bar, or a line that the next replaces."""
        if self._quiet or not sys.stderr.isatty():
            return
        if self._progress is not None:
            self._progress.update(self._task, part=printable(line))
        else:
            sys.stderr.write(f"\r\033[K{printable(line)}")
            sys.stderr.flush()
            self._part = True

    def _clear_part(self) -> None:
        if self._part:
            sys.stderr.write("\r\033[K")
            self._part = False

    def say(self, line: str) -> None:
        """A line on standard error, above the progress bar."""
        line = printable(line)
        self._clear_part()
        if self._progress is None:
            sys.stderr.write(f"fastperturb: {line}\n")
        else:
            self._progress.console.print(f"fastperturb: {line}", markup=False, highlight=False, soft_wrap=True)

    def add(self, outcome: Outcome) -> None:
        """One file is through."""
        self._clear_part()
        self.counts[outcome.status] += 1
        if outcome.instead_of is not None:
            self._instead[outcome.instead_of] += 1
        notes: list[str] = outcome.facts.get("notes", [])
        self._notes.update(notes)
        self._bytes.update({name: outcome.facts[name] for name in _BYTES if name in outcome.facts})
        if self._machine:
            _print_json(_as_json(outcome))
        elif outcome.text:
            sys.stdout.write(outcome.text)
            sys.stdout.flush()
        if outcome.cause is not None:
            self._causes[outcome.cause] += 1
        if outcome.message is not None:
            if self._verbose or outcome.cause is None or self._causes[outcome.cause] <= REPEATED:
                self.say(f"{outcome.source}: {outcome.message}")
        elif self._verbose or (self.total == 1 and outcome.output is not None and not self._quiet):
            line = f"{outcome.source}: {outcome.status}" + (f", {outcome.output}" if outcome.output else "")
            self.say(line + (f", for {outcome.instead_of} cannot hold it" if outcome.instead_of else ""))
        if notes and not self._quiet and (self._verbose or self.total == 1):
            self.say(f"{outcome.source}: " + "; ".join(notes))
        if self._progress is not None:
            done = sum(self.counts.values())
            speed = f"{done / max(time.monotonic() - self._start, 1e-9):.1f}/s"
            self._progress.update(self._task, completed=done, speed=speed, part="")

    def finish(self, interrupted: bool, ignored: Ignored | None = None) -> int:
        """Sums up.

        Args:
            interrupted: whether files are left that nobody looked at.
            ignored: the files in the folders that were not taken for images.

        Returns:
            The exit code; it is a failure that there was no file at all.
        """
        ignored = Ignored() if ignored is None else ignored
        done, seconds = sum(self.counts.values()), time.monotonic() - self._start
        if self._machine:
            self._print_summary(done, seconds, interrupted, ignored)
        if not self._verbose:
            for cause, count in self._causes.items():
                if count > REPEATED:
                    self.say(f"{count - REPEATED} more, {count} files in all: {cause}")
        if not self._quiet and (self.total > 1 or self._verbose or interrupted or ignored.count):
            parts = [f"{number} {status}" for status, number in sorted(self.counts.items())]
            line = f"interrupted after {done}" if interrupted else f"{done}"
            line += (
                f" of {self.total} {'file' if self.total == 1 else 'files'} in {seconds:.1f} s"
                + (": " if parts else "")
                + ", ".join(parts)
            )
            for name, count in sorted(self._instead.items()):
                line += f"; {count} written as PNG, for {name} cannot hold them"
            self.say(line + self._bytes_told() + ignored.told())
            if not self._verbose and self.total > 1:
                self._say_notes()
        if interrupted:
            return INTERRUPTED
        if not self.total or any(self.counts[status] for status in PROBLEMS):
            return FAILED
        return NO_FACE if self.counts["no face"] else OK

    def _say_notes(self) -> None:
        """What is lost of files, or looks different, each thing once."""
        for note, count in self._notes.most_common(NOTES):
            self.say(f"{count} {'file' if count == 1 else 'files'}: {note}")
        if len(self._notes) > NOTES:
            self.say(f"{len(self._notes) - NOTES} more such notes: --verbose, or 'notes' in --json, has them by file")

    def _bytes_told(self) -> str:
        """How much came in and went out."""
        came, went = self._bytes["bytes_in"], self._bytes["bytes_out"]
        if not came:
            return ""
        apart = self._bytes["bytes_beside"]
        factor = f"{(went + apart) / came:.2f} times as much"
        return f"; {_size(came)} in, {_size(went)} out" + (f" and {_size(apart)} beside" * bool(apart)) + f", {factor}"

    def _print_summary(self, done: int, seconds: float, interrupted: bool, ignored: Ignored) -> None:
        facts = {"files": self.total, "done": done, "ignored": ignored.count, "interrupted": interrupted}
        more: dict[str, Any] = {}
        if ignored.notable:
            more["videos_and_documents"] = {"count": ignored.notable, "first": [str(path) for path in ignored.first]}
        if self._instead:
            more["png_instead_of"] = dict(self._instead)
        if self._bytes:
            more |= {name: self._bytes[name] for name in _BYTES}
        if self._notes:
            more["notes"] = dict(self._notes)
        if self._causes:
            more["causes"] = dict(self._causes)
        _print_json({"summary": {**facts, "seconds": round(seconds, 3), "counts": dict(self.counts), **more}})


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 999_500 else f"{count / 1e3:.1f} kB"


def _as_json(outcome: Outcome) -> dict[str, Any]:
    data: dict[str, Any] = {"file": str(outcome.source), "status": outcome.status}
    if outcome.output is not None:
        data["output"] = str(outcome.output)
    if outcome.message is not None:
        data["message"] = outcome.message
    if outcome.instead_of is not None:
        data["instead_of"] = outcome.instead_of
    return {**data, **outcome.facts}


def _print_json(data: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(data) + "\n")
    sys.stdout.flush()
