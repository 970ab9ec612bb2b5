"""Verifies a list of pairs, such as LFW's, of which one image is protected, or both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
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
        self._sees_inside = bool(getattr(recogniser, "sees_inside", False))  # and so looks where it was changed
        self._clear: Floats | None = None

    def run(self, protection: Protection, *, seed: int = 0) -> dict[str, Verification]:
        """Verification by the naive attacker (the first clear, the second protected) and the linker (both protected).

        Args:
            protection: hides the faces; the two images of a pair have different nonces.
            seed: of nonces, noise and intervals.

        Raises:
            ValueError: no pair of one person or none of two, or the protection does not fit the faces.
        """
        second = self._embed(1, protection, "second", seed)
        clear = self._clear
        if clear is None or self._sees_inside:
            clear = self._clear = self._embed(0, protection, None, seed)
        both = {"naive": clear, "linker": self._embed(0, protection, "first", seed)}
        one, other = ([pair[side].person for pair in self._pairs] for side in (0, 1))
        return {name: verify(self._apart(first, second), one, other, seed) for name, first in both.items()}

    def _embed(self, side: int, protection: Protection, role: str | None, seed: int) -> Floats:
        """(pairs, dimensions): one side of each pair; an image that stands there several times is embedded once.

        Without a role images are clear; who looks inside of regions looks at those that the protection would change.
        """
        subjects = {pair[side].name: pair[side] for pair in self._pairs}
        places = {name: place for place, name in enumerate(subjects)}
        shown: Iterable[Subject] = subjects.values()
        if role is not None or self._sees_inside:
            shown = (replace(subject, covers=protection.regions) for subject in shown)
        if role is not None:
            hide = partial(_protected, protection, seed_for(seed, f"pairs {role}"))
            shown = (subject.altered(hide) for subject in shown)
        return np.asarray(self._recogniser.embed(shown))[[places[pair[side].name] for pair in self._pairs]]

    def _apart(self, first: Floats, second: Floats) -> Floats:
        metric = self._recogniser.metric
        return np.array([measure_distances(a[None], b[None], metric)[0, 0] for a, b in zip(first, second, strict=True)])


def _protected(protection: Protection, seed: int, image: np.ndarray, subject: Subject) -> np.ndarray:
    return protection.protect(image, (subject.face, *subject.others), seed=seed)
