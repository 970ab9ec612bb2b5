"""The package's own protection: the keyed permutation, in windows, of a face's pixels or of its features'.

All are ordinary perturbations: a record and the key give the original back. The key of a measurement comes from a seed
and protects nothing.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import Face, Key, NoFaceFound, Record, Region, Strength, perturb, view
from ..checks import Image, check_image
from ..faces import regions_from_landmarks
from ..perturbation.block_view import Interpolation
from ..recipients import Recipients
from ..region import in_raster_order
from .area import AS_FOUND, Area, owned_parts, touches
from .base import AreaProtection, Description, describe
from .window_size import WindowSize

Grid = list[tuple[Region, Strength]]
_AMOUNTS = {
    "pixels": "n {}",
    "coverage": "coverage {:g}",
    "psnr": "{:g} dB",
    "distance": "distance {:g}",
    "mse": "mse {:g}",
}


class Permuting(AreaProtection):
    """The base of permutations; each says which regions are permuted, with which strengths."""

    __slots__ = ()

    reversible = True
    interpolation: Interpolation = "lanczos"

    @abstractmethod
    def grid(self, faces: Sequence[Face], image: Image) -> Grid:
        """The regions of an image that are permuted, in order, each with its strength.

        Regions and windows are the same for the clear and the protected image; the number of pixels need not be.
        """

    def perturb(
        self,
        image: Image,
        faces: Sequence[Face],
        key: Recipients,
        *,
        reproducible: bool = False,
        surroundings: bool = False,
        metadata: bytes | None = None,
    ) -> tuple[Image, Record]:
        """:func:`fastperturb.perturb` with this protection's regions and strengths.

        Raises:
            NoFaceFound: no face touches the image.
        """
        grid = self.grid(faces, image)
        if not grid:
            raise NoFaceFound("faces must hold at least one that touches the image, got none: nothing to protect")
        grid = sorted(grid, key=lambda item: in_raster_order(item[0]))  # as records have them
        regions, strengths = [item[0] for item in grid], [item[1] for item in grid]
        fitting = _fitting(regions, strengths, image.shape)
        how: dict[str, Any] = {"reproducible": reproducible, "surroundings": surroundings, "metadata": metadata}
        return perturb(image, regions, key, fitting, **how)

    def protect(self, image: Image, faces: Sequence[Face], *, seed: int) -> Image:
        """Permutes with a key made from ``seed``, and a nonce from key, image and parameters."""
        check_image(image)
        if not any(touches(region, image.shape) for region in self.regions(faces, image.shape)):
            return np.array(image, order="C")
        return self.perturb(image, faces, seeded_key(seed), reproducible=True)[0]

    def view(self, protected: Image, faces: Sequence[Face]) -> Image:
        """The view of the same windows: equal for the protected and the clear image."""
        grid = self.grid(faces, protected)
        if not grid:
            return np.array(protected, order="C")
        shown = view(
            protected, [item[0] for item in grid], [item[1] for item in grid], interpolation=self.interpolation
        )
        if protected.dtype == np.float32:  # between the means the curve may swing beyond what there was
            np.clip(shown, protected.min(), protected.max(), out=shown)
        return shown


@dataclass(frozen=True, slots=True)
class Permutation(Permuting):
    """The package's own protection.

    Attributes:
        spread: window and how many pixels move. A region with fewer pixels than ``pixels`` asks for moves all it has.
        area: what of a face is protected.
        features: only eyes with brows, nose and mouth, by the landmarks that every face must then have; of the area
            only the shape counts.
        interpolation: of the view, as of :func:`fastperturb.view`.
    """

    spread: Strength = Strength(cells=8)
    area: Area = AS_FOUND
    features: bool = False
    interpolation: Interpolation = "lanczos"

    def __post_init__(self) -> None:
        if self.spread.window is None and self.spread.cells is None:
            object.__setattr__(self, "spread", replace(self.spread, cells=2 if self.features else 8))
        if self.features and self.area.grow != 0.0:
            raise ValueError(f"features have a size of their own: no grow, got {self.area.grow!r}")

    @property
    def window_size(self) -> WindowSize:
        return WindowSize(window=self.spread.window, cells=self.spread.cells)

    def describe(self) -> Description:
        """Ordered by the size of windows, within one amount of moved pixels."""
        kind, size = "features" if self.features else "permutation", self.window_size
        rest = self.area.words + describe_amount(self.spread)
        return describe(kind, size.label, size.order, rest, unit=size.unit)

    def grid(self, faces: Sequence[Face], image: Image) -> Grid:
        """Every region with the one strength."""
        return [(region, self.spread) for region in self.regions(faces, image.shape)]

    def regions(self, faces: Sequence[Face], shape: tuple[int, ...]) -> list[Region]:
        """The area of each face, or its features."""
        if not self.features:
            return self.area.regions(faces, shape)
        return list(regions_from_landmarks(faces, shape=self.area.shape or "box", image_shape=shape))


def describe_amount(strength: Strength) -> str:
    """How many pixels move: "" for all, ", n 8000", ", 24 dB"."""
    for name, words in _AMOUNTS.items():
        value = getattr(strength, name)
        if value is not None and (name, value) != ("coverage", 1.0):
            return ", " + words.format(value)
    return ""


def seeded_key(seed: int) -> Key:
    """The key of a measurement."""
    return Key(hashlib.blake2b(b"fastperturb evaluation %d" % seed, digest_size=32).digest())


def _fitting(regions: Sequence[Region], strengths: Sequence[Strength], shape: tuple[int, ...]) -> list[Strength]:
    """The strengths, asking no region for more pixels than it owns."""
    if all(strength.pixels is None for strength in strengths):
        return list(strengths)
    fitting = []
    for strength, (_, _, mask) in zip(strengths, owned_parts(regions, shape), strict=True):
        owned = int(np.count_nonzero(mask))
        too_many = strength.pixels is not None and owned < strength.pixels
        fitting.append(replace(strength, pixels=None) if too_many else strength)
    return fitting
