"""Clear images, black boxes and mosaics: protections without a key that learn nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .. import Face, Region, view
from ..checks import Image, check_image
from .area import AS_FOUND, Area, owned_parts
from .base import Description, DrawnProtection, ProtectionBase, describe
from .window_size import EIGHTHS, WindowSize


@dataclass(frozen=True, slots=True)
class Clear(ProtectionBase):
    """No protection: the row that all others are compared with."""

    def describe(self) -> Description:
        """The weakest."""
        return Description("clear", "clear", 0.0, "")

    def protect(self, image: Image, faces: Sequence[Face], *, seed: int) -> Image:
        """A copy."""
        check_image(image)
        return np.array(image, order="C")

    def regions(self, faces: Sequence[Face], shape: tuple[int, ...]) -> list[Region]:
        """None: nothing is changed."""
        return []


@dataclass(frozen=True, slots=True)
class Black(DrawnProtection):
    """All colours 0, as a pen does it; an alpha channel (the last of 2 or 4) becomes opaque.

    Hair and background stay, so this row says what they alone give away.
    """

    method = 6

    area: Area = AS_FOUND

    def describe(self) -> Description:
        """There is one of each area."""
        return Description(f"black{self.area.words}", f"black{self.area.words}", 1.0, "")

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


@dataclass(frozen=True, slots=True, init=False)
class Mosaic(DrawnProtection):
    """Super-pixels: each window of a region shows its mean, rounded half up.

    Windows lie as those of a permutation (docs/format.md), so that both can be compared at the same windows: this is
    what the view of a permutation shows with ``interpolation="mosaic"``. Where regions overlap, :meth:`protect` and the
    view average the pixels of a window that its region owns. :func:`fastperturb.perturb` draws each region on its own:
    a window at the seam then averages the pixels that belong to the neighbour too, and shows its own less.

    Attributes:
        window_size: side of the windows.
        area: what of a face is protected.
    """

    method = 4

    window_size: WindowSize
    area: Area

    def __init__(
        self,
        window_size: WindowSize | None = None,
        area: Area = AS_FOUND,
        *,
        window: int | Literal["region"] | None = None,
        cells: int | None = None,
    ) -> None:
        """``Mosaic(cells=6)``, ``Mosaic(window=16)`` or ``Mosaic(window_size)``; 8 cells if nothing is given.

        Args:
            window_size: side of the windows.
            area: what of a face is protected.
            window: instead of ``window_size``: side in pixels, at least 4, or "region".
            cells: instead of ``window_size``: windows across the shorter side of a region.

        Raises:
            ValueError: more than one of the three, or a value out of range.
        """
        given = window is not None or cells is not None
        if given and window_size is not None:
            raise ValueError("give window_size, or window or cells, not both")
        chosen = WindowSize(window=window, cells=cells) if given else window_size or EIGHTHS
        object.__setattr__(self, "window_size", chosen)
        object.__setattr__(self, "area", area)

    def describe(self) -> Description:
        """Ordered by the size of windows."""
        return describe(
            "mosaic", self.window_size.label, self.window_size.order, self.area.words, unit=self.window_size.unit
        )

    def protect(self, image: Image, faces: Sequence[Face], *, seed: int) -> Image:
        """Averages the windows; ``seed`` does not matter."""
        check_image(image)
        regions = self.regions(faces, image.shape)
        if not regions:
            return np.array(image, order="C")
        strength = self.window_size.strength
        return view(image, regions, strength, interpolation="mosaic")


def digest(content: bytes) -> str:
    """Eight bytes of a hash, to know a content again."""
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def has_alpha(image: Image) -> bool:
    """Whether the last channel is taken for alpha, as it is of images with 2 or 4 channels."""
    return image.ndim == 3 and image.shape[2] in (2, 4)


def peak(image: Image) -> float:
    """The largest sample of a dtype; 1 for float32, which is taken to be on a scale from 0 to 1."""
    return 1.0 if image.dtype == np.float32 else float(np.iinfo(image.dtype).max)
