"""Runs ours and the peers in rounds, one after the other in one process, and prints medians, spreads and ratios.

    python bench/compare.py metrics [--rounds 15] [--threads 1] [--isa NAME ...] [--only TEXT ...] [--json FILE]

The first word names a module ``contests_<word>.py`` beside this file with a function ``contests(threads)`` that yields
:class:`Contest`. With ``--isa`` each contest is held once for each instruction set of ours, one after the other. A busy
machine moves every time by a third from hour to hour; within a round it moves all alike, so ratios are taken per round
and their median is printed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SAMPLE_SECONDS = 0.004  # a sample repeats its call until it lasts this long
CANDIDATE_SECONDS = 6.0  # a candidate that has used this much in a contest takes no part in its later rounds


@dataclass
class Candidate:
    """One way to do a contest's work."""

    name: str
    call: Callable[[], Any]
    expected: Any = None  # what the call must answer, if it is to be checked
    tolerance: float = 0.0
    note: str = ""  # where its work is not the same as ours

    def check(self) -> Any:
        """Calls once and compares the answer."""
        answer = self.call()
        if self.expected is not None and not abs(float(answer) - self.expected) <= self.tolerance:
            raise AssertionError(f"{self.name} answered {answer!r}, not {self.expected!r} within {self.tolerance}")
        return answer


@dataclass
class Contest:
    """The same work done by several candidates, ours first."""

    name: str
    work: float  # in `unit`
    unit: str
    candidates: list[Candidate] = field(default_factory=list)


@dataclass
class Row:
    """What the rounds of a contest found for one candidate. Times in seconds a call."""

    contest: str
    candidate: str
    median: float
    low: float  # quartiles of the times
    high: float
    best: float
    rate: float  # work a second, by the median
    ratio: float  # median over rounds of its time over ours
    best_ratio: float  # its best time over our best: what a machine that others slow down moves least
    rounds: int
    note: str


def sample(call: Callable[[], Any], repeats: int) -> float:
    """Seconds a call, over ``repeats`` calls after one that brings the data back from whoever was before."""
    call()
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats


def run(contest: Contest, rounds: int) -> list[Row]:
    """Rounds over all candidates, in an order drawn anew so that nobody always follows the same."""
    repeats = {}
    for candidate in contest.candidates:
        candidate.check()
        once = sample(candidate.call, 1)
        repeats[candidate.name] = max(1, min(10_000, round(SAMPLE_SECONDS / max(once, 1e-9))))
    times: dict[str, list[float]] = {candidate.name: [] for candidate in contest.candidates}
    ratios: dict[str, list[float]] = {candidate.name: [] for candidate in contest.candidates}
    ours = contest.candidates[0].name
    for turn in range(rounds):
        this_round = {}
        for candidate in random.Random(turn).sample(contest.candidates, len(contest.candidates)):
            used = sum(times[candidate.name]) * repeats[candidate.name]
            if candidate.name == ours or used < CANDIDATE_SECONDS:
                this_round[candidate.name] = sample(candidate.call, repeats[candidate.name])
        for name, seconds in this_round.items():
            times[name].append(seconds)
            ratios[name].append(seconds / this_round[ours])
    rows = []
    for candidate in contest.candidates:
        seen = sorted(times[candidate.name])
        middle = statistics.median(seen)
        low, high = seen[len(seen) // 4], seen[-1 - len(seen) // 4]
        ratio = statistics.median(ratios[candidate.name])
        rate = contest.work / middle
        best_ratio = seen[0] / min(times[ours])
        found = (middle, low, high, seen[0], rate, ratio, best_ratio, len(seen))
        rows.append(Row(contest.name, candidate.name, *found, candidate.note))
    return rows


def machine() -> str:
    """One line about the machine, for the head of a table."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        said = dict(reversed([[part.strip() for part in line.split(":", 1)] for line in lines if ":" in line]))
        if "model name" in said:
            model = f"{said['model name']} (family {said['cpu family']}, model {said['model']})"
    return f"{model}, {os.cpu_count()} processors, {platform.system()}, Python {platform.python_version()}"


def time_text(seconds: float) -> str:
    """A time in the unit that suits it."""
    return f"{seconds * 1e6:.2f} µs" if seconds < 1e-4 else f"{seconds * 1e3:.2f} ms"


def show(contest: Contest, rows: list[Row], isa: str) -> None:
    """Prints a contest as a table in Markdown."""
    print(f"\n### {contest.name}; {isa}\n")
    print(f"| | median | quartiles | {contest.unit}/s | time over ours | best over our best |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        name = row.candidate + (f" ({row.note})" if row.note else "")
        spread = f"{time_text(row.low)} to {time_text(row.high)}"
        ratios = f"{row.ratio:.2f} | {row.best_ratio:.2f}"
        print(f"| {name} | {time_text(row.median)} | {spread} | {row.rate:.0f} | {ratios} |", flush=True)


def chosen(contests: Iterator[Contest], only: list[str]) -> Iterator[Contest]:
    """The contests whose name holds every text of ``only``."""
    return (contest for contest in contests if all(text in contest.name for text in only))


def main(arguments: list[str]) -> None:
    """See the module's head."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("contests", help="metrics, perturb or faces: contests_metrics.py and so on")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], help="contests whose name holds this; may be repeated")
    parser.add_argument("--isa", action="append", default=[], help="an instruction set of ours; may be repeated")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    # Read by the run-times of peers when they are first imported.
    for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    sys.path.insert(0, str(Path(__file__).parent))
    module = importlib.import_module(f"contests_{options.contests}")
    core = importlib.import_module("fastperturb._core")
    print(f"{machine()}; {options.threads} thread(s), {options.rounds} rounds")
    everything = []
    for contest in chosen(module.contests(options.threads), options.only):
        for isa in options.isa or [core.isa()]:
            core.use_isa(isa)
            if hasattr(module, "limit_peers"):
                module.limit_peers(isa)
            rows = run(contest, options.rounds)
            show(contest, rows, isa)
            everything += [{"isa": isa, **vars(row)} for row in rows]
    if options.json:
        options.json.write_text(json.dumps(everything, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
