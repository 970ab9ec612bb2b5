"""Upright crops of faces, by the landmarks of the clear image or, without, by its box.

The five points of the crop are those of ArcFace's input (Deng, Guo, Xue, Zafeiriou 2019), on which many published
embeddings were trained; the transform is Umeyama's (1991).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ... import Face
from ..._optional import import_opencv
from ..bootstrap import Floats
from ..datasets.sample import Pixels

# Right eye, left eye, nose, right and left mouth corner, in parts of the crop's side.
TEMPLATE = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
)
TEMPLATE = TEMPLATE / 112
# The same points in parts of a box, brow to chin: means of YuNet's on the AT&T faces.
_IN_BOX = np.array([(0.29, 0.40), (0.70, 0.40), (0.49, 0.60), (0.33, 0.77), (0.67, 0.77)])


def crop_matrix(face: Face, side: int, margin: float = 0.0) -> Floats:
    """The (2, 3) similarity that takes the image to an upright crop.

    Args:
        face: of the clear image.
        side: of the crop, pixels.
        margin: how much more than ArcFace's crop to show on each side, as a part of its side.
    """
    box = face.region
    points = np.array(face.landmarks, np.float64)
    if points.shape != (5, 2):
        points = _IN_BOX * (box.width, box.height) + (box.x, box.y)
    aims = (TEMPLATE + margin) / (1 + 2 * margin) * side
    # Pixel centres lie at whole numbers for OpenCV and at halves in the landmarks.
    return _similarity(points - 0.5, aims - 0.5)


def _similarity(points: Floats, aims: Floats) -> Floats:
    """Least squares over turn, size and shift; complex numbers need no singular values."""
    source, goal = points @ (1, 1j), aims @ (1, 1j)
    middle, aim = source.mean(), goal.mean()
    spread = float((abs(source - middle) ** 2).sum())
    factor = ((goal - aim) * (source - middle).conj()).sum() / spread if spread else complex(1.0)
    shift = aim - factor * middle
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def crop_face(image: Pixels, face: Face, side: int, margin: float = 0.0) -> NDArray[np.uint8]:
    """The crop, ``side`` x ``side``, grey or RGB as the image; beyond its edges the edge is repeated."""
    cv2 = import_opencv()
    matrix = crop_matrix(face, side, margin)
    size = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if size < 0.5:  # reduce by areas first: a bilinear look-up would skip pixels
        factor = 1 / round(1 / size)
        image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        matrix = _after_reduction(matrix, factor)
    return np.asarray(
        cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _after_reduction(matrix: Floats, factor: float) -> Floats:
    """The same crop out of an image reduced by ``factor``."""
    turned = matrix[:, :2] / factor
    return np.column_stack([turned, matrix[:, 2] + matrix[:, :2] @ np.full(2, 0.5 / factor - 0.5)])


def as_grey(image: Pixels) -> NDArray[np.uint8]:
    """(height, width)."""
    if image.ndim == 2:
        return image
    return np.asarray(import_opencv().cvtColor(np.ascontiguousarray(image), import_opencv().COLOR_RGB2GRAY), np.uint8)


def as_rgb(image: Pixels) -> NDArray[np.uint8]:
    """(height, width, 3)."""
    return np.ascontiguousarray(image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2))
