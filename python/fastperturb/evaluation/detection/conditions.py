"""What a detector is shown: the clear image or a protected one, straight, through the view, or as a reduced copy.

The key comes from a seed, so that the same seed gives the same pictures; it protects nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any, Literal, TypeAlias

from ... import Detector, Key, Record, Region, Strength, perturb, view
from ...faces import coarse_detector, view_detector
from .annotations import TruthBox

Reading: TypeAlias = Literal["direct", "view", "reduced"]
READINGS: tuple[Reading, ...] = ("direct", "view", "reduced")


@dataclass(frozen=True, slots=True)
class Condition:
    """One row of a table.

    Attributes:
        strength: of the perturbation of every true face; None for the clear image. A region with fewer pixels than
            ``pixels`` asks for moves all it has.
        reading: "direct"; "view": through the view of the faces' windows; "reduced": a copy as coarse as the windows,
            of the whole image, for a reader who does not know where the regions are.
        interpolation: of the view: "mosaic", "linear", "cubic" or "lanczos".
    """

    strength: Strength | None = None
    reading: Reading = "direct"
    interpolation: Literal["mosaic", "linear", "cubic", "lanczos"] = "lanczos"

    def __post_init__(self) -> None:
        if self.reading not in READINGS:
            raise ValueError(f"reading must be one of {', '.join(READINGS)}, got {self.reading!r}")
        if self.strength is None and self.reading != "direct":
            raise ValueError(f"a clear image has no windows: reading must be 'direct', got {self.reading!r}")

    @property
    def protection(self) -> str:
        """What was done to the faces, to print."""
        return "clear" if self.strength is None else describe_strength(self.strength)

    def show(self, image: Any, truth: Sequence[TruthBox], seed: int) -> Shown:
        """The image of this condition, and how to read it.

        Raises:
            ValueError: the strength does not fit the faces.
        """
        regions = [box_region(box) for box in truth if box.width > 0 and box.height > 0]
        if self.strength is None or not regions:
            return Shown(image, None, self)
        height, width = image.shape[:2]
        strength: Strength | list[Strength] = self.strength
        if self.strength.pixels is not None:
            strength = [_fitting(self.strength, region, height, width) for region in regions]
        hidden, record = perturb(image, regions, _key(seed), strength, reproducible=True)
        return Shown(hidden, record, self)


@dataclass(frozen=True, slots=True)
class Shown:
    """An image as a condition has it.

    Attributes:
        image: what a file would hold.
        record: of its perturbation; None where nothing was done.
        condition: which it is.
    """

    image: Any
    record: Record | None
    condition: Condition

    def reader(self, detector: Detector) -> Detector:
        """The detector, reading as the condition says."""
        if self.record is None or self.condition.reading == "direct":
            return detector
        if self.condition.reading == "view":
            return view_detector(detector, self.record, interpolation=self.condition.interpolation)
        return coarse_detector(detector, self.window)

    @property
    def window(self) -> int:
        """The largest window, in pixels; 1 where nothing was done."""
        return max((item.window for item in self.record.regions), default=1) if self.record is not None else 1

    def picture(self) -> Any:
        """What the detector saw, for people to look at (the reduced copy is left to the imagination)."""
        if self.record is not None and self.condition.reading == "view":
            return view(self.image, self.record, interpolation=self.condition.interpolation)
        return self.image


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


def box_region(box: TruthBox) -> Region:
    """The smallest region of whole pixels that holds a true box."""
    left, top = floor(box.x), floor(box.y)
    right, bottom = ceil(box.x + box.width), ceil(box.y + box.height)
    return Region(left, top, max(1, right - left), max(1, bottom - top))


def _fitting(strength: Strength, region: Region, height: int, width: int) -> Strength:
    rows, columns = region.clipped(height, width)
    owned = (rows.stop - rows.start) * (columns.stop - columns.start)
    if strength.pixels is None or strength.pixels <= owned:
        return strength
    return Strength(window=strength.window, cells=strength.cells)


def _key(seed: int) -> Key:
    return Key(hashlib.blake2b(b"fastperturb evaluation %d" % seed, digest_size=32).digest())
