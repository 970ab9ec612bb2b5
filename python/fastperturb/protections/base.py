"""The base classes of protections: their description, their area, and what most of them share."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import is_dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._forks import first_apart_from_forks
from .._optional import import_opencv
from ..checks import Image, rows_are_packed
from ..perturbation.drawing import Part
from ..region import Face, Region, in_raster_order
from .area import AS_FOUND, Area


class Description(NamedTuple):
    """What a protection is called in tables and diagrams.

    Attributes:
        name: all of its parameters; no two protections share it: "permutation, 8 cells", "mosaic, 16 px".
        family: what it has in common with the same protection at other strengths; a curve of a diagram.
        order: its place within the family; what hides more has more. Only the order means something.
        label: what stands at the point of the curve: "8 cells", "16 px"; empty where there is one point.
    """

    name: str
    family: str
    order: float
    label: str


def describe(kind: str, label: str, order: float, rest: str = "", *, unit: str = "", source: str = "") -> Description:
    """The description of a protection that has a size.

    Args:
        kind: "mosaic".
        label: its size: "16 px".
        order: its place within the family.
        rest: what name and family both end with, the area above all: ", ellipse".
        unit: of the sizes of the family, where it may have several: ", windows in pixels".
        source: the file of what was learnt, of which the family says nothing: ", faces.npz".
    """
    return Description(f"{kind}, {label}{rest}{source}", f"{kind}{unit}{rest}", order, label)


class ProtectionBase(ABC):
    """The base of protections; as it is here, one that nobody can undo.

    Attributes:
        reversible: whether a key holder gets the original back, bit for bit.
    """

    __slots__ = ()

    reversible = False

    @abstractmethod
    def describe(self) -> Description:
        """What it is called."""

    @abstractmethod
    def protect(self, image: Image, faces: Sequence[Face], *, seed: int) -> Image:
        """The image with its faces hidden, see :class:`Protection`."""

    @abstractmethod
    def regions(self, faces: Sequence[Face], shape: tuple[int, ...]) -> list[Region]:
        """Where an image of ``shape`` is changed, see :class:`Protection`."""

    @property
    def name(self) -> str:
        return self.describe().name

    @property
    def family(self) -> str:
        return self.describe().family

    @property
    def order(self) -> float:
        return self.describe().order

    @property
    def label(self) -> str:
        return self.describe().label

    @property
    def strength(self) -> float:
        """``order``, by its older name."""
        return self.order

    @property
    def strength_label(self) -> str:
        """``label``, by its older name."""
        return self.label

    def view(self, protected: Image, faces: Sequence[Face]) -> Image:
        """``protected`` itself: there is nothing to read it by."""
        return protected


class AreaProtection(ProtectionBase):
    """The base of protections that change one area of each face.

    Attributes:
        area: what of a face is protected.
    """

    __slots__ = ()

    area: Area

    def regions(self, faces: Sequence[Face], shape: tuple[int, ...]) -> list[Region]:
        """The area of each face that touches an image of ``shape``."""
        return self.area.regions(faces, shape)


class DrawnProtection(AreaProtection):
    """The base of protections that draw over their area: a seal can bring the original back from each of them.

    Attributes:
        method: code in the record (docs/format-2.md).
        revision: of the method.
    """

    __slots__ = ()

    method = 255
    revision = 1

    def regions_for(self, faces: Sequence[Region | Face], shape: tuple[int, ...]) -> tuple[Region, ...]:
        """The area of each face that touches an image of ``shape``, in raster order, each once."""
        given = [face if isinstance(face, Face) else Face(face) for face in faces]
        found = set(self.regions(given, shape))
        return tuple(sorted(found, key=in_raster_order))

    @first_apart_from_forks
    def draw(self, image: Image, parts: Sequence[Part], out: Image, keys: Sequence[bytes]) -> None:
        """Copies what is made of each region, on its own, into the pixels that the region owns.

        Args:
            image: the original.
            parts: every region with what it owns.
            out: of the image's shape and dtype; only owned pixels are written.
            keys: 32 bytes for each region; the noise of a region follows from its key and the image.
        """
        exact = self._as_found()
        for part, key in zip(parts, keys, strict=True):
            crop, box, place = crop_around(image, part, exact.reach(part.box))
            shown = exact.protect(crop, [Face(box)], seed=int.from_bytes(key[:8], "little"))
            copy_masked(shown[place], part.mask, out[part.rows, part.columns])

    def reach(self, region: Region) -> int:
        """How far around a region the image decides what is shown in it, in pixels."""
        return 0

    def _as_found(self) -> DrawnProtection:
        """The same without margins: the regions of a record are final."""
        if is_dataclass(self):
            return replace(self, area=AS_FOUND)
        changed = copy.copy(self)
        setattr(changed, "area", AS_FOUND)  # noqa: B010 - the base has no slot of its own for it
        return changed


def crop_around(image: Image, part: Part, reach: int = 0) -> tuple[Image, Region, tuple[slice, slice]]:
    """A crop of an image, as a view: what lies within ``reach`` pixels of a part.

    Returns:
        The crop; the part's box in the crop's coordinates; rows and columns of the part in the crop.
    """
    top, left = max(0, part.rows.start - reach), max(0, part.columns.start - reach)
    crop = image[top : part.rows.stop + reach, left : part.columns.stop + reach]
    box = replace(part.box, x=part.box.x - left, y=part.box.y - top)
    rows = slice(part.rows.start - top, part.rows.stop - top)
    return crop, box, (rows, slice(part.columns.start - left, part.columns.stop - left))


def copy_masked(drawn: Image, mask: NDArray[np.bool_] | None, out: Image) -> None:
    """Copies the pixels that ``mask`` marks, or all, into a part of an image."""
    if mask is None:
        out[...] = drawn
    elif rows_are_packed(out) and out.shape[-1] != 1:
        import_opencv().copyTo(drawn, mask.view(np.uint8), out)  # a tenth of NumPy's time
    else:
        out[mask] = drawn[mask]
