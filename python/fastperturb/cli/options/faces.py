"""Which regions of a picture to work on: own boxes, or the faces that the detector finds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from ...faces import HEAD, AnyAngle, Detector, Margins, YuNet, locate, regions_from_landmarks
from ...files import Picture
from ...region import Face, Region, Shape
from ...strength.strength import Strength
from ..batch.paths import Source
from .boxes import Boxes
from .numbers import Number
from .sections import option, shared

FEATURE_CELLS = 2
"""Windows across the shorter side of an eye, a nose or a mouth; eighths of it would leave it to be read."""
_SECTION = "Faces"
_MAX_MARGIN = 1000


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds regions; may be used by many threads.

    Attributes:
        boxes: own boxes; then nothing is detected.
        detector: what detects.
        threshold: the lowest score.
        grow: margins around faces.
        shape: of regions.
        features: eyes with brows, nose and mouth instead of whole faces.
        turned: "no", "quarters" or "diagonals": which turned copies are looked at too.
        model: (path, size, time) of a detector model that was named, to know it again.
    """

    boxes: Boxes | None
    detector: Detector
    threshold: float | None
    grow: Margins
    shape: Shape
    features: bool
    turned: str
    model: tuple[str, int, int] | None

    def find(self, picture: Picture, source: Source) -> list[Face] | list[Region]:
        """The faces or regions of a picture; empty if there are none."""
        if self.boxes is not None:
            return self.boxes.find(source) or []
        faces = self.faces(picture)
        if not self.features:
            return faces
        return list(regions_from_landmarks(faces, shape=self.shape, image_shape=picture.pixels.shape))

    def with_window(self, strength: Strength) -> Strength:
        """The strength, with the window that suits what this finds if none was asked for."""
        if not self.features or strength.window is not None or strength.cells is not None:
            return strength
        return replace(strength, cells=FEATURE_CELLS)

    def faces(self, picture: Picture) -> list[Face]:
        """The faces that the detector finds."""
        return locate(picture.pixels, self.detector, threshold=self.threshold, grow=self.grow, shape=self.shape)

    def identity(self, source: Source) -> list[Any]:
        """What decides which regions are found, as JSON can hold it."""
        if self.boxes is not None:
            regions = self.boxes.find(source) or []
            return ["boxes", [[r.x, r.y, r.width, r.height, r.shape] for r in regions]]
        return ["faces", self.threshold, self.grow, self.shape, self.features, self.turned, self.model]


def _build(
    boxes: Path | None, detector_model: Path | None, threshold: float | None, grow: str | None, **rest: Any
) -> Finder:
    shape, features, turned = rest["shape"], rest["features"], rest["turned"]
    if boxes is not None and (
        features or any(value is not None for value in (detector_model, threshold, grow, turned))
    ):
        raise ValueError(
            "--boxes are taken as they are: no --detector-model, --min-score, --grow, --features or --turned"
        )
    if features and grow is not None:
        raise ValueError("--features makes regions of its own size: no --grow")
    margins = _margins(grow)
    own = Boxes(boxes, shape) if boxes is not None else None
    model = None
    if detector_model is not None:
        facts = detector_model.stat()
        model = (str(detector_model.resolve()), facts.st_size, facts.st_mtime_ns)
    detector: Detector = YuNet(detector_model) if threshold is None else YuNet(detector_model, threshold=threshold)
    turned = turned or "quarters"
    if turned != "no":
        detector = AnyAngle(detector, diagonals=turned == "diagonals")
    return Finder(own, detector, threshold, margins, shape, features, turned, model)


def _margins(text: str | None) -> Margins:
    if text is None:
        return 0.0
    if text == "head":
        return HEAD
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 4) or not all(0 <= number <= _MAX_MARGIN for number in numbers):
        need = f"a number from 0 to {_MAX_MARGIN}, four of them (left,top,right,bottom) or 'head'"
        raise ValueError(f"--grow must be {need}, got {text!r}")
    return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1], numbers[2], numbers[3])


finder_options = shared(
    "finder",
    _build,
    option(
        "--boxes",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        section=_SECTION,
        help="Own boxes (JSON, JSON Lines or CSV; what 'locate' prints will do) instead of detecting.",
    ),
    option(
        "--min-score",
        "threshold",
        type=Number(0, 1),
        metavar="SCORE",
        section=_SECTION,
        help="Lowest score of a face, 0 to 1; the default is the detector's 0.6.",
    ),
    option(
        "--grow",
        metavar="SHARE",
        section=_SECTION,
        help="Margin around a face as a share of its size; four for left,top,right,bottom; or 'head'.",
    ),
    option(
        "--shape",
        type=click.Choice(["box", "ellipse"]),
        default="box",
        section=_SECTION,
        help="Protect the box of a face, or the ellipse in it.  [default: box]",
    ),
    option(
        "--features",
        is_flag=True,
        section=_SECTION,
        help=f"Only eyes with brows, nose and mouth; --cells is then {FEATURE_CELLS} by default. Hides less than the "
        "whole face.",
    ),
    option(
        "--turned",
        type=click.Choice(["no", "quarters", "diagonals"]),
        section=_SECTION,
        help="Look for faces that lie on their side or upside down; 'diagonals' looks at tilted copies too and takes "
        "twice as long; 'no' is fastest and half covers such faces.  [default: quarters]",
    ),
    option(
        "--detector-model",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        section=_SECTION,
        help="Other YuNet weights (ONNX) instead of those in the package.",
    ),
)
