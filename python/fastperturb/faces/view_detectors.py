"""Detectors that read what a perturbation cannot hide: the view where regions are known, else a reduced copy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .._optional import import_opencv
from ..checks import Image, check_image, whole_within
from ..errors import NoFaceFound
from ..perturbation.block_view import Border, Interpolation, check_border, check_interpolation, view
from ..record import Record
from ..region import Face, RegionLike, as_regions
from ..strength.strength import Strength
from .detection import Detector


@dataclass(frozen=True, slots=True)
class _ViewReader:
    detector: Detector
    where: Record | tuple[RegionLike, ...]
    strength: Strength | Sequence[Strength]
    interpolation: Interpolation
    border: Border
    second_look: float | None

    def detect(self, image: Image, /) -> list[Face]:
        shown = view(image, self.where, self.strength, interpolation=self.interpolation, border=self.border)
        if image.dtype == np.float32:  # between the means the curve may swing beyond what there was
            np.clip(shown, image.min(), image.max(), out=shown)
        faces = self.detector.detect(shown)
        if faces or self.second_look is None:
            return faces
        return self.detector.detect(self._with_contrast(shown, self.second_look))

    def _with_contrast(self, shown: Image, factor: float) -> Image:
        """The view with the deviations from each region's mean multiplied: means of windows have little contrast."""
        lowest, highest = (shown.min(), shown.max()) if shown.dtype == np.float32 else (0, np.iinfo(shown.dtype).max)
        regions = [item.region for item in self.where.regions] if isinstance(self.where, Record) else self.where
        clearer = shown.copy()
        for region in as_regions(regions):
            part = region.clipped(*shown.shape[:2])
            values = shown[part].astype(np.float64)
            stretched = values.mean() + factor * (values - values.mean())
            clearer[part] = np.clip(stretched, lowest, highest).astype(shown.dtype)
        return clearer


@dataclass(frozen=True, slots=True)
class _ReducedReader:
    detector: Detector
    pixels: int

    def detect(self, image: Image, /) -> list[Face]:
        check_image(image)
        cv2 = import_opencv()
        height, width = image.shape[:2]
        small = (max(1, round(width / self.pixels)), max(1, round(height / self.pixels)))
        reduced = cv2.resize(np.ascontiguousarray(image), small, interpolation=cv2.INTER_AREA)
        copy = cv2.resize(reduced, (width, height), interpolation=cv2.INTER_CUBIC)
        if image.dtype == np.float32:
            np.clip(copy, image.min(), image.max(), out=copy)
        return self.detector.detect(copy.reshape(image.shape))


def view_detector(
    detector: Detector,
    where: Record | RegionLike | Iterable[RegionLike],
    strength: Strength | Sequence[Strength] = Strength(),
    *,
    interpolation: Interpolation = "lanczos",
    border: Border = "replicate",
    second_look: float | None = None,
) -> Detector:
    """A detector that looks at the view instead of the image.

    The view of a perturbed image is the view of its original, bit for bit, so that this detector's answer is the same
    before and after, for any key and any number of moved pixels, and needs no key. (As long as ``detector`` gives equal
    answers for equal images, which all of this package do.)

    Args:
        detector: what looks.
        where: the record of a perturbation; or its grid, the regions as for :func:`fastperturb.perturb`.
        strength: with regions: gives their windows. Not read with a record.
        interpolation: as for :func:`fastperturb.view`.
        border: as for :func:`fastperturb.view`.
        second_look: where nothing is found, look again with so many times the contrast inside the regions, above 1; 2
            brought YuNet on AT&T at 8 cells from 58 % to 83 % (docs/frontier.md). None looks once.

    Returns:
        A detector for images of the record's shape, or that the regions touch. It may be pickled and shared by threads
        where ``detector`` may.

    Raises:
        NoFaceFound: no regions.
        TypeError, ValueError: an argument is not as said above.
    """
    _check_detector(detector)
    check_interpolation(interpolation)
    check_border(border)
    if second_look is not None and not (isinstance(second_look, (int, float)) and 1 < second_look <= 100):
        raise ValueError(f"second_look must be above 1 and at most 100, or None, got {second_look!r}")
    grid = where if isinstance(where, Record) else as_regions(where)
    if not grid:
        raise NoFaceFound("where must name at least one region, got none: there is no view to look at")
    return _ViewReader(detector, grid, strength, interpolation, border, second_look)


def coarse_detector(detector: Detector, pixels: int) -> Detector:
    """A detector that looks at a coarse copy of the whole image, where it is not known where the regions are.

    The copy is reduced to a pixel for every ``pixels`` x ``pixels`` of the image and enlarged again. Its pixels lie
    across the windows, not on them, so that the answers on a perturbed image and its original are alike and no more;
    what is not a face is coarse too. docs/detection.md says how much is lost against :func:`view_detector`.

    Args:
        detector: what looks.
        pixels: 1 or more; the window of the perturbation does well.

    Raises:
        TypeError, ValueError: an argument is not as said above.
    """
    _check_detector(detector)
    pixels = whole_within("pixels", pixels, "be a whole number from 1", 1)
    return _ReducedReader(detector, pixels)


def _check_detector(detector: Detector) -> None:
    if not callable(getattr(detector, "detect", None)):
        raise TypeError(f"detector must have a method detect(image), got {detector!r}")
