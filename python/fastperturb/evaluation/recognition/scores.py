"""Computes identification and verification scores from distances, with intervals over people.

Equal distances count by their expectation over random order, so that who cannot tell people apart scores chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..bootstrap import Estimate, Floats, draw_people, interval, share_over_people
from .results import Identification, Verification

FALSE_ACCEPTANCE = (1e-2, 1e-3)
MOST_IMPOSTORS = 200_000  # more are drawn from; an interval over people does not get narrower by more pairs


def identify(distances: Floats, probes: Sequence[str], enrolled: Sequence[str], seed: int = 0) -> Identification:
    """Closed-set identification: a person is as near as the nearest of what is enrolled of them.

    Args:
        distances: (probes, enrolled); smaller is more alike.
        probes: the person of each row.
        enrolled: the person of each column.
        seed: of the intervals.

    Raises:
        ValueError: shapes that do not fit, distances that are not finite, no probes, or a person who is not enrolled.
    """
    hits = [identification_hits(distances, probes, enrolled, rank) for rank in (1, 5)]
    people = len(set(enrolled))
    looked_up = np.unique(np.asarray(probes), return_inverse=True)[1]
    rank1, rank5 = (share_over_people(hit, looked_up, seed) for hit in hits)
    return Identification(rank1, rank5, 1 / people, min(1.0, 5 / people), probes=len(probes), people=people)


def identification_hits(distances: Floats, probes: Sequence[str], enrolled: Sequence[str], rank: int) -> Floats:
    """(probes,): the probability that the own person is among the first ``rank``; arguments as for :func:`identify`."""
    values = _checked(distances, len(probes), len(enrolled))
    people, column = np.unique(np.asarray(enrolled), return_inverse=True)
    own = np.minimum(np.searchsorted(people, np.asarray(probes)), len(people) - 1)
    strangers = sorted({who for who, at in zip(probes, own, strict=True) if people[at] != who})
    if strangers:
        raise ValueError(f"probes must be of people who are enrolled, got {', '.join(strangers[:3])}")
    return _hits(_nearest(values, column, len(people)), own, rank)


def _nearest(distances: Floats, column: NDArray[np.intp], people: int) -> Floats:
    """(probes, people): the least distance to each person's columns."""
    order = np.argsort(column, kind="stable")
    starts = np.searchsorted(column[order], np.arange(people))
    return np.minimum.reduceat(distances[:, order], starts, axis=1)


def _hits(nearest: Floats, own: NDArray[np.intp], rank: int) -> Floats:
    """(probes,): the probability that the own person is among the first ``rank``, ties in random order."""
    mine = nearest[np.arange(len(own)), own][:, None]
    nearer = (nearest < mine).sum(axis=1)
    alike = (nearest == mine).sum(axis=1)
    hits: Floats = np.clip((rank - nearer) / alike, 0.0, 1.0)
    return hits


def verify(distances: Floats, first: Sequence[str], second: Sequence[str], seed: int = 0) -> Verification:
    """Verification: accepting a pair up to a distance, at every distance.

    Args:
        distances: (pairs,), finite; smaller is more alike.
        first: the person of each pair's first image.
        second: of its second.
        seed: of the intervals, and of the draw of impostors where there are over 200,000.

    Raises:
        ValueError: shapes that do not fit, distances that are not finite, no pair of one person, or none of two.
    """
    values = np.asarray(distances, np.float64)
    if values.ndim != 1 or not len(values) == len(first) == len(second) or not np.isfinite(values).all():
        raise ValueError(
            f"distances must be finite, one a pair, got shape {values.shape} for {len(first)} and {len(second)} people"
        )
    people, number = np.unique(np.concatenate([np.asarray(first), np.asarray(second)]), return_inverse=True)
    pairs = _Pairs(values, number[: len(first)], number[len(first) :], len(people), seed)
    return _read_pairs(pairs, len(pairs.genuine), seed)


def verify_all(distances: Floats, probes: Sequence[str], enrolled: Sequence[str], seed: int = 0) -> Verification:
    """Verification of all probes against all that is enrolled: ``distances`` as for :func:`identify`."""
    values = _checked(distances, len(probes), len(enrolled))
    people, number = np.unique(np.concatenate([np.asarray(probes), np.asarray(enrolled)]), return_inverse=True)
    rows, columns = np.indices(values.shape).reshape(2, -1)
    first, second = number[: len(probes)][rows], number[len(probes) :][columns]
    return _read_pairs(_Pairs(values.ravel(), first, second, len(people), seed), len(probes), seed)


def _read_pairs(pairs: _Pairs, images: int, seed: int) -> Verification:
    eer, *accepted = pairs.read(np.ones(pairs.people))
    drawn = np.array([pairs.read(weights) for weights in draw_people(pairs.people, seed)])
    tar: dict[float, Estimate] = {}
    for place, (rate, value) in enumerate(zip(FALSE_ACCEPTANCE, accepted, strict=True), 1):
        tar[rate] = interval(value, drawn[:, place], images)
    return Verification(interval(eer, drawn[:, 0], images), tar, len(pairs.genuine), pairs.all_impostors)


def _checked(distances: Floats, rows: int, columns: int) -> Floats:
    values = np.asarray(distances, np.float64)
    if values.shape != (rows, columns) or not values.size or not np.isfinite(values).all():
        raise ValueError(f"distances must be finite, of shape ({rows}, {columns}), got shape {values.shape}")
    return values


class _Pairs:
    """Pairs of images, sorted once, so that the curve can be read for any weights of the people."""

    def __init__(
        self, distances: Floats, first: NDArray[np.intp], second: NDArray[np.intp], people: int, seed: int
    ) -> None:
        self.people = people
        same = first == second
        if not same.any() or same.all():
            raise ValueError(f"pairs must be of one person and of two, got {same.sum()} and {(~same).sum()}")
        order = np.argsort(distances[same], kind="stable")
        self.genuine, self.person = distances[same][order], first[same][order]
        others = np.flatnonzero(~same)
        self.all_impostors = len(others)
        if len(others) > MOST_IMPOSTORS:
            others = np.random.default_rng(seed).choice(others, MOST_IMPOSTORS, replace=False)
        others = others[np.argsort(distances[others], kind="stable")]
        self.one, self.other = first[others], second[others]
        steps, self.last = np.unique(self.genuine, return_index=True)
        self.last = np.append(self.last[1:], len(self.genuine))  # genuine pairs up to and with each step
        self.below = np.searchsorted(distances[others], steps, side="left")
        self.upto = np.searchsorted(distances[others], steps, side="right")

    def read(self, weights: Floats) -> list[float]:
        """Equal error, and true acceptance at each false acceptance; NaN where no pair has weight.

        The curve is a polygon through the points at each genuine distance, before and with the impostors of the same
        distance; straight in between, which is a decision by lot.
        """
        impostors = np.concatenate([[0.0], np.cumsum(weights[self.one] * weights[self.other])])
        genuine = np.concatenate([[0.0], np.cumsum(weights[self.person])])
        if not (impostors[-1] and genuine[-1]):
            return [float("nan")] * (1 + len(FALSE_ACCEPTANCE))
        accepted = genuine[self.last] / genuine[-1]
        false = np.ravel(np.column_stack([impostors[self.below], impostors[self.upto]])) / impostors[-1]
        true = np.ravel(np.column_stack([np.append(0.0, accepted[:-1]), accepted]))
        false, true = np.append(false, 1.0), np.append(true, 1.0)
        excess = false + true - 1.0  # grows along the curve; 0 where both errors are equal
        at = int(np.searchsorted(excess, 0.0))
        if at == 0 or excess[at] == 0.0:
            eer = false[at]
        else:
            part = -excess[at - 1] / (excess[at] - excess[at - 1])
            eer = false[at - 1] + part * (false[at] - false[at - 1])
        return [float(eer), *(_read_curve(false, true, rate) for rate in FALSE_ACCEPTANCE)]


def _read_curve(false: Floats, true: Floats, rate: float) -> float:
    after = int(np.searchsorted(false, rate, side="right"))
    if after == 0:  # even the nearest genuine pair has more impostors nearer: a line from the origin
        return float(true[0] * rate / false[0])
    if after == len(false):
        return float(true[-1])
    part = (rate - false[after - 1]) / (false[after] - false[after - 1])
    return float(true[after - 1] + part * (true[after] - true[after - 1]))
