"""Squared error and SSIM as their definitions say, in float64: each window by itself, NumPy only."""

import math

import numpy as np


def mse(a, b, mask=None):
    """Exact for integers: Python's own whole numbers."""
    a, b = (x if mask is None else x[mask] for x in (a, b))
    if a.dtype.kind == "u":
        return sum((int(x) - int(y)) ** 2 for x, y in zip(a.flat, b.flat, strict=True)) / a.size
    return math.fsum((float(x) - float(y)) ** 2 for x, y in zip(a.flat, b.flat, strict=True)) / a.size


def psnr(a, b, data_range, mask=None):
    error = mse(a, b, mask)
    return 10 * math.log10(data_range**2 / error) if error else math.inf


def window(kind="gaussian", size=11, sigma=1.5):
    """The weights of a square window; they sum to 1."""
    offsets = np.arange(size) - size // 2
    line = np.exp(-0.5 * (offsets / sigma) ** 2) if kind == "gaussian" else np.ones(size)
    square = np.outer(line, line)
    return square / square.sum()


def terms(x, y, weights, constants):
    """Luminance, contrast and structure of windows of one channel: (windows, size, size) gives (windows, 3)."""
    c1, c2, sample = constants

    def total(values):
        return (weights * values).sum(axis=(1, 2))

    mean_x, mean_y = total(x), total(y)
    apart_x, apart_y = x - mean_x[:, None, None], y - mean_y[:, None, None]
    variance_x, variance_y, covariance = (
        sample * total(product) for product in (apart_x**2, apart_y**2, apart_x * apart_y)
    )
    deviations = np.sqrt(variance_x * variance_y)
    return np.stack(
        [
            (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1),
            (2 * deviations + c2) / (variance_x + variance_y + c2),
            (covariance + c2 / 2) / (deviations + c2 / 2),
        ],
        axis=-1,
    )


def ssim_terms_map(a, b, data_range, weights, *, whole=True, k1=0.01, k2=0.03, sample_covariance=False):
    """(height, width, channels, 3): the terms around every pixel, borders reflected; or of whole windows only."""
    a, b = (x.astype(np.float64).reshape(*x.shape[:2], -1) for x in (a, b))
    size, n = len(weights), weights.size
    if whole:
        reach = ((size // 2,) * 2,) * 2 + ((0, 0),)
        a, b = np.pad(a, reach, mode="symmetric"), np.pad(b, reach, mode="symmetric")
    constants = (k1 * data_range) ** 2, (k2 * data_range) ** 2, n / (n - 1) if sample_covariance else 1.0
    found = np.empty((a.shape[0] - size + 1, a.shape[1] - size + 1, a.shape[2], 3))
    windows = [np.lib.stride_tricks.sliding_window_view(image, (size, size), (0, 1)) for image in (a, b)]
    for row, channel in np.ndindex(found.shape[0], found.shape[2]):
        found[row, :, channel] = terms(*(image[row, :, channel] for image in windows), weights, constants)
    return found


def ssim(a, b, data_range, weights=None, **choices):
    """The mean over whole windows."""
    weights = window() if weights is None else weights
    return ssim_terms_map(a, b, data_range, weights, whole=False, **choices).prod(axis=-1).mean()
