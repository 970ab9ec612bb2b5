"""Makes annotations out of what several detectors agree on in the clear images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ... import Face
from .annotations import Truth, TruthBox
from .matching import face_boxes, overlaps


def consensus(
    found: Mapping[str, Mapping[str, Sequence[Face]]], *, votes: int | None = None, iou: float = 0.5
) -> Truth:
    """Faces that several detectors found in the clear images.

    The best score of all chooses first; each other detector gives its box of the largest overlap with it, if that is at
    least ``iou``. The face is the median of these boxes. It is a measure of change, not of truth: who takes part in the
    vote is scored against its own opinion, and on clear images looks better than it is.

    Args:
        found: faces by detector and image.
        votes: how many detectors must agree; None for more than half.
        iou: the least overlap of two boxes of one face.

    Raises:
        ValueError: no detectors, ``votes`` or ``iou`` out of range, or detectors that looked at different images.
    """
    if not found:
        raise ValueError("found must name at least one detector, got none")
    needed = len(found) // 2 + 1 if votes is None else votes
    if not 1 <= needed <= len(found):
        raise ValueError(f"votes must be 1 to {len(found)}, the number of detectors, got {votes}")
    if not 0 < iou <= 1:
        raise ValueError(f"iou must be over 0 and up to 1, got {iou!r}")
    names = next(iter(found.values())).keys()
    for detector, images in found.items():
        if images.keys() != names:
            odd = sorted(names ^ images.keys())[0]
            raise ValueError(f"all detectors must have looked at the same images; {detector} differs in {odd}")
    boxes = {name: _agreed([list(images[name]) for images in found.values()], needed, iou) for name in names}
    return Truth(boxes, f"consensus of {', '.join(found)} on the clear images, {needed} of {len(found)} votes")


def _agreed(opinions: list[list[Face]], needed: int, iou: float) -> tuple[TruthBox, ...]:
    agreed: list[TruthBox] = []
    while any(opinions):
        best = max(((face.score, -voter) for voter, faces in enumerate(opinions) for face in faces))
        voter = -best[1]
        leader = max(opinions[voter], key=lambda face: face.score)
        cluster = []
        for faces in opinions:
            if not faces:
                continue
            shares = overlaps(face_boxes([leader]), face_boxes(faces))[0]
            place = faces.index(leader) if faces is opinions[voter] else int(shares.argmax())
            if faces is opinions[voter] or shares[place] >= iou:
                cluster.append(faces.pop(place))
        if len(cluster) >= needed:
            agreed.append(TruthBox(*np.median(face_boxes(cluster), axis=0).tolist()))
    return tuple(agreed)
