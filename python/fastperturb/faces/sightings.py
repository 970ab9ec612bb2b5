"""What several looks at an image show: sightings, and which of them are of one face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..region import Face, Point
from .tilt import Box


class Sighting(NamedTuple):
    """A face as one look shows it, in the image."""

    box: Box
    score: float
    landmarks: tuple[Point, ...]
    tilt: float  # beyond the look's turn, as far as landmarks show it
    face: Face | None  # as the detector gave it, if the look is the image itself


def grouped(found: Sequence[Sighting]) -> list[list[Sighting]]:
    """The sightings of each face, best score first; groups likewise."""
    groups: list[list[Sighting]] = []
    heads = np.empty((len(found), 3))
    for item in sorted(found, key=lambda item: -item.score):
        near = np.flatnonzero(_same(item.box, heads[: len(groups)]))
        if near.size:
            groups[near[0]].append(item)
        else:
            heads[len(groups)] = _head(item.box)
            groups.append([item])
    return groups


def distinct_faces(faces: Sequence[tuple[Box, Face]]) -> list[Face]:
    """The faces without doubles, best score first."""
    kept: list[Face] = []
    heads = np.empty((len(faces), 3))
    for box, face in sorted(faces, key=lambda item: -item[1].score):
        if not _same(box, heads[: len(kept)]).any():
            heads[len(kept)] = _head(box)
            kept.append(face)
    return kept


def _head(box: Box) -> tuple[float, float, float]:
    """Centre and longer side."""
    return box.x, box.y, max(box.width, box.height)


def _same(box: Box, heads: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of the boxes of these centres and longer sides show the same face: one centre well inside the other box."""
    x, y, side = _head(box)
    near, far = np.minimum(heads[:, 2], side), np.maximum(heads[:, 2], side)
    distance = np.hypot(heads[:, 0] - x, heads[:, 1] - y)
    return np.asarray((distance < 0.5 * near) | (distance + near / 2 < 0.6 * far), np.bool_)
