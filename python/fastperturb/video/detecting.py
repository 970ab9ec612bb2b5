"""Looks at one frame: at the whole of it, quickly or thoroughly, and at the surroundings of one face.

Boxes are in pixels of the frame as it is given; they may be tilted (:class:`fastperturb.faces.tilt.Box`).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from ..checks import Image
from ..faces import AnyAngle, Detector, YuNet
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
_SHARED = 0.5  # of the box of a crop, from which it may show another face than was expected
_HELD = 0.9  # of a box that lies in what is hidden of another one, from which two looks show one face
_HIDDEN = 0.08  # around a box, a share of its sides, what regions hide at least


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
        self._base, self._weak = base, weak
        self._near = (given.simple or base) if isinstance(given, AnyAngle) else base
        self._thorough = replace(given, detector=base) if isinstance(given, AnyAngle) else None

    def quick(self, picture: Picture) -> list[Seen]:
        """The faces of a reduced copy."""
        return self._whole(picture, picture.quick)

    def thorough(self, picture: Picture) -> list[Seen]:
        """The faces of the whole frame, small ones and, if the detector looks for them, turned ones too."""
        if self._thorough is None:
            return self._whole(picture, picture.image)
        faces = self._thorough.detect(picture.image)
        boxes = [_box_of(face) for face in faces]
        found = []
        for number, face in enumerate(faces):
            others = [*boxes[:number], *boxes[number + 1 :]]
            upright = Seen(boxes[number], face.score, face.landmarks)
            is_turned = face.turn or not face.landmarks
            found.append(
                self._turned(picture, face, others) if is_turned else self._straightened(picture, upright, others)
            )
        return _distinct(found, boxes)

    def near(self, picture: Picture, box: Box, others: Sequence[Box] = ()) -> Seen | None:
        """The face around a box that is expected there, turned as it is; None if it is not seen.

        A crop around the box is turned so that the face is upright in it; where the landmarks say that it is not, one
        more is looked at. Of several faces in a crop the nearest is taken, and none that shows one of the ``others``,
        which are known to be elsewhere.
        """
        best: Seen | None = None
        for _ in range(2):
            side = _AROUND * max(box.width, box.height)
            others = [other for other in others if math.dist(other[:2], box[:2]) < side]
            copies = picture.halves if side > 2 * _SIDE else [picture.image]
            look = turned_crop(copies, box._replace(width=side, height=side), _SIDE, (1.0, 1.0))
            shown = [(tilted_box(face.region, look), face) for face in self._near.detect(look.pixels)]
            known = _shown_of(others, box, [place for place, _ in shown])
            within = [item for number, item in enumerate(shown) if _is_in_middle(item[1]) and number not in known]
            within = [item for item in within if item[1].score >= self._weak] or within
            if not within:
                break
            place, face = min(within, key=lambda item: _difference(item[0], box))
            seen = Seen(place, face.score, placed(face.landmarks, look))
            best = seen if best is None or seen.score >= best.score else best
            tilt = landmark_tilt(face.landmarks) or 0.0
            if abs(tilt) <= _LEVEL:
                break
            box = seen.box._replace(turn=within_half_turn(look.turn + _GAIN * tilt))
        return best

    def _whole(self, picture: Picture, copy: Image) -> list[Seen]:
        scale = picture.image.shape[1] / copy.shape[1], picture.image.shape[0] / copy.shape[0]
        look = turned_copy(copy, 0, scale)
        found = [
            Seen(tilted_box(face.region, look), face.score, placed(face.landmarks, look))
            for face in self._base.detect(copy)
        ]
        boxes = [seen.box for seen in found]
        return [
            self._straightened(picture, seen, [*boxes[:number], *boxes[number + 1 :]])
            for number, seen in enumerate(found)
        ]

    def _straightened(self, picture: Picture, seen: Seen, others: Sequence[Box]) -> Seen:
        """A face whose landmarks are tilted, looked at once more along them."""
        tilt = landmark_tilt(seen.landmarks) or 0.0
        if abs(tilt) <= _LEVEL:
            return seen
        nearer = self.near(picture, seen.box._replace(turn=within_half_turn(_GAIN * tilt)), others)
        if nearer is None or nearer.score < seen.score or not is_hidden(seen.box, [nearer.box]):
            return seen
        return nearer

    def _turned(self, picture: Picture, face: Face, others: Sequence[Box]) -> Seen:
        """A face at some angle, with the tilted box that a crop along it shows."""
        box = _box_of(face)
        c, s = abs(math.cos(math.radians(face.turn))), abs(math.sin(math.radians(face.turn)))
        side = math.sqrt(box.width * box.height) / (c + s)  # of a square whose upright box has that area
        seen = self.near(picture, box._replace(width=side, height=side, turn=face.turn), others)
        is_square = not face.landmarks  # around all that looks showed there, much of which is no face
        if seen is not None and seen.score >= face.score - 0.1 and (is_square or is_hidden(box, [seen.box])):
            return seen
        return Seen(box, face.score, face.landmarks)


def _box_of(face: Face) -> Box:
    """The upright box of a face."""
    region = face.region
    return Box(region.x + region.width / 2, region.y + region.height / 2, region.width, region.height, 0.0)


def is_near(one: Box, other: Box) -> bool:
    """Whether the middle of one box lies well inside the other."""
    near = min(max(one.width, one.height), max(other.width, other.height))
    far = max(max(one.width, one.height), max(other.width, other.height))
    distance = math.dist(one[:2], other[:2])
    return bool(distance < 0.5 * near or distance + near / 2 < 0.6 * far)


def is_hidden(box: Box, others: Iterable[Box]) -> bool:
    """Whether nearly all of a box lies in what a region hides of some other: two looks may show one face there."""
    return any(_part_hidden(box, other) >= _HELD for other in others)


def is_elsewhere(place: Box, expected: Box, other: Box) -> bool:
    """Whether the box that a crop shows is that of another face: it lies there, and nearer to it than was expected."""
    return _part_hidden(place, other) >= _SHARED and _difference(place, other) < _difference(place, expected)


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


def tiles_around(box: Box, picture: Picture) -> tuple[slice, slice]:
    """The tiles that a box touches that is half as large again on every side."""
    x, y, width, height = upright_box(box._replace(width=2 * box.width, height=2 * box.height))
    (rows, columns), (tall, wide, _) = picture.tiles.shape, picture.image.shape
    down, across = rows / tall, columns / wide
    return (
        slice(max(0, int(y * down)), max(0, math.ceil((y + height) * down))),
        slice(max(0, int(x * across)), max(0, math.ceil((x + width) * across))),
    )


def _is_in_middle(face: Face) -> bool:
    region = face.region
    away = math.dist((region.x + region.width / 2, region.y + region.height / 2), (_SIDE / 2, _SIDE / 2))
    size = max(region.width, region.height)
    expected = _SIDE / _AROUND
    return bool(away <= _NEAR * max(size, expected) and 0.4 * expected <= size <= 2.5 * expected)


def _part_hidden(box: Box, other: Box, around: float = _HIDDEN) -> float:
    """The share of a box that lies in another one and what is hidden around it at least."""
    x, y, width, height = upright_box(box)
    left, top, wide, high = upright_box(other)
    across = min(x + width, left + wide * (1 + around)) - max(x, left - wide * around)
    down = min(y + height, top + high * (1 + around)) - max(y, top - high * around)
    return max(across, 0.0) * max(down, 0.0) / (width * height)


def _difference(one: Box, other: Box) -> float:
    """How unlike two boxes are, in pixels, by middles and longer sides."""
    return math.dist(one[:2], other[:2]) + abs(max(one.width, one.height) - max(other.width, other.height)) / 2


def _shown_of(others: Iterable[Box], expected: Box, places: Sequence[Box]) -> set[int]:
    """Which places of one look show other faces than the expected one: of each other at most the nearest."""
    shown: set[int] = set()
    for other in others if places else ():
        nearest = min(range(len(places)), key=lambda number: _difference(places[number], other))
        if is_elsewhere(places[nearest], expected, other):
            shown.add(nearest)
    return shown


def _distinct(found: Sequence[Seen], given: Sequence[Box]) -> list[Seen]:
    """Without those that crops moved onto another face, best score first; ``given`` are the boxes before."""
    kept: list[int] = []
    for number in sorted(range(len(found)), key=lambda number: -found[number].score):
        doubles = [other for other in kept if is_hidden(found[number].box, [found[other].box])]
        if all(_part_hidden(given[number], given[other], 0.0) == 1 for other in doubles):  # one look told them apart
            kept.append(number)
    return [found[number] for number in kept]
