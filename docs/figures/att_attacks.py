"""What scripts that attack protections on the AT&T faces share: who is enrolled, whom numbers name, who is found."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from fastperturb import locate
from fastperturb.evaluation import ALL_FACES, TruthBox, match_faces
from fastperturb.evaluation.datasets import open_dataset, split_by_image
from fastperturb.evaluation.recognition import GallerySplit, find_faces, make_subjects

SEED = 0
DRAWS = 20
MARGIN = 40  # repeated pixels around an image before a detector sees it
DETECTORS = ("yunet", "centerface", "dlib-hog", "haar")


def line_up() -> GallerySplit:
    """AT&T, five enrolled and five looked up of each person."""
    split = split_by_image(open_dataset("att"), enrolled=5, seed=SEED)
    faces = find_faces([*split.gallery, *split.probes])
    return GallerySplit(make_subjects(split.gallery, faces), make_subjects(split.probes, faces))


def told(rank: Any) -> str:
    """A rank-1 and its interval."""
    return f"{rank.value:.2f} ({rank.low:.2f} to {rank.high:.2f})"


def named(numbers: Any, people: Any, seed: int) -> list[float]:
    """Rank-1 from one file (nearest neighbour, LDA) and from the mean of five, for one draw of 5 and 5 a person."""
    order = np.random.default_rng(seed).permutation(len(people))
    enrolled = np.zeros(len(people), bool)
    for person in np.unique(people):
        enrolled[order[people[order] == person][:5]] = True
    points = (numbers - numbers[enrolled].mean(axis=0)) / (numbers[enrolled].std(axis=0) + 1e-9)
    told: list[float] = []
    known, names, probes, looked = points[enrolled], people[enrolled], points[~enrolled], people[~enrolled]
    for group in (False, True):
        if group:
            probes, looked = _means(probes, looked)
        near = _means(known, names) if group else (known, names)
        told.append(_nearest(probes, looked, *near))
        told.append(_discriminated(probes, looked, known, names))
    return told


def _means(points: Any, people: Any) -> tuple[Any, Any]:
    names = np.unique(people)
    return np.array([points[people == name].mean(axis=0) for name in names]), names


def _nearest(probes: Any, looked: Any, known: Any, names: Any) -> float:
    """Ties count by their share."""
    away = np.square(probes[:, None] - known[None]).sum(axis=2)
    near = away <= away.min(axis=1, keepdims=True) + 1e-12
    return float(np.mean((near & (names[None] == looked[:, None])).sum(axis=1) / near.sum(axis=1)))


def _discriminated(probes: Any, looked: Any, known: Any, names: Any) -> float:
    varied = np.ptp(known, axis=0) > 1e-9
    if not varied.any():
        return 1 / len(np.unique(names))
    return float(LinearDiscriminantAnalysis().fit(known[:, varied], names).score(probes[:, varied], looked))


def recall_of(detector: Any, protection: Any, probes: Any) -> float:
    """Directly, at IoU 0.5 against the clear box."""
    hits = 0
    for probe in probes:
        shown = protection.protect(probe.clear(), (probe.face,), seed=SEED)
        padded = cv2.copyMakeBorder(shown, *(MARGIN,) * 4, cv2.BORDER_REPLICATE)
        box = probe.face.region
        truth = TruthBox(box.x + MARGIN, box.y + MARGIN, box.width, box.height)
        hits += 1 - len(match_faces(locate(padded, detector), [truth], ALL_FACES).missed)
    return hits / len(probes)
