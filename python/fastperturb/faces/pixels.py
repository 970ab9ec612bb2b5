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

_ALWAYS = 1_200_000  # pixels that may be looked at whatever the image's size
_SAMPLES = 60_000  # pixels that tell how bright an image is
_USUAL = 0.995  # of them are not above what is shown in full
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

    uint16 and float32 are shown by the eight bits that hold the colours (:func:`_to_8_bits`), grey is repeated, alpha
    (channel 2 of 2, 4 of 4) is left out and decides nothing.

    Args:
        image: as :func:`check_visible` wants it.
        height: rows of the copy.
        width: columns of the copy.

    Returns:
        (height, width, 3), uint8, contiguous; to be read only, as it may be the image itself.
    """
    cv2 = import_opencv()
    pixels = np.ascontiguousarray(image)
    if (height, width) != image.shape[:2]:
        smaller = height * width < image.shape[0] * image.shape[1]
        way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        pixels = cv2.resize(pixels, (width, height), interpolation=way)
    if image.dtype != np.uint8:
        pixels = _to_8_bits(_colours(pixels), _colours(image))
    if pixels.ndim == 3 and pixels.shape[2] >= 3:
        return np.ascontiguousarray(pixels[..., :3])
    grey = pixels if pixels.ndim == 2 else pixels[..., 0]
    return np.repeat(grey[..., None], 3, axis=2)


def _colours(image: Image) -> Image:
    """The channels but alpha."""
    return image[..., : image.shape[2] - 1] if image.ndim == 3 and image.shape[2] in (2, 4) else image


def _to_8_bits(pixels: Image, image: Image) -> NDArray[np.uint8]:
    """Colours in 8 bits, as bright as most of the image allows.

    A few samples far above the rest (hot pixels, marks burnt into the picture) must not make the rest black, so the
    scale is a power of two that brings the 99.5 % quantile of all colours to 128 or more of 255, and uint16 with 10 or
    12 bits in use is seen as its upper 8. Where there is more above, the upper quarter of the 8 bits holds it, on a
    logarithmic scale: a small bright face in a dark picture keeps its shades.

    Args:
        pixels: what to show, uint16 or float32; without alpha.
        image: what it is a resampled copy of; without alpha.
    """
    bits, most = _used_bits(image)
    whole = 255.0 if image.dtype == np.float32 else 1.0
    if most >= 2.0**bits:
        shades = np.maximum(pixels, 0).astype(np.float32) * np.float32(whole / 2.0**bits)
        above = 191 + 64 * np.log2(np.maximum(shades, 1)) / np.float32(math.log2(most / 2.0**bits) + 1e-6)
        return np.minimum(np.where(shades < 1, 191 * shades, above) + np.float32(0.5), 255).astype(np.uint8)
    if image.dtype == np.float32:
        return (np.clip(pixels, 0, 1) * np.float32(255 * 2.0 ** (8 - bits)) + np.float32(0.5)).astype(np.uint8)
    return (pixels >> (bits - 8)).astype(np.uint8)


def _used_bits(image: Image) -> tuple[int, float]:
    """How many bits the 99.5 % quantile of an image's samples takes up, and the largest; float as 0 to 255."""
    whole = 255.0 if image.dtype == np.float32 else 1.0
    step = max(1, math.isqrt(image.shape[0] * image.shape[1] // _SAMPLES))
    usual = float(np.quantile(image[::step, ::step], _USUAL, method="higher")) * whole
    bits = max(8, int(usual).bit_length())
    if image.dtype == np.float32 and usual <= 16:  # as if no more than 12 of 16 bits were in use
        bits = max(0, math.frexp(usual)[1])
    return bits, float(image.max()) * whole


def brightest_copy(image: Image, max_pixels: int | None) -> NDArray[np.uint8] | None:
    """A reduced copy on which the brightest sample decides the scale, where :func:`rgb8_copy` has another; else None.

    What lies in the dark is black in it, and a lit face that is small in the picture is clear.
    """
    if image.dtype == np.uint8:
        return None
    bits, most = _used_bits(_colours(image))
    if most < 2.0**bits:
        return None
    full = np.float32(1.0 if image.dtype == np.float32 else 2 ** int(most).bit_length() - 1)
    scaled = np.clip(image.astype(np.float32) / full, 0, 1) * np.float32(255) + np.float32(0.5)
    return reduced_copy(scaled.astype(np.uint8), max_pixels)


def fitting_scale(height: int, width: int, max_pixels: int | None, scale: float = 1.0) -> float:
    """The largest scale, up to ``scale``, at which an image has at most ``max_pixels`` once its sides are padded.

    Networks get sides of 64 pixels and more (:func:`padded_copy`), so that a picture one pixel high would become 64
    times as large as it is. ``None`` allows as many pixels as the image has, and 1.2 million always.
    """
    short, long = sorted((height, width))
    most = max(_ALWAYS, short * long) if max_pixels is None else max_pixels
    if scale > 1 or max_pixels is not None:
        scale = min(scale, max(math.sqrt(most / (short * long)), 1.0 if max_pixels is None else 0.0))
    if short * scale < LEAST_SIDE:
        scale = min(scale, most / LEAST_SIDE / long)
    return scale


def reduced_copy(image: Image, max_pixels: int | None) -> NDArray[np.uint8]:
    """An 8-bit RGB copy of at most ``max_pixels`` pixels, of the image's own size where it has no more; None: any."""
    height, width = image.shape[:2]
    scale = fitting_scale(height, width, max_pixels)
    return rgb8_copy(image, max(1, round(height * scale)), max(1, round(width * scale)))


def padded_copy(copy: NDArray[np.uint8], multiple: int = 1) -> NDArray[np.uint8]:
    """A copy with black on the right and below, so that its sides are at least 64 and multiples of ``multiple``."""
    below, beside = (-(-max(side, LEAST_SIDE) // multiple) * multiple - side for side in copy.shape[:2])
    return np.pad(copy, ((0, below), (0, beside), (0, 0))) if below or beside else copy


def network_planes(copy: NDArray[np.uint8], multiple: int = 1, *, bgr: bool = False) -> NDArray[np.float32]:
    """A copy as networks take it, padded as by :func:`padded_copy`.

    Args:
        copy: (height, width, 3), RGB.
        multiple: what both sides are padded to a multiple of.
        bgr: whether blue comes first.

    Returns:
        (1, 3, padded height, padded width), values from 0 to 255.
    """
    height, width = copy.shape[:2]
    high, wide = (-(-max(side, LEAST_SIDE) // multiple) * multiple for side in (height, width))
    made = np.empty if (high, wide) == (height, width) else np.zeros
    found = made((1, 3, high, wide), np.float32)
    channels = import_opencv().split(copy)  # OpenCV 5's blobFromImage takes 15 times as long
    for plane, channel in zip(found[0], channels[::-1] if bgr else channels, strict=True):
        plane[:height, :width] = channel
    return found


def check_max_pixels(max_pixels: int | None) -> None:
    """Raises ValueError unless ``max_pixels`` is None or enough to see anything in."""
    if max_pixels is not None and not (isinstance(max_pixels, Real) and max_pixels >= LEAST_PIXELS):
        raise ValueError(f"max_pixels must be None or at least {LEAST_PIXELS}, got {max_pixels!r}")
