"""Small copies of pictures for contact sheets, and where two pictures differ as far as such copies show it."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from ..._optional import import_opencv
from ...checks import Image
from ...region import Region

SIDE = 260  # of the small copies, in pixels
_QUALITY = 80
_LEAST_CHANGE = 16  # grey levels, of small copies; coding as JPEG changes less
_LEAST_AREA = 9  # pixels of small copies


def small_copy(pixels: Image) -> str:
    """A small JPEG in base64."""
    cv2 = import_opencv()
    image = _small(pixels)
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return base64.b64encode(data.tobytes()).decode("ascii")


def changed_areas(before: Image, after: Image) -> list[Region]:
    """Boxes around what differs between two images of one height and width, as far as small copies show it."""
    cv2 = import_opencv()
    one, other = (_small(image) for image in (before, after))
    if one.ndim != other.ndim:
        one, other = (np.dstack((image,) * 3) if image.ndim == 2 else image for image in (one, other))
    difference = np.abs(one.astype(np.int16) - other)
    mask = (difference if difference.ndim == 2 else difference.max(axis=2)) >= _LEAST_CHANGE
    joined = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8))
    _, _, areas, _ = cv2.connectedComponentsWithStats(joined)
    scale_x, scale_y = before.shape[1] / one.shape[1], before.shape[0] / one.shape[0]
    return [
        Region(
            int(x * scale_x), int(y * scale_y), max(1, round(width * scale_x)), max(1, round(height * scale_y))
        )
        for x, y, width, height, area in areas[1:].tolist()
        if area >= _LEAST_AREA
    ]  # fmt: skip


def _small(pixels: Image) -> Any:
    """8 bit grey or RGB, reduced; what is transparent lies over grey."""
    cv2 = import_opencv()
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    image = np.ascontiguousarray(pixels)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.ndim == 3 and image.shape[2] == 4:
        alpha = image[..., 3:].astype(np.uint16)
        image = ((image[..., :3] * alpha + 128 * (255 - alpha)) // 255).astype(np.uint8)
    return np.ascontiguousarray(image)
