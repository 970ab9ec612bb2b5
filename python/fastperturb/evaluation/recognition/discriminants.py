"""Linear discriminants by scikit-learn (extra ``evaluate``), covariances shrunk after Ledoit and Wolf 2004.

Fisher 1936; shrinking keeps it well behaved where there are few images a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..._optional import import_extra
from .recogniser import Floats


class Discriminants:
    """Directions that part people best against what parts the images of one person.

    Raises:
        MissingExtra: scikit-learn is not installed.
    """

    def __init__(self) -> None:
        self._library = import_extra("sklearn.discriminant_analysis", "evaluate")
        self._model: Any = None

    def fit(self, points: Floats, people: Sequence[str]) -> None:
        """Fits on (images, dimensions) points and the person of each.

        Raises:
            ValueError: fewer than two people, or nobody with two images.
        """
        count = len(set(people))
        if count < 2 or count == len(people):
            raise ValueError(
                f"discriminants must see two people or more, one twice, got {count} of {len(people)} images"
            )
        self._scale = float(np.sqrt(np.mean((points - points.mean(axis=0)) ** 2)))
        self._model = None
        if self._scale > 1e-12:  # of points that are all alike nothing can be learnt: everybody stays alike
            self._centre = points.mean(axis=0)
            self._model = self._library.LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto")
            self._model.fit((points - self._centre) / self._scale, np.asarray(people))

    def transform(self, points: Floats) -> Floats:
        """The (images, people - 1) coordinates along the directions."""
        if self._model is None:
            return np.zeros((len(points), 1))
        return np.asarray(self._model.transform((points - self._centre) / self._scale), np.float64)
