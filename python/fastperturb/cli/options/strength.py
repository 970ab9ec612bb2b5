"""How far ``perturb`` moves a photograph: the strength options, and targets that are solved for each photograph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from ...checks import Image
from ...region import RegionLike
from ...strength.strength import Strength
from ...strength.threshold import Threshold
from .common import STRENGTH_OPTIONS, make_strength
from .sections import option, shared

_SECTION = "Strength"


@dataclass(frozen=True, slots=True)
class Aim:
    """The strength for any photograph.

    Attributes:
        strength: the one that was asked for.
        threshold: its theta gives the distance instead, if it was asked for.
    """

    strength: Strength
    threshold: Threshold | None = None

    def strength_for(self, pixels: Image, regions: Sequence[RegionLike]) -> Strength:
        """The strength for the regions of one photograph."""
        if self.threshold is None:
            return self.strength
        return self.threshold.strength(pixels, regions, window=self.strength.window, cells=self.strength.cells)

    def identity(self) -> list[Any]:
        """What decides how far pixels move, as JSON can hold it."""
        fitted = self.threshold
        return [asdict(self.strength), fitted and [fitted.theta, fitted.mean.size, fitted.dtype]]


def _aim(threshold_file: Path | None, **values: Any) -> Aim:
    strength = make_strength(**values)
    if threshold_file is None:
        return Aim(strength)
    if strength != Strength(window=strength.window, cells=strength.cells):
        raise ValueError("--threshold is instead of --pixels, --coverage, --psnr, --distance and --mse")
    return Aim(strength, Threshold.load(threshold_file))


def _target(name: str, unit: str, text: str) -> click.Parameter:
    return option(name, type=float, metavar=unit, section=_SECTION, help=text)


aim_options = shared(
    "aim",
    _aim,
    *STRENGTH_OPTIONS,
    _target("--psnr", "DB", "Instead: as many as bring the picture to this PSNR, within 0.05 dB."),
    _target("--distance", "D", "Instead: as many as move it this far, the root of its squared differences."),
    _target("--mse", "E", "Instead: as many as give this mean squared error over its samples."),
    option(
        "--threshold",
        "threshold_file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        section=_SECTION,
        help="Instead: as far as the threshold of a file that 'threshold' wrote, scaled to the faces' size.",
    ),
)
