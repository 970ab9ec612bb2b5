"""Verifies a list of pairs, such as LFW's, of which one image is protected, or both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np

from ...protections import Protection
from ..bootstrap import Floats
from .gallery import seed_for
from .matching_heads import measure_distances
from .recogniser import Recogniser
from .results import Verification
from .scores import verify
from .subjects import Subject

SubjectPair: TypeAlias = tuple[Subject, Subject]


class PairBench:
    """Verifies pairs with a recogniser that comes trained, for any number of protections.

    Args:
        recogniser: must come trained: fitted here it would have seen what it is asked about.
        pairs: clear subjects, of one person and of two.

    Raises:
        ValueError: the recogniser must be fitted.
    """

    def __init__(self, recogniser: Recogniser, pairs: Sequence[SubjectPair]) -> None:
        if recogniser.trained:
            raise ValueError(f"recogniser must come trained, got {recogniser.name}, which is fitted on a gallery")
        self._recogniser, self._pairs = recogniser, pairs
        self._clear = self._embed(0, None, "", 0)

    def run(self, protection: Protection, *, seed: int = 0) -> dict[str, Verification]:
        """Verification by the naive attacker (the first clear, the second protected) and the linker (both protected).

        Args:
            protection: hides the faces; the two images of a pair have different nonces.
            seed: of nonces, noise and intervals.

        Raises:
            ValueError: no pair of one person or none of two, or the protection does not fit the faces.
        """
        second = self._embed(1, protection, "second", seed)
        both = {"naive": self._clear, "linker": self._embed(0, protection, "first", seed)}
        one, other = ([pair[side].person for pair in self._pairs] for side in (0, 1))
        return {name: verify(self._apart(first, second), one, other, seed) for name, first in both.items()}

    def _embed(self, side: int, protection: Protection | None, role: str, seed: int) -> Floats:
        """(pairs, dimensions): one side of each pair; an image that stands there several times is embedded once."""
        subjects = {pair[side].name: pair[side] for pair in self._pairs}
        places = {name: place for place, name in enumerate(subjects)}
        points = self._recogniser.embed(
            self._shown(list(subjects.values()), protection, seed_for(seed, f"pairs {role}"))
        )
        return np.asarray(points)[[places[pair[side].name] for pair in self._pairs]]

    @staticmethod
    def _shown(subjects: Sequence[Subject], protection: Protection | None, seed: int) -> Iterator[Subject]:
        if protection is None:
            return iter(subjects)
        return (subject.altered(partial(_protected, protection, seed)) for subject in subjects)

    def _apart(self, first: Floats, second: Floats) -> Floats:
        metric = self._recogniser.metric
        return np.array([measure_distances(a[None], b[None], metric)[0, 0] for a, b in zip(first, second, strict=True)])


def _protected(protection: Protection, seed: int, image: np.ndarray, subject: Subject) -> np.ndarray:
    return protection.protect(image, (subject.face, *subject.others), seed=seed)
