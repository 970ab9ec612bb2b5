"""Means with bootstrap intervals over people: images of one person are alike, so people are drawn, not images."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


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
