"""What detectors look at: an 8-bit RGB copy of an image, reduced or enlarged.

Detection needs no more than 8 bits; the image itself is never touched.
"""

from __future__ import annotations

import math
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from .._optional import import_opencv
from ..checks import Image, check_image

LEAST_PIXELS = 64**2
LEAST_SIDE = 64
"""Of what networks are shown: below, OpenCV 4 reads memory that nobody wrote and finds faces there; dlib gives up."""

_OVERSHOOT = 1 / 255  # resampling a float image goes this far beyond 0..1 without meaning another range


def check_visible(image: Image) -> None:
    """Raise unless ``image`` is one that faces can be looked for in.

    Raises:
        TypeError: not an array, or of another dtype than uint8, uint16 or float32.
        ValueError: no pixels, too many dimensions or channels, NaN, or float values outside 0 to 1: of another range,
            a detector would see nothing, and nothing found must not be taken for no face there.
    """
    check_image(image)
    if image.dtype == np.float32:
        low, high = float(image.min()), float(image.max())
        if low < -_OVERSHOOT or high > 1 + _OVERSHOOT:
            raise ValueError(f"a float32 image must be within 0 to 1 to find faces in it, got {low:g} to {high:g}")


def rgb8_copy(image: Image, height: int, width: int) -> NDArray[np.uint8]:
    """An 8-bit RGB copy of an image, resampled to ``height`` x ``width``.

    uint16 is shifted so that the image's largest value fills 8 bits (so 10- or 12-bit data is not seen as black),
    float32 is scaled from 0..1; grey is repeated; alpha (channel 2 of 2, 4 of 4) is left out.

    Args:
        image: as :func:`check_visible` wants it.
        height: rows of the copy.
        width: columns of the copy.

    Returns:
        (height, width, 3), uint8, contiguous; to be read only, as it may be the image itself.
    """
    cv2 = import_opencv()
    shift = max(0, int(image.max()).bit_length() - 8) if image.dtype == np.uint16 else 0
    pixels = np.ascontiguousarray(image)
    if (height, width) != image.shape[:2]:
        smaller = height * width < image.shape[0] * image.shape[1]
        way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        pixels = cv2.resize(pixels, (width, height), interpolation=way)
    if image.dtype == np.uint16:
        pixels = (pixels >> shift).astype(np.uint8)
    elif image.dtype == np.float32:
        pixels = (np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8)
    if pixels.ndim == 3 and pixels.shape[2] >= 3:
        return np.ascontiguousarray(pixels[..., :3])
    grey = pixels if pixels.ndim == 2 else pixels[..., 0]
    return np.repeat(grey[..., None], 3, axis=2)


def reduced_copy(image: Image, max_pixels: int | None) -> NDArray[np.uint8]:
    """An 8-bit RGB copy of at most ``max_pixels`` pixels, of the image's own size where it has no more; None: any."""
    height, width = image.shape[:2]
    scale = 1.0 if max_pixels is None else min(1.0, math.sqrt(max_pixels / (height * width)))
    return rgb8_copy(image, max(1, round(height * scale)), max(1, round(width * scale)))


def padded_copy(copy: NDArray[np.uint8], multiple: int = 1) -> NDArray[np.uint8]:
    """A copy with black on the right and below, so that its sides are at least 64 and multiples of ``multiple``."""
    below, beside = (-(-max(side, LEAST_SIDE) // multiple) * multiple - side for side in copy.shape[:2])
    return np.pad(copy, ((0, below), (0, beside), (0, 0))) if below or beside else copy


def check_max_pixels(max_pixels: int | None) -> None:
    """Raises ValueError unless ``max_pixels`` is None or enough to see anything in."""
    if max_pixels is not None and not (isinstance(max_pixels, Real) and max_pixels >= LEAST_PIXELS):
        raise ValueError(f"max_pixels must be None or at least {LEAST_PIXELS}, got {max_pixels!r}")
