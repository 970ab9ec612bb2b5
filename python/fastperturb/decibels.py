"""Peak signal-to-noise ratios out of squared errors, where neither may over- or underflow."""

from __future__ import annotations

import math
import sys


def peak_to_noise(peak: float, error: float) -> float:
    """``10 log10(peak² / error)`` in dB: infinite for no error.

    Args:
        peak: largest possible sample, over 0 and finite.
        error: mean squared error, 0 or more and finite.
    """
    if error <= 0.0:
        return math.inf
    ratio = peak * peak / error
    if sys.float_info.min <= ratio < math.inf and peak * peak >= sys.float_info.min:
        return 10.0 * math.log10(ratio)
    return 20.0 * math.log10(peak) - 10.0 * math.log10(error)
