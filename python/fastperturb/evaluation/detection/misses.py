"""Pictures of what was missed: what the detector saw, true faces in yellow, what it found in red."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ... import Region
from .conditions import Condition, box_region
from .matching import DetectionRule, match_faces
from .run import DetectionRun, Picture

_TRUE, _FOUND = (255, 220, 0), (230, 0, 0)


class Miss(NamedTuple):
    """A picture in which a face was missed."""

    detector: str
    condition: Condition
    name: str
    pixels: Any


def draw_misses(run: DetectionRun, pictures: list[Picture], rule: DetectionRule, *, limit: int = 20) -> Iterator[Miss]:
    """Draws the pictures in which a detector missed a face, at most ``limit`` for each detector and condition.

    The picture is made again as the detector saw it (for the reduced copy: as it was before).
    """
    by_name = {picture.name: picture for picture in pictures}
    for (condition, detector), images in run.results.items():
        drawn = 0
        for image in images:
            if image.found is None or drawn >= limit:
                continue
            counted = [face for face in image.found if rule.score is None or face.score >= rule.score]
            if not match_faces(counted, image.truth, rule).missed:
                continue
            shown = condition.show(by_name[image.name].read(), image.truth, run.plan.seed)
            pixels = _canvas(shown.picture())
            for box in image.truth:
                _outline(pixels, box_region(box), _TRUE)
            for face in counted:
                _outline(pixels, face.region, _FOUND)
            drawn += 1
            yield Miss(detector, condition, image.name, pixels)


def _canvas(image: Any) -> Any:
    """An 8-bit RGB copy."""
    if image.dtype == np.uint16:
        image = image >> max(0, int(image.max()).bit_length() - 8)
    if image.dtype == np.float32:
        image = np.clip(image, 0, 1) * 255 + 0.5
    image = image.astype(np.uint8)
    if image.ndim == 2 or image.shape[2] < 3:
        grey = image if image.ndim == 2 else image[..., 0]
        return np.repeat(grey[..., None], 3, axis=2)
    return image[..., :3].copy()


def _outline(pixels: Any, region: Region, colour: tuple[int, int, int]) -> None:
    line = max(1, round(min(pixels.shape[:2]) / 200))
    right, bottom = region.x + region.width, region.y + region.height
    for strip in (
        Region(region.x, region.y, region.width, line),
        Region(region.x, bottom - line, region.width, line),
        Region(region.x, region.y, line, region.height),
        Region(right - line, region.y, line, region.height),
    ):
        pixels[strip.clipped(*pixels.shape[:2])] = colour
