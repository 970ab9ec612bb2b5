"""Windows by the part of the face: large ones around eyes and mouth, small ones elsewhere.

The idea: recognisers look at features, detectors at the whole; so hide most where identity is. It gains nothing over
plain windows (docs/protections.md has the figures).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .. import Face, Region, Strength, view
from ..checks import Image
from ..faces import regions_from_landmarks
from .area import AS_FOUND, Area, owned_parts
from .base import Description, describe
from .permutation import Grid, Permuting
from .window_size import EIGHTHS, WindowSize


@dataclass(frozen=True, slots=True)
class Parts(Permuting):
    """A face's region and those of its features, each with its own windows; all pixels move.

    As in every perturbation a pixel belongs to the region in which it lies deepest: a feature has the pixels around its
    own middle that are not as near to the face's. A nose in the middle of a box has few or none; the face has them.

    Attributes:
        window_size: windows of the face.
        features: windows across the shorter side of an eye with its brow, a nose or a mouth; 1 or more.
        area: what of a face is protected. Every face needs its five landmarks.
    """

    window_size: WindowSize = EIGHTHS
    features: int = 2
    area: Area = AS_FOUND

    def __post_init__(self) -> None:
        Strength(cells=self.features)  # raises what there is to raise

    def describe(self) -> Description:
        """Ordered by the windows of the face."""
        rest = f", features {self.features}{self.area.words}"
        return describe("parts", self.window_size.label, self.window_size.order, rest, unit=self.window_size.unit)

    def grid(self, faces: Sequence[Face], image: Image) -> Grid:
        """Each face, and after it its features."""
        wide, fine = self._strengths
        return [(region, fine if feature else wide) for region, feature in self._regions(faces, image.shape)]

    def view(self, protected: Image, faces: Sequence[Face]) -> Image:
        """The Lanczos view of the faces' windows over the features' own views, so that no seam is left between them.

        It is made of what windows keep, their sums, and so is equal for the protected and the clear image.
        """
        listed = self._regions(faces, protected.shape)
        if not listed:
            return np.array(protected, order="C")
        regions = [region for region, _ in listed]
        wide, fine = self._strengths
        strengths = [fine if feature else wide for _, feature in listed]
        smooth = view(protected, regions, strengths, interpolation="lanczos")
        shown = view(protected, regions, strengths, interpolation="mosaic")  # keeps the faces' means
        for (_, feature), (_, part, mask) in zip(listed, owned_parts(regions, protected.shape), strict=True):
            if feature:
                shown[part][mask] = smooth[part][mask]
        whole = [region for region, feature in listed if not feature]
        shown = view(shown, whole, wide, interpolation="lanczos")
        return np.clip(shown, protected.min(), protected.max()) if protected.dtype == np.float32 else shown

    def regions(self, faces: Sequence[Face], shape: tuple[int, ...]) -> list[Region]:
        """The area of each face, each followed by its features."""
        return [region for region, _ in self._regions(faces, shape)]

    @property
    def _strengths(self) -> tuple[Strength, Strength]:
        """Of faces and of features."""
        return self.window_size.strength, Strength(cells=self.features)

    def _regions(self, faces: Sequence[Face], shape: tuple[int, ...]) -> list[tuple[Region, bool]]:
        """Each face and after it its features, each with whether it is a feature."""
        found = []
        for face in faces:
            whole = self.area.regions([face], shape)
            found += [(region, False) for region in whole]
            if whole:
                found += [(region, True) for region in regions_from_landmarks(face, image_shape=shape)]
        return found
