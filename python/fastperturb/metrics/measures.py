"""How alike two images are: squared error, PSNR, SSIM; of pairs or many, in the frame or inside regions.

Images are (height, width) or (height, width, channels) of 1 to 4 channels, uint8, uint16, float32 or float64, with
packed rows at any row stride; both of a pair have the same shape and dtype. The same bits for every thread count and
instruction set. ``docs/metrics.md`` has the definitions, the border rule and the error bounds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..checks import check_array
from ..decibels import peak_to_noise
from ..threads import check_threads
from .region_mask import Image, Where, inside
from .ssim_options import CoreSettings, SsimOptions, SsimTerms, core_settings, positive

_PEAKS: dict[np.dtype[Any], float] = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0}
_TERMS = 5  # sums that the core gives for a channel: the score, three terms, contrast times structure
_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_DEFAULT = SsimOptions()


def mse(a: Image, b: Image, *, region: Where | None = None, threads: int | None = 1) -> float:
    """Mean squared error over all samples, or over those of the pixels inside ``region``.

    Integer images are summed exactly at any size; of floating images the squares are added in float64.

    Args:
        a: an image.
        b: another of the same shape and dtype.
        region: one or several regions, or a boolean mask (height, width); ``None`` is the whole image.
        threads: how many may work; ``None`` for one on every processor.

    Returns:
        The mean of ``(a - b) ** 2``, in squared units of the samples; 0.0 if the samples are equal. Of float64, whose
        squares may leave its range, also if none differs by more than about 1e-162.

    Raises:
        TypeError: not arrays, or a dtype that is not listed above, or two dtypes.
        ValueError: two shapes, no pixels, rows that are not packed, NaN or infinity, a mean beyond float64, or a region
            outside of the image.
    """
    if region is not None:
        a, b, mask = inside(a, b, region, 0)
        return _core.mean_squared_error(a, b, mask, check_threads(threads))
    return _core.mean_squared_error(a, b, None, 1 if threads == 1 else check_threads(threads))


def psnr(
    a: Image, b: Image, *, data_range: float | None = None, region: Where | None = None, threads: int | None = 1
) -> float:
    """Peak signal-to-noise ratio in dB: ``10 log10(data_range² / mse)``.

    Args:
        a: an image.
        b: another of the same shape and dtype.
        data_range: the distance between the least and the greatest possible sample; 255 and 65535 for uint8 and uint16
            unless given, required for floats.
        region: as in :func:`mse`.
        threads: as in :func:`mse`.

    Returns:
        Decibels; ``inf`` where :func:`mse` is 0.0.

    Raises:
        TypeError: as :func:`mse`, or a ``data_range`` that is no number.
        ValueError: as :func:`mse`; ``data_range`` missing for floats, or under 1e-30 or over 1e30.
    """
    if data_range is None and region is None and threads == 1:  # the usual call costs little more than its arithmetic
        found = _core.peak_signal_noise_ratio(a, b)
        if found == found:
            return found
    error = mse(a, b, region=region, threads=threads)
    return peak_to_noise(peak_of(a.dtype, data_range), error)


def ssim(
    a: Image,
    b: Image,
    *,
    data_range: float | None = None,
    region: Where | None = None,
    options: SsimOptions = _DEFAULT,
    threads: int | None = 1,
) -> float:
    """Mean structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004) over all whole windows and channels.

    The default is the paper's: an 11 x 11 Gaussian window of standard deviation 1.5, K1 = 0.01, K2 = 0.03. Windows that
    would reach over the border are left out, as in scikit-image with ``gaussian_weights=True,
    use_sample_covariance=False``. Windows in which the images are equal count as exactly 1 and cost next to nothing.

    Args:
        a: an image, at least one window in height and width.
        b: another of the same shape and dtype.
        data_range: as in :func:`psnr`.
        region: only windows whose centre lies inside count; the windows themselves may reach beyond.
        options: the window, the constants and the exponents.
        threads: as in :func:`mse`.

    Returns:
        -1 to 1; 1.0 if the images are equal.

    Raises:
        TypeError: as :func:`mse`.
        ValueError: as :func:`psnr`; images smaller than the window; a region without the centre of a whole window;
            samples 1e9 data ranges apart, or constants as large against them.
    """
    settings = _settings(a, data_range, options)
    terms = settings[7]
    (means,) = _core.ssim([(*inside(a, b, region, options.radius), None)], settings, check_threads(threads))
    return _mean_score(means, terms)


def ssim_terms(
    a: Image,
    b: Image,
    *,
    data_range: float | None = None,
    region: Where | None = None,
    options: SsimOptions = _DEFAULT,
    threads: int | None = 1,
) -> SsimTerms:
    """SSIM of each channel, and the means of the three terms it is made of. Arguments and errors as :func:`ssim`."""
    settings = _settings(a, data_range, options, all_terms=True)
    (means,) = _core.ssim([(*inside(a, b, region, options.radius), None)], settings, check_threads(threads))
    return SsimTerms(*(np.array(means[term::_TERMS]) for term in range(_TERMS - 1)))


def ssim_map(
    a: Image,
    b: Image,
    *,
    data_range: float | None = None,
    options: SsimOptions = _DEFAULT,
    threads: int | None = 1,
) -> NDArray[np.float32]:
    """SSIM of the window around every pixel, borders included. Arguments and errors as :func:`ssim`.

    Outside of the image its pixels are reflected, the edge repeated (``d c b a | a b c d | d c b a``), as in
    scikit-image with ``full=True``. The mean over the pixels at least half a window from every border is :func:`ssim`.

    Returns:
        float32 of the images' shape, -1 to 1; exactly 1 where the windows are equal.
    """
    settings = _settings(a, data_range, options)
    found = np.empty(a.shape, np.float32)
    _core.ssim([(a, b, None, found)], settings, check_threads(threads))
    return found


def mse_many(
    a: Iterable[Image],
    b: Iterable[Image],
    *,
    regions: Iterable[Where | None] | None = None,
    threads: int | None = None,
) -> NDArray[np.float64]:
    """:func:`mse` of many pairs in one call, images shared among threads.

    Args:
        a: images of any shapes: a list, or an array with one more axis in front.
        b: as many.
        regions: one for each pair, each as in :func:`mse`.
        threads: how many may work; ``None`` for one on every processor.

    Returns:
        (pairs,) float64.

    Raises:
        TypeError: as :func:`mse`.
        ValueError: as :func:`mse`; or not as many images in ``b``, or regions, as images in ``a``.
    """
    pairs = [inside(x, y, where, 0) for x, y, where in _together(a, b, regions)]
    return np.array(_core.mean_squared_errors(pairs, check_threads(threads)), np.float64)


def psnr_many(
    a: Iterable[Image],
    b: Iterable[Image],
    *,
    data_range: float | None = None,
    regions: Iterable[Where | None] | None = None,
    threads: int | None = None,
) -> NDArray[np.float64]:
    """:func:`psnr` of many pairs in one call: ``data_range`` as there, the rest as :func:`mse_many`."""
    a = list(a)
    errors = mse_many(a, b, regions=regions, threads=threads)
    pairs = zip(a, errors.tolist(), strict=True)
    return np.array([peak_to_noise(peak_of(image.dtype, data_range), error) for image, error in pairs], np.float64)


def ssim_many(
    a: Iterable[Image],
    b: Iterable[Image],
    *,
    data_range: float | None = None,
    regions: Iterable[Where | None] | None = None,
    options: SsimOptions = _DEFAULT,
    threads: int | None = None,
) -> NDArray[np.float64]:
    """:func:`ssim` of many pairs in one call: ``data_range`` and ``options`` as there, the rest as :func:`mse_many`."""
    groups: dict[str, list[int]] = {}  # by dtype, which may decide the data range
    jobs, settings = [], {}
    for index, (x, y, where) in enumerate(_together(a, b, regions)):
        settings[x.dtype.str] = _settings(x, data_range, options)
        groups.setdefault(x.dtype.str, []).append(index)
        jobs.append((*inside(x, y, where, options.radius), None))
    scores = np.empty(len(jobs), np.float64)
    for dtype, indices in groups.items():
        means = _core.ssim([jobs[index] for index in indices], settings[dtype], check_threads(threads))
        scores[indices] = [_mean_score(found, settings[dtype][7]) for found in means]
    return scores


def _mean_score(means: list[float], terms: bool) -> float:
    """The mean over channels of what the core gives for each."""
    scores = means[::_TERMS] if terms else means
    score = sum(scores) / len(scores)
    if not math.isfinite(score):  # the core has refused NaN and infinity already
        raise ValueError("a and b must be within 1e9 times data_range, got samples beyond")
    return score


def peak_of(dtype: np.dtype[Any], data_range: float | None) -> float:
    """The data range to use. For a dtype that the core will refuse, any.

    Raises:
        TypeError: no number.
        ValueError: missing for floats, or under 1e-30 or over 1e30.
    """
    if data_range is not None:
        peak = positive("data_range", data_range)
        if not 1e-30 <= peak <= 1e30:
            raise ValueError(f"data_range must be 1e-30 to 1e30, got {data_range}")
        return peak
    if dtype in _FLOATS:
        raise ValueError(f"data_range must be given for {dtype} images, got None")
    return _PEAKS.get(dtype, 1.0)


def _settings(image: Image, data_range: float | None, options: SsimOptions, all_terms: bool = False) -> CoreSettings:
    if not isinstance(options, SsimOptions):
        raise TypeError(f"options must be SsimOptions, got {options!r}")
    check_array(image, "a")
    terms = all_terms or options.has_exponents
    return core_settings(options, peak_of(image.dtype, data_range), image.dtype in _FLOATS, terms)


def _together(
    a: Iterable[Image], b: Iterable[Image], regions: Iterable[Where | None] | None
) -> list[tuple[Image, Image, Where | None]]:
    first, second = list(a), list(b)
    if len(first) != len(second):
        raise ValueError(f"b must have as many images as a, {len(first)}, got {len(second)}")
    where = [None] * len(first) if regions is None else list(regions)
    if len(where) != len(first):
        raise ValueError(f"regions must be one for each of {len(first)} pairs, got {len(where)}")
    return list(zip(first, second, where, strict=True))
