"""Detection tasks: one detector, one protection, one reading; and the image that the detector is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any, Literal, TypeAlias

from ... import Detector, Face, Region, Strength, locate
from ...faces import coarse_detector
from ...protections import Clear, Protection
from ...protections.permutation import Permuting
from ..result_cache import error_text
from .annotations import TruthBox
from .matching import ImageFaces

Reading: TypeAlias = Literal["direct", "view", "reduced"]
READINGS: tuple[Reading, ...] = ("direct", "view", "reduced")
CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class DetectionTask:
    """A row of a table.

    Attributes:
        detector: its name.
        protection: its name.
        reading: "direct"; "view": through the view of the faces' windows; "reduced": a copy as coarse as the windows,
            of the whole image, for a reader who does not know where the regions are.
    """

    detector: str
    protection: str = CLEAR
    reading: Reading = "direct"


@dataclass(frozen=True, slots=True)
class DetectionStudy:
    """The detectors and protections of a run.

    Attributes:
        detectors: by the name to print.
        protections: by the name to print.
        readings: of protected images; "view" and "reduced" count where the protection has windows.
        seed: of the protections; what it makes protects nothing.

    Raises:
        ValueError: no detectors, no protections, or another reading.
    """

    detectors: Mapping[str, Detector]
    protections: Mapping[str, Protection]
    readings: Sequence[Reading] = ("direct",)
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("detectors", "protections", "readings"):
            if not getattr(self, name):
                raise ValueError(f"{name} must name at least one, got none")
        for reading in self.readings:
            if reading not in READINGS:
                raise ValueError(f"reading must be one of {', '.join(READINGS)}, got {reading!r}")

    def tasks(self) -> list[DetectionTask]:
        """All tasks, by protection and reading; an unprotected image is read directly."""
        return [
            DetectionTask(detector, name, reading)
            for name, protection in self.protections.items()
            for reading in readings_of(protection, self.readings)
            for detector in self.detectors
        ]


def readings_of(protection: Protection, wanted: Iterable[Reading] = ("direct", "view")) -> list[Reading]:
    """How detectors can look at an image of this protection, of what is wanted.

    Through the view, or at a copy as coarse, only where there are windows; directly at what is clear, in any case.
    """
    if isinstance(protection, Clear):
        return ["direct"]
    possible = {"direct": True, "view": protection.reversible, "reduced": isinstance(protection, Permuting)}
    return [reading for reading in wanted if possible[reading]]


def show_protected(protection: Protection, image: Any, faces: Sequence[Face], reading: str, seed: int) -> Any:
    """The image that a detector is given: protected, or its view (the detector makes the reduced copy).

    Raises:
        ValueError: the protection does not fit the faces.
    """
    hidden = protection.protect(image, faces, seed=seed)
    return protection.view(hidden, faces) if reading == "view" else hidden


def reader_for(detector: Detector, protection: Protection, image: Any, faces: Sequence[Face], reading: str) -> Detector:
    """The detector, or one that looks at a copy as coarse as the largest window of the faces."""
    if reading != "reduced" or not isinstance(protection, Permuting):
        return detector
    windows = [strength.window_for(region) for region, strength in protection.grid(faces, image)]
    return coarse_detector(detector, max(windows)) if windows else detector


def found_faces(name: str, truth: Sequence[TruthBox], group: str, find: Callable[[], Iterable[Face]]) -> ImageFaces:
    """What ``find`` gives for an image; an error that it raises becomes a part of the result."""
    try:
        return ImageFaces(name, tuple(find()), tuple(truth), None, group)
    except Exception as error:  # a detector may throw whatever it likes
        return ImageFaces(name, None, tuple(truth), error_text(error), group)


def look(detector: Detector, shown: Any) -> tuple[Face, ...]:
    """What a detector finds in the image it is given."""
    return tuple(locate(shown, detector))


def faces_of(truth: Iterable[TruthBox]) -> list[Face]:
    """The true faces that have a size, ignored ones too, as protections take them."""
    return [Face(box_region(box)) for box in truth if box.width > 0 and box.height > 0]


def box_region(box: TruthBox) -> Region:
    """The smallest region of whole pixels that holds a true box."""
    left, top = floor(box.x), floor(box.y)
    right, bottom = ceil(box.x + box.width), ceil(box.y + box.height)
    return Region(left, top, max(1, right - left), max(1, bottom - top))


def describe_strength(strength: Strength) -> str:
    """A strength in words: "window 12, 8000 pixels"."""
    if strength.window is not None:
        words = "one window" if strength.window == "region" else f"window {strength.window}"
    else:
        words = "default" if strength.cells is None else f"cells {strength.cells}"
    if strength.pixels is not None:
        return f"{words}, {strength.pixels} pixels"
    for name in ("psnr", "distance", "mse", "coverage"):
        value = getattr(strength, name)
        if value is not None and (name, value) != ("coverage", 1.0):
            return f"{words}, {name} {value:g}"
    return words
