"""One recogniser against one protection: what each attacker does; embeddings that several need are made once."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np

from ... import Face
from ..datasets.sample import Pixels
from .comparison import Comparison, Enrolment, compare_nearest, list_heads
from .filters import FILTERS, Filter, clean_face
from .lineup import Lineup, people_of, seed_for
from .recogniser import Floats, Recogniser
from .rehearsal import rank1, rehearse_head, without
from .subjects import Subject

DIRECT, VIEW = "direct", "view"
_REHEARSED = 40  # people of whom a cleaner looks up one image each, to choose a filter


class Hiding(Protocol):
    """What attackers need to know of a protection: all of ``fastperturb.evaluation.protections`` have it."""

    @property
    def name(self) -> str:
        """To print."""

    def protect(self, image: Pixels, faces: Sequence[Face], *, seed: int) -> Pixels:
        """The image with its faces hidden."""

    def view(self, protected: Pixels, faces: Sequence[Face]) -> Pixels:
        """What a reader without a key makes of it; the image itself where there is no view."""


class Outcome(NamedTuple):
    """What an attacker ends up with.

    Attributes:
        comparison: of the probes with what is enrolled.
        reading: how the images were read, and by which head they were compared.
        tried: rank-1 in the rehearsal, by reading.
    """

    comparison: Comparison
    reading: str
    tried: dict[str, float]


class Attempt:
    """Attackers on one protection.

    Args:
        recogniser: fitted on clear images.
        gallery: the clear gallery's embeddings.
        lineup: who is enrolled and looked up.
        protection: what hides them.
        seed: of everything random.
    """

    def __init__(
        self, recogniser: Recogniser, gallery: Enrolment, lineup: Lineup, protection: Hiding, seed: int
    ) -> None:
        self._recogniser, self._gallery, self._lineup = recogniser, gallery, lineup
        self._protection, self._seed = protection, seed
        self._embedded: dict[tuple[str, str, int], Floats] = {}
        self._has_view = self._find_view(lineup.probes[0])

    def naive(self) -> Outcome:
        """Enrolled clear, looked up as they are."""
        points = self._embed("probes", DIRECT, self._recogniser)
        return Outcome(compare_nearest(self._gallery, self._gallery, points), DIRECT, {})

    def linker(self) -> Outcome:
        """Two protected images, compared by a recogniser that only knows clear ones."""
        enrolled = self._enrol("gallery", DIRECT, self._recogniser)
        points = self._embed("probes", DIRECT, self._recogniser)
        return Outcome(compare_nearest(enrolled, enrolled, points), DIRECT, {})

    def cleaner(self) -> Outcome:
        """Enrolled clear; probes, and the gallery if that helps, through the filter that did best in the rehearsal.

        For the rehearsal the attacker protects one gallery image of each of up to 40 people, and looks it up among the
        others.
        """
        places = self._lineup.rehearsal(_REHEARSED, self._seed)
        people = [self._lineup.gallery[place].person for place in places]
        readings = [*FILTERS, *([VIEW] if self._has_view else [])]
        tried: dict[str, float] = {}
        for reading in readings if places else []:
            tried[reading] = self._rehearse(self._gallery, reading, places, people)
        best = max(tried, key=lambda name: tried[name]) if tried else readings[-1]
        enrolled = self._gallery
        reading = best
        if places:
            points = self._recogniser.embed(self._altered(self._lineup.gallery, best))
            cleaned = self._gallery._replace(points=points)
            tried[f"{best}, gallery too"] = self._rehearse(cleaned, best, places, people)
            if tried[f"{best}, gallery too"] >= tried[best]:
                enrolled, reading = cleaned, f"{best}, gallery too"
        points = self._embed("probes", best, self._recogniser)
        return Outcome(compare_nearest(enrolled, enrolled, points), reading, tried)

    def parrot(self) -> Outcome:
        """Enrolled, fitted and looked up protected, with other nonces, by the reading and head best in the rehearsal.

        A recogniser that is trained is trained anew. On the embeddings of one that is not, heads are fitted.
        """
        tried: dict[str, float] = {}
        made = {}
        for reading in (DIRECT, VIEW) if self._has_view else (DIRECT,):
            fitted = self._recogniser
            if fitted.trained:
                fitted = copy.copy(fitted)
                fitted.fit(self._shown("training", reading))
            enrolled = training = self._enrol("gallery", reading, fitted)
            if not self._lineup.enrolled_are_trained:
                training = self._enrol("training", reading, fitted)
            heads = {"nearest": compare_nearest} if fitted.trained else list_heads(training.people)
            for name, head in heads.items():
                tried[f"{reading}, {name}"] = rehearse_head(head, training, self._seed)
                made[f"{reading}, {name}"] = reading, partial(head, training, enrolled), fitted
        best = max(tried, key=lambda name: tried[name])
        reading, compare, fitted = made[best]
        return Outcome(compare(self._embed("probes", reading, fitted)), best, tried)

    def _rehearse(self, gallery: Enrolment, reading: str, places: list[int], people: list[str]) -> float:
        key = "rehearsal", reading, id(self._recogniser)
        if key not in self._embedded:
            chosen = [self._lineup.gallery[place] for place in places]
            self._embedded[key] = self._recogniser.embed(self._protected(chosen, "rehearsal", reading))
        left = without(gallery, places)
        return rank1(compare_nearest(left, left, self._embedded[key]), people)

    def _enrol(self, role: str, reading: str, recogniser: Recogniser) -> Enrolment:
        subjects = self._lineup.gallery if role == "gallery" else self._lineup.training
        return Enrolment(self._embed(role, reading, recogniser), people_of(subjects), recogniser.metric)

    def _embed(self, role: str, reading: str, recogniser: Recogniser) -> Floats:
        key = role, reading, id(recogniser)
        if key not in self._embedded:
            self._embedded[key] = recogniser.embed(self._shown(role, reading))
        return self._embedded[key]

    def _shown(self, role: str, reading: str) -> Iterator[Subject]:
        """Protected subjects as they are read; the training, where it is the gallery, is the gallery's own images."""
        if role == "training" and self._lineup.enrolled_are_trained:
            role = "gallery"
        return self._protected(getattr(self._lineup, role), role, reading)

    def _protected(self, subjects: Sequence[Subject], role: str, reading: str) -> Iterator[Subject]:
        hide = partial(_protect, self._protection, seed_for(self._seed, role))
        return self._altered((subject.altered(hide) for subject in subjects), reading)

    def _altered(self, subjects: Iterator[Subject] | Sequence[Subject], reading: str) -> Iterator[Subject]:
        if reading == DIRECT:
            return iter(subjects)
        change = partial(_view, self._protection) if reading == VIEW else partial(_clean, FILTERS[reading])
        return (subject.altered(change) for subject in subjects)

    def _find_view(self, subject: Subject) -> bool:
        image = _protect(self._protection, seed_for(self._seed, "probes"), subject.shown(), subject)
        return not np.array_equal(_view(self._protection, image, subject), image)


def _protect(protection: Hiding, seed: int, image: Pixels, subject: Subject) -> Pixels:
    return protection.protect(image, (subject.face, *subject.others), seed=seed)


def _view(protection: Hiding, image: Pixels, subject: Subject) -> Pixels:
    return protection.view(image, (subject.face, *subject.others))


def _clean(change: Filter, image: Pixels, subject: Subject) -> Pixels:
    return clean_face(image, subject.face, change)
