"""Tones of a surrogate: by its surroundings, or by the face's own lightness in four steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._optional import import_opencv
from ..perturbation.drawing import Part
from .mosaic_and_black import has_alpha, peak
from .patches import Patch, take_part
from .surroundings import Surroundings

Image = NDArray[Any]
Gains = NDArray[np.float32]

STEPS = 4
_WEIGHTS = (299, 587, 114)  # of R, G, B in luma, in thousandths; ITU-R BT.601
_LEAST, _MOST = 0.35, 1.35  # gains


def coarse_lightness(image: Image, part: Part) -> int:
    """The mean luma of the pixels that a region owns in the middle of its box, in steps of 64 of 256: 0 to 3.

    Sums of integers are exact (float64). float32 is cut to 0 to 1, what is no number is 0. A region that owns none
    there is 2.
    """
    region = part.region
    rows = _middle(region.y, region.height, part.rows)
    columns = _middle(region.x, region.width, part.columns)
    owned = image[rows, columns]
    mask = None
    if part.mask is not None:
        top, left = rows.start - part.rows.start, columns.start - part.columns.start
        mask = part.mask[top : top + owned.shape[0], left : left + owned.shape[1]]
    count = owned.shape[0] * owned.shape[1] if mask is None else int(np.count_nonzero(mask))
    if not count:
        return STEPS // 2
    if image.dtype == np.float32:
        owned = np.clip(np.nan_to_num(owned, nan=0.0), 0, 1)
    kept = owned if mask is None else import_opencv().copyTo(owned, mask.view(np.uint8))
    colours = (image.shape[2] - has_alpha(image)) if image.ndim == 3 else 1
    sums = import_opencv().sumElems(kept)[:colours]
    weights = _WEIGHTS if colours == 3 else (1000,)
    total = sum(one * weight for one, weight in zip(sums, weights, strict=True))
    whole = 1.0 if image.dtype == np.float32 else peak(image) + 1
    return min(STEPS - 1, int(total * STEPS // (count * 1000 * whole)))


def coarse_gains(image: Image, part: Part, patch: Patch) -> Gains:
    """Factors of the colours that bring a template to the face's coarse lightness."""
    goal = (coarse_lightness(image, part) + 0.5) / STEPS
    return _gains(image, goal / max(patch.lightness, 0.05))


def surrounding_gains(around: Surroundings, patch: Patch) -> Gains:
    """Factors of the colours that put a template into the light of its surroundings: a part of it only."""
    mean = np.maximum(around.mean, 0.02)
    light = float((mean * np.array(_WEIGHTS, np.float32)).sum() / 1000) if len(mean) == 3 else float(mean[0])
    gain = np.clip((light / 0.5) ** 0.35, 0.6, 1.12)
    return np.asarray(gain * np.clip((mean / light) ** 0.15, 0.92, 1.08), np.float32)


def draw_toned(patch: Patch, gains: Gains, image: Image, part: Part) -> Image:
    """What a part shows of the template with its head in another tone, on its own ground."""
    cv2 = import_opencv()
    head, ground = take_part(patch.head, part), take_part(patch.ground, part)
    found: Image = cv2.add(_lit(head, gains, image), ground).reshape(head.shape)
    return np.clip(found, 0, 1) if image.dtype == np.float32 else found


def draw_around(patch: Patch, gains: Gains, around: Surroundings, image: Image, part: Part) -> Image:
    """What a part shows of the template in another tone, its ground going over into the surroundings."""
    cv2 = import_opencv()
    field = around.field * np.float32(peak(image))
    if has_alpha(image):
        field = np.concatenate([field, np.zeros((*field.shape[:2], 1), np.float32)], axis=2)
    if image.dtype != np.float32:
        field = np.rint(field).astype(image.dtype)
    size = patch.head.shape[1], patch.head.shape[0]
    wide = take_part(cv2.resize(field, size, interpolation=cv2.INTER_LINEAR), part)
    head, outside = take_part(patch.head, part), take_part(patch.outside, part)
    ground = cv2.multiply(wide.reshape(head.shape), outside, scale=1 / peak(image))
    found: Image = cv2.add(_lit(head, gains, image), ground).reshape(head.shape)
    return np.clip(found, 0, 1) if image.dtype == np.float32 else found


def _lit(head: Image, gains: Gains, image: Image) -> Image:
    """A head times its gains, cut off at the largest sample; alpha stays."""
    factors = np.append(gains, np.float32(1)) if has_alpha(image) else gains
    lit: Image = import_opencv().transform(head, np.diag(factors))
    return lit.reshape(head.shape)


def _gains(image: Image, gain: float) -> Gains:
    count = image.shape[2] - has_alpha(image) if image.ndim == 3 else 1
    return np.full(count, min(max(gain, _LEAST), _MOST), np.float32)


def _middle(low: int, side: int, clipped: slice) -> slice:
    """The middle half of a side, inside what is clipped."""
    start = max(low + side // 4, clipped.start)
    return slice(start, max(start, min(low + side - side // 4, clipped.stop)))
