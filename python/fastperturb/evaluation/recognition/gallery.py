"""The gallery of an attacker: the enrolled images, the probes, and the embeddings of the clear gallery."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..bootstrap import Floats
from .filters import FILTERS, filter_subject
from .matching_heads import Enrolment
from .recogniser import Recogniser
from .subjects import Subject


@dataclass(frozen=True, slots=True)
class GallerySplit:
    """Clear subjects, split into gallery, probes and training.

    Attributes:
        gallery: enrolled, with their names known to the attacker.
        probes: to be recognised; all of people in the gallery.
        training: what recognisers and heads are fitted on; None is the gallery.

    Raises:
        ValueError: nobody in the gallery or no probes, a probe of a person who is not enrolled, or a probe whose
            image is in the gallery or the training.
    """

    gallery: tuple[Subject, ...]
    probes: tuple[Subject, ...]
    training: tuple[Subject, ...] = field(default=())

    def __init__(
        self, gallery: Iterable[Subject], probes: Iterable[Subject], training: Iterable[Subject] | None = None
    ) -> None:
        object.__setattr__(self, "gallery", tuple(gallery))
        object.__setattr__(self, "probes", tuple(probes))
        object.__setattr__(self, "training", self.gallery if training is None else tuple(training))
        for name in ("gallery", "probes", "training"):
            if not getattr(self, name):
                raise ValueError(f"{name} must hold at least one subject, got none")
        enrolled = {subject.person for subject in self.gallery}
        known = {subject.name for subject in (*self.gallery, *self.training)}
        for probe in self.probes:
            if probe.person not in enrolled:
                raise ValueError(f"probes must be of people in the gallery, got {probe.name} of {probe.person}")
            if probe.name in known:
                raise ValueError(f"probes must be images that the attacker does not have, got {probe.name}")

    @property
    def enrolled_are_trained(self) -> bool:
        """Whether the training is the gallery."""
        return self.training == self.gallery

    def validation_places(self, most: int, seed: int) -> list[int]:
        """Places of one gallery image each of up to ``most`` people who have two or more: an attacker's own probes."""
        places: dict[str, list[int]] = {}
        for place, subject in enumerate(self.gallery):
            places.setdefault(subject.person, []).append(place)
        several = {person: own for person, own in places.items() if len(own) > 1}
        people = sorted(several, key=lambda person: _draw(seed, person))[:most]
        return sorted(min(several[person], key=lambda at: _draw(seed, self.gallery[at].name)) for person in people)


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
        self._without: dict[tuple[int, ...], ClearGallery | None] = {}

    def filtered(self, name: str) -> Enrolment:
        """Of the images through one of the published filters."""
        if name not in self._filtered:
            shown = (filter_subject(subject, FILTERS[name]) for subject in self.subjects)
            self._filtered[name] = self.enrol(self.recogniser.embed(shown))
        return self._filtered[name]

    def fitted_without(self, places: Sequence[int]) -> ClearGallery | None:
        """The gallery without some of its images, by the recogniser fitted on what is left; None if that is too little.

        Whoever was fitted on an image knows it, and cannot try on it how well a reading names people.
        """
        key = tuple(places)
        if key not in self._without:
            kept = [subject for place, subject in enumerate(self.subjects) if place not in key]
            fitted = fit_anew(self.recogniser, kept)
            self._without[key] = None if fitted is None else ClearGallery(fitted, kept)
        return self._without[key]

    def enrol(self, points: Floats) -> Enrolment:
        """Other embeddings of the same images."""
        return Enrolment(points, people_of(self.subjects), self.recogniser.metric)


def fit_anew(recogniser: Recogniser, subjects: Iterable[Subject]) -> Recogniser | None:
    """A copy of the recogniser fitted on other subjects; None where they are too few for it."""
    fitted = copy.copy(recogniser)
    try:
        fitted.fit(subjects)
    except ValueError:
        return None
    return fitted


def people_of(subjects: Sequence[Subject]) -> list[str]:
    """The person of each."""
    return [subject.person for subject in subjects]


def seed_for(seed: int, role: str) -> int:
    """A seed for one role, unrelated to those of others: nonces and noise never repeat between roles."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{role}".encode(), digest_size=7).digest(), "big")


def _draw(seed: int, name: str) -> bytes:
    return hashlib.blake2b(f"{seed}/rehearsal/{name}".encode(), digest_size=16).digest()
