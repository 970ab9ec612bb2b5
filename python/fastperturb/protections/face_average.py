"""The average face of many images, their landmarks laid over each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import Face, locate
from .._optional import import_opencv
from ..checks import check_image, is_finite
from ..faces import HEAD, grow_region
from ..region import Point
from .mosaic_and_black import has_alpha, peak

Image = NDArray[Any]


def average_face(
    images: Iterable[Image],
    faces: Iterable[Sequence[Face]] | None,
    marks: Sequence[Point],
    size: tuple[int, int],
) -> NDArray[np.float64]:
    """The mean over all faces.

    Args:
        images: each looked at once; grey or RGB, alpha is left out.
        faces: for each image its faces; None finds them.
        marks: where the five landmarks come to lie, in pixels of the average.
        size: width and height of the average. Faces without five landmarks fill it with their boxes, grown to the head.

    Returns:
        RGB, (height, width, 3), 0 to 255.

    Raises:
        ValueError: no face in any image, or not as many lists of faces as images.
    """
    total = np.zeros((size[1], size[0], 3), np.float64)
    count = 0
    for image, found in _paired(images, faces):
        check_image(image)
        for face in locate(image) if found is None else found:
            total += _aligned(image, face, marks, size)
            count += 1
    if not count:
        raise ValueError("images must show at least one face to average, got none")
    return total / count


def _paired(
    images: Iterable[Image], faces: Iterable[Sequence[Face]] | None
) -> Iterable[tuple[Image, Sequence[Face] | None]]:
    if faces is None:
        for image in images:
            yield image, None
        return
    ends = object()
    others = iter(faces)
    for image in images:
        found = next(others, ends)
        if found is ends:
            raise ValueError("faces must hold a list for each image: there are more images")
        yield image, found  # type: ignore[misc]
    if next(others, ends) is not ends:
        raise ValueError("faces must hold a list for each image: there are more lists")


def _aligned(image: Image, face: Face, marks: Sequence[Point], size: tuple[int, int]) -> NDArray[np.float32]:
    """A face in its place, RGB, 0 to 255."""
    cv2 = import_opencv()
    colours = image if image.ndim == 3 else image[..., np.newaxis]
    colours = colours[..., :-1] if has_alpha(image) else colours
    scaled = np.clip(np.ascontiguousarray(colours, np.float32) * np.float32(255 / peak(image)), 0, 255)
    rgb = np.repeat(scaled, 3, axis=2) if scaled.shape[2] == 1 else scaled
    if len(face.landmarks) == 5:
        move = _similarity(face.landmarks, marks)
    else:
        box = grow_region(face.region, HEAD)
        across, down = size[0] / box.width, size[1] / box.height
        move = np.array([[across, 0, -box.x * across], [0, down, -box.y * down]])
    found: NDArray[np.float32] = cv2.warpAffine(
        rgb, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return found


def _similarity(landmarks: tuple[Point, ...], marks: Sequence[Point]) -> NDArray[np.float64]:
    """The turn, scale and shift that bring landmarks nearest to ``marks``, by least squares; (2, 3).

    In complex numbers it is a line: the regression of the marks on these.
    """
    if not all(is_finite(x) and is_finite(y) for x, y in landmarks):
        raise ValueError(f"a face's landmarks must be finite and apart, got {landmarks}")
    points = np.array([complex(x, y) for x, y in landmarks])
    goals = np.array([complex(x, y) for x, y in marks])
    off, aim = points - points.mean(), goals - goals.mean()
    spread = float(np.sum(np.abs(off) ** 2))
    if not 0 < spread < math.inf:
        raise ValueError(f"a face's landmarks must be finite and apart, got {landmarks}")
    factor = np.sum(np.conj(off) * aim) / spread
    shift = goals.mean() - factor * points.mean()
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])
