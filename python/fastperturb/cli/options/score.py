"""The options of ``fastperturb score``: detectors, strengths, truth and rule."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from ...evaluation import ALL_FACES, PAPER, Condition, DetectionRule
from ...faces import Detector, list_detectors, make_detector
from ...strength.strength import Strength
from .common import MAX_PIXELS_OPTION, Job
from .sections import LAST_SECTION, option, shared

_WHAT, _TRUTH, _COUNT = "What to look at", "Truth", "How to count"
_FIELDS = {
    "window": int,
    "cells": int,
    "pixels": int,
    **dict.fromkeys(("coverage", "psnr", "distance", "mse"), float),
}


score_job = shared(
    "job",
    Job,
    click.Argument(["inputs"], nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE_OR_FOLDER..."),
    option("--json", is_flag=True, section=LAST_SECTION, help="The table as JSON on standard output."),
    option("--quiet", "-q", is_flag=True, section=LAST_SECTION, help="No progress; problems are still told."),
    MAX_PIXELS_OPTION,
)


@dataclass(frozen=True, slots=True)
class Looks:
    """Who looks at what: detectors by name, rows of the table, seed of the key and of every draw."""

    detectors: dict[str, Detector]
    conditions: list[Condition]
    seed: int
    sample: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What counts as true: a file, or a vote of detectors on the clear images."""

    path: Path | None
    form: Any
    voters: dict[str, Detector]
    votes: int | None


@dataclass(frozen=True, slots=True)
class Counting:
    """How to count, and how often to draw anew for the intervals."""

    rule: DetectionRule
    resamples: int
    by_folder: bool


def parse_strengths(texts: Sequence[str]) -> list[Strength]:
    """Strengths out of "window=8+12,pixels=8000": every combination of the values that are joined by a plus.

    Raises:
        ValueError: not of this form, or out of range.
    """
    strengths: list[Strength] = []
    for text in texts:
        choices = []
        for part in [] if text == "default" else text.split(","):
            name, _, values = part.partition("=")
            try:
                choices.append([(name, _value(name, value)) for value in values.split("+")])
            except (KeyError, ValueError):
                need = f"'default' or like window=8+12,pixels=8000 (of {', '.join(_FIELDS)})"
                raise ValueError(f"--strength must be {need}, got {text!r}") from None
        strengths += [Strength(**dict(combination)) for combination in itertools.product(*choices)]
    return strengths


def _value(name: str, text: str) -> Any:
    return "region" if (name, text) == ("window", "region") else _FIELDS[name](text)


def make_detectors(text: str | None) -> dict[str, Detector]:
    """Detectors by their specification; all that are there and need no model file where nothing is named."""
    if text is None:
        names = [item.name for item in list_detectors() if item.missing is None and item.model != "needed"]
    else:
        names = [name.strip() for name in text.split(",") if name.strip()]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"--detectors must name different detectors, got {text!r}")
    return {_short(name, names): make_detector(name) for name in names}


def _short(name: str, names: list[str]) -> str:
    """The name without its model and settings, where that is still one of its own."""
    plain = name.partition("=")[0].partition("?")[0]
    same = [other for other in names if other.partition("=")[0].partition("?")[0] == plain]
    return plain if len(same) == 1 else name


def _looks(detectors: str | None, strength: tuple[str, ...], reading: str, interpolation: Any, **rest: Any) -> Looks:
    readings: list[Any] = [part.strip() for part in reading.split(",")]
    conditions = [Condition()] + [
        Condition(one, kind, interpolation if kind == "view" else "lanczos")
        for one in parse_strengths(strength or ("default",))
        for kind in readings
    ]
    return Looks(make_detectors(detectors), conditions, rest["seed"], rest["sample"])


look_options = shared(
    "looks",
    _looks,
    option(
        "--detectors",
        metavar="NAME,...",
        section=_WHAT,
        help="Of 'fastperturb detectors', also NAME=MODEL and NAME=MODEL?SETTING=VALUE&...; the default is all that "
        "are there and bring their model.",
    ),
    option(
        "--strength",
        multiple=True,
        metavar="SETTING",
        section=_WHAT,
        help="'default', or like window=12 or cells=8+6 or window=12,pixels=8000; may be given several times.",
    ),
    option(
        "--reading",
        default="direct,view",
        metavar="NAME,...",
        section=_WHAT,
        help="How detectors look at protected images: direct, view, reduced.  [default: direct,view]",
    ),
    option(
        "--interpolation",
        type=click.Choice(["mosaic", "linear", "cubic", "lanczos"]),
        default="lanczos",
        section=_WHAT,
        help="Of the view.  [default: lanczos]",
    ),
    option(
        "--sample", type=click.IntRange(1), metavar="N", section=_WHAT, help="Only N of the images, drawn by the seed."
    ),
    option(
        "--seed",
        type=click.IntRange(0),
        default=0,
        metavar="N",
        section=_WHAT,
        help="Of the key, the sample and the resampling.  [default: 0]",
    ),
)


def _wanted(truth: Path | None, truth_form: str | None, consensus: str | None, votes: int | None) -> Wanted:
    if truth is not None and (consensus is not None or votes is not None):
        raise ValueError("--truth is instead of --consensus and --votes")
    if truth is None and truth_form is not None:
        raise ValueError("--truth-form says what the file of --truth is")
    voters = {} if truth is not None or consensus is None else make_detectors(consensus)
    return Wanted(truth, truth_form, voters, votes)


truth_options = shared(
    "wanted",
    _wanted,
    option(
        "--truth",
        type=click.Path(exists=True, path_type=Path),
        metavar="FILE",
        section=_TRUTH,
        help="Where the faces are: WIDER FACE (.txt), LFPW (table, .pts or a folder of them), CSV, or JSON as 'locate' "
        "prints it.",
    ),
    option(
        "--truth-form",
        type=click.Choice(["wider", "lfpw", "csv", "json"]),
        section=_TRUTH,
        help="What that file is, where its name does not say.",
    ),
    option(
        "--consensus",
        metavar="NAME,...",
        section=_TRUTH,
        help="Without a file: what these detectors agree on in the clear images; the default is all of --detectors.",
    ),
    option(
        "--votes",
        type=click.IntRange(1),
        metavar="N",
        section=_TRUTH,
        help="How many of them must agree; the default is more than half.",
    ),
)


def _counting(rule: str, resamples: int, by_folder: bool, **changes: float | None) -> Counting:
    base = PAPER if rule == "paper" else ALL_FACES
    given: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
    name = f"{base.name}, changed" if any(getattr(base, key) != value for key, value in given.items()) else base.name
    return Counting(replace(base, **given, name=name), resamples, by_folder)


count_options = shared(
    "counting",
    _counting,
    option(
        "--rule",
        type=click.Choice(["all", "paper"]),
        default="all",
        section=_COUNT,
        help="all: every face, any score. paper: main face of each image, score from 0.8. Both: IoU from 0.5.  "
        "[default: all]",
    ),
    option("--iou", type=float, metavar="SHARE", section=_COUNT, help="Instead: least intersection over union."),
    option("--score", type=float, metavar="SCORE", section=_COUNT, help="Instead: lowest score, for P, R and F."),
    option("--alpha", type=float, metavar="X", section=_COUNT, help="Of the F score.  [default: 1]"),
    option(
        "--resamples",
        type=click.IntRange(0),
        default=1000,
        metavar="N",
        section=_COUNT,
        help="Bootstrap resamples for the intervals; 0 for none.  [default: 1000]",
    ),
    option(
        "--by-folder",
        is_flag=True,
        section=_COUNT,
        help="Draw whole folders for the intervals (a folder a person, say), not images.",
    ),
)
