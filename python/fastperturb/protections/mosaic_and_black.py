"""Protections without parameters to learn and without a key: clear, black box, super-pixels (mosaic)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .. import Face, Region, Strength, view
from ..checks import check_image
from .area import AS_FOUND, Area, owned_parts
from .window_size import EIGHTHS, ByGrain, Grain

Image = NDArray[Any]


class Irreversible:
    """What protections share that nobody can undo: they are read as they are."""

    @property
    def reversible(self) -> bool:
        """Never."""
        return False

    def view(self, protected: Image, faces: Sequence[Face]) -> Image:
        """``protected`` itself: there is nothing to read it by."""
        return protected


@dataclass(frozen=True, slots=True)
class Clear(Irreversible):
    """No protection: the row that all others are compared with."""

    name = family = "clear"
    strength = 0.0
    strength_label = ""

    def protect(self, image: Image, faces: Sequence[Face], *, seed: int) -> Image:
        """A copy."""
        check_image(image)
        return np.array(image, order="C")

    def regions(self, faces: Sequence[Face], shape: tuple[int, ...]) -> list[Region]:
        """None: nothing is changed."""
        return []


@dataclass(frozen=True, slots=True)
class Black(Irreversible):
    """All colours 0, as a pen does it; an alpha channel (the last of 2 or 4) becomes opaque.

    Hair and background stay, so this row says what they alone give away.
    """

    area: Area = AS_FOUND

    @property
    def name(self) -> str:
        """With the area."""
        return self.family

    @property
    def family(self) -> str:
        """With the area."""
        return f"black{self.area.words}"

    @property
    def strength(self) -> float:
        """There is one only."""
        return 1.0

    @property
    def strength_label(self) -> str:
        """There is one only."""
        return ""

    def protect(self, image: Image, faces: Sequence[Face], *, seed: int) -> Image:
        """Blackens the regions; ``seed`` does not matter."""
        check_image(image)
        hidden = np.array(image, order="C")
        value = np.zeros(image.shape[2:], image.dtype)
        if has_alpha(image):
            value[-1] = peak(image)
        for _, part, mask in owned_parts(self.regions(faces, image.shape), image.shape):
            hidden[part][mask] = value
        return hidden

    def regions(self, faces: Sequence[Face], shape: tuple[int, ...]) -> list[Region]:
        """The area of each face."""
        return self.area.regions(faces, shape)


@dataclass(frozen=True, slots=True, init=False)
class Mosaic(ByGrain, Irreversible):
    """Super-pixels: each window of a region shows its mean, rounded half up.

    Windows lie as those of a permutation (docs/format.md), so that both can be compared at the same windows: this is
    what the view of a permutation shows with ``interpolation="mosaic"``.

    Attributes:
        grain: side of the windows.
        area: what of a face is protected.
    """

    grain: Grain
    area: Area

    def __init__(
        self,
        grain: Grain | None = None,
        area: Area = AS_FOUND,
        *,
        window: int | Literal["region"] | None = None,
        cells: int | None = None,
    ) -> None:
        """``Mosaic(cells=6)``, ``Mosaic(window=16)`` or ``Mosaic(grain)``; 8 cells if nothing is given.

        Args:
            grain: side of the windows.
            area: what of a face is protected.
            window: instead of ``grain``: side in pixels, or "region".
            cells: instead of ``grain``: windows across the shorter side of a region.

        Raises:
            ValueError: more than one of the three, or a value out of range.
        """
        given = window is not None or cells is not None
        if given and grain is not None:
            raise ValueError("give grain, or window or cells, not both")
        chosen = Grain(window=window, cells=cells) if given else grain or EIGHTHS
        object.__setattr__(self, "grain", chosen)
        object.__setattr__(self, "area", area)

    @property
    def name(self) -> str:
        """Window and area."""
        return f"mosaic, {self.strength_label}{self.area.words}"

    @property
    def family(self) -> str:
        """How windows are measured, and the area."""
        return f"mosaic{self.grain.family}{self.area.words}"

    def protect(self, image: Image, faces: Sequence[Face], *, seed: int) -> Image:
        """Averages the windows; ``seed`` does not matter."""
        check_image(image)
        regions = self.regions(faces, image.shape)
        if not regions:
            return np.array(image, order="C")
        strength = Strength(window=self.grain.window, cells=self.grain.cells)
        return view(image, regions, strength, interpolation="mosaic")

    def regions(self, faces: Sequence[Face], shape: tuple[int, ...]) -> list[Region]:
        """The area of each face."""
        return self.area.regions(faces, shape)


def digest(content: bytes) -> str:
    """Eight bytes of a hash, to know a content again."""
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def has_alpha(image: Image) -> bool:
    """Whether the last channel is taken for alpha, as it is of images with 2 or 4 channels."""
    return image.ndim == 3 and image.shape[2] in (2, 4)


def peak(image: Image) -> float:
    """The largest sample of a dtype; 1 for float32, which is taken to be on a scale from 0 to 1."""
    return 1.0 if image.dtype == np.float32 else float(np.iinfo(image.dtype).max)
