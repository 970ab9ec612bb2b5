"""Recognisers that look at no face: at the values inside the protected region, or at the pixels outside of it.

They are granted where the protection changed each image, which every record says, and work out the same regions in the
images that they enrol. What they find, no protection of the same region can hide that keeps values or surroundings.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._optional import import_opencv
from ...protections.area import owned_parts
from ..bootstrap import Floats
from .recogniser import Metric
from .subjects import Subject

SIDE = 192
_QUANTILES = 64
_BINS = 8


class _Untrained:
    """What these recognisers share: nothing to train, and nothing that another nonce would change much.

    Attributes:
        sees_inside: whether it looks at the regions; the attacker then does so in clear images too, and reads views.
    """

    trained = False
    sees_inside = True
    one_nonce = True

    def fit(self, subjects: Iterable[Subject]) -> None:
        """Nothing: there is nothing to train."""


class Levels(_Untrained):
    """64 sorted grey levels of the region, of each channel in colour: what every permutation of its pixels keeps."""

    metric: Metric = "euclidean"
    name = "levels inside"

    def embed(self, subjects: Iterable[Subject]) -> Floats:
        """The (subjects, 3 * 64) quantiles of each channel, three times the same ones in grey."""
        shares = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
        rows = []
        for subject in subjects:
            inside = _inside(subject)
            rows.append(np.quantile(inside, shares, axis=0).T.ravel())
        return np.array(rows, np.float64).reshape(-1, 3 * _QUANTILES)


class Colours(_Untrained):
    """The joint histogram of the region's colours, 8 levels a channel: Hellinger's distance."""

    metric: Metric = "euclidean"
    name = "colours inside"

    def embed(self, subjects: Iterable[Subject]) -> Floats:
        """The (subjects, 512) square roots of the shares of pixels."""
        rows = []
        for subject in subjects:
            inside = (_inside(subject) * (_BINS / 256)).astype(np.intp).clip(0, _BINS - 1)
            place = (inside[:, 0] * _BINS + inside[:, 1]) * _BINS + inside[:, 2]
            rows.append(np.sqrt(np.bincount(place, minlength=_BINS**3) / len(inside)))
        return np.array(rows).reshape(-1, _BINS**3)


class Surroundings(_Untrained):
    """The pixels that no region covers, in a frame of 192 x 192: the mean difference where both images show them.

    Clear images show all of theirs, so that a protected one is compared by its own surroundings.
    """

    metric: Metric = "masked"
    name = "pixels outside"
    sees_inside = False

    def embed(self, subjects: Iterable[Subject]) -> Floats:
        """The (subjects, 2 * 192 * 192) grey levels, and 1 where they are outside of all regions, else 0."""
        rows = [np.concatenate(_outside(subject)) for subject in subjects]
        return np.array(rows, np.float32).reshape(-1, 2 * SIDE * SIDE)  # type: ignore[return-value]


def _inside(subject: Subject) -> Floats:
    """(pixels, 3): what is shown in the subject's own regions, or in the box of the face where nothing was changed."""
    image = subject.shown()
    regions = subject.regions(image.shape, everybody=False) or [subject.face.region]
    found = [image[part][mask] for _, part, mask in owned_parts(regions, image.shape) if mask.any()]
    if not found:
        raise ValueError(f"the regions of {subject.name} must touch its image of {image.shape}, got {regions}")
    pixels = np.concatenate([item.reshape(len(item), -1) for item in found]).astype(np.float64)
    return np.asarray(pixels[:, :3] if pixels.shape[1] >= 3 else np.repeat(pixels[:, :1], 3, axis=1))


def _outside(subject: Subject) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    image = subject.shown()
    free = np.ones(image.shape[:2], np.uint8)
    for _, part, mask in owned_parts(subject.regions(image.shape, everybody=True), image.shape):
        free[part] &= ~mask
    grey = image if image.ndim == 2 else image[..., :3].mean(axis=2)
    frame, shown = (_framed(item) for item in (np.asarray(grey, np.float32), free))
    return frame, shown.astype(np.float32)


def _framed(image: NDArray[Any]) -> NDArray[Any]:
    """The samples of a frame, one of each cell's pixels: a mean would mix what is inside and what is outside."""
    cv2 = import_opencv()
    return np.asarray(cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)).ravel()


def masked_distances(rows: Floats, columns: Floats) -> Floats:
    """The mean differences of values where both have the mask 1; 255, the largest, where there is no such place.

    Args:
        rows: (count, 2 * n): n values, which are grey levels and so rounded to bytes, then n masks, 0 or 1.
        columns: likewise.
    """
    cv2 = import_opencv()
    size = columns.shape[1] // 2
    masks, shown = (_bytes(part[:, size:] * 255) for part in (rows, columns))
    seen = np.flatnonzero(masks.any(axis=0) & shown.any(axis=0))
    masks, shown = np.ascontiguousarray(masks[:, seen]), np.ascontiguousarray(shown[:, seen])
    values, known = _bytes(rows[:, seen]) & masks, _bytes(columns[:, seen]) & shown
    counted = (shown > 0).astype(np.float32)
    away = np.full((len(rows), len(columns)), 255.0)
    for at, (value, mask) in enumerate(zip(values, masks, strict=True)):
        counts = counted @ (mask > 0).astype(np.float32)
        for column in np.flatnonzero(counts):
            own, other = cv2.bitwise_and(value, shown[column]), cv2.bitwise_and(known[column], mask)
            away[at, column] = cv2.norm(own, other, cv2.NORM_L1) / counts[column]
    return away


def _bytes(part: Floats) -> NDArray[np.uint8]:
    return np.asarray(np.rint(part), np.uint8, order="C")
