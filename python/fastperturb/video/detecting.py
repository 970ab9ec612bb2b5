"""Looks at one frame: at the whole of it, quickly or thoroughly, and at the surroundings of one face.

Boxes are in pixels of the frame as it is given; they may be tilted (:class:`fastperturb.faces.tilt.Box`).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..checks import Image
from ..faces import AnyAngle, Detector, YuNet
from ..faces.boxes import suppress
from ..faces.tilt import (
    Box,
    covering_box,
    landmark_tilt,
    placed,
    tilted_box,
    turned_copy,
    turned_crop,
    within_half_turn,
)
from ..region import Face, Point
from .scenes import Picture

_SIDE = 256  # of a crop
_AROUND = 3.0  # side of a crop, to the longer side of the face
_LEVEL = 8.0  # degrees of the landmarks up to which a face counts as upright in what was looked at
_GAIN = 2.0  # the true tilt to that of the landmarks
_NEAR = 0.7  # of a face's size: how far from the middle of a crop it may be found
_OVERLAP = 0.4  # intersection over union above which two boxes are one face


class Seen(NamedTuple):
    """A face as one look shows it, in pixels of the frame."""

    box: Box
    score: float
    landmarks: tuple[Point, ...] = ()


class Looks:
    """A detector, and the ways in which it looks at frames.

    Args:
        detector: what finds upright faces; inside :class:`AnyAngle` thorough looks find faces at any angle. None is
            that with :class:`YuNet`.
        weak: score down to which it is to report faces, if it is YuNet.
    """

    def __init__(self, detector: Detector | None, weak: float) -> None:
        given = AnyAngle(YuNet()) if detector is None else detector
        base = given.detector if isinstance(given, AnyAngle) else given
        if not callable(getattr(base, "detect", None)):
            raise TypeError(f"detector must have a method detect(image), got {base!r}")
        if isinstance(base, YuNet) and base.threshold > weak:
            base = copy.copy(base)
            base.threshold = weak
        self._base = base
        self._near = (given.simple or base) if isinstance(given, AnyAngle) else base
        self._thorough = replace(given, detector=base) if isinstance(given, AnyAngle) else None

    def quick(self, picture: Picture) -> list[Seen]:
        """The faces of a reduced copy."""
        return self._whole(picture, picture.quick)

    def thorough(self, picture: Picture) -> list[Seen]:
        """The faces of the whole frame, small ones and, if the detector looks for them, turned ones too."""
        if self._thorough is None:
            return self._whole(picture, picture.image)
        found = []
        for face in self._thorough.detect(picture.image):
            upright = Seen(_box_of(face), face.score, face.landmarks)
            is_turned = face.turn or not face.landmarks
            found.append(self._turned(picture, face) if is_turned else self._straightened(picture, upright))
        return _distinct(found)

    def near(self, picture: Picture, box: Box) -> Seen | None:
        """The face around a box that is expected there, turned as it is; None if it is not seen.

        A crop around the box is turned so that the face is upright in it; where the landmarks say that it is not, one
        more is looked at.
        """
        best: Seen | None = None
        for _ in range(2):
            side = _AROUND * max(box.width, box.height)
            copies = picture.halves if side > 2 * _SIDE else [picture.image]
            look = turned_crop(copies, box._replace(width=side, height=side), _SIDE, (1.0, 1.0))
            within = [face for face in self._near.detect(look.pixels) if _is_in_middle(face)]
            if not within:
                break
            face = max(within, key=lambda face: face.score)
            seen = Seen(tilted_box(face.region, look), face.score, placed(face.landmarks, look))
            best = seen if best is None or seen.score >= best.score else best
            tilt = landmark_tilt(face.landmarks) or 0.0
            if abs(tilt) <= _LEVEL:
                break
            box = seen.box._replace(turn=within_half_turn(look.turn + _GAIN * tilt))
        return best

    def _whole(self, picture: Picture, copy: Image) -> list[Seen]:
        scale = picture.image.shape[1] / copy.shape[1], picture.image.shape[0] / copy.shape[0]
        look = turned_copy(copy, 0, scale)
        found = []
        for face in self._base.detect(copy):
            seen = Seen(tilted_box(face.region, look), face.score, placed(face.landmarks, look))
            found.append(self._straightened(picture, seen))
        return found

    def _straightened(self, picture: Picture, seen: Seen) -> Seen:
        """A face whose landmarks are tilted, looked at once more along them."""
        tilt = landmark_tilt(seen.landmarks) or 0.0
        if abs(tilt) <= _LEVEL:
            return seen
        nearer = self.near(picture, seen.box._replace(turn=within_half_turn(_GAIN * tilt)))
        if nearer is None or nearer.score < seen.score:
            return seen
        return nearer

    def _turned(self, picture: Picture, face: Face) -> Seen:
        """A face at some angle, with the tilted box that a crop along it shows."""
        box = _box_of(face)
        c, s = abs(math.cos(math.radians(face.turn))), abs(math.sin(math.radians(face.turn)))
        side = math.sqrt(box.width * box.height) / (c + s)  # of a square whose upright box has that area
        seen = self.near(picture, box._replace(width=side, height=side, turn=face.turn))
        if seen is not None and seen.score >= face.score - 0.1:
            return seen
        return Seen(box, face.score, face.landmarks)


def _box_of(face: Face) -> Box:
    """The upright box of a face."""
    region = face.region
    return Box(region.x + region.width / 2, region.y + region.height / 2, region.width, region.height, 0.0)


def is_same(one: Box, other: Box) -> bool:
    """Whether two boxes show one face: the middle of one lies well inside the other."""
    near = min(max(one.width, one.height), max(other.width, other.height))
    far = max(max(one.width, one.height), max(other.width, other.height))
    distance = math.dist(one[:2], other[:2])
    return bool(distance < 0.5 * near or distance + near / 2 < 0.6 * far)


def upright_box(box: Box) -> tuple[float, float, float, float]:
    """The upright box (x, y, width, height) around a tilted one; not rounded."""
    c, s = abs(math.cos(math.radians(box.turn))), abs(math.sin(math.radians(box.turn)))
    across, down = box.width * c + box.height * s, box.width * s + box.height * c
    return box.x - across / 2, box.y - down / 2, across, down


def touches_image(box: Box, shape: tuple[int, ...]) -> bool:
    """Whether some of a box lies within an image of a shape, height first."""
    region = covering_box(box, 0.0)
    rows, columns = region.clipped(shape[0], shape[1])
    return bool(rows.stop > rows.start and columns.stop > columns.start)


def _is_in_middle(face: Face) -> bool:
    region = face.region
    away = math.dist((region.x + region.width / 2, region.y + region.height / 2), (_SIDE / 2, _SIDE / 2))
    size = max(region.width, region.height)
    expected = _SIDE / _AROUND
    return bool(away <= _NEAR * max(size, expected) and 0.4 * expected <= size <= 2.5 * expected)


def _distinct(found: Sequence[Seen]) -> list[Seen]:
    """Without those that show a face again, best score first."""
    if len(found) < 2:
        return list(found)
    boxes = np.array([upright_box(seen.box) for seen in found])
    kept = suppress(boxes, np.array([seen.score for seen in found]), _OVERLAP)
    return [found[index] for index in kept]
