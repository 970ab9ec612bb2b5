"""Which regions of a picture to work on: own boxes, or the faces that the detector finds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from ...faces import (
    HEAD,
    Detector,
    Find,
    Margins,
    Panorama,
    YuNet,
    finder,
    locate,
    regions_from_landmarks,
)
from ...faces.centerface import ADVICE
from ...faces.presets import PRESETS, usual_detectors
from ...faces.registry import make_united, model_files
from ...files import Picture
from ...region import Face, Region, Shape
from ...strength.strength import Strength
from ..batch.paths import Source
from .boxes import Boxes, Ignored
from .numbers import Number
from .sections import option, shared
from .sparing import SPARE_OPTIONS, file_facts, spare_files, spared

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
        turned: "no", "quarters" or "diagonals": which turned copies are looked at too; None is the preset's choice.
        models: (path, size, time) of detector models that were named, to know them again.
        names: text of the detectors that were asked for; None for the preset's.
        preset: how hard to look.
        least: the shortest side of a region.
        ignored: where nothing is to be found.
        spare_threshold: distance up to which a face is spared, if it was said.
        panorama: whether pictures twice as wide as high are looked at through views.
    """

    boxes: Boxes | None
    detector: Detector
    threshold: float | None
    grow: Margins
    shape: Shape
    features: bool
    turned: str | None
    models: list[tuple[str, int, int]]
    names: str | None
    preset: Find
    least: int
    ignored: Ignored
    spare_threshold: float | None
    panorama: bool

    def find(self, picture: Picture, source: Source) -> list[Face] | list[Region]:
        """The faces or regions of a picture; empty if there are none."""
        if self.boxes is not None:
            return self.boxes.find(source) or []
        faces = self.faces(picture, source)
        if not self.features:
            return faces
        return list(regions_from_landmarks(faces, shape=self.shape, image_shape=picture.pixels.shape))

    def said(self) -> str | None:
        """What to say where something is missing to look as hard as was asked."""
        if self.boxes is not None or self.preset != "careful" or self.names is not None or self.models:
            return None
        if "centerface" in usual_detectors(self.preset, {}):
            return None
        return "--find careful looks with YuNet alone, since the weights of CenterFace are not here; " + ADVICE

    def with_window(self, strength: Strength) -> Strength:
        """The strength, with the window that suits what this finds if none was asked for."""
        if not self.features or strength.window is not None or strength.cells is not None:
            return strength
        return replace(strength, cells=FEATURE_CELLS)

    def faces(self, picture: Picture, source: Source) -> list[Face]:
        """The faces that the detector finds."""
        return locate(
            picture.pixels,
            self.detector,
            threshold=self.threshold,
            grow=self.grow,
            shape=self.shape,
            least=self.least,
            ignore=self.ignored.find(source),
        )

    def identity(self, source: Source) -> list[Any]:
        """What decides which regions are found, as JSON can hold it."""
        if self.boxes is not None:
            tracks = self.boxes.tracks(source) if source.video else None
            if tracks is not None:
                return ["tracks", hashlib.sha256(tracks.to_json().encode()).hexdigest()]
            regions = self.boxes.find(source) or []
            return ["boxes", [[r.x, r.y, r.width, r.height, r.shape] for r in regions]]
        ignored = [[r.x, r.y, r.width, r.height] for r in self.ignored.find(source)]
        look = [self.preset, self.names, self.turned, self.least, ignored, self.spare_threshold, self.panorama]
        look += [] if self.said() is None else ["yunet alone"]
        return ["faces", self.threshold, self.grow, self.shape, self.features, *look, self.models]


def _build(boxes: Path | None, threshold: float | None, grow: str | None, **rest: Any) -> Finder:
    shape, features, turned, preset = rest["shape"], rest["features"], rest["turned"], rest["preset"]
    names, model, least = rest["names"], rest["detector_model"], rest["least"]
    asked = (model, threshold, grow, turned, preset, names, least, rest["spare"], rest["panorama"] or None)
    if boxes is not None and (features or rest["ignore"] or any(value is not None for value in asked)):
        raise ValueError(
            "--boxes are taken as they are: no --find, --detectors, --detector-model, --min-score, --grow, --features, "
            "--least, --ignore, --panorama, --spare or --turned"
        )
    if features and grow is not None:
        raise ValueError("--features makes regions of its own size: no --grow")
    if names is not None and model is not None:
        raise ValueError("--detectors names models itself, yunet=FILE: no --detector-model")
    several: Any = None if names is None else make_united(names)
    if model is not None:
        several = {"yunet": YuNet(model) if threshold is None else YuNet(model, threshold=threshold)}
    detector = spared(finder(preset or "fast", several, threshold=threshold, turned=turned), rest)
    models = model_files(names or "") if model is None else [model]
    return Finder(
        Boxes(boxes, shape) if boxes is not None else None,
        Panorama(detector, others=True) if rest["panorama"] else detector,
        threshold,
        _margins(grow),
        shape,
        features,
        turned,
        [file_facts(path) for path in (*models, *spare_files(rest["spare"]))],
        names,
        preset or "fast",
        least or 1,
        Ignored(rest["ignore"]),
        rest["spare_threshold"],
        rest["panorama"],
    )


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
        "--find",
        "preset",
        type=click.Choice(PRESETS),
        section=_SECTION,
        help="How hard to look: 'careful' finds small, tilted and cut faces too, 'everything' with two detectors; "
        "docs/faces.md has what each finds and costs.  [default: fast]",
    ),
    option(
        "--detectors",
        "names",
        metavar="NAME+NAME...",
        section=_SECTION,
        help="Detectors whose faces are united, such as yunet+centerface; 'fastperturb detectors' lists them.",
    ),
    option(
        "--min-score",
        "threshold",
        type=Number(0, 1),
        metavar="SCORE",
        section=_SECTION,
        help="Lowest score of a face, 0 to 1; the default is the detector's 0.6. What scores low at first sight is "
        "looked at again, turned, and may score more then: a lower one adds such faces too.",
    ),
    option(
        "--grow",
        metavar="SHARE",
        section=_SECTION,
        help="Margin around a face as a share of its size; four for left,top,right,bottom; or 'head'. Not for videos.",
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
        "whole face. Not for videos.",
    ),
    option(
        "--least",
        type=click.IntRange(1, 10_000),
        metavar="PIXELS",
        section=_SECTION,
        help="Shortest side of a region: smaller faces get larger ones, so that they are hidden, too. Not for videos.",
    ),
    option(
        "--ignore",
        multiple=True,
        metavar="X,Y,WIDTH,HEIGHT|FILE",
        section=_SECTION,
        help="Where nothing is to be found, in every picture; or boxes by file, as for --boxes. May be repeated. Not "
        "for videos.",
    ),
    option(
        "--panorama",
        is_flag=True,
        section=_SECTION,
        help="Pictures twice as wide as high are panoramas (equirectangular): look at their seam, poles and sides too.",
    ),
    *SPARE_OPTIONS,
    option(
        "--turned",
        type=click.Choice(["no", "quarters", "diagonals"]),
        section=_SECTION,
        help="Look for faces that lie on their side or upside down; 'diagonals' looks at tilted copies too and takes "
        "half as long again to nearly twice; 'no' is fastest and half covers such faces.  [default: quarters; else "
        "diagonals]",
    ),
    option(
        "--detector-model",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        section=_SECTION,
        help="Other YuNet weights (ONNX) instead of those in the package.",
    ),
)
