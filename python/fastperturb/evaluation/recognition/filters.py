"""The published list of keyless filters that a cleaner tries on protected faces.

Sizes follow the width of the face, so that they mean the same in small and large images.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np

from ..._optional import import_opencv
from ..datasets.sample import Pixels
from .subjects import Subject

Filter: TypeAlias = Callable[[Pixels, int], Pixels]
_AROUND = 0.25  # of the box's width and height, filtered too


def _median(part: int) -> Filter:
    def change(image: Pixels, width: int) -> Pixels:
        size = max(3, round(width / part) | 1)
        return np.asarray(import_opencv().medianBlur(image, size), np.uint8)

    return change


def _gaussian(part: int) -> Filter:
    def change(image: Pixels, width: int) -> Pixels:
        return np.asarray(import_opencv().GaussianBlur(image, (0, 0), max(0.5, width / part)), np.uint8)

    return change


def _bilateral(part: int) -> Filter:
    def change(image: Pixels, width: int) -> Pixels:
        sigma = max(1.0, width / part)
        return np.asarray(import_opencv().bilateralFilter(image, int(3 * sigma) | 1, 75, sigma), np.uint8)

    return change


def _non_local_means(image: Pixels, _width: int) -> Pixels:
    return np.asarray(import_opencv().fastNlMeansDenoising(image, None, 30.0, 5, 11), np.uint8)


FILTERS: dict[str, Filter] = {
    "median 1/50": _median(50),
    "median 1/20": _median(20),
    "median 1/10": _median(10),
    "Gaussian 1/60": _gaussian(60),
    "Gaussian 1/30": _gaussian(30),
    "Gaussian 1/15": _gaussian(15),
    "bilateral 1/30": _bilateral(30),
    "non-local means": _non_local_means,
}
"""By name, with the size (of the median's square) or standard deviation as a part of the face's width."""


def filter_subject(subject: Subject, change: Filter) -> Subject:
    """The subject with its face, and a quarter of its size around it, filtered in what is shown."""
    return subject.altered(partial(_clean, change))


def _clean(change: Filter, image: Pixels, subject: Subject) -> Pixels:
    region = subject.face.region
    beside, above = round(region.width * _AROUND), round(region.height * _AROUND)
    height, width = image.shape[:2]
    rows = slice(max(0, region.y - above), min(height, region.y + region.height + above))
    columns = slice(max(0, region.x - beside), min(width, region.x + region.width + beside))
    cleaned = image.copy()
    cleaned[rows, columns] = change(np.ascontiguousarray(image[rows, columns]), region.width)
    return cleaned
