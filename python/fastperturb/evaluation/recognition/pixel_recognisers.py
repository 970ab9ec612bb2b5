"""Recognisers of the pixels themselves: eigenfaces, Fisherfaces, and local histograms.

Turk and Pentland 1991; Belhumeur, Hespanha, Kriegman 1997 ("Eigenfaces vs. Fisherfaces": linear discriminants of the
principal components). They see the face's box and nothing around it, whatever its sides, so that what they find is in
the face: a black box leaves them chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._optional import import_extra, import_opencv
from ...faces import grow_region
from ...strength.eigenfaces import find_eigenfaces
from ..bootstrap import Floats
from .alignment import as_grey
from .recogniser import Metric
from .subjects import Subject

SIDE = 64
_MOST_FITTED = 2000  # subjects; more are thinned out evenly: the matrix of inner products grows with their square
_VARIATION = 1e-6
_AT_ONCE = 256  # crops that are projected together
_DECIMALS = 9
_FLOOR = 1e-4  # of the variance over all people: directions in which people never vary must not count for ever


class Eigenfaces:
    """Principal components of the face's box, as many as keep 95 % of the variance, compared by Euclidean distance.

    Args:
        margin: how much to show around the box, as a part of its width and height, 0 or more; hair and background then
            count too.

    Raises:
        ValueError: ``margin`` is negative or not finite.
    """

    metric: Metric = "euclidean"
    trained = True
    kind = "eigenfaces"

    def __init__(self, margin: float = 0.0) -> None:
        self.margin = check_margin(margin)
        self.name = f"{self.kind}, margin {margin:g}" if margin else self.kind
        self._mean: Floats | None = None
        self._components: Floats = np.empty((0, 0))

    def fit(self, subjects: Iterable[Subject]) -> None:
        """Finds the components of what is shown of subjects, at most 2,000 of them, evenly chosen.

        Raises:
            ValueError: fewer than two subjects.
        """
        self._fit_crops(np.stack([face_square(subject, self.margin) for subject in thinned(list(subjects))]))

    def _fit_crops(self, crops: Floats) -> None:
        if len(crops) < 2:
            raise ValueError(f"{self.name} must be fitted on at least 2 subjects, got {len(crops)}")
        if np.ptp(crops, axis=0).max() < _VARIATION:  # nothing to tell them apart by
            self._mean, self._components = crops[0], np.zeros((1, crops.shape[1]))
        else:
            self._mean, self._components, _, _ = find_eigenfaces(crops, None)

    def embed(self, subjects: Iterable[Subject]) -> Floats:
        """The (subjects, components) coordinates of what is shown.

        Raises:
            ValueError: it was not fitted.
        """
        return self._project(face_square(subject, self.margin) for subject in subjects)

    def _project(self, crops: Iterable[Floats]) -> Floats:
        if self._mean is None:
            raise ValueError(f"{self.name} must be fitted before it embeds")
        points = [np.empty((0, len(self._components)))]
        source = iter(crops)
        while some := list(islice(source, _AT_ONCE)):
            points.append((np.stack(some) - self._mean) @ self._components.T)
        # Rounded, so that equal crops stay equal wherever in a product they stood.
        return np.asarray(np.round(np.concatenate(points), _DECIMALS), np.float64)


class Discriminants:
    """Linear discriminants (Fisher 1936) by scikit-learn, covariances shrunk after Ledoit and Wolf 2004.

    Directions that separate people best against what separates the images of one person. Shrinking keeps them well
    behaved where there are few images a person.

    Raises:
        MissingExtra: scikit-learn is not installed.
    """

    def __init__(self) -> None:
        import_extra("sklearn.discriminant_analysis", "evaluate")
        self._model: Any = None
        self._varied = np.zeros(0, np.intp)
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
        spread = points.std(axis=0)
        self._varied = np.flatnonzero(spread > 1e-9 * max(float(spread.max()), 1e-3))
        if len(self._varied):  # of points that are all alike nothing can be learnt: everybody stays alike
            self._centre, self._scale = points[:, self._varied].mean(axis=0), spread[self._varied]
            library = import_extra("sklearn.discriminant_analysis", "evaluate")
            self._model = library.LinearDiscriminantAnalysis(solver="eigen", covariance_estimator=_Shrunk())
            self._model.fit(self._scaled(points), np.asarray(people))

    def transform(self, points: Floats) -> Floats:
        """The (images, people - 1) coordinates along the directions."""
        if self._model is None:
            return np.zeros((len(points), 1))
        return np.asarray(self._model.transform(self._scaled(points)), np.float64)

    def _scaled(self, points: Floats) -> Floats:
        return np.asarray((points[:, self._varied] - self._centre) / self._scale)


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


class Fisherfaces(Eigenfaces):
    """Linear discriminants of the components that keep 95 % of the variance, compared by the cosine.

    Args:
        margin: as for :class:`Eigenfaces`.

    Raises:
        MissingExtra: scikit-learn is not installed.
        ValueError: ``margin`` is negative or not finite.
    """

    metric: Metric = "cosine"
    kind = "Fisherfaces"

    def __init__(self, margin: float = 0.0) -> None:
        super().__init__(margin)
        self._discriminants = Discriminants()

    def fit(self, subjects: Iterable[Subject]) -> None:
        """Finds components and discriminants of what is shown.

        Raises:
            ValueError: fewer than two people, or nobody with two images.
        """
        chosen = thinned(list(subjects))
        crops = np.stack([face_square(subject, self.margin) for subject in chosen])
        people = [subject.person for subject in chosen]
        self._fit_crops(crops)
        self._discriminants = Discriminants()
        self._discriminants.fit(self._project(crops), people)

    def embed(self, subjects: Iterable[Subject]) -> Floats:
        """The (subjects, people - 1) coordinates of what is shown."""
        return self._discriminants.transform(super().embed(subjects))


class LocalHistograms:
    """Histograms of grey in the fields of a grid over the crop: what a permutation of pixels keeps, without training.

    Compared by Hellinger's distance: the Euclidean one of the square roots.

    Args:
        grid: fields across and down; 1 is one histogram of the whole.
        bins: of each histogram, over 0 to 255.

    Raises:
        ValueError: ``grid`` or ``bins`` is no whole number in 1 to 16, or 2 to 256.
    """

    metric: Metric = "euclidean"
    trained = False

    def __init__(self, grid: int = 4, bins: int = 16) -> None:
        for name, value, low, high in (("grid", grid, 1, 16), ("bins", bins, 2, 256)):
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise ValueError(f"{name} must be a whole number, {low} to {high}, got {value!r}")
        self.grid, self.bins = grid, bins
        self.name = "histogram" if grid == 1 else f"histograms {grid} x {grid}"

    def fit(self, subjects: Iterable[Subject]) -> None:
        """Nothing: there is nothing to train."""

    def embed(self, subjects: Iterable[Subject]) -> Floats:
        """The (subjects, grid * grid * bins) square roots of the shares of the pixels of the face's box."""
        rows = []
        for subject in subjects:
            face = _box_of(subject)
            fields = [
                np.bincount(field.ravel().astype(np.intp) * self.bins // 256, minlength=self.bins) / max(1, field.size)
                for strip in np.array_split(face, self.grid, axis=0)
                for field in np.array_split(strip, self.grid, axis=1)
            ]
            rows.append(np.sqrt(np.concatenate(fields)))
        return np.array(rows).reshape(-1, self.grid**2 * self.bins)


def _box_of(subject: Subject, margin: float = 0.0) -> NDArray[np.uint8]:
    """The face's box of what is shown, with margins, grey; only what lies in the image."""
    image = as_grey(subject.shown())
    region = grow_region(subject.face.region, margin)
    box = image[region.clipped(*image.shape)]
    if not box.size:
        raise ValueError(f"the face of {subject.name} must touch its image of {image.shape}, got {region}")
    return np.ascontiguousarray(box)


def check_margin(margin: object) -> float:
    """A margin around the face's box, 0 or more, as a float; raises ValueError for anything else."""
    if isinstance(margin, bool) or not isinstance(margin, (int, float)) or not 0 <= margin < float("inf"):
        raise ValueError(f"margin must be 0 or more, got {margin!r}")
    return float(margin)


def face_square(subject: Subject, margin: float) -> Floats:
    """The face's box with margins: (SIDE * SIDE,), mean 0 and variance 1 against the light; 0 where all is one grey."""
    cv2 = import_opencv()
    crop = cv2.resize(_box_of(subject, margin), (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float64).ravel()
    deviation = crop.std()
    return np.asarray((crop - crop.mean()) / deviation if deviation > _VARIATION else np.zeros_like(crop))


def thinned(items: list[Subject]) -> list[Subject]:
    """At most 2,000 of them, evenly chosen."""
    if len(items) <= _MOST_FITTED:
        return items
    return [items[int(place)] for place in np.linspace(0, len(items) - 1, _MOST_FITTED)]
