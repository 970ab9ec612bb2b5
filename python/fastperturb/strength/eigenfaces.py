"""Eigenfaces of a set of images, and the distances between its people among them.

Turk and Pentland 1991, "Eigenfaces for Recognition", with the eigenvectors of the M x M matrix of inner products.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..checks import Image, check_image

Floats: TypeAlias = NDArray[np.float64]
_KEPT_VARIANCE = 0.95
_PIXELS_AT_ONCE = 1 << 14


def stack_images(images: Iterable[Image]) -> NDArray[Any]:
    """All images in one array, the first axis counting them.

    Raises:
        TypeError, ValueError: none, or not images, or not all of one shape and dtype.
    """
    items = list(images)
    for index, image in enumerate(items):
        check_image(image, f"images[{index}]")
        if image.shape != items[0].shape or image.dtype != items[0].dtype:
            raise ValueError(
                f"images must all be {items[0].dtype} of shape {items[0].shape} as the first, "
                f"got images[{index}] {image.dtype} of shape {image.shape}"
            )
    if not items:
        raise ValueError("images must be at least one, got none")
    return np.stack(items)


def blocks(pixels: int) -> list[slice]:
    """Parts of the sample axis, so that only a part of the images is ever held in float64."""
    return [slice(start, start + _PIXELS_AT_ONCE) for start in range(0, pixels, _PIXELS_AT_ONCE)]


def find_eigenfaces(stack: NDArray[Any], components: int | None) -> tuple[Floats, Floats, Floats, float]:
    """The (samples,) average, (k, samples) unit eigenfaces, (k,) variances, and the share of all variance they keep.

    With A the M columns x - mean, the M x M matrix A'A has the same eigenvalues as the much larger covariance A A', and
    an eigenvector v of it gives the eigenface A v (Turk and Pentland 1991, "Computing the eigenfaces").
    """
    count = len(stack)
    if count < 2:
        raise ValueError(f"images must be at least 2 to compare, got {count}")
    flat = stack.reshape(count, -1)
    mean = np.empty(flat.shape[1])
    inner = np.zeros((count, count))
    for part in blocks(flat.shape[1]):
        mean[part] = flat[:, part].mean(axis=0, dtype=np.float64)
        differences = flat[:, part] - mean[part]
        inner += differences @ differences.T
    values, vectors = np.linalg.eigh(inner)
    values, vectors = values[::-1], vectors[:, ::-1]
    usable = int(np.sum(values > max(values[0], 0.0) * count * np.finfo(float).eps))
    if usable == 0:
        raise ValueError("images must differ, got all the same")
    k = _component_count(components, count, usable, values)
    faces = np.empty((k, flat.shape[1]))
    for part in blocks(flat.shape[1]):
        faces[:, part] = vectors[:, :k].T @ (flat[:, part] - mean[part])
    largest = np.take_along_axis(faces, abs(faces).argmax(axis=1, keepdims=True), axis=1)
    faces *= np.sign(largest) / np.linalg.norm(faces, axis=1, keepdims=True)  # a sign is free: the same one everywhere
    return mean, faces, values[:k] / (count - 1), float(values[:k].sum() / values[:usable].sum())


def _component_count(components: int | None, count: int, usable: int, values: Floats) -> int:
    if components is None:
        share = np.cumsum(values[:usable]) / values[:usable].sum()
        return min(usable, int(np.searchsorted(share, _KEPT_VARIANCE)) + 1)
    try:
        k = operator.index(components)
    except TypeError:
        raise TypeError(f"components must be a whole number or None, got {components!r}") from None
    if not 1 <= k <= count - 1:
        raise ValueError(f"components must be 1 to {count - 1}, one less than there are images, got {k}")
    return min(k, usable)


def pair_distances(projected: Floats, names: NDArray[Any]) -> tuple[Floats, Floats, Floats, Floats]:
    """Distances of all pairs within and between people; of each image to the nearest of its own and of the others."""
    count = len(projected)
    within, between = [], []
    own, other = np.full(count, np.inf), np.full(count, np.inf)
    for i in range(count):
        away = np.sqrt(((projected - projected[i]) ** 2).sum(axis=1))
        same = names == names[i]
        within.append(away[i + 1 :][same[i + 1 :]])
        between.append(away[i + 1 :][~same[i + 1 :]])
        other[i] = away[~same].min(initial=np.inf)
        same[i] = False
        own[i] = away[same].min(initial=np.inf)
    return np.concatenate(within), np.concatenate(between), own, other
