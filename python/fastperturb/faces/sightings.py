"""What several looks at an image show: sightings, and which of them are of one face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..region import Face, Point, Region
from .boxes import part_within
from .tilt import Box

_HELD = 0.9  # of a region that lies in another one, above which it shows no other face
_CLEAR = 0.8  # score from which a turned copy tells two faces apart; below it shows parts of faces


class Sighting(NamedTuple):
    """A face as one look shows it, in the image."""

    box: Box
    score: float
    landmarks: tuple[Point, ...]
    tilt: float  # beyond the look's turn, as far as landmarks show it
    face: Face | None  # as the detector gave it, if the look is the image itself


class Group(NamedTuple):
    """The sightings of one face, best score first."""

    sightings: list[Sighting]
    looks: set[int]  # that tell the face from others

    @property
    def best(self) -> Sighting:
        return self.sightings[0]

    @property
    def known(self) -> Face | None:
        """The face as the detector gave it for the image itself."""
        return next((item.face for item in self.sightings if item.face is not None), None)


def grouped(looks: Sequence[Sequence[Sighting]]) -> list[Group]:
    """The sightings of each face, best first. Two faces that one look tells apart are two."""
    found = [(item, look) for look, seen in enumerate(looks) for item in seen]
    groups: list[Group] = []
    heads = np.empty((len(found), 3))
    for item, look in sorted(found, key=lambda pair: -pair[0].score):
        tells = item.face is not None or item.score >= _CLEAR
        known = heads[: len(groups)]
        near = [int(k) for k in np.flatnonzero(_same(item.box, known)) if not (tells and look in groups[k].looks)]
        if near:
            index = min(near, key=differences(item.box, known).__getitem__)
        else:
            index = len(groups)
            heads[index] = head_of(item.box)
            groups.append(Group([], set()))
        groups[index].sightings.append(item)
        if tells:
            groups[index].looks.add(look)
    return groups


def neighbours(groups: Sequence[Group], index: int) -> NDArray[Any]:
    """The heads of the groups that some look tells from one of them."""
    others = [other.best.box for other in groups if other is not groups[index] and other.looks & groups[index].looks]
    return np.array([head_of(box) for box in others]).reshape(-1, 3)


def distinct_faces(found: Sequence[tuple[Box, Face, Group]]) -> list[Face]:
    """The faces without doubles, best score first, by their boxes as looks or crops show them, and their groups.

    No look tells a double from another face, whose region holds nearly all of its own, and all of the detector's box.
    """
    kept: list[tuple[Face, Group]] = []
    heads = np.empty((len(found), 3))
    for box, face, group in sorted(found, key=lambda item: -item[1].score):
        near = [kept[k] for k in np.flatnonzero(_same(box, heads[: len(kept)]))]
        if not any(_is_held(face, group.known, one.region) for one, other in near if not other.looks & group.looks):
            heads[len(kept)] = head_of(box)
            kept.append((face, group))
    return [face for face, _ in kept]


def differences(box: Box, heads: NDArray[Any]) -> NDArray[np.float64]:
    """How far a box is from others, in pixels, by centres and longer sides."""
    x, y, side = head_of(box)
    away = np.hypot(heads[:, 0] - x, heads[:, 1] - y) + np.abs(heads[:, 2] - side) / 2
    return np.asarray(away, np.float64)


def _is_held(face: Face, known: Face | None, region: Region) -> bool:
    return part_within(face.region, region) >= _HELD and (known is None or part_within(known.region, region) == 1)


def head_of(box: Box) -> tuple[float, float, float]:
    """Centre and longer side."""
    return box.x, box.y, max(box.width, box.height)


def _same(box: Box, heads: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of the boxes of these centres and longer sides show the same face: one centre well inside the other box."""
    x, y, side = head_of(box)
    near, far = np.minimum(heads[:, 2], side), np.maximum(heads[:, 2], side)
    distance = np.hypot(heads[:, 0] - x, heads[:, 1] - y)
    return np.asarray((distance < 0.5 * near) | (distance + near / 2 < 0.6 * far), np.bool_)
