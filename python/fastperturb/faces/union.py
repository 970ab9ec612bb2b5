"""Several detectors as one: a face that any of them finds is found, and says by whom.

A detector's misses are its own, so that two of different training miss less together than either alone; what only one
of them takes for a face is what a person should look at first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..checks import Image, whole_within
from ..errors import DetectorFailed, FastperturbError, MissingExtra
from ..region import Face, Region
from .boxes import united

_ALIKE = 0.5  # intersection over union from which the first detector's box stands for all
_SAME = 0.2  # from which two boxes show one face
_INSIDE = 0.8  # of the smaller box, which shows one face too if it is at least _PART of the larger
_PART = 0.25


class _Detects(Protocol):
    def detect(self, image: Image, /) -> list[Face]: ...


class Union:
    """A detector that gives what any of several detectors finds, each face once.

    Two faces of different detectors are one where their boxes overlap by a fifth (intersection over union), or four
    fifths of one lie in another of at most four times its area. The face is then that of the detector named first, with
    the highest of the scores; where another's box overlaps it by less than half, the region is the upright box around
    both. ``found_by`` names the detectors that found it, in the order in which they were given: a face that only one
    of them found deserves a look.

    Scores of different detectors do not mean the same: give each its own threshold.

    Args:
        detectors: by name, those first whose boxes are to be kept; at least one.
        agree: how many must find a face for it to be given; 1 gives what any of them finds.

    Raises:
        TypeError: one of them has no ``detect``.
        ValueError: no detectors, or ``agree`` is not from 1 to their number.
    """

    def __init__(self, detectors: Mapping[str, _Detects], *, agree: int = 1) -> None:
        if not detectors:
            raise ValueError("detectors must name at least one, got none")
        for name, detector in detectors.items():
            if not callable(getattr(detector, "detect", None)):
                raise TypeError(f"detectors[{name!r}] must have a method detect(image), got {detector!r}")
        count = len(detectors)
        agree = whole_within("agree", agree, f"be from 1 to the {count} detectors", 1, count)
        self.detectors = dict(detectors)
        self.agree = agree

    def __repr__(self) -> str:
        return f"Union({self.detectors!r}, agree={self.agree})"

    def detect(self, image: Image, /) -> list[Face]:
        """The faces of an image, as :func:`fastperturb.locate` takes it; best score first.

        Raises:
            DetectorFailed: one of the detectors raised; a picture that only the others saw is not one where all looked.
            TypeError: the image is of another type or dtype, as the first detector says.
            ValueError: its shape or values.
        """
        names: list[str] = []
        faces: list[Face] = []
        for index, (name, detector) in enumerate(self.detectors.items()):
            try:
                found = detector.detect(image)
            except MissingExtra:
                raise
            except Exception as error:
                if index == 0 and type(error) in (TypeError, ValueError):
                    raise  # what the image is not, every detector says
                reason = str(error) if isinstance(error, FastperturbError) else f"{type(error).__name__}: {error}"
                raise DetectorFailed(f"the detector {name} failed: {reason}") from error
            names += [name] * len(found)
            faces += found
        return merge(faces, names, self.agree)


def merge(faces: Sequence[Face], names: Sequence[str], agree: int = 1) -> list[Face]:
    """Faces of several detectors without doubles, best score first.

    Args:
        faces: of all detectors, those of the first first.
        names: the detector of each.
        agree: how many must have found a face.
    """
    groups: list[list[int]] = []
    heads = np.empty((len(faces), 4))
    for index, face in enumerate(faces):
        box = np.array([face.region.x, face.region.y, face.region.width, face.region.height], float)
        shared = _shared(box, heads[: len(groups)])
        # Two faces that one detector tells apart are two.
        near = [int(k) for k in np.flatnonzero(shared) if names[groups[k][-1]] != names[index]]
        if near:
            groups[max(near, key=lambda k: shared[k])].append(index)
        else:
            heads[len(groups)] = box
            groups.append([index])
    merged = [_one([faces[i] for i in group], [names[i] for i in group]) for group in groups]
    return sorted((face for face in merged if len(face.found_by) >= agree), key=lambda face: -face.score)


def _shared(box: NDArray[Any], others: NDArray[Any]) -> NDArray[Any]:
    """How far each of the other boxes shows the same face: its intersection over union, 0 where it shows another."""
    near = np.maximum(box[:2], others[:, :2])
    sides = np.clip(np.minimum(box[:2] + box[2:], others[:, :2] + others[:, 2:]) - near, 0, None)
    both = sides[:, 0] * sides[:, 1]
    area, areas = box[2] * box[3], others[:, 2] * others[:, 3]
    over = both / (area + areas - both)
    smaller, larger = np.minimum(area, areas), np.maximum(area, areas)
    inside = (both >= _INSIDE * smaller) & (smaller >= _PART * larger)
    return np.where((over >= _SAME) | inside, over, 0.0)


def _one(faces: Sequence[Face], names: Sequence[str]) -> Face:
    """The face that several detectors found."""
    first = faces[0]
    apart = [face.region for face in faces[1:] if overlap(first.region, face.region) < _ALIKE]
    region = first.region
    if apart:
        whole = united([first.region, *apart])
        region = Region(whole.x, whole.y, whole.width, whole.height, first.region.shape)
    landmarks = next((face.landmarks for face in faces if face.landmarks), ())
    score = max(face.score for face in faces)
    return replace(first, region=region, score=score, landmarks=landmarks, found_by=tuple(dict.fromkeys(names)))


def overlap(one: Region, other: Region) -> float:
    """Intersection over union of two regions' boxes."""
    wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    both = max(wide, 0) * max(high, 0)
    return both / (one.width * one.height + other.width * other.height - both)
