"""How alike two images are: squared error, PSNR, SSIM; of pairs or many, in the frame or inside regions.

Images are (height, width) or (height, width, channels) of 1 to 4 channels, uint8, uint16, float32 or float64, with
packed rows at any row stride; both of a pair have the same shape and dtype. The same bits for every thread count and
instruction set. ``docs/metrics.md`` has the definitions, the border rule and the error bounds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _core
from .region import Region, RegionLike, as_regions
from .ssim_options import CoreSettings, SsimOptions, SsimTerms, core_settings, positive
from .threads import check_threads

Image: TypeAlias = NDArray[Any]
Where: TypeAlias = RegionLike | Iterable[RegionLike] | NDArray[np.bool_]
"""Where to score: one or several regions, or a boolean mask (height, width)."""

_Mask: TypeAlias = NDArray[np.bool_] | None
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
        The mean of ``(a - b) ** 2``, in squared units of the samples; 0.0 if and only if the samples are equal.

    Raises:
        TypeError: not arrays, or a dtype that is not listed above, or two dtypes.
        ValueError: two shapes, no pixels, rows that are not packed, NaN or infinity, or a region outside of the image.
    """
    if region is not None:
        a, b, mask = _inside(a, b, region, 0)
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
        Decibels; ``inf`` if the images are equal.

    Raises:
        TypeError: as :func:`mse`, or a ``data_range`` that is no number.
        ValueError: as :func:`mse`; ``data_range`` missing for floats, or not positive and finite.
    """
    if data_range is None and region is None and threads == 1:  # the usual call costs little more than its arithmetic
        found = _core.peak_signal_noise_ratio(a, b)
        if found == found:
            return found
    error = mse(a, b, region=region, threads=threads)
    return _decibels(error, _peak(a.dtype, data_range))


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
        ValueError: as :func:`psnr`; images smaller than the window; a region without the centre of a whole window.
    """
    settings = _settings(a, data_range, options)
    terms = settings[6]
    (means,) = _core.ssim([(*_inside(a, b, region, options.radius), None)], settings, check_threads(threads))
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
    (means,) = _core.ssim([(*_inside(a, b, region, options.radius), None)], settings, check_threads(threads))
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
    pairs = [_inside(x, y, where, 0) for x, y, where in _together(a, b, regions)]
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
    return np.array([_decibels(error, _peak(image.dtype, data_range)) for image, error in pairs], np.float64)


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
        jobs.append((*_inside(x, y, where, options.radius), None))
    scores = np.empty(len(jobs), np.float64)
    for dtype, indices in groups.items():
        means = _core.ssim([jobs[index] for index in indices], settings[dtype], check_threads(threads))
        scores[indices] = [_mean_score(found, settings[dtype][6]) for found in means]
    return scores


def _mean_score(means: list[float], terms: bool) -> float:
    """The mean over channels of what the core gives for each."""
    scores = means[::_TERMS] if terms else means
    score = sum(scores) / len(scores)
    if not math.isfinite(score):  # the core has refused NaN and infinity already
        raise ValueError("a and b must be within 1e9 times data_range, got samples beyond")
    return score


def _decibels(error: float, peak: float) -> float:
    return 10.0 * math.log10(peak * peak / error) if error > 0.0 else math.inf


def _peak(dtype: np.dtype[Any], data_range: float | None) -> float:
    """The data range to use. For a dtype that the core will refuse, any."""
    if data_range is not None:
        return positive("data_range", data_range)
    if dtype in _FLOATS:
        raise ValueError(f"data_range must be given for {dtype} images, got None")
    return _PEAKS.get(dtype, 1.0)


def _settings(image: Image, data_range: float | None, options: SsimOptions, all_terms: bool = False) -> CoreSettings:
    if not isinstance(options, SsimOptions):
        raise TypeError(f"options must be SsimOptions, got {options!r}")
    if not isinstance(image, np.ndarray):
        raise TypeError(f"a must be a NumPy array, got {type(image).__name__}")
    terms = all_terms or options.has_exponents
    return core_settings(options, _peak(image.dtype, data_range), image.dtype in _FLOATS, terms)


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


def _inside(a: Image, b: Image, region: Where | None, radius: int) -> tuple[Image, Image, _Mask]:
    """Views of the images that hold the region and ``radius`` pixels around it, and a mask unless it is all of them.

    Arrays that the core will refuse are given back as they are.
    """
    size = 2 * radius + 1
    fit = isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.ndim in (2, 3) and a.shape == b.shape
    if region is None or not fit or a.size == 0 or min(a.shape[:2]) < size:
        return a, b, None
    rows, columns, mask = _extent(region, a.shape[0], a.shape[1])
    top, left = max(rows.start, radius), max(columns.start, radius)
    bottom, right = min(rows.stop, a.shape[0] - radius), min(columns.stop, a.shape[1] - radius)
    if top >= bottom or left >= right or not (mask is None or mask[top:bottom, left:right].any()):
        what = "one pixel" if radius == 0 else f"the centre of one whole {size} x {size} window"
        raise ValueError(f"region must hold at least {what} of the image, got {region!r}")
    part = slice(top - radius, bottom + radius), slice(left - radius, right + radius)
    return a[part], b[part], None if mask is None else np.ascontiguousarray(mask[part])


def _extent(region: Where, height: int, width: int) -> tuple[slice, slice, _Mask]:
    """The box of a region inside an image, perhaps empty, and the mask of the image unless the region is the box."""
    if isinstance(region, np.ndarray) and region.dtype == np.bool_:
        if region.shape != (height, width):
            raise ValueError(f"region must be a mask of shape {(height, width)}, got shape {region.shape}")
        mask = region
    else:
        regions = as_regions(region)
        if len(regions) == 1 and regions[0].shape == "box":
            return *regions[0].clipped(height, width), None
        mask = np.zeros((height, width), np.bool_)
        for one in regions:
            _mark(mask, one)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return slice(0, 0), slice(0, 0), mask
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1), mask


def _mark(mask: NDArray[np.bool_], region: Region) -> None:
    """Marks a region's pixels; those of an ellipse as ``docs/format.md`` defines them."""
    rows, columns = region.clipped(*mask.shape)
    if region.shape == "box":
        mask[rows, columns] = True
        return
    w, h = region.width, region.height
    for y in range(rows.start, rows.stop):
        rest = (w * h) ** 2 - ((2 * (y - region.y) + 1 - h) * w) ** 2
        reach = math.isqrt(rest) // h  # of |2 i + 1 - w| over the ellipse's columns i
        first, last = (w - reach) // 2, (w - 1 + reach) // 2
        mask[y, max(0, region.x + first) : max(0, region.x + last + 1)] = True
