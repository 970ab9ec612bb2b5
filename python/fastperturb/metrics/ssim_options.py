"""The choices of SSIM, and what it is made of: window, constants, exponents; terms.

Formulas: Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to Structural Similarity",
IEEE Transactions on Image Processing 13 (4), 2004.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

CoreSettings: TypeAlias = tuple[list[float], bool, float, float, float, float, bool, bool, tuple[float, float, float]]

MAX_SIZE = 1023


def positive(name: str, value: object) -> float:
    """A positive finite number, or TypeError or ValueError that says what came."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, got {value!r}") from None
    except OverflowError:
        number = math.inf
    if not 0.0 < number < math.inf:
        raise ValueError(f"{name} must be positive and finite, got {value!r}")
    return number


@dataclass(frozen=True, slots=True)
class SsimOptions:
    """How SSIM is computed; the defaults are those of its paper.

    Attributes:
        window: ``"gaussian"``, or ``"uniform"``: every pixel of the window counts the same.
        size: side of the square window in pixels, odd, 3 to 1023; by default 7 for a uniform window, and for a Gaussian
            one what reaches 3.5 ``sigma`` to either side as in scikit-image: 11.
        sigma: standard deviation of the Gaussian window in pixels; not used by a uniform one.
        k1: the luminance term's constant is ``(k1 data_range)²``.
        k2: the contrast term's constant is ``(k2 data_range)²``, the structure term's half of it.
        alpha: exponent of the luminance term.
        beta: exponent of the contrast term.
        gamma: exponent of the structure term. That term may be negative: a whole exponent is taken as it is, for any
            other a negative term ``s`` counts as ``-(-s) ** gamma``.
        sample_covariance: variances and covariances with the divisor n - 1 of a window of n pixels rather than n:
            scikit-image's default for a uniform window.

    Raises:
        TypeError: a field of another type.
        ValueError: a field out of its range.
    """

    window: Literal["gaussian", "uniform"] = "gaussian"
    size: int | None = None
    sigma: float = 1.5
    k1: float = 0.01
    k2: float = 0.03
    alpha: float = 1.0
    beta: float = 1.0
    gamma: float = 1.0
    sample_covariance: bool = False

    def __post_init__(self) -> None:
        if self.window not in ("gaussian", "uniform"):
            raise ValueError(f"window must be 'gaussian' or 'uniform', got {self.window!r}")
        for name in ("sigma", "k1", "k2", "alpha", "beta", "gamma"):
            object.__setattr__(self, name, positive(name, getattr(self, name)))
        size: object = self.size
        if size is None:
            size = 7 if self.window == "uniform" else max(3, 2 * int(3.5 * self.sigma + 0.5) + 1)
        try:
            whole = operator.index(size)  # type: ignore[arg-type]
        except TypeError:
            raise TypeError(f"size must be a whole number of pixels, got {size!r}") from None
        if whole % 2 == 0:
            raise ValueError(f"size must be odd, got {whole}")
        if not 3 <= whole <= MAX_SIZE:
            raise ValueError(f"size must be 3 to {MAX_SIZE} pixels, got {whole}")
        object.__setattr__(self, "size", whole)

    @property
    def radius(self) -> int:
        """How many pixels the window reaches from its centre to either side."""
        return (self.size or 1) // 2

    @property
    def has_exponents(self) -> bool:
        """Whether an exponent is not 1."""
        return not self.alpha == self.beta == self.gamma == 1.0


@dataclass(frozen=True, slots=True)
class SsimTerms:
    """SSIM of each channel and the means of its terms over the windows that count.

    Of a window, mx and my are the means of the two images, sx and sy their standard deviations, sxy their covariance.

    Attributes:
        score: (channels,) float64: SSIM, which is not the product of the terms' means.
        luminance: (channels,) float64: means of ``(2 mx my + C1) / (mx² + my² + C1)``.
        contrast: (channels,) float64: means of ``(2 sx sy + C2) / (sx² + sy² + C2)``.
        structure: (channels,) float64: means of ``(sxy + C2/2) / (sx sy + C2/2)``.
    """

    score: NDArray[np.float64]
    luminance: NDArray[np.float64]
    contrast: NDArray[np.float64]
    structure: NDArray[np.float64]


@lru_cache(maxsize=64)
def half_window(options: SsimOptions) -> tuple[float, ...]:
    """The window along one axis from its centre outwards, as float32 values.

    What rounding takes from one weight is given to the next, so that the window sums to 1 far more exactly than
    rounded weights would: on flat images the error of the sum is the error of the variance.
    """
    size = options.size or 1
    if options.window == "uniform":
        exact = [1.0 / size] * (size // 2 + 1)
    else:
        shape = [math.exp(-0.5 * (k / options.sigma) ** 2) for k in range(size // 2 + 1)]
        total = math.fsum([shape[0], *(2.0 * value for value in shape[1:])])
        exact = [value / total for value in shape]
    rounded = [float(np.float32(exact[0]))]
    rest = (exact[0] - rounded[0]) / 2.0
    for value in exact[1:]:
        rounded.append(max(0.0, float(np.float32(value + rest))))
        rest += value - rounded[-1]
    return tuple(rounded)


@lru_cache(maxsize=64)
def core_settings(
    options: SsimOptions, data_range: float, floating: bool, terms: bool = False, structure: bool = False
) -> CoreSettings:
    """What the core needs.

    Floating samples are scaled by a power of two so that the range is 0.5 to 1.

    Args:
        options: the choices.
        data_range: 1e-30 to 1e30.
        floating: whether the samples are.
        terms: also sum the three terms.
        structure: leave the luminance term out.

    Raises:
        ValueError: a constant so large that its products would leave float32.
    """
    scale = 2.0 ** -math.frexp(data_range)[1] if floating else 1.0
    pixels = (options.size or 1) ** 2
    covariance = pixels / (pixels - 1) if options.sample_covariance else 1.0
    most = (1e6 if structure else 1e9) / scale
    for name, k in (("k1", options.k1), ("k2", options.k2)):
        if k * data_range > most:
            raise ValueError(f"{name} times data_range must be at most {most:g} here, got {k:g} * {data_range:g}")
    luminance, contrast = ((k * data_range * scale) ** 2 for k in (options.k1, options.k2))
    exponents = (options.alpha, options.beta, options.gamma)
    uniform = options.window == "uniform"
    return list(half_window(options)), uniform, luminance, contrast, scale, covariance, structure, terms, exponents
