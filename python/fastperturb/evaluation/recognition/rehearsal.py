"""An attacker's rehearsal: what would have worked on the images that the attacker has anyway, never on the probes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from .matching_heads import Comparison, Enrolment, Head
from .scores import identification_hits

_FOLDS = 5


def without(enrolled: Enrolment, places: Iterable[int]) -> Enrolment:
    """What is enrolled but for some images."""
    left = np.setdiff1d(np.arange(len(enrolled.people)), np.fromiter(places, int))
    return Enrolment(enrolled.points[left], [enrolled.people[place] for place in left], enrolled.metric)


def rank1(comparison: Comparison, probes: Sequence[str]) -> float:
    """Rank-1 of a comparison, without an interval."""
    return float(identification_hits(comparison.distances, probes, comparison.people, 1).mean())


def rehearse_head(head: Head, enrolled: Enrolment, seed: int, draws: int = 1) -> float:
    """Rank-1 of a head over five folds of the enrolled images; 0 where nobody has two.

    People's images go round the folds, so that in each fold others of theirs are enrolled.

    Args:
        head: what to fit.
        enrolled: the images, all with one nonce, then all with the next.
        seed: where the round begins.
        draws: how many nonces; the last is looked up, and nothing of the same image is enrolled.
    """
    count = len(enrolled.people) // draws
    fold = _folds(enrolled.people[:count], seed)
    hits: list[float] = []
    for number in range(_FOLDS):
        held = np.flatnonzero(fold == number)
        if len(held):
            left = without(enrolled, np.concatenate([held + draw * count for draw in range(draws)]))
            found = head(left, left, enrolled.points[held + (draws - 1) * count])
            people = [enrolled.people[place] for place in held]
            hits.extend(identification_hits(found.distances, people, found.people, 1))
    return float(np.mean(hits)) if hits else 0.0


def _folds(people: Sequence[str], seed: int) -> NDArray[np.intp]:
    """The fold of each image; -1, never held back, for the only one of a person."""
    fold = np.full(len(people), -1, np.intp)
    owned: dict[str, list[int]] = {}
    for place, person in enumerate(people):
        owned.setdefault(person, []).append(place)
    for person, places in owned.items():
        if len(places) > 1:
            start = hashlib.blake2b(f"{seed}/{person}".encode(), digest_size=1).digest()[0]
            for number, place in enumerate(places):
                fold[place] = (start + number) % min(_FOLDS, len(places))
    return fold
