"""The surrogate: a face of no one over the head, so that detectors still find a face and nobody finds the person.

What is drawn is a function of the rounded region, the template, the tone and the pixels that no region owns; nothing
fades into the original.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .. import Face, Region
from .._forks import first_apart_from_forks
from ..checks import check_image
from ..perturbation.drawing import Part
from .area import owned_parts, touches
from .base import Description, ProtectionBase, copy_masked
from .patches import patch_for, take_part
from .rounding import FACE_MARGINS, HEAD_MARGINS, raster_ordered, round_face
from .surroundings import PartsByPlace, measure_surroundings
from .template import Template
from .toning import coarse_gains, draw_around, draw_toned, surrounding_gains

Image = NDArray[Any]
Tone = Literal["around", "coarse"]


@dataclass(frozen=True, slots=True)
class Surrogate(ProtectionBase):
    """A template over the rounded ellipse of every head, upright or turned by quarters.

    An alpha channel (the last of 2 or 4) becomes opaque. float32 is taken to be on a scale from 0 to 1: what is drawn
    lies within it, and values outside count as 0 or 1 where a tone is measured.

    Attributes:
        template: what is shown; None is :meth:`Template.default`.
        tone: None shows the template as it is, on its own ground. "around" gives it the light around it and lets its
            ground go over into the surroundings, both from pixels outside all regions. "coarse" gives it the lightness
            of the face it hides, in four steps: two bits of the person, and of the skin.
        area: "head" with hair and ears, or "face", brow to chin, which leaves hair and ears to be known by.
    """

    template: Template | None = None
    tone: Tone | None = None
    area: Literal["head", "face"] = "head"

    method = 3
    revision = 1

    def __post_init__(self) -> None:
        if self.template is not None and not isinstance(self.template, Template):
            raise TypeError(f"template must be a Template or None, got {type(self.template).__name__}")
        if self.tone not in (None, "around", "coarse"):
            raise ValueError(f"tone must be None, 'around' or 'coarse', got {self.tone!r}")
        if self.area not in ("head", "face"):
            raise ValueError(f"area must be 'head' or 'face', got {self.area!r}")

    def describe(self) -> Description:
        """Area, tone and template; there is one strength."""
        own = "" if self.template is None else f", template {self.template.fingerprint}"
        tone = "" if self.tone is None else f", tone {self.tone}"
        name = f"surrogate, {self.area}{tone}{own}"
        return Description(name, name, 1.0, "")

    def regions_for(self, faces: Sequence[Region | Face], shape: tuple[int, ...]) -> tuple[Region, ...]:
        """The rounded regions, in raster order and each once: neither order nor number of equal ones tells a score.

        Args:
            faces: boxes from brow to chin, as detectors give them; landmarks say how a face is turned.
            shape: of the image, height first; what does not touch it is left out.
        """
        return raster_ordered(self._rounded(faces), shape)

    def regions(self, faces: Sequence[Face], shape: tuple[int, ...]) -> list[Region]:
        """The rounded region of each face that touches the image, in the faces' order."""
        return [region for region in self._rounded(faces) if touches(region, shape)]

    def protect(self, image: Image, faces: Sequence[Face], *, seed: int) -> Image:
        """Draws over the regions; ``seed`` does not matter."""
        check_image(image)
        hidden = np.array(image, order="C")
        owned = owned_parts(self.regions_for(faces, image.shape), image.shape)
        parts = [Part(region, rows, columns, mask) for region, (rows, columns), mask in owned]
        self.draw(image, parts, hidden, [])
        return hidden

    @first_apart_from_forks
    def draw(self, image: Image, parts: Sequence[Part], out: Image, keys: Sequence[bytes]) -> None:
        """Draws the owned pixels of all regions; ``keys`` do not matter, as nothing is random.

        Args:
            image: the original.
            parts: every region with what it owns.
            out: of the image's shape and dtype; only owned pixels are written.
            keys: not looked at.
        """
        placed = PartsByPlace(parts)
        for part in parts:
            rows, columns = part.rows, part.columns
            if rows.start >= rows.stop or columns.start >= columns.stop:
                continue
            copy_masked(self._drawn(image, part, placed), part.mask, out[rows, columns])

    def _drawn(self, image: Image, part: Part, placed: PartsByPlace) -> Image:
        """What stands in the region's box, clipped to the image."""
        template = Template.default() if self.template is None else self.template
        patch = patch_for(template, part.region, self.area, image)
        if self.tone == "coarse":
            return draw_toned(patch, coarse_gains(image, part, patch), image, part)
        if self.tone == "around":
            around = measure_surroundings(image, part.region, placed.near(part.region))
            if around is not None:
                return draw_around(patch, surrounding_gains(around, patch), around, image, part)
        return take_part(patch.shown, part)

    def _rounded(self, faces: Sequence[Region | Face]) -> list[Region]:
        margins = HEAD_MARGINS if self.area == "head" else FACE_MARGINS
        return [round_face(face, margins) for face in faces]
