"""Compares embeddings: by distance, and by heads that an attacker fits and cross-validates.

Equal embeddings are exactly 0 apart, so that ties are seen as ties.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..._optional import import_extra
from ..bootstrap import Floats
from .pixel_recognisers import Discriminants
from .recogniser import Metric
from .region_recognisers import masked_distances
from .scores import identification_hits

_AT_ONCE = 1 << 22
FOLDS = 5


def measure_distances(rows: Floats, columns: Floats, metric: Metric) -> Floats:
    """The (rows, columns) distances between (count, dimensions) embeddings.

    Raises:
        ValueError: different dimensions, or another metric.
    """
    if metric not in ("euclidean", "cosine", "masked"):
        raise ValueError(f"metric must be 'euclidean', 'cosine' or 'masked', got {metric!r}")
    if rows.ndim != 2 or columns.ndim != 2 or rows.shape[1] != columns.shape[1]:
        raise ValueError(f"embeddings must have the same dimensions, got shapes {rows.shape} and {columns.shape}")
    if metric == "masked":
        return masked_distances(rows, columns)
    if metric == "cosine":
        rows, columns = _unit(rows), _unit(columns)
    away = np.empty((len(rows), len(columns)))
    step = max(1, _AT_ONCE // max(1, columns.size))
    for start in range(0, len(rows), step):
        part = rows[start : start + step, None] - columns[None]
        away[start : start + step] = np.sqrt(np.einsum("ijk,ijk->ij", part, part))
    return away


def _unit(points: Floats) -> Floats:
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    return np.asarray(points / np.where(lengths > 0, lengths, 1.0))


class Comparison(NamedTuple):
    """Distances and whom the columns stand for.

    Attributes:
        distances: (probes, columns).
        people: of the columns.
    """

    distances: Floats
    people: list[str]


class Enrolment(NamedTuple):
    """The embeddings that an attacker has enrolled.

    Attributes:
        points: (images, dimensions) embeddings.
        people: of each.
        metric: how to compare them.
    """

    points: Floats
    people: list[str]
    metric: Metric


Head: TypeAlias = Callable[[Enrolment, Enrolment, Floats], Comparison]
"""(what to fit on, what is enrolled, (probes, dimensions) to look up): the comparison."""


def compare_nearest(_training: Enrolment, enrolled: Enrolment, probes: Floats) -> Comparison:
    """The recogniser's own distance, no fitting."""
    return Comparison(measure_distances(probes, enrolled.points, enrolled.metric), enrolled.people)


def compare_discriminants(training: Enrolment, enrolled: Enrolment, probes: Floats) -> Comparison:
    """The cosine among the linear discriminants of the training."""
    model = Discriminants()
    model.fit(training.points, training.people)
    rows, columns = model.transform(probes), model.transform(enrolled.points)
    return Comparison(measure_distances(rows, columns, "cosine"), enrolled.people)


def compare_machines(_training: Enrolment, enrolled: Enrolment, probes: Floats) -> Comparison:
    """Linear support vector machines, one for each enrolled person against the others (Cortes, Vapnik 1995)."""
    library = import_extra("sklearn.svm", "evaluate")
    people = sorted(set(enrolled.people))
    centre = enrolled.points.mean(axis=0)
    scale = float(np.sqrt(np.mean((enrolled.points - centre) ** 2)))
    if scale < 1e-12:  # all alike: nothing to learn
        return Comparison(np.zeros((len(probes), len(people))), people)
    model = library.LinearSVC(C=1.0, dual=False)
    model.fit((enrolled.points - centre) / scale, np.asarray(enrolled.people))
    margins = np.asarray(model.decision_function((probes - centre) / scale), np.float64)
    if margins.ndim == 1:  # two people have one margin between them
        margins = np.column_stack([-margins, margins])
    return Comparison(-margins, people)


def list_heads(people: Sequence[str], dimensions: int = 1) -> dict[str, Head]:
    """The heads that a parrot tries, by name.

    Fitted ones where somebody has three images, so that two are left in cross-validation; machines only up to 200
    people and 256 dimensions.
    """
    heads: dict[str, Head] = {"nearest": compare_nearest}
    counts = Counter(people)
    if len(counts) >= 2 and max(counts.values()) >= 3:
        heads["LDA"] = compare_discriminants
        if len(counts) <= 200 and dimensions <= 256:
            heads["SVM"] = compare_machines
    return heads


def without(enrolled: Enrolment, places: Iterable[int]) -> Enrolment:
    """The enrolment without some of its images."""
    left = np.setdiff1d(np.arange(len(enrolled.people)), np.fromiter(places, int))
    return Enrolment(enrolled.points[left], [enrolled.people[place] for place in left], enrolled.metric)


def rank1(comparison: Comparison, probes: Sequence[str]) -> float:
    """Rank-1 of a comparison, without an interval."""
    return float(identification_hits(comparison.distances, probes, comparison.people, 1).mean())


def cross_validate_head(head: Head, enrolled: Enrolment, seed: int, draws: int = 1) -> float:
    """Rank-1 of a head over five folds of the enrolled images; 0 where nobody has two.

    People's images go round the folds, so that in each fold others of theirs are enrolled.

    Args:
        head: what to fit.
        enrolled: the images, all with one nonce, then all with the next.
        seed: where the round begins.
        draws: how many nonces; the last is looked up, and nothing of the same image is enrolled.
    """
    count = len(enrolled.people) // draws
    fold = fold_of(enrolled.people[:count], seed)
    hits: list[float] = []
    for number in range(FOLDS):
        held = np.flatnonzero(fold == number)
        if len(held):
            left = without(enrolled, np.concatenate([held + draw * count for draw in range(draws)]))
            found = head(left, left, enrolled.points[held + (draws - 1) * count])
            people = [enrolled.people[place] for place in held]
            hits.extend(identification_hits(found.distances, people, found.people, 1))
    return float(np.mean(hits)) if hits else 0.0


def fold_of(people: Sequence[str], seed: int) -> NDArray[np.intp]:
    """The fold of each image; -1, never held back, for the only one of a person."""
    fold = np.full(len(people), -1, np.intp)
    owned: dict[str, list[int]] = {}
    for place, person in enumerate(people):
        owned.setdefault(person, []).append(place)
    for person, places in owned.items():
        if len(places) > 1:
            start = hashlib.blake2b(f"{seed}/{person}".encode(), digest_size=1).digest()[0]
            for number, place in enumerate(places):
                fold[place] = (start + number) % min(FOLDS, len(places))
    return fold
