"""Templates at the size and in the samples of a region: made once, and kept while there is room."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .._optional import import_opencv
from ..perturbation.drawing import Part
from ..region import Region
from .bounded_store import BoundedStore
from .mosaic_and_black import has_alpha, peak
from .rounding import FACE_MARGINS, HEAD_MARGINS, turn_of
from .template import FRAME_HEIGHT, FRAME_WIDTH, Template

Image = NDArray[Any]
Area = Literal["head", "face"]

_ROOM = 32 << 20  # bytes of patches that are kept
_LARGEST = 2**22  # places of a template that is rendered for an image of fewer pixels
_GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601


@dataclass(frozen=True, slots=True)
class Patch:
    """A template over a region's box, (height, width) or with the image's channels, in its dtype; alpha is opaque.

    It has the box's size, or less for a box that is larger than the image (:func:`rendered_size`).

    Attributes:
        shown: the template on its own ground.
        head: ``shown`` times the matte: black where the ground is.
        ground: what of ``shown`` is ground; head and ground make it up.
        outside: one minus the matte for colours and 0 for alpha, on the scale of ``shown``'s samples.
        lightness: mean of the head's luma over the middle of the box, 0 to 1.
    """

    shown: Image
    head: Image
    ground: Image
    outside: Image
    lightness: float

    @property
    def nbytes(self) -> int:
        """Of all arrays."""
        return 4 * self.shown.nbytes


_kept: BoundedStore[Patch] = BoundedStore(_ROOM)


def inside_region(part: Part) -> tuple[slice, slice]:
    """Where the part of a region that lies in the image lies in the region's box."""
    top, left = part.rows.start - part.region.y, part.columns.start - part.region.x
    height, width = part.rows.stop - part.rows.start, part.columns.stop - part.columns.start
    return slice(top, top + height), slice(left, left + width)


def rendered_size(region: Region, pixels: int) -> tuple[int, int]:
    """Width and height in which a template is rendered for a region of an image of so many pixels.

    It is the region's own unless that is larger than the image and than 2**22 pixels: what lies beyond the image must
    not decide how much memory is used.
    """
    share = max(pixels, _LARGEST) / (region.width * region.height)
    if share >= 1:
        return region.width, region.height
    return max(1, int(region.width * math.sqrt(share))), max(1, int(region.height * math.sqrt(share)))


def nearest_places(part: Part, width: int, height: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which rows and columns of a smaller array over a region's box stand for those of a part."""
    found = []
    for side, start, length, rendered in (
        (part.rows, part.region.y, part.region.height, height),
        (part.columns, part.region.x, part.region.width, width),
    ):
        places = (np.arange(side.start, side.stop, dtype=np.int64) - start) * rendered // length
        found.append(np.asarray(np.clip(places, 0, rendered - 1), np.int64))
    return found[0], found[1]


def take_part(array: Image, part: Part) -> Image:
    """Of an array over a region's box what a part draws: a view, or the nearest places of a smaller array.

    Beyond the box, as in a JPEG, its edge goes on.
    """
    if array.shape[:2] != (part.region.height, part.region.width):
        near: Image = array[np.ix_(*nearest_places(part, array.shape[1], array.shape[0]))]
        return near
    rows, columns = inside_region(part)
    if not part.beyond:
        found: Image = array[rows, columns]
        return found
    height, width = array.shape[:2]
    around = (max(-rows.start, 0), max(rows.stop - height, 0), max(-columns.start, 0), max(columns.stop - width, 0))
    inner = array[max(rows.start, 0) : min(rows.stop, height), max(columns.start, 0) : min(columns.stop, width)]
    cv2 = import_opencv()
    drawn: Image = cv2.copyMakeBorder(inner, *around, cv2.BORDER_REPLICATE) if any(around) else inner
    return drawn.reshape(*drawn.shape[:2], *array.shape[2:])


def patch_for(template: Template, region: Region, area: Area, image: Image) -> Patch:
    """The template for a region of an image, out of the store if it was made before.

    Args:
        template: what to draw.
        region: rounded; its sides say size and turn.
        area: which part of the template lies over the region.
        image: whose dtype, axes and channels to take.
    """
    channels = image.shape[2] if image.ndim == 3 else 0
    turn = turn_of(region)
    size = rendered_size(region, image.shape[0] * image.shape[1])
    key = (template.fingerprint, area, *size, turn, image.dtype.char, channels)
    found = _kept.get(key)
    if found is None:
        found = _made(template, size, area, image, turn)
        _kept.put(key, found, found.nbytes)
    return found


def _made(template: Template, size: tuple[int, int], area: Area, image: Image, turn: int) -> Patch:
    width, height = size[::-1] if turn % 2 else size
    rows, columns = _frame_part(area)
    colours = np.rot90(_scaled(template.frame[rows, columns], width, height), -turn)
    matte = np.rot90(_scaled(template.frame_matte[rows, columns], width, height), -turn)
    middle = tuple(slice(side // 4, -(-3 * side // 4)) for side in (size[1], size[0]))
    lightness = float(_grey(colours[middle]).mean()) / 255
    alpha = has_alpha(image)
    count = (image.shape[2] if image.ndim == 3 else 1) - alpha
    if count == 1:
        colours = _grey(colours)[..., np.newaxis]
    elif count == 2:  # no such image: two channels are grey and alpha
        raise ValueError(f"image must have 1 to 4 channels, got shape {image.shape}")
    inside = np.repeat(matte[..., np.newaxis], count, axis=2) / np.float32(255)
    shown, outside = _samples(colours, image, alpha, 1.0), _samples((1 - inside) * 255, image, alpha, 0.0)
    head = _samples(colours * inside, image, alpha, 1.0)
    ground = shown - head
    return Patch(shown, head, ground, outside, lightness)


def _grey(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Luma (ITU-R BT.601) of RGB, (..., 3); not by ``@``, whose threads can hang a forked process."""
    grey: NDArray[np.float32] = np.einsum("...c,c->...", colours, np.array(_GREY, np.float32))
    return grey


def _frame_part(area: Area) -> tuple[slice, slice]:
    """Rows and columns of the frame that lie over a region."""
    if area == "head":
        return slice(0, FRAME_HEIGHT), slice(0, FRAME_WIDTH)
    found = []
    for side, low, high in ((FRAME_HEIGHT, 1, 3), (FRAME_WIDTH, 0, 2)):
        whole = 100 + HEAD_MARGINS[low] + HEAD_MARGINS[high]
        start = HEAD_MARGINS[low] - FACE_MARGINS[low]
        stop = whole - HEAD_MARGINS[high] + FACE_MARGINS[high]
        found.append(slice(side * start // whole, -(-side * stop // whole)))
    return found[0], found[1]


def _scaled(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.float32]:
    """A picture at another size, 0 to 255, not rounded."""
    cv2 = import_opencv()
    shrinks = width <= picture.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    found: NDArray[np.float32] = np.clip(
        cv2.resize(picture.astype(np.float32), (width, height), interpolation=way), 0, 255
    )
    return found


def _samples(colours: NDArray[Any], image: Image, alpha: bool, opaque: float) -> Image:
    """Colours from 0 to 255 in the image's dtype and axes, an alpha of ``opaque`` behind them; read-only."""
    scaled = colours * np.float32(peak(image) / 255)
    if alpha:
        scaled = np.concatenate([scaled, np.full((*scaled.shape[:2], 1), opaque * peak(image), np.float32)], axis=2)
    samples = scaled.astype(np.float32) if image.dtype == np.float32 else np.rint(scaled).astype(image.dtype)
    samples = np.ascontiguousarray(samples[..., 0] if image.ndim == 2 else samples)
    samples.flags.writeable = False
    return samples
