"""Regions around the feature points of a face: each eye with its brow, the nose, the mouth.

The "feature points" of He, Shi, Hernandez, "Privacy-Preserving Facial Recognition Models" (2024), which gives no
sizes; those here were set by looking at photographs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..checks import is_finite
from ..region import Face, Point, Region, Shape
from .boxes import covering_region, touches

# Around a centre between landmarks, in units of the face, along its own axes: half width, height above, height below.
_EYE = (0.46, 0.55, 0.28)
_NOSE = (0.36, 0.62, 0.28)
_MOUTH = (0.28, 0.34, 0.36)  # the half width comes on top of half the mouth's


def regions_from_landmarks(
    faces: Face | Iterable[Face], *, shape: Shape = "box", image_shape: tuple[int, ...] | None = None
) -> tuple[Region, ...]:
    """Regions around the features of faces: right eye with brow, left eye with brow, nose, mouth, face after face.

    Sizes follow from the face's unit, the larger of the distances between the eyes and from the eyes to the mouth
    (so that a face in half profile keeps its size). A tilted face gets the upright boxes around its tilted features.
    Regions overlap at the root of the nose.

    Args:
        faces: one or several faces with the five landmarks of :class:`fastperturb.Face`.
        shape: "box" or "ellipse".
        image_shape: shape of the image, height first; features wholly outside it are left out. None keeps all four
            of every face.

    Returns:
        Up to four regions a face. They do not hide a face as its box does: the outline, cheeks and hair stay clear.

    Raises:
        ValueError: a face without its five landmarks, or with all of them in one place.
    """
    regions = [
        region
        for face in ((faces,) if isinstance(faces, Face) else faces)
        for region in _features(face.landmarks, shape)
    ]
    if image_shape is None:
        return tuple(regions)
    return tuple(region for region in regions if touches(region, image_shape))


def _features(landmarks: tuple[Point, ...], shape: Shape) -> list[Region]:
    if len(landmarks) != 5:
        raise ValueError(
            "a face must have 5 landmarks (right eye, left eye, nose tip, right and left mouth corner), "
            f"got {len(landmarks)}: detect with YuNet, or protect the face's box"
        )
    apart = f"a face's landmarks must be finite and apart, got {landmarks}"
    if not all(is_finite(x) and is_finite(y) for x, y in landmarks):
        raise ValueError(apart)
    right_eye, left_eye, nose, right_corner, left_corner = landmarks
    eyes, mouth = _middle(right_eye, left_eye), _middle(right_corner, left_corner)
    across = (left_eye[0] - right_eye[0], left_eye[1] - right_eye[1])
    down = (mouth[0] - eyes[0], mouth[1] - eyes[1])
    unit = max(math.hypot(*across), math.hypot(*down))
    axis = (across[0] + down[1], across[1] - down[0])  # to the person's left, by the eyes and by the eyes and mouth
    length = math.hypot(*axis)
    if not (math.isfinite(length) and length > 1e-6 * unit):
        raise ValueError(apart)
    axis = (axis[0] / length, axis[1] / length)
    half_mouth = math.dist(right_corner, left_corner) / 2 / unit
    widths = (_EYE, _EYE, _NOSE, (_MOUTH[0] + half_mouth, *_MOUTH[1:]))
    return [
        _upright_region(centre, tuple(unit * part for part in parts), axis, shape)
        for centre, parts in zip((right_eye, left_eye, nose, mouth), widths, strict=True)
    ]


def _upright_region(centre: Point, parts: tuple[float, ...], axis: Point, shape: Shape) -> Region:
    """The upright region around a rectangle tilted along ``axis``, ``parts`` = half width, above, below its centre."""
    half, above, below = parts
    corners = [
        (centre[0] + a * axis[0] - b * axis[1], centre[1] + a * axis[1] + b * axis[0])
        for a in (-half, half)
        for b in (-above, below)
    ]
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    top, bottom = min(y for _, y in corners), max(y for _, y in corners)
    return covering_region(left, top, right - left, bottom - top, shape)


def _middle(one: Point, other: Point) -> Point:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
