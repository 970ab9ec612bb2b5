"""Intervals over people: people are drawn anew with replacement, with all their images (Efron 1979, the bootstrap).

Images of one person are alike, so an interval over images would be too narrow. Bolle, Ratha, Pankanti 2004 ("Error
analysis of pattern recognition systems: the subsets bootstrap") show the same for pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .recognition.recogniser import Floats
from .recognition.results import Estimate

DRAWS = 500
LEVEL = 0.95


def draw_people(people: int, seed: int, draws: int = DRAWS) -> Floats:
    """(draws, people): how often each person is in each draw; every row sums to ``people``."""
    generator = np.random.default_rng([seed, people])
    return generator.multinomial(people, np.full(people, 1 / people), size=draws).astype(np.float64)


def interval(value: float, drawn: Floats, images: int) -> Estimate:
    """The percentile interval of a share.

    Where nobody fails, or nobody succeeds, every draw says the same: then the far end is the rule of three, 3 / images
    away (Hanley, Lippman-Hand 1983), which holds as long as images fail one by one and not all of a person together.
    """
    tail = (1 - LEVEL) / 2
    usable = drawn[np.isfinite(drawn)]
    low, high = np.quantile(usable, (tail, 1 - tail)) if usable.size else (value, value)
    if value >= 1.0:
        low = min(low, max(0.0, 1 - 3 / images))
    elif value <= 0.0:
        high = max(high, min(1.0, 3 / images))
    return Estimate(float(value), float(min(low, value)), float(max(high, value)))


def share_over_people(scores: Floats, person: NDArray[np.intp], seed: int) -> Estimate:
    """The mean of scores, each 0 to 1 and of one image, and its interval over people.

    Args:
        scores: (images,).
        person: (images,) number of the person of each, from 0 without a gap.
        seed: of the draws.
    """
    people = int(person.max()) + 1
    sums, counts = np.bincount(person, scores, people), np.bincount(person, minlength=people)
    weights = draw_people(people, seed)
    return interval(float(scores.mean()), (weights @ sums) / (weights @ counts), len(scores))
