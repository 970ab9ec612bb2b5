"""The options of ``fastperturb evaluate``: a file of settings, flags that replace its keys, and how to run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ...errors import MissingExtra
from ...evaluation.bootstrap import MOST_RESAMPLES
from ...evaluation.study import StudyConfig, make_config, read_config
from ...threads import available_cpus
from .sections import LAST_SECTION, option, shared

_WHAT, _WHO, _COUNT = "What to evaluate", "By whom", "How to count"


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """The study that the options describe."""

    config: StudyConfig


@dataclass(frozen=True, slots=True)
class Output:
    """Where to write, and how to run and report."""

    folder: Path
    jobs: int
    json: bool
    quiet: bool


def _study(data: str | None, config: Path | None, **flags: Any) -> StudyOptions:
    values: dict[str, Any] = {}
    if config is not None:
        try:
            given = read_config(config)
        except MissingExtra as error:
            raise ValueError(str(error)) from None
        values = {name: getattr(given, name) for name in given.__dataclass_fields__}
    if data is not None:
        values["data"] = data
    elif config is None:
        raise ValueError("DATA must be named, or a file by --config")
    limits = dict(_limit(item) for item in flags.pop("detector_limits"))
    if limits:
        values["detector_limits"] = {**values.get("detector_limits", {}), **limits}
    for name, value in flags.items():
        if isinstance(value, tuple):
            value = list(value) or None
        elif isinstance(value, str) and name in ("detectors", "recognisers", "attackers"):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if value is not None:
            values[name] = value
    return StudyOptions(make_config(values))


def _limit(text: str) -> tuple[str, int]:
    name, _, count = text.rpartition("=")
    if not name or not count.isdigit():
        raise ValueError(f"--detector-limit must be like dlib-mmod=40, got {text!r}")
    return name, int(count)


study_options = shared(
    "options",
    _study,
    click.Argument(["data"], required=False, metavar="[DATA]"),
    option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        section=_WHAT,
        help="A TOML file of settings, see docs/evaluate.md; what is named here too comes from here.",
    ),
    option(
        "--profile",
        type=click.Choice(["quick", "full"]),
        section=_WHAT,
        help="What is done where nothing is named: quick is a taste in minutes.  [default: full]",
    ),
    option(
        "--protection",
        "protections",
        multiple=True,
        metavar="TEXT",
        section=_WHAT,
        help="Like permutation:cells=8 or mosaic:16; several times. Clear and black are always there.",
    ),
    option("--enlarge", type=float, metavar="FACTOR", section=_WHAT, help="Enlarge images.  [default: 2 for att]"),
    option("--people", type=click.IntRange(2), metavar="N", section=_WHAT, help="Only N people, drawn by the seed."),
    option(
        "--split",
        type=click.Choice(["image", "person"]),
        section=_WHAT,
        help="person: fit protections that learn on one half of the people, measure the other.  [default: image]",
    ),
    option(
        "--enrolled",
        type=click.IntRange(1),
        metavar="N",
        section=_WHAT,
        help="Images of each person that attackers have.  [default: 5]",
    ),
    option(
        "--detectors",
        metavar="NAME,...",
        section=_WHO,
        help="Of 'fastperturb detectors', also NAME=MODEL; the default is all that are there and bring their model.",
    ),
    option("--locator", metavar="NAME", section=_WHO, help="Whose faces are protected, and true.  [default: yunet]"),
    option(
        "--recognisers",
        metavar="NAME,...",
        section=_WHO,
        help="dlib-resnet, eigenfaces, fisherfaces, convolutional, histograms, levels, colours, surroundings, "
        "onnx=MODEL?...",
    ),
    option(
        "--attackers",
        metavar="NAME,...",
        section=_WHO,
        help="Of naive, cleaner, parrot, linker, restorer (needs torch), file.  [default: the profile's]",
    ),
    option(
        "--face-quality",
        type=click.Path(exists=True, dir_okay=False),
        metavar="FILE",
        section=_WHO,
        help="FaceQnet as ONNX; the default is a stand-in, named as such.",
    ),
    option(
        "--detector-images",
        "--looks",
        "detector_images",
        type=click.IntRange(1),
        metavar="N",
        section=_COUNT,
        help="Images that detectors look at; all probes if not said.",
    ),
    option(
        "--detector-limit",
        "--few",
        "detector_limits",
        multiple=True,
        metavar="NAME=N",
        section=_COUNT,
        help="The same for one detector, a slow one.",
    ),
    option(
        "--resamples",
        type=click.IntRange(0, MOST_RESAMPLES),
        metavar="N",
        section=_COUNT,
        help="For intervals of quality and detection; attacks have 500.  [default: 500]",
    ),
    option(
        "--seed",
        type=click.IntRange(0),
        metavar="N",
        section=_COUNT,
        help="Of splits, samples, keys, noise and resampling.  [default: 0]",
    ),
)


def _output(output: Path, jobs: int | None, as_json: bool, quiet: bool) -> Output:
    return Output(output, jobs or available_cpus(), as_json, quiet)


output_options = shared(
    "output",
    _output,
    option(
        "--output",
        "-o",
        type=click.Path(file_okay=False, path_type=Path),
        required=True,
        metavar="FOLDER",
        section=LAST_SECTION,
        help="Where results and report go, and finished work is kept. Needed.",
    ),
    option(
        "--jobs",
        "-j",
        type=click.IntRange(1, 256),
        metavar="N",
        section=LAST_SECTION,
        help="Processes; the default is one a processor.",
    ),
    option(
        "--json", "as_json", is_flag=True, section=LAST_SECTION, help="The recommendation as JSON on standard output."
    ),
    option("--quiet", "-q", is_flag=True, section=LAST_SECTION, help="No progress; problems are still told."),
)
