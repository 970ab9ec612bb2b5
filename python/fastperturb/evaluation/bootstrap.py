"""Estimates and their intervals over people: people are drawn anew with all their images (Efron 1979, the bootstrap).

Images of one person are alike, so an interval over images would be too narrow. Bolle, Ratha, Pankanti 2004 ("Error
analysis of pattern recognition systems: the subsets bootstrap") show the same for pairs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
DRAWS = 500
MOST_RESAMPLES = 1_000_000  # whose counts fill the memory
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured number and its 95 % interval over people: another draw of people would give another number.

    Attributes:
        value: as measured.
        low: lower end.
        high: upper end.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """To two digits: "0.92 (0.87 to 0.96)"."""
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


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


def mean_over_people(
    values: Sequence[float], people: Sequence[str], *, resamples: int, seed: int
) -> tuple[float | None, float | None, float | None, int]:
    """The mean of the finite values, its 95 % interval, and how many values are finite.

    Args:
        values: one an image; PSNR of equal images is infinite, and left out.
        people: whom each shows; "" for a person of its own.
        resamples: bootstrap draws; 0 for no interval.
        seed: of the draws.

    Returns:
        (mean, low, high, count); None where there is nothing to say.
    """
    kept = [(value, who or f"\n{place}") for place, (value, who) in enumerate(zip(values, people, strict=True))]
    kept = [(value, who) for value, who in kept if math.isfinite(value)]
    if not kept:
        return None, None, None, 0
    numbers = {who: number for number, who in enumerate(dict.fromkeys(who for _, who in kept))}
    person = np.array([numbers[who] for _, who in kept])
    sums = np.bincount(person, [value for value, _ in kept])
    counts = np.bincount(person)
    mean = float(sums.sum() / counts.sum())
    if not resamples:
        return mean, None, None, len(kept)
    draws = np.random.default_rng([seed, len(sums)]).multinomial(len(sums), [1 / len(sums)] * len(sums), resamples)
    low, high = np.quantile((draws @ sums) / (draws @ counts), (0.025, 0.975))
    return mean, min(float(low), mean), max(float(high), mean), len(kept)
