"""Computes precision, recall, F, average precision and their curve, with bootstrap intervals.

Undefined is None, never 0: recall and average precision without a true face, precision without a found one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..bootstrap import MOST_RESAMPLES
from .matching import ALL_FACES, DetectionRule, ImageFaces, match_faces

PrecisionRule: TypeAlias = Literal["all-point", "11-point", "101-point"]
PRECISION_RULES: tuple[PrecisionRule, ...] = ("all-point", "11-point", "101-point")
Interval: TypeAlias = tuple[float, float]


class Curve(NamedTuple):
    """Precision against recall; each (count,), from the best score downwards."""

    scores: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DetectionScores:
    """The scores of one detector.

    Attributes:
        rule: how it was counted.
        images: how many were scored; those where the detector failed are not among them.
        failed: how many it failed on.
        truths: faces that are there.
        found: faces found at the rule's score.
        hits: those that are there.
        precision: hits / found.
        recall: hits / truths.
        f_score: of the rule's alpha.
        average_precision: by rule: "all-point" (PASCAL VOC 2010), "11-point" (VOC 2007), "101-point" (COCO's, at one
            IoU); of all that the detector gave, whatever the score.
        intervals: 95 % bootstrap intervals of "precision", "recall", "f_score" and the three average precisions.
    """

    rule: DetectionRule
    images: int
    failed: int
    truths: int
    found: int
    hits: int
    precision: float | None
    recall: float | None
    f_score: float | None
    average_precision: dict[PrecisionRule, float | None]
    intervals: dict[str, Interval]


def score_detections(
    images: Sequence[ImageFaces], rule: DetectionRule = ALL_FACES, *, resamples: int = 1000, seed: int = 0
) -> DetectionScores:
    """Scores what one detector found in a set of images.

    Args:
        images: all of them, also those where nothing is, nothing was found, or the detector failed.
        rule: how to count.
        resamples: how often images (or groups of them) are drawn anew, with replacement, for the intervals, which run
            from the 2.5th to the 97.5th percentile; 0 for none, up to 1,000,000. Where all resamples agree, as on a
            perfect score, the interval has no width and says nothing about images that were not seen.
        seed: of these draws.

    Raises:
        ValueError: no images, one named twice, or ``resamples`` out of range.
    """
    if not images:
        raise ValueError("images must name at least one image, got none")
    names = [image.name for image in images]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"images must have different names, got {twice!r} twice")
    if not 0 <= resamples <= MOST_RESAMPLES:
        raise ValueError(f"resamples must be 0 to {MOST_RESAMPLES}, got {resamples}")
    tally = _Tally(images, rule)
    ones = np.ones((1, tally.groups), np.int64)
    truths, found, hits = (int(values[0]) for values in tally.counts(ones))
    intervals: dict[str, Interval] = {}
    if resamples and tally.groups:
        draws = np.random.default_rng(seed).multinomial(tally.groups, [1 / tally.groups] * tally.groups, resamples)
        intervals = _intervals(tally, draws, rule.alpha)
    return DetectionScores(
        rule,
        tally.images,
        len(images) - tally.images,
        truths,
        found,
        hits,
        _ratio(hits, found),
        _ratio(hits, truths),
        _f_score(hits, found, truths, rule.alpha),
        {name: tally.average_precision(name, ones[0]) for name in PRECISION_RULES},
        intervals,
    )


def precision_recall_curve(images: Sequence[ImageFaces], rule: DetectionRule = ALL_FACES) -> Curve:
    """Precision and recall at the score of each face found, whatever the rule's own score.

    Raises:
        ValueError: no true face, so that recall is undefined.
    """
    tally = _Tally(images, rule)
    total = int(tally.truths.sum())
    if not total:
        raise ValueError("images must show at least one true face, got none")
    hits = np.cumsum(tally.hits)
    return Curve(tally.scores, hits / np.arange(1, len(hits) + 1), hits / total)


class _Tally:
    """All matches of a set of images, best score first; equal scores stay in the order of the images."""

    def __init__(self, images: Sequence[ImageFaces], rule: DetectionRule) -> None:
        scored = [image for image in images if image.found is not None]
        numbers: dict[tuple[str, str], int] = {}
        of_image = [numbers.setdefault((i.group, "" if i.group else i.name), len(numbers)) for i in scored]
        matches = [match_faces(image.found or (), image.truth, rule) for image in scored]
        self.images, self.groups = len(scored), len(numbers)
        self.truths = np.zeros(self.groups, np.int64)
        np.add.at(self.truths, of_image, [match.total for match in matches])
        scores = np.concatenate([np.empty(0), *(match.scores for match in matches)])
        order = np.argsort(-scores, kind="stable")
        self.scores = scores[order]
        self.hits = np.concatenate([np.empty(0, bool), *(match.truths >= 0 for match in matches)])[order]
        self.of_group = np.repeat(np.array(of_image, np.intp), [len(match.scores) for match in matches])[order]
        self._counted = np.ones(len(order), bool) if rule.score is None else self.scores >= rule.score

    def counts(self, draws: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """(truths, found, hits) for each row of ``draws``: how often each group was drawn."""
        found = np.bincount(self.of_group[self._counted], minlength=self.groups)
        hits = np.bincount(self.of_group[self._counted & self.hits], minlength=self.groups)
        return draws @ self.truths, draws @ found, draws @ hits

    def average_precision(self, rule: PrecisionRule, draw: NDArray[np.int64]) -> float | None:
        """The area under the curve when the groups are drawn as often as ``draw`` says."""
        total = int(draw @ self.truths)
        if not total:
            return None
        weights = draw[self.of_group]
        drawn = weights > 0
        found = np.cumsum(weights[drawn])
        hits = np.cumsum(weights[drawn] * self.hits[drawn])
        best = np.maximum.accumulate((hits / found)[::-1])[::-1]  # the best precision at this recall or more
        if rule == "all-point":
            return float(np.diff(hits, prepend=0) @ best) / total
        steps = 10 if rule == "11-point" else 100
        # Whole numbers, so that a recall of 0.35 reaches the step 0.35.
        first = np.searchsorted(hits * steps, np.arange(steps + 1) * total)
        reached = first[first < len(best)]
        return float(best[reached].sum()) / (steps + 1)


def _intervals(tally: _Tally, draws: NDArray[np.int64], alpha: float) -> dict[str, Interval]:
    counts = list(zip(*(values.tolist() for values in tally.counts(draws)), strict=True))
    samples: dict[str, list[float | None]] = {
        "precision": [_ratio(hits, found) for _, found, hits in counts],
        "recall": [_ratio(hits, truths) for truths, _, hits in counts],
        "f_score": [_f_score(hits, found, truths, alpha) for truths, found, hits in counts],
    }
    for precision_rule in PRECISION_RULES:
        samples[precision_rule] = [tally.average_precision(precision_rule, draw) for draw in draws]
    intervals: dict[str, Interval] = {}
    for name, values in samples.items():
        defined = [value for value in values if value is not None]
        if defined:
            low, high = np.percentile(defined, [2.5, 97.5])
            intervals[name] = (float(low), float(high))
    return intervals


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _f_score(hits: int, found: int, truths: int, alpha: float) -> float | None:
    """(1 + a^2) P R / (a^2 P + R), as one fraction, so that it is 0 and not undefined where P = R = 0."""
    if not truths:
        return None
    return (1 + alpha**2) * hits / (alpha**2 * truths + found)
