"""Draws images with missed faces: true faces in yellow, found ones in red, on what the detector was given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ... import Region
from ..datasets import Sample
from .matching import DetectionRule, match_faces
from .run import DetectionRun
from .tasks import DetectionTask, box_region, faces_of, show_protected

_TRUE, _FOUND = (255, 220, 0), (230, 0, 0)


class MissedFaces(NamedTuple):
    """An image in which a face was missed."""

    task: DetectionTask
    name: str
    pixels: Any


def draw_missed_faces(
    run: DetectionRun, samples: Sequence[Sample], rule: DetectionRule, *, limit: int = 20
) -> Iterator[MissedFaces]:
    """Draws the images in which a detector missed a face, at most ``limit`` for each task.

    The image is made again as the detector was given it (for the reduced copy: as it was before).
    """
    by_name = {sample.name: sample for sample in samples}
    for task, images in run.results.items():
        drawn = 0
        for image in images:
            if image.found is None or drawn >= limit:
                continue
            counted = [face for face in image.found if rule.score is None or face.score >= rule.score]
            if not match_faces(counted, image.truth, rule).missed:
                continue
            protection, clear = run.study.protections[task.protection], by_name[image.name].read()
            shown = show_protected(protection, clear, faces_of(image.truth), task.reading, run.study.seed)
            pixels = _canvas(shown)
            for box in image.truth:
                _outline(pixels, box_region(box), _TRUE)
            for face in counted:
                _outline(pixels, face.region, _FOUND)
            drawn += 1
            yield MissedFaces(task, image.name, pixels)


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
