"""What an attacker enrols in the clear, as it is and through filters: embedded once for all protections."""

from __future__ import annotations

from collections.abc import Sequence

from .filters import FILTERS, filter_subject
from .gallery import people_of
from .matching_heads import Enrolment
from .recogniser import Floats, Recogniser
from .subjects import Subject


class ClearGallery:
    """Embeddings of a clear gallery by a fitted recogniser.

    Attributes:
        recogniser: that made them.
        subjects: whom they show.
        plain: of the images as they are.
    """

    def __init__(self, recogniser: Recogniser, subjects: Sequence[Subject]) -> None:
        self.recogniser, self.subjects = recogniser, subjects
        self.plain = self.enrol(recogniser.embed(subjects))
        self._filtered: dict[str, Enrolment] = {}

    def filtered(self, name: str) -> Enrolment:
        """Of the images through one of the published filters."""
        if name not in self._filtered:
            shown = (filter_subject(subject, FILTERS[name]) for subject in self.subjects)
            self._filtered[name] = self.enrol(self.recogniser.embed(shown))
        return self._filtered[name]

    def enrol(self, points: Floats) -> Enrolment:
        """Other embeddings of the same images."""
        return Enrolment(points, people_of(self.subjects), self.recogniser.metric)
