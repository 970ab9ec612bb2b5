"""The tilt of a face: angles out of landmarks, looks at turned copies, and the upright region around a tilted box.

Points are (x, y), x to the right, y down, pixels counted from the top-left corner; angles are degrees, clockwise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._optional import import_opencv
from ..checks import Image
from ..region import Point, Region
from .boxes import covering_region

Matrix = NDArray[np.float64]

_FILL = (127, 127, 127)  # what lies outside an image, in a copy that is turned


class Look(NamedTuple):
    """A turned copy of an image, or of a part of it.

    Attributes:
        pixels: (height, width, 3), uint8; or the image itself, turned by quarters.
        to_image: (2, 3), takes points of the copy to points of the image.
        turn: by how much a face that is upright in the copy is turned in the image.
    """

    pixels: Image
    to_image: Matrix
    turn: float


class Box(NamedTuple):
    """A box that may be tilted: its centre, width and height, and the turn of its upper side."""

    x: float
    y: float
    width: float
    height: float
    turn: float


def landmark_tilt(landmarks: Sequence[Point]) -> float | None:
    """The angle of a face by its eyes, and by its eyes and mouth, -180 to 180; None unless there are five landmarks.

    Detectors pull landmarks towards where an upright face has them: YuNet's show about half of a small tilt.
    """
    if len(landmarks) != 5:
        return None
    right_eye, left_eye, _, right_corner, left_corner = landmarks
    down = [(right_corner[i] + left_corner[i] - right_eye[i] - left_eye[i]) / 2 for i in (0, 1)]
    across = left_eye[0] - right_eye[0] + down[1], left_eye[1] - right_eye[1] - down[0]
    if not all(map(math.isfinite, across)) or math.hypot(*across) == 0:
        return None
    return math.degrees(math.atan2(across[1], across[0]))


def within_half_turn(degrees: float) -> float:
    """The same angle, above -180 and up to 180."""
    return 180 - (180 - degrees) % 360


def rotation(turn: float) -> Matrix:
    """(2, 2), clockwise; exact at quarter turns."""
    if turn % 90 == 0:
        c, s = ((1, 0), (0, 1), (-1, 0), (0, -1))[round(turn / 90) % 4]
    else:
        c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))  # type: ignore[assignment]
    return np.array([[c, -s], [s, c]], np.float64)


def turned_copy(copy: Image, turn: float, to_image: tuple[float, float]) -> Look:
    """The whole copy, turned so that a face turned by ``turn`` is upright.

    Args:
        copy: an image, or a resampled one; (height, width, 3), uint8 unless the turn is by quarters.
        turn: degrees; quarters are exact.
        to_image: pixels of the image to one of the copy, across and down.
    """
    matrix = rotation(turn)
    height, width = copy.shape[:2]
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ matrix  # = the inverse, of rows
    near, far = corners.min(axis=0), corners.max(axis=0)
    if turn % 90 == 0:
        pixels = _quarters(copy, round(turn / 90) % 4)
    else:
        wide, high = (math.ceil(side) for side in far - near)
        pixels = _sampled(copy, matrix, matrix @ near, (wide, high))
    placed = np.column_stack([matrix, matrix @ near])
    return Look(pixels, placed * np.array(to_image)[:, None], turn)


def _quarters(copy: Image, count: int) -> Image:
    """A copy, turned anticlockwise by so many quarters; OpenCV does it several times quicker than NumPy copies it."""
    if count == 0:
        return np.ascontiguousarray(copy)
    cv2 = import_opencv()
    way = (cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE)[count - 1]
    turned: Image = cv2.rotate(np.ascontiguousarray(copy), way)
    return turned.reshape(*turned.shape[:2], *copy.shape[2:])  # OpenCV leaves out a last axis of 1


def turned_crop(copies: Sequence[NDArray[np.uint8]], box: Box, side: int, to_image: tuple[float, float]) -> Look:
    """A square around a box, turned so that it is upright, ``side`` x ``side`` pixels.

    Args:
        copies: of the image, each half the size of the one before.
        box: in pixels of the first copy; its width is the square's side.
        side: of the crop.
        to_image: pixels of the image to one of the first copy.
    """
    scale = box.width / side
    level = min(len(copies) - 1, max(0, math.floor(math.log2(max(scale, 1.0)))))
    across, down = (copies[level].shape[i] / copies[0].shape[i] for i in (1, 0))
    matrix = rotation(box.turn) * scale
    corner = np.array([box.x, box.y]) - matrix @ [side / 2, side / 2]
    smaller = np.array([across, down])
    pixels = _sampled(copies[level], matrix * smaller[:, None], corner * smaller, (side, side))
    return Look(pixels, np.column_stack([matrix, corner]) * np.array(to_image)[:, None], box.turn)


def _sampled(copy: NDArray[np.uint8], matrix: Matrix, corner: Any, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The pixels of a turned copy, whose points ``matrix`` and ``corner`` take to points of ``copy``."""
    cv2 = import_opencv()
    # Pixel centres lie at whole numbers for OpenCV and at halves here.
    places = np.column_stack([matrix, corner + matrix @ [0.5, 0.5] - 0.5])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(copy, places, size, flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=_FILL), np.uint8
    )


def placed(points: Sequence[Point], look: Look) -> tuple[Point, ...]:
    """Points of a look, in the image."""
    if not points:
        return ()
    moved = np.array(points, np.float64) @ look.to_image[:, :2].T + look.to_image[:, 2]
    return tuple((float(x), float(y)) for x, y in moved)


def tilted_box(region: Region, look: Look) -> Box:
    """A region of a look, as a box of the image."""
    middle = (region.x + region.width / 2, region.y + region.height / 2)
    ((x, y),) = placed([middle], look)
    scale = math.sqrt(abs(float(np.linalg.det(look.to_image[:, :2]))))
    return Box(x, y, region.width * scale, region.height * scale, look.turn)


def covering_box(box: Box, margin: float) -> Region:
    """The smallest whole-pixel region that holds a tilted box with a margin, a share of its sides, all around."""
    c, s = np.abs(rotation(box.turn)[:, 0]).tolist()
    wide, high = box.width * (1 + 2 * margin), box.height * (1 + 2 * margin)
    across, down = wide * c + high * s, wide * s + high * c
    return covering_region(box.x - across / 2, box.y - down / 2, across, down)


def halved_copies(copy: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """A copy, and copies of half the size of the one before down to 64 pixels."""
    cv2 = import_opencv()
    copies = [copy]
    while min(copies[-1].shape[:2]) >= 128:
        height, width = (side // 2 for side in copies[-1].shape[:2])
        copies.append(np.asarray(cv2.resize(copies[-1], (width, height), interpolation=cv2.INTER_AREA), np.uint8))
    return copies
