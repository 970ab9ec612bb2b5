"""Faces at any angle: a detector that looks at turned copies of an image too, and makes sure how each face lies.

Detectors are trained on upright faces. Of a face that lies on its side they find half, with landmarks where an upright
face would have them, or nothing; scores fall with the tilt. So the turn with the highest score is taken for the face's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..checks import Image
from ..region import Face, Point, Region
from .boxes import HEAD, grow_region, united
from .pixels import LEAST_PIXELS, brightest_copy, check_max_pixels, check_visible, reduced_copy
from .sightings import Group, Sighting, differences, distinct_faces, grouped, head_of, neighbours
from .tilt import (
    Box,
    Look,
    covering_box,
    halved_copies,
    landmark_tilt,
    placed,
    tilted_box,
    turned_copy,
    turned_crop,
    within_half_turn,
)

_SURE = 0.92  # no face turned by more than 45 degrees scored as much with landmarks that look upright
_STRAIGHT = 8.0  # degrees of the landmarks up to which a face may be sure
_LEVEL = 3.0  # degrees of the landmarks up to which a sure face's box is left as it is
_LEANING = 0.25  # margin of a sure face that leans more, to its side and the sine of its turn
_FILLED = 0.5  # share of an image that sure heads fill, above which nothing else is looked for
_GAIN = 2.0  # the true tilt to that of the landmarks
_SIDE = 256  # of a crop
_AROUND = 3.0  # side of a crop, to the longer side of the face
_CLEAR = 0.8  # score of a crop that settles how a face lies
_MARGIN = 0.03  # on each side of a tilted face
_PLAUSIBLE = 2.0  # times the best box's longer side, up to which others count where nothing settled how a face lies
_SQUARE = 1.5  # side of the square over a face that nothing settled, to its boxes' longer side
_SETTLED = 64  # faces of an image that crops are looked at for
_CROP_PIXELS = 1_200_000  # of the copy that crops are taken from


class _Detects(Protocol):
    def detect(self, image: Image, /) -> list[Face]: ...


@dataclass(frozen=True, slots=True)
class AnyAngle:
    """A detector that finds faces at any angle, by another one that finds upright ones.

    The detector looks at the image; then at copies turned by 90, 180 and 270 degrees, reduced to ``max_pixels``; and at
    copies turned by 45, 135, 225 and 315 degrees where nothing was found yet, or always if ``diagonals``. If a quarter
    turn shows more clear faces than the image as it is, that turn is looked at in full size. A face that
    is not surely upright (a score under 0.92, landmarks that are tilted, a better score at another angle) is looked at
    in crops that are turned until it scores best and its landmarks are level, if it is one of the 64 best. Its region
    is then the upright box around the tilted one with 3 % on each side, and its ``turn`` says how it lies. If no crop
    settles that, the region is a square around all boxes that were found there, half as large again. Boxes of several
    looks that overlap are one face; two that one look shows are two faces, and what the detector finds in the image
    itself lies in some region.

    Turned copies are left out where faces that are surely upright fill half of the image with their heads. Faces that
    are surely upright keep the detector's box, with ``margin``, and a turn of 0.

    Args:
        detector: what looks; one with five landmarks tells tilts more exactly.
        diagonals: whether to look at the four diagonal copies in any case.
        max_pixels: how many pixels of each turned copy to look at; None for all.
        simple: what looks at turned copies and crops; None is ``detector`` again. Of a :class:`Thorough` detector for
            example the one inside it.
        margin: around faces that are surely upright, as a share of their sides, 0 to 1, and around tilted ones if it
            is more than theirs; where it is over 0, up to 7 % more around upright ones whose landmarks lean by more
            than 3 degrees, for such boxes cut a leaning face.

    Raises:
        TypeError: ``detector`` has no ``detect``.
        ValueError: ``max_pixels`` or ``margin`` out of range.
    """

    detector: _Detects
    diagonals: bool = False
    max_pixels: int | None = 300_000
    simple: _Detects | None = None
    margin: float = 0.0

    def __post_init__(self) -> None:
        if not callable(getattr(self.detector, "detect", None)):
            raise TypeError(f"detector must have a method detect(image), got {self.detector!r}")
        check_max_pixels(self.max_pixels)
        if not 0 <= self.margin <= 1:
            raise ValueError(f"margin must be 0 to 1, got {self.margin!r}")

    def detect(self, image: Image, /) -> list[Face]:
        """The faces of an image, as :func:`fastperturb.locate` takes it; best score first.

        Raises:
            TypeError: another type or dtype.
            ValueError: another shape, or float values that are NaN or outside 0 to 1.
            MissingExtra: OpenCV cannot be imported.
        """
        check_visible(image)
        looks = [[_upright(face) for face in self.detector.detect(image)], self._lit(image)]
        if not _is_filled(looks[0], image.shape):
            looks += self._turned(image, [*looks[0], *looks[1]])
        groups = grouped(looks)
        crops = None
        faces: list[tuple[Box, Face, Group]] = []
        for index, group in enumerate(groups):
            best = group.best
            if _is_sure(best) and best.face is not None:
                faces.append((best.box, _whole(best.face, best.tilt, self.margin), group))
                continue
            crops = _Crops(self.simple or self.detector, image) if crops is None else crops
            settled = crops.settle(group.sightings, neighbours(groups, index)) if index < _SETTLED else None
            if settled is None and best.score < _CLEAR and index < _SETTLED and group.known is None:
                continue  # a turned copy took something for a face, and no crop does
            faces.append((best.box if settled is None else settled.box, _covered(group, settled, self.margin), group))
        return distinct_faces(faces)

    def _lit(self, image: Image) -> list[Sighting]:
        """What a copy shows that the brightest samples scale, where it is another one than detectors are shown."""
        copy = brightest_copy(image, _CROP_PIXELS)
        if copy is None:
            return []
        scale = image.shape[1] / copy.shape[1], image.shape[0] / copy.shape[0]
        return _look(self.detector, turned_copy(copy, 0.0, scale))

    def _turned(self, image: Image, found: Sequence[Sighting]) -> list[list[Sighting]]:
        """What each of the turned copies shows."""
        detector = self.simple or self.detector
        copy = reduced_copy(image, self.max_pixels)
        scale = image.shape[1] / copy.shape[1], image.shape[0] / copy.shape[0]
        quarters = {turn: _look(detector, turned_copy(copy, turn, scale)) for turn in (90, 180, -90)}
        seen = list(quarters.values())
        most = max(quarters, key=lambda turn: _count_clear(quarters[turn]))
        if copy.shape[:2] != image.shape[:2] and _count_clear(quarters[most]) > _count_clear(found):
            seen.append(_look(detector, turned_copy(image, most, (1.0, 1.0))))  # the photograph itself lies on its side
        if self.diagonals or not (found or any(seen)):
            if self.max_pixels is not None:  # a copy that stands on its corner takes up more
                copy = reduced_copy(copy, max(LEAST_PIXELS, int(self.max_pixels * _diamond(copy))))
            scale = image.shape[1] / copy.shape[1], image.shape[0] / copy.shape[0]
            for turn in (45, 135, -135, -45):
                seen.append(_look(detector, turned_copy(copy, turn, scale)))
        return seen


class _Crops:
    """Looks at parts of an image, turned in any way."""

    def __init__(self, detector: _Detects, image: Image) -> None:
        self._detector = detector
        self._copies = halved_copies(reduced_copy(image, _CROP_PIXELS))
        self._scale = image.shape[1] / self._copies[0].shape[1], image.shape[0] / self._copies[0].shape[0]

    def settle(self, group: Sequence[Sighting], others: NDArray[Any]) -> Sighting | None:
        """The face of a group as a crop shows it that is turned as it is; None if none shows it clearly.

        ``others`` are the heads of faces that are not it.
        """
        best = group[0]
        starts = [within_half_turn(item.box.turn + _GAIN * item.tilt) for item in group[:3]]
        tried: list[float] = []
        found: list[Sighting] = []
        for turn in [*starts, *range(-135, 225, 45)]:
            if all(abs(within_half_turn(turn - other)) > 20 for other in tried):
                tried.append(turn)
                found += self._levelled(best.box, turn, others)
            if len(tried) >= len(starts) and any(item.score >= _CLEAR for item in found):
                break
        clear = [item for item in found if abs(item.tilt) <= 15]
        return max(clear, key=lambda item: item.score, default=None)

    def _levelled(self, box: Box, turn: float, others: NDArray[Any]) -> list[Sighting]:
        """What crops show from this turn on, each turned by what the landmarks of the one before were tilted."""
        found: list[Sighting] = []
        heads = np.vstack([head_of(box), others])
        for _ in range(3):
            side = max(box.width, box.height) * _AROUND
            seen = self._nearest(box, Box(box.x, box.y, side, side, turn), heads)
            if seen is None:
                break
            found.append(seen)
            box = seen.box
            if abs(seen.tilt) * _GAIN <= 8:
                break
            turn = within_half_turn(turn + _GAIN * max(-22.0, min(22.0, seen.tilt)))
        return found

    def _nearest(self, box: Box, square: Box, heads: NDArray[Any]) -> Sighting | None:
        """The best of what a square shows near a box and nearer to the first of some heads than to the others."""
        across, down = self._scale
        size = square.width / math.sqrt(across * down)
        place = Box(square.x / across, square.y / down, size, size, square.turn)
        seen = _look(self._detector, turned_crop(self._copies, place, _SIDE, self._scale))
        near = [item for item in seen if math.dist(item.box[:2], box[:2]) < max(box.width, box.height) * 0.6]
        near = [item for item in near if not differences(item.box, heads).argmin()]
        return max(near, key=lambda item: item.score, default=None)


def _diamond(copy: NDArray[np.uint8]) -> float:
    """The share of the square around a copy turned by 45 degrees that the copy fills."""
    height, width = copy.shape[:2]
    return float(2 * height * width / (height + width) ** 2)


def _upright(face: Face) -> Sighting:
    region = face.region
    box = Box(region.x + region.width / 2, region.y + region.height / 2, region.width, region.height, 0.0)
    return Sighting(box, face.score, face.landmarks, landmark_tilt(face.landmarks) or 0.0, face)


def _look(detector: _Detects, look: Look) -> list[Sighting]:
    return [
        Sighting(
            tilted_box(face.region, look),
            face.score,
            placed(face.landmarks, look),
            landmark_tilt(face.landmarks) or 0.0,
            None,
        )
        for face in detector.detect(look.pixels)
    ]


def _is_sure(best: Sighting) -> bool:
    """Whether a sighting is the detector's own box of a face that is surely upright."""
    return best.face is not None and bool(best.score >= _SURE and abs(best.tilt) <= _STRAIGHT)


def _whole(face: Face, tilt: float, margin: float) -> Face:
    """A face that is surely upright, with a margin, and more of it where its landmarks lean."""
    if margin == 0:
        return face
    lean = _LEANING * math.sin(math.radians(_GAIN * abs(tilt))) if abs(tilt) > _LEVEL else 0.0
    return replace(face, region=grow_region(grow_region(face.region, lean), margin))


def _count_clear(found: Sequence[Sighting]) -> int:
    return sum(item.score >= _CLEAR for item in found)


def _is_filled(found: Sequence[Sighting], shape: tuple[int, ...]) -> bool:
    """Whether the heads of faces that are surely upright leave no more than half of the image."""
    heads = [grow_region(item.face.region, HEAD) for item in found if item.face is not None and _is_sure(item)]
    parts = [head.clipped(shape[0], shape[1]) for head in heads]
    filled = sum((rows.stop - rows.start) * (columns.stop - columns.start) for rows, columns in parts)
    return bool(filled >= _FILLED * shape[0] * shape[1])


def _covered(group: Group, settled: Sighting | None, margin: float) -> Face:
    best, face = group.best, group.known
    known = [] if face is None else [face.region]  # never less than without turned copies
    if settled is None:
        side = _PLAUSIBLE * max(best.box.width, best.box.height)  # a much larger box of another look shows no face
        shown = [item.box for item in group.sightings if max(item.box.width, item.box.height) <= side]
        region = united([_square([covering_box(box, 0.0) for box in shown]), *known])
        turn, score = best.box.turn, best.score
        landmarks: tuple[Point, ...] = ()  # where they are was not settled either
    else:
        turn = within_half_turn(settled.box.turn + _GAIN * settled.tilt)
        region = united([covering_box(settled.box._replace(turn=turn), max(margin, _MARGIN)), *known])
        landmarks, score = settled.landmarks, max(best.score, settled.score)
    shape: Any = "box" if face is None else face.region.shape
    whole = Region(region.x, region.y, region.width, region.height, shape)
    return Face(whole, score, landmarks, round(turn, 1) + 0.0, () if face is None else face.found_by)


def _square(regions: Sequence[Region]) -> Region:
    """The square over several regions, half as large again as their longer side."""
    whole = united(regions)
    side = float(max(whole.width, whole.height))
    return covering_box(Box(whole.x + whole.width / 2, whole.y + whole.height / 2, side, side, 0.0), (_SQUARE - 1) / 2)
