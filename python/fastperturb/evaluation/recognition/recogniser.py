"""The protocol of recognisers: an embedding for each subject, and the distance between embeddings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from ..bootstrap import Floats
from .subjects import Subject

Metric: TypeAlias = Literal["euclidean", "cosine", "masked"]


@runtime_checkable
class Recogniser(Protocol):
    """Turns faces into points, so that images of one person lie close together.

    A copy (``copy.copy``) fitted anew leaves the first as it was; what is cached of clear images may be shared by both.

    Attributes:
        name: to print.
        metric: how to compare embeddings: "euclidean" distance, or "cosine": Euclidean after scaling to unit length,
            or "masked": the first half are values, the second says which of them count (region_recognisers.py).
        trained: whether it must be fitted before it embeds; other recognisers come trained, and ``fit`` does nothing.
            One that is fitted may have ``folds``, how many fifths of the images are held back, one after the other,
            when an attacker chooses a reading: 5 unless said otherwise, 1 where a fit takes long.
    """

    name: str
    metric: Metric
    trained: bool

    def fit(self, subjects: Iterable[Subject]) -> None:
        """Trains on subjects as they are shown; what was fitted before is forgotten."""
        ...

    def embed(self, subjects: Iterable[Subject]) -> Floats:
        """The (subjects, dimensions) embeddings, one image in memory at a time or a few."""
        ...
