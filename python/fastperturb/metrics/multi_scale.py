"""SSIM over several scales.

Formulas: Wang, Simoncelli, Bovik, "Multi-scale structural similarity for image quality assessment", 37th Asilomar
Conference on Signals, Systems and Computers, 2003, vol. 2, pp. 1398-1402.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .. import _core
from ..checks import check_array
from ..threads import check_threads
from .measures import peak_of
from .region_mask import Image
from .ssim_options import SsimOptions, core_settings, positive

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""The paper's exponents of the five scales, the finest first."""

_DEFAULT = SsimOptions()


def ms_ssim(
    a: Image,
    b: Image,
    *,
    data_range: float | None = None,
    weights: Sequence[float] = SCALE_WEIGHTS,
    options: SsimOptions = _DEFAULT,
    threads: int | None = 1,
) -> float:
    """Multi-scale structural similarity (Wang, Simoncelli, Bovik 2003), the mean over channels.

    Of a channel, the product over scales of ``cs ** weight``, at the coarsest of ``ssim ** weight``: ``cs`` is the mean
    over whole windows of contrast times structure, ``ssim`` that of SSIM, as in the authors' program. A mean below 0
    counts as 0. From scale to scale the image is halved: each pixel is the mean of four, an odd last row
    or column paired with itself; exact for uint8 and uint16 over five scales.

    Args:
        a: an image; its shorter side must hold a window at the coarsest scale: 161 pixels for five scales and the
            default window.
        b: another of the same shape and dtype.
        data_range: as in :func:`psnr`.
        weights: the exponent of each scale, the finest first; as many scales as weights, 1 to 16.
        options: window and constants; its exponents must be 1.
        threads: as in :func:`mse`.

    Returns:
        0 to 1; 1.0 if the images are equal.

    Raises:
        TypeError: as :func:`mse`, or ``options`` or ``weights`` of another type.
        ValueError: as :func:`psnr`; images too small; exponents in ``options``; no weights, more than 16, or one that
            is not positive and finite.
    """
    powers = _checked(a, options, weights)
    peak, team = peak_of(a.dtype, data_range), check_threads(threads)
    product = np.array(1.0)
    for index, power in enumerate(powers):
        last = index == len(powers) - 1
        settings = core_settings(options, peak, a.dtype.kind == "f", structure=not last)
        (means,) = _core.ssim([(a, b, None, None)], settings, team)
        if not all(map(math.isfinite, means)):  # the core has refused NaN and infinity already
            raise ValueError("a and b must be within 1e9 times data_range, got samples beyond")
        product = product * np.maximum(means, 0.0) ** power
        if not last:
            a, b = _core.halve(a), _core.halve(b)
    return float(np.mean(product))


def _checked(image: Image, options: SsimOptions, weights: Sequence[float]) -> list[float]:
    """The weights as numbers. Both images' shapes and dtypes are the core's to check."""
    if not isinstance(options, SsimOptions):
        raise TypeError(f"options must be SsimOptions, got {options!r}")
    if options.has_exponents:
        raise ValueError(f"options must have exponents of 1, got {options!r}")
    check_array(image, "a")
    powers = [positive("weights", weight) for weight in weights]
    if not 1 <= len(powers) <= 16:
        raise ValueError(f"weights must be 1 to 16 numbers, got {len(powers)}")
    least = 2 * options.radius * 2 ** (len(powers) - 1) + 1
    if image.ndim in (2, 3) and min(image.shape[:2]) < least:
        raise ValueError(f"a must be at least {least} x {least} pixels for {len(powers)} scales, got {image.shape}")
    return powers
