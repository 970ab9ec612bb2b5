"""The options of ``fastperturb score``: detectors, strengths, truth and rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import click

from ...evaluation import ALL_FACES, PAPER, DetectionRule, DetectionStudy, describe_strength
from ...evaluation.bootstrap import MOST_RESAMPLES
from ...evaluation.detection.tasks import CLEAR
from ...faces import Detector
from ...faces.registry import make_detectors
from ...perturbation.block_view import Interpolation
from ...protections import Clear, Permutation, Protection
from ...protections.parsing import STRENGTH_READERS
from ...specification import Reader, parse_settings
from ...strength.strength import Strength
from .common import MAX_PIXELS_OPTION, Job
from .sections import LAST_SECTION, option, shared

_WHAT, _TRUTH, _COUNT = "What to look at", "Truth", "How to count"


score_job = shared(
    "job",
    Job,
    click.Argument(["inputs"], nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE_OR_FOLDER..."),
    option("--json", is_flag=True, section=LAST_SECTION, help="The table as JSON on standard output."),
    option("--quiet", "-q", is_flag=True, section=LAST_SECTION, help="No progress; problems are still told."),
    MAX_PIXELS_OPTION,
)


@dataclass(frozen=True, slots=True)
class DetectionOptions:
    """Detectors and protections, and how many of the images to look at (None: all)."""

    study: DetectionStudy
    sample: int | None


@dataclass(frozen=True, slots=True)
class TruthOptions:
    """Where the truth comes from: a file, or a vote of detectors on the clear images."""

    path: Path | None
    form: Any
    voters: dict[str, Detector]
    votes: int | None


@dataclass(frozen=True, slots=True)
class CountOptions:
    """The rule of counting, and the bootstrap of the intervals."""

    rule: DetectionRule
    resamples: int
    by_folder: bool


def parse_strengths(texts: Sequence[str]) -> list[Strength]:
    """Strengths out of "window=8+12,pixels=8000": every combination of the values that are joined by a plus.

    Raises:
        ValueError: not of this form, or out of range.
    """
    several = {name: _list_of(reader) for name, reader in STRENGTH_READERS.items()}
    strengths: list[Strength] = []
    for text in texts:
        try:
            choices = {} if text == "default" else parse_settings(text).read(several)
        except ValueError:
            need = f"'default' or like window=8+12,pixels=8000 (of {', '.join(STRENGTH_READERS)})"
            raise ValueError(f"--strength must be {need}, got {text!r}") from None
        strengths += [Strength(**dict(zip(choices, chosen, strict=True))) for chosen in product(*choices.values())]
    return strengths


def _list_of(reader: Reader) -> Reader:
    return Reader(lambda text: [reader.read(part) for part in text.split("+")], reader.need)


def parse_detectors(text: str | None) -> dict[str, Detector]:
    """Detectors out of texts joined by commas; all that are there and need no model file where nothing is named."""
    names = None if text is None else [name.strip() for name in text.split(",") if name.strip()]
    if names is not None and (not names or len(set(names)) < len(names)):
        raise ValueError(f"--detectors must name different detectors, got {text!r}")
    return make_detectors(names)


def _detection(
    detectors: str | None, strength: tuple[str, ...], reading: str, interpolation: Interpolation, **rest: Any
) -> DetectionOptions:
    protections: dict[str, Protection] = {CLEAR: Clear()}
    for one in parse_strengths(strength or ("default",)):
        protections[describe_strength(one)] = Permutation(one, interpolation=interpolation)
    readings: list[Any] = [part.strip() for part in reading.split(",")]
    study = DetectionStudy(parse_detectors(detectors), protections, readings, rest["seed"])
    return DetectionOptions(study, rest["sample"])


detection_options = shared(
    "options",
    _detection,
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
        help="'default', or like window=12 or cells=8+6 or window=12,pixels=8000, of window, cells, pixels, coverage, "
        "psnr, distance and mse; may be given several times.",
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


def _truth(truth: Path | None, truth_form: str | None, consensus: str | None, votes: int | None) -> TruthOptions:
    if truth is not None and (consensus is not None or votes is not None):
        raise ValueError("--truth is instead of --consensus and --votes")
    if truth is None and truth_form is not None:
        raise ValueError("--truth-form says what the file of --truth is")
    voters = {} if truth is not None or consensus is None else parse_detectors(consensus)
    return TruthOptions(truth, truth_form, voters, votes)


truth_options = shared(
    "truth_options",
    _truth,
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


def _counting(rule: str, resamples: int, by_folder: bool, **changes: float | None) -> CountOptions:
    base = PAPER if rule == "paper" else ALL_FACES
    given: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
    name = f"{base.name}, changed" if any(getattr(base, key) != value for key, value in given.items()) else base.name
    return CountOptions(replace(base, **given, name=name), resamples, by_folder)


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
        type=click.IntRange(0, MOST_RESAMPLES),
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
