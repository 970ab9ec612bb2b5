"""Windows by the part of the face: large ones over eyes, nose and mouth, small ones elsewhere.

The idea: recognisers look at features, detectors at the whole; so blur most where identity is. docs/protections.md says
what became of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ... import Face, Region, Strength, regions_from_landmarks
from .area import AS_FOUND, Area
from .grain import EIGHTHS, Grain
from .permutation import Grid, Permuting

Image = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Parts(Permuting):
    """A face's region and, over it, the regions of its features, each with its own windows; all pixels move.

    Attributes:
        grain: windows of the face.
        features: windows across the shorter side of an eye with its brow, a nose or a mouth; 1 or more.
        area: what of a face is protected. Every face needs its five landmarks.
    """

    grain: Grain = EIGHTHS
    features: int = 2
    area: Area = AS_FOUND

    def __post_init__(self) -> None:
        Strength(cells=self.features)  # raises what there is to raise

    @property
    def name(self) -> str:
        """Both windows, and the area."""
        return f"parts, {self.grain.words}, features {self.features}{self.area.words}"

    @property
    def family(self) -> str:
        """All but the windows of the face."""
        return f"parts{self.grain.family}, features {self.features}{self.area.words}"

    @property
    def strength(self) -> float:
        """By the windows of the face."""
        return self.grain.order

    @property
    def strength_label(self) -> str:
        """The windows of the face."""
        return self.grain.words

    def grid(self, faces: Sequence[Face], image: Image) -> Grid:
        """Each face, and after it its features, which so own their pixels."""
        wide = Strength(window=self.grain.window, cells=self.grain.cells)
        grid: Grid = []
        for face in faces:
            whole = self.area.regions([face], image.shape)
            grid += [(region, wide) for region in whole]
            if whole:
                found = regions_from_landmarks(face, image_shape=image.shape)
                grid += [(region, Strength(cells=self.features)) for region in found]
        return grid

    def regions(self, faces: Sequence[Face], shape: tuple[int, ...]) -> list[Region]:
        """The area of each face, each followed by its features."""
        found = []
        for face in faces:
            whole = self.area.regions([face], shape)
            found += whole + (list(regions_from_landmarks(face, image_shape=shape)) if whole else [])
        return found
