"""Matches found faces with true ones: greedily, by intersection over union.

Everingham et al., "The Pascal Visual Object Classes Challenge", IJCV 2010; Lin et al., "Microsoft COCO", ECCV 2014,
whose order is followed: the best score chooses first, and takes the free truth that it overlaps most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ... import Face
from .annotations import TruthBox


@dataclass(frozen=True, slots=True)
class DetectionRule:
    """How detections are counted.

    Attributes:
        iou: intersection over union from which a found box is the true one; over 0, up to 1.
        score: the lowest score that counts for precision, recall and F; None for all that the detector gave. Average
            precision always takes all.
        main_face: count one face an image: the largest true one, and the best score (the larger where equal).
        alpha: of the F score, (1 + alpha^2) P R / (alpha^2 P + R); over 0.
        name: to print.

    Raises:
        ValueError: a number out of range.
    """

    iou: float = 0.5
    score: float | None = None
    main_face: bool = False
    alpha: float = 1.0
    name: str = "all faces"

    def __post_init__(self) -> None:
        if not 0 < self.iou <= 1:
            raise ValueError(f"iou must be over 0 and up to 1, got {self.iou!r}")
        if self.score is not None and not 0 <= self.score <= 1:
            raise ValueError(f"score must be 0 to 1, got {self.score!r}")
        if not 0 < self.alpha < float("inf"):
            raise ValueError(f"alpha must be over 0, got {self.alpha!r}")


ALL_FACES = DetectionRule()
"""Every face, at IoU of at least 0.5, whatever the score."""

PAPER = DetectionRule(iou=0.5, score=0.8, main_face=True, alpha=1.0, name="paper")
"""The rule of He, Shi, Hernandez (2024): IoU of at least 0.5, score of at least 0.8, the main face of each image."""


@dataclass(frozen=True, slots=True)
class ImageFaces:
    """The found and the true faces of one image.

    Attributes:
        name: of the image.
        found: what the detector gave; None where it failed.
        truth: what is there.
        error: why it failed.
        group: images of one group (a person, say) are drawn together when resampling; "" for a group of its own.
    """

    name: str
    found: tuple[Face, ...] | None
    truth: tuple[TruthBox, ...]
    error: str | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Matches:
    """The matches of one image, best score first; found faces on ignored truths are left out.

    Attributes:
        faces: (count,), index into ``found``.
        scores: (count,).
        truths: (count,), index of the truth that each is; -1 for a false one.
        missed: indices of truths that none was found for, at any score.
        total: how many truths count.
    """

    faces: NDArray[np.intp]
    scores: NDArray[np.float64]
    truths: NDArray[np.intp]
    missed: tuple[int, ...]
    total: int


def overlaps(found: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union, (found, truth), of boxes (count, 4): x, y, width, height."""
    near = np.maximum(found[:, None, :2], truth[None, :, :2])
    far = np.minimum(found[:, None, :2] + found[:, None, 2:], truth[None, :, :2] + truth[None, :, 2:])
    sides = np.clip(far - near, 0, None)
    shared = sides[..., 0] * sides[..., 1]
    areas = found[:, 2] * found[:, 3], truth[:, 2] * truth[:, 3]
    union = areas[0][:, None] + areas[1][None, :] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0), np.float64)


def match_faces(found: Sequence[Face], truth: Sequence[TruthBox], rule: DetectionRule) -> Matches:
    """Matches the faces of one image.

    A found face takes the free truth of the largest overlap; only where none is left it may fall on an ignored one, and
    then it counts neither way.
    """
    order = sorted(range(len(found)), key=lambda index: -found[index].score)
    counted = [index for index, box in enumerate(truth) if not box.ignored]
    if rule.main_face:
        order = sorted(order, key=lambda i: (-found[i].score, -found[i].region.width * found[i].region.height))[:1]
        counted = sorted(counted, key=lambda i: -truth[i].width * truth[i].height)[:1]
    ignored = [index for index, box in enumerate(truth) if box.ignored]
    table = overlaps(face_boxes(found), truth_boxes(truth))
    free, kept, taken = list(counted), [], []
    for face in order:
        best = max(free, key=lambda index: table[face, index], default=-1)
        if best >= 0 and table[face, best] >= rule.iou:
            free.remove(best)
        elif any(table[face, index] >= rule.iou for index in ignored):
            continue
        else:
            best = -1
        kept.append(face)
        taken.append(best)
    scores = np.array([found[face].score for face in kept], np.float64)
    return Matches(np.array(kept, np.intp), scores, np.array(taken, np.intp), tuple(free), len(counted))


def face_boxes(faces: Sequence[Face]) -> NDArray[np.float64]:
    """(count, 4): x, y, width, height."""
    boxes = [(f.region.x, f.region.y, f.region.width, f.region.height) for f in faces]
    return np.array(boxes, np.float64).reshape(-1, 4)


def truth_boxes(truth: Sequence[TruthBox]) -> NDArray[np.float64]:
    """(count, 4): x, y, width, height."""
    return np.array([(box.x, box.y, box.width, box.height) for box in truth], np.float64).reshape(-1, 4)
