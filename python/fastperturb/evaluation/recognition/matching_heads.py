"""Distances between embeddings, and the heads that an attacker fits on them.

Equal embeddings are exactly 0 apart, so that ties are seen as ties.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from ..._optional import import_extra
from .discriminants import Discriminants
from .recogniser import Floats, Metric

_AT_ONCE = 1 << 22


def measure_distances(rows: Floats, columns: Floats, metric: Metric) -> Floats:
    """The (rows, columns) distances between (count, dimensions) embeddings.

    Raises:
        ValueError: different dimensions, or another metric.
    """
    if metric not in ("euclidean", "cosine"):
        raise ValueError(f"metric must be 'euclidean' or 'cosine', got {metric!r}")
    if rows.ndim != 2 or columns.ndim != 2 or rows.shape[1] != columns.shape[1]:
        raise ValueError(f"embeddings must have the same dimensions, got shapes {rows.shape} and {columns.shape}")
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
    """What an attacker has enrolled.

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


def list_heads(people: Sequence[str]) -> dict[str, Head]:
    """The heads that a parrot tries, by name.

    Fitted ones where somebody has three images, so that two are left in a rehearsal; machines only up to 200 people.
    """
    heads: dict[str, Head] = {"nearest": compare_nearest}
    counts = Counter(people)
    if len(counts) >= 2 and max(counts.values()) >= 3:
        heads["LDA"] = compare_discriminants
        if len(counts) <= 200:
            heads["SVM"] = compare_machines
    return heads
