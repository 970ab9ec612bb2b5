"""The camouflage: a face's own pixels, each moved once, so that they look like a template.

The k-th darkest pixel goes to the k-th darkest place of the template (exact histogram specification; the literature
says image camouflage). A permutation of whole pixels: the multiset of them stays, and names people who knows their
histograms. No key re-makes the arrangement, as ranks depend on values: only a seal brings the original back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .. import Face, Region, _core
from .._forks import first_apart_from_forks
from .._optional import import_opencv
from ..checks import Image, check_image, packed
from ..perturbation.drawing import Part
from .area import owned_parts, touches
from .base import Description, ProtectionBase
from .bounded_store import BoundedStore
from .patches import inside_region, nearest_places, rendered_size
from .rounding import FACE_MARGINS, HEAD_MARGINS, raster_ordered, round_face, turn_of
from .template import Template

Ellipse: TypeAlias = tuple[float, float, float, float]

FACE_IN_HEAD: Ellipse = (22 / 160, 29 / 160, 116 / 160, 126 / 160)
"""The ellipse (x, y, width, height) from brow to chin in a head's box of 1 x 1."""
_MOST_RENDERED = 4096  # pixels along a side; larger regions take the nearest of them
_KEPT = 32
_LOTS = b"fastperturb camouflage, the lots"
"""32 bytes, no secret: the key of the lots that order places which are equally light."""
_LARGEST_KEPT = 2**18  # places of a rendered template: 109 MB at most are kept
_ROOM = 64 << 20  # bytes of places in order that are kept: 13 for each


@runtime_checkable
class Ground(Protocol):
    """What a camouflage needs of a template. It must not change, and may be used by several threads."""

    def __hash__(self) -> int:
        """Equal grounds are drawn once for each size."""

    @property
    def face_ellipse(self) -> Ellipse | None:
        """Where the face lies in it, (x, y, width, height) in parts of its sides; None: no face apart from the rest."""

    def render_luminance(self, width: int, height: int) -> NDArray[np.float32]:
        """How light each place is: (height, width), 0 to 1."""

    def render_colours(self, width: int, height: int) -> NDArray[np.float32]:
        """The colours of each place: (height, width, 3), RGB, 0 to 1."""


@dataclass(frozen=True, eq=False)
class PictureGround:
    """A ground out of a picture of any size.

    Attributes:
        picture: RGB, (height, width, 3), uint8.
        face_ellipse: as of :class:`Ground`.

    Raises:
        TypeError: ``picture`` is no uint8 array.
        ValueError: it has another shape, or the ellipse no size.
    """

    picture: Image
    face_ellipse: Ellipse | None = FACE_IN_HEAD
    fingerprint: str = field(init=False)
    """Sixteen hexadecimal digits of a hash of both."""

    def __post_init__(self) -> None:
        check_image(self.picture, "picture")
        if self.picture.dtype != np.uint8:
            raise TypeError(f"picture must be uint8, got {self.picture.dtype}")
        if self.picture.ndim != 3 or self.picture.shape[2] != 3:
            raise ValueError(f"picture must have shape (height, width, 3), got {self.picture.shape}")
        if self.face_ellipse is not None and not (self.face_ellipse[2] > 0 and self.face_ellipse[3] > 0):
            raise ValueError(f"face_ellipse must have a width and height over 0, got {self.face_ellipse!r}")
        kept = np.array(self.picture, order="C")
        kept.flags.writeable = False
        object.__setattr__(self, "picture", kept)
        said = f"{kept.shape} {self.face_ellipse}".encode()
        object.__setattr__(self, "fingerprint", hashlib.blake2b(kept.tobytes() + said, digest_size=8).hexdigest())

    def render_colours(self, width: int, height: int) -> NDArray[np.float32]:
        """By areas where it shrinks, else by cubic interpolation."""
        cv2 = import_opencv()
        shrinks = width <= self.picture.shape[1] and height <= self.picture.shape[0]
        way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        scaled = self.picture.astype(np.float32) / np.float32(255)
        found: NDArray[np.float32] = np.clip(cv2.resize(scaled, (width, height), interpolation=way), 0.0, 1.0)
        return found

    def render_luminance(self, width: int, height: int) -> NDArray[np.float32]:
        """(77 R + 150 G + 29 B) / 256 of the colours."""
        colours = self.render_colours(width, height)
        found: NDArray[np.float32] = (
            colours[..., 0] * np.float32(77 / 256)
            + colours[..., 1] * np.float32(150 / 256)
            + colours[..., 2] * np.float32(29 / 256)
        )
        return found


@dataclass(frozen=True, slots=True)
class Camouflage(ProtectionBase):
    """Every pixel of a region goes to the place of its rank in the template, channels together.

    What is shown is a function of the multiset of the region's pixels, the region and the template, and of nothing
    else: where the template is equally light in several places, lots decide that are the same for all images. Where
    head and face are ranked apart, each of them keeps its own multiset.

    Attributes:
        template: what it shall look like; None is :meth:`Template.default`. It is turned by quarters with the face.
        area: "head" with hair and ears, or "face", brow to chin; rounded as a surrogate's (rounding.py).
        colours: keep like colours together, where the image has colours: ranks follow the template's tint, too.
        apart: rank the pixels of the template's ``face_ellipse`` among themselves, so that hair does not swim into the
            face; for areas that take in the head.
    """

    template: Template | Ground | None = None
    area: Literal["head", "face"] = "head"
    colours: bool = True
    apart: bool = True

    method = 2
    revision = 2

    def __post_init__(self) -> None:
        if self.template is not None and not isinstance(self.template, (Template, Ground)):
            raise TypeError(
                "template must be a Template, None, or have render_luminance, render_colours and face_ellipse, "
                f"got {type(self.template).__name__}"
            )
        if self.area not in ("head", "face"):
            raise ValueError(f"area must be 'head' or 'face', got {self.area!r}")

    def describe(self) -> Description:
        """Area, what is kept together or apart, and the template; there is one strength."""
        own = getattr(self.template, "fingerprint", "")
        kept = (", colours" if self.colours else "") + (", apart" if self.apart else "")
        name = f"camouflage, {self.area}{kept}" + (f", template {own}" if own else "")
        return Description(name, name, 1.0, "")

    def regions_for(self, faces: Sequence[Region | Face], shape: tuple[int, ...]) -> tuple[Region, ...]:
        """The rounded regions in an image of ``shape``, height first; in raster order, each once."""
        return raster_ordered(self._rounded(faces), shape)

    def regions(self, faces: Sequence[Face], shape: tuple[int, ...]) -> list[Region]:
        """The rounded region of each face that touches the image, in the faces' order."""
        return [region for region in self._rounded(faces) if touches(region, shape)]

    def _rounded(self, faces: Sequence[Region | Face]) -> list[Region]:
        return [round_face(face, HEAD_MARGINS if self.area == "head" else FACE_MARGINS) for face in faces]

    def protect(self, image: Image, faces: Sequence[Face], *, seed: int) -> Image:
        """Draws the one picture that there is of these pixels: ``seed`` changes nothing."""
        check_image(image)
        hidden = np.array(image, order="C")
        owned = owned_parts(self.regions_for(faces, image.shape), image.shape)
        parts = [Part(region, rows, columns, mask) for region, (rows, columns), mask in owned]
        self.draw(image, parts, hidden, [b""] * len(parts))
        return hidden

    @first_apart_from_forks
    def draw(self, image: Image, parts: Sequence[Part], out: Image, keys: Sequence[bytes]) -> None:
        """Writes the owned pixels of all regions.

        Args:
            image: the original; read only.
            parts: every region with what it owns.
            out: of the image's shape and dtype, with packed rows; only owned pixels are written.
            keys: one for each region; not used.

        Raises:
            ValueError: not as many keys as parts.
        """
        if len(keys) != len(parts):
            raise ValueError(f"keys must be one for each of the {len(parts)} regions, got {len(keys)}")
        source = packed(image)
        colours = self.colours and image.ndim == 3 and image.shape[2] > 2
        for part in parts:
            rows, columns = part.rows, part.columns
            if rows.start >= rows.stop or columns.start >= columns.stop:
                continue
            mask = None if part.mask is None else np.ascontiguousarray(part.mask)
            order = self._order(part, mask, colours, image.shape[0] * image.shape[1])
            _core.match_ranks(source[rows, columns], out[rows, columns], order)

    def _order(self, part: Part, mask: NDArray[np.bool_] | None, colours: bool, pixels: int) -> _core.PlaceOrder:
        """The template's places in order, for an image of so many pixels; kept, for it depends on none of them.

        Faces of one size class have one, unless the image's edge or another face cuts them.
        """
        region, inside, turn = part.region, inside_region(part), turn_of(part.region)
        bounds = tuple(bound for side in inside for bound in (side.start, side.stop))
        width, height = (min(side, _MOST_RENDERED) for side in rendered_size(region, pixels))
        size = region.width, region.height, width, height
        name = (self._ground(), *size, turn, colours, self.apart, self.area, bounds)
        kept = _orders.get(name)
        if kept is not None and _are_equal(mask, kept[0]):
            return kept[1]
        render = _rendered if width * height <= _LARGEST_KEPT else _rendered.__wrapped__
        ground, labels = render(self._ground(), width, height, turn, colours, self.apart and self.area == "head")
        if (width, height) == (region.width, region.height) and not part.beyond:
            places: Any = inside  # views; fancy indices would copy what is there already
        else:
            places = np.ix_(*nearest_places(part, width, height))
        chosen = None if labels is None else np.ascontiguousarray(labels[places])
        order = _core.PlaceOrder(ground[places], mask, chosen, _LOTS, colours)
        _orders.put(name, (mask, order), order.nbytes + (0 if mask is None else mask.nbytes))
        return order

    def _ground(self) -> Ground:
        if self.template is None or isinstance(self.template, Template):
            return _ground_of(self.template or Template.default())
        return self.template


_orders: BoundedStore[tuple[NDArray[np.bool_] | None, _core.PlaceOrder]] = BoundedStore(_ROOM)
"""By size, turn and part of a template, with the mask of the last."""


@lru_cache(maxsize=_KEPT)
def _ground_of(template: Template) -> Ground:
    return PictureGround(template.frame)


def _are_equal(a: NDArray[np.bool_] | None, b: NDArray[np.bool_] | None) -> bool:
    return a is b if a is None or b is None else np.array_equal(a, b)


@lru_cache(maxsize=_KEPT)
def _rendered(
    template: Ground, width: int, height: int, turn: int, colours: bool, apart: bool
) -> tuple[NDArray[np.float32], NDArray[np.uint8] | None]:
    """The template at the size of a region, ``turn`` quarters clockwise, and which of its places are face."""
    if turn:
        upright = (width, height) if turn == 2 else (height, width)
        render_upright = _rendered if width * height <= _LARGEST_KEPT else _rendered.__wrapped__
        ground, labels = render_upright(template, *upright, 0, colours, apart)
        turned = np.ascontiguousarray(np.rot90(ground, -turn))
        turned.flags.writeable = False
        return turned, None if labels is None else np.ascontiguousarray(np.rot90(labels, -turn))
    render = template.render_colours if colours else template.render_luminance
    ground = np.ascontiguousarray(render(width, height), np.float32)
    expected = (height, width, 3) if colours else (height, width)
    if ground.shape != expected:
        raise ValueError(f"template must render shape {expected}, got {ground.shape}")
    ground.flags.writeable = False
    if not apart or template.face_ellipse is None:
        return ground, None
    x, y, across, down = template.face_ellipse
    column = (np.arange(width) + 0.5) / width
    row = (np.arange(height) + 0.5)[:, np.newaxis] / height
    away = ((column - x - across / 2) / (across / 2)) ** 2 + ((row - y - down / 2) / (down / 2)) ** 2
    labels = (away <= 1.0).astype(np.uint8)
    labels.flags.writeable = False
    return ground, labels
