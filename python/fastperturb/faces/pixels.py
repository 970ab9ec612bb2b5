"""What detectors look at: an 8-bit RGB copy of an image, reduced or enlarged.

Detection needs no more than 8 bits; the image itself is never touched.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .._optional import import_opencv
from ..arrays import Image, check_image

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
