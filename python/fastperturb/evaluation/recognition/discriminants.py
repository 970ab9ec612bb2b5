"""Linear discriminants by scikit-learn (extra ``evaluate``), covariances shrunk after Ledoit and Wolf 2004.

Fisher 1936; shrinking keeps it well behaved where there are few images a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..._optional import import_extra
from .recogniser import Floats

_FLOOR = 1e-4  # of the variance over all people: directions in which people never vary must not count for ever


class Discriminants:
    """Directions that part people best against what parts the images of one person.

    Raises:
        MissingExtra: scikit-learn is not installed.
    """

    def __init__(self) -> None:
        import_extra("sklearn.discriminant_analysis", "evaluate")
        self._model: Any = None
        self._centre: Floats = np.zeros(0)
        self._scale: Floats = np.ones(0)

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
        self._model = None
        self._centre = points.mean(axis=0)
        spread = points.std(axis=0)
        self._scale = np.where(spread > 1e-9 * max(float(spread.max()), 1e-12), spread, 1.0)
        if spread.max() > 1e-12:  # of points that are all alike nothing can be learnt: everybody stays alike
            library = import_extra("sklearn.discriminant_analysis", "evaluate")
            self._model = library.LinearDiscriminantAnalysis(solver="eigen", covariance_estimator=_Shrunk())
            self._model.fit((points - self._centre) / self._scale, np.asarray(people))

    def transform(self, points: Floats) -> Floats:
        """The (images, people - 1) coordinates along the directions."""
        if self._model is None:
            return np.zeros((len(points), 1))
        return np.asarray(self._model.transform((points - self._centre) / self._scale), np.float64)


class _Shrunk:
    """A covariance that can always be inverted, in the form that scikit-learn asks of an estimator."""

    covariance_: Floats

    def fit(self, points: Floats) -> _Shrunk:
        """Estimates from (images, dimensions) points of one person, of variance 1 over all people."""
        dimensions = points.shape[1]
        self.covariance_ = _FLOOR * np.eye(dimensions)
        if len(points) > 1:
            self.covariance_ += import_extra("sklearn.covariance", "evaluate").ledoit_wolf(points)[0]
        return self
