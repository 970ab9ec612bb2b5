"""Gaussian blur and Gaussian noise inside the regions of faces."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .. import Face, Region
from .._forks import first_apart_from_forks
from .._optional import import_opencv
from ..checks import Image, check_image
from ..perturbation.drawing import Part
from .area import AS_FOUND, Area, owned_parts
from .base import Description, DrawnProtection, copy_masked, crop_around, describe
from .mosaic_and_black import has_alpha, peak

_REACH = 4.0  # standard deviations to where the kernel is cut off
_MOST_SIGMA = 1000.0  # pixels: the work and memory of a kernel grow with it, and regions may be larger than images
_LARGE = 2.0**125  # float32 samples beyond are scaled while sums of them are made, which would not be finite
SIGMA = "\N{GREEK SMALL LETTER SIGMA}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blur(DrawnProtection):
    """Gaussian blur, cut off at four standard deviations; beyond the image's border it is mirrored (``c b|a b c``).

    What lies around a region bleeds into it. The arithmetic is in float32 for all dtypes; integers are rounded.

    Attributes:
        sigma: standard deviation in pixels, over 0; or
        cells: instead: it is half of a region's shorter side divided by this, 1000 at most.
        area: what of a face is protected.
    """

    method = 5

    sigma: float | None = None
    cells: float | None = None
    area: Area = AS_FOUND

    def __post_init__(self) -> None:
        given = [(name, value) for name, value in (("sigma", self.sigma), ("cells", self.cells)) if value is not None]
        if len(given) != 1:
            raise ValueError(f"give sigma or cells, got {'both' if given else 'neither'}")
        name, value = given[0]
        if not 0.0 < value <= _MOST_SIGMA:
            raise ValueError(f"{name} must be over 0 and up to {_MOST_SIGMA:g}, got {value!r}")

    def describe(self) -> Description:
        """Ordered by the standard deviation."""
        unit = "" if self.sigma is None else f", {SIGMA} in pixels"
        label = f"{self.cells:g} cells" if self.sigma is None else f"{SIGMA} {self.sigma:g} px"
        order = 1.0 / (self.cells or 1.0) if self.sigma is None else self.sigma
        return describe("blur", label, order, self.area.words, unit=unit)

    def protect(self, image: Image, faces: Sequence[Face], *, seed: int) -> Image:
        """Blurs the regions; ``seed`` does not matter."""
        check_image(image)
        hidden = np.array(image, order="C")
        for region, part, mask in owned_parts(self.regions(faces, image.shape), image.shape):
            hidden[part][mask] = _blurred(image, part, self.sigma_for(region))[mask]
        return hidden

    def reach(self, region: Region) -> int:
        """The radius of the kernel, in pixels."""
        return math.ceil(_REACH * self.sigma_for(region))

    def sigma_for(self, region: Region) -> float:
        """The standard deviation for a region, in pixels."""
        if self.sigma is not None:
            return self.sigma
        return min(min(region.width, region.height) / (2.0 * (self.cells or 1.0)), _MOST_SIGMA)


def _blurred(image: Image, part: tuple[slice, slice], sigma: float) -> Image:
    """A part of the blurred image; no more of the image is looked at than reaches into it."""
    cv2 = import_opencv()
    radius = math.ceil(_REACH * sigma)
    rows, columns = part
    top, left = max(0, rows.start - radius), max(0, columns.start - radius)
    around = image[top : rows.stop + radius, left : columns.stop + radius].astype(np.float32)  # not in fixed point
    scale = np.float32(0.25 if image.dtype == np.float32 and np.abs(around).max() > _LARGE else 1.0)
    around *= scale
    size = 2 * radius + 1
    blurred = cv2.GaussianBlur(around, (size, size), sigma, borderType=cv2.BORDER_REFLECT_101).reshape(around.shape)
    found: Image = blurred[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    if image.dtype != np.float32:
        return np.rint(found).astype(image.dtype)
    most = np.finfo(np.float32).max * scale
    return found if scale == 1 else np.clip(found, -most, most) / scale


@dataclass(frozen=True, slots=True)
class Noise(DrawnProtection):
    """Gaussian noise, added to every colour sample on its own; integers are rounded and clipped to their range.

    Clipping makes what is measured less than ``variance`` where noise is strong. float32 is taken to be on a scale from
    0 to 1 and not clipped. An alpha channel (the last of 2 or 4) stays.

    Attributes:
        variance: on a scale from 0 to 1, over 0; the paper's are 0.05, 0.1 and 0.2.
        area: what of a face is protected.
    """

    method = 7

    variance: float
    area: Area = AS_FOUND

    def __post_init__(self) -> None:
        if not 0.0 < self.variance <= 100.0:
            raise ValueError(f"variance must be over 0 and up to 100, got {self.variance!r}")

    def describe(self) -> Description:
        """Ordered by the variance."""
        label, area = f"{self.variance:g}", self.area.words
        return Description(f"noise, {SIGMA}² {label}{area}", f"noise{area}", self.variance, label)

    def protect(self, image: Image, faces: Sequence[Face], *, seed: int) -> Image:
        """Adds noise that depends on ``seed`` and the image."""
        check_image(image)
        return self._noisy(image, self.regions(faces, image.shape), [seed, image_number(image)])

    @first_apart_from_forks
    def draw(self, image: Image, parts: Sequence[Part], out: Image, keys: Sequence[bytes]) -> None:
        """As for all; the image's number, which every region's noise depends on, is found once."""
        number = image_number(image)
        for part, key in zip(parts, keys, strict=True):
            crop, box, place = crop_around(image, part)
            shown = self._noisy(crop, [box], [int.from_bytes(key[:8], "little"), number])
            copy_masked(shown[place], part.mask, out[part.rows, part.columns])

    def _noisy(self, image: Image, regions: Sequence[Region], seeds: list[int]) -> Image:
        hidden = np.array(image, order="C")
        generator = np.random.default_rng(seeds)
        top = peak(image)
        for _, part, mask in owned_parts(regions, image.shape):
            colours = hidden[part][..., :-1] if has_alpha(image) else hidden[part]
            owned = colours[mask].astype(np.float64)
            noisy = owned + generator.normal(0.0, math.sqrt(self.variance) * top, owned.shape)
            if image.dtype != np.float32:
                noisy = np.clip(np.rint(noisy), 0.0, top)
            colours[mask] = noisy.astype(image.dtype)
        return hidden


def image_number(image: Image) -> int:
    """A number out of an image's samples, so that two images share no random numbers."""
    return int.from_bytes(hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=8).digest(), "little")
