"""Crops faces to squares of one size, for protections that learn, and puts squares back into images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from .. import Face
from .._optional import import_opencv
from ..checks import Image, check_image
from .area import Area
from .mosaic_and_black import has_alpha, peak

Part = tuple[slice, slice]
AUTOENCODER_SIZE = 64
"""Side of the squares that an autoencoder sees."""
AUTOENCODER_MARK = "fastperturb-autoencoder 1 size={} code={};"
"""What an autoencoder's model file says of itself."""


def face_crop(image: Image, part: Part, size: int) -> NDArray[np.float32]:
    """A part of an image as (size, size, 3), 0 to 1; grey is repeated, alpha left out, the aspect not kept."""
    cv2 = import_opencv()
    colours = image[part] if image.ndim == 3 else image[part][..., np.newaxis]
    if has_alpha(image):
        colours = colours[..., :-1]
    scaled = np.ascontiguousarray(colours, np.float32) / np.float32(peak(image))
    small = cv2.resize(scaled, (size, size), interpolation=cv2.INTER_AREA).reshape(size, size, -1)
    found: NDArray[np.float32] = np.repeat(small, 3, axis=2) if small.shape[2] == 1 else small
    return found


def paste_crop(image: Image, part: Part, mask: NDArray[np.bool_], crop: NDArray[np.float32]) -> None:
    """Puts a square, (size, size, 3) from 0 to 1, over those pixels of a part of ``image`` that ``mask`` marks.

    Grey images get the mean of the three channels; an alpha channel stays.
    """
    cv2 = import_opencv()
    height, width = mask.shape
    large = cv2.resize(np.clip(np.nan_to_num(crop, nan=0.0), 0.0, 1.0), (width, height), interpolation=cv2.INTER_LINEAR)
    colours = image[part] if image.ndim == 3 else image[part][..., np.newaxis]
    if has_alpha(image):
        colours = colours[..., :-1]
    if colours.shape[2] == 1:
        large = large.mean(axis=2, keepdims=True)
    scaled = large[mask] * np.float32(peak(image))
    colours[mask] = scaled if image.dtype == np.float32 else np.rint(scaled).astype(image.dtype)


def collect_crops(
    images: Iterable[Image], faces: Iterable[Sequence[Face]], area: Area, size: int
) -> NDArray[np.float32]:
    """All faces of many images, each image looked at once.

    Returns:
        (faces, size, size, 3), 0 to 1.

    Raises:
        ValueError: no face touches its image, or not as many lists of faces as images.
    """
    crops = []
    try:
        for image, found in zip(images, faces, strict=True):
            check_image(image)
            crops += [
                face_crop(image, region.clipped(*image.shape[:2]), size) for region in area.regions(found, image.shape)
            ]
    except ValueError as error:
        if not str(error).startswith("zip()"):
            raise
        raise ValueError("faces must hold a list for each image: there are more of one than of the other") from None
    if not crops:
        raise ValueError("images must show at least one face to learn from, got none")
    return np.stack(crops)
