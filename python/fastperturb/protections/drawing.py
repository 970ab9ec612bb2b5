"""Protections that know nothing of records, as drawings: so that a seal brings the original back from each of them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, is_dataclass, replace
from typing import Any

from ..checks import Image
from ..perturbation.drawing import Drawing, Part
from ..region import Face, Region
from .area import AS_FOUND
from .autoencoder import Autoencoder
from .blur_and_noise import Blur, Noise
from .ksame import KSame
from .mosaic_and_black import Black, Mosaic
from .protocol import Protection
from .toning import copy_masked

METHODS: dict[type, int] = {Mosaic: 4, Blur: 5, Black: 6, Noise: 7, KSame: 8, Autoencoder: 9}
"""Codes in the record."""


def as_drawing(protection: Any) -> Drawing:
    """A protection as the perturbation needs it.

    Args:
        protection: mosaic, blur, black, noise, k-same or autoencoder; what is a drawing already is returned as it is.

    Raises:
        TypeError: none of these: a permutation is a perturbation already, and clear protects nothing.
    """
    if isinstance(protection, Drawing):
        return protection
    if type(protection) not in METHODS:
        known = ", ".join(kind.__name__ for kind in METHODS)
        raise TypeError(f"protection must be one of Surrogate, {known}, got {type(protection).__name__}")
    return Redrawn(protection)


@dataclass(frozen=True, slots=True)
class Redrawn:
    """A protection of one of the kinds in :data:`METHODS`, drawn from the original region by region.

    Attributes:
        protection: fitted, if it is one that learns.
    """

    protection: Protection

    revision = 1

    @property
    def method(self) -> int:
        """Code in the record."""
        return METHODS[type(self.protection)]

    def regions_for(self, faces: Sequence[Region | Face], shape: tuple[int, ...]) -> tuple[Region, ...]:
        """The protection's area of each face that touches the image, in raster order, each once."""
        given = [face if isinstance(face, Face) else Face(face) for face in faces]
        found = set(self.protection.regions(given, shape))
        return tuple(sorted(found, key=lambda one: (one.y, one.x, one.height, one.width, one.shape)))

    def draw(self, image: Image, parts: Sequence[Part], out: Image, keys: Sequence[bytes]) -> None:
        """Copies what the protection makes of each region, on its own, into the pixels that the region owns.

        Args:
            image: the original.
            parts: every region with what it owns.
            out: of the image's shape and dtype; only owned pixels are written.
            keys: 32 bytes for each region; the noise of a region follows from its key and the image.
        """
        exact = _without_margins(self.protection)
        shown = None
        for part, key in zip(parts, keys, strict=True):
            if part.rows.start >= part.rows.stop or part.columns.start >= part.columns.stop:
                continue
            if shown is None or len(parts) > 1:
                seed = int.from_bytes(key[:8], "little")
                shown = exact.protect(image, [Face(part.region)], seed=seed)
            place = part.rows, part.columns
            copy_masked(shown[place], part.mask, out[place])


def _without_margins(protection: Any) -> Any:
    """The same with the area as found: the regions of a record are final."""
    if is_dataclass(protection):
        return replace(protection, area=AS_FOUND)  # type: ignore[type-var]
    changed = copy.copy(protection)
    changed.area = AS_FOUND
    return changed
