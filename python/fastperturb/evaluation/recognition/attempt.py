"""One recogniser against one protection: what each attacker does; embeddings that several need are made once."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple, Protocol

import numpy as np

from ... import Face
from ..datasets.sample import Pixels
from .clear_gallery import ClearGallery
from .filters import FILTERS, filter_subject
from .gallery import Lineup, people_of, seed_for
from .matching_heads import Comparison, Enrolment, Head, compare_nearest, list_heads
from .recogniser import Floats, Recogniser
from .rehearsal import rank1, rehearse_head, without
from .subjects import Subject

DIRECT, VIEW = "direct", "view"
_REHEARSED = 40  # people of whom a cleaner looks up one image each, to choose a filter
_DRAWS = 8  # nonces with which a parrot enrols every image
_REHEARSED_DRAWS = 3  # of them in the rehearsal, which fits every head five times


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
        clear: what is enrolled in the clear, and the recogniser fitted on it.
        lineup: who is enrolled and looked up.
        protection: what hides them.
        seed: of everything random.
    """

    def __init__(self, clear: ClearGallery, lineup: Lineup, protection: Hiding, seed: int) -> None:
        self._clear, self._recogniser, self._lineup = clear, clear.recogniser, lineup
        self._protection, self._seed = protection, seed
        self._embedded: dict[tuple[str, str, bool, int], Floats] = {}
        first = lineup.probes[0]
        image, again = (_protect(protection, seed_for(seed, role), first.clear(), first) for role in ("one", "other"))
        self._has_view = not np.array_equal(_view(protection, image, first), image)
        self._is_random = not np.array_equal(image, again)

    def naive(self) -> Outcome:
        """Enrolled clear, looked up as they are."""
        points = self._embed("probes", DIRECT, self._recogniser)
        return Outcome(compare_nearest(self._clear.plain, self._clear.plain, points), DIRECT, {})

    def linker(self) -> Outcome:
        """Two protected images, compared by a recogniser that only knows clear ones."""
        enrolled = self._enrol("gallery", DIRECT, self._recogniser)
        points = self._embed("probes", DIRECT, self._recogniser)
        return Outcome(compare_nearest(enrolled, enrolled, points), DIRECT, {})

    def cleaner(self) -> Outcome:
        """Enrolled clear; probes through the filter that did best in the rehearsal, the gallery too if that did better.

        For the rehearsal the attacker protects one gallery image of each of up to 40 people, and looks it up among the
        others.
        """
        places = self._lineup.rehearsal(_REHEARSED, self._seed)
        people = [self._lineup.gallery[place].person for place in places]
        enrolled = {}
        tried: dict[str, float] = {}
        for reading in [*FILTERS, *([VIEW] if self._has_view else [])]:
            for name, gallery in ((reading, self._clear.plain), (f"{reading}, gallery too", self._cleaned(reading))):
                enrolled[name] = reading, gallery
                if places:
                    left = without(gallery, places)
                    points = self._rehearsed(reading, places)
                    tried[name] = rank1(compare_nearest(left, left, points), people)
        best = max(tried, key=lambda name: tried[name]) if tried else next(reversed(enrolled))
        reading, gallery = enrolled[best]
        points = self._embed("probes", reading, self._recogniser)
        return Outcome(compare_nearest(gallery, gallery, points), best, tried)

    def _cleaned(self, reading: str) -> Enrolment:
        if reading != VIEW:
            return self._clear.filtered(reading)
        return self._clear.enrol(self._recogniser.embed(self._altered(self._lineup.gallery, VIEW)))

    def _rehearsed(self, reading: str, places: list[int]) -> Floats:
        key = "rehearsal", reading, True, 0
        if key not in self._embedded:
            chosen = [self._lineup.gallery[place] for place in places]
            self._embedded[key] = self._recogniser.embed(self._protected(chosen, "rehearsal", reading))
        return self._embedded[key]

    def parrot(self) -> Outcome:
        """Enrolled, fitted and looked up protected, with other nonces, by the reading and head best in the rehearsal.

        A recogniser that is trained is trained anew; on the embeddings of one that is not, heads are fitted. Every
        image is enrolled with eight nonces, where they make a difference.
        """
        tried: dict[str, float] = {}
        made = {}
        for reading in (DIRECT, VIEW) if self._has_view else (DIRECT,):
            draws = _DRAWS if self._is_random and reading == DIRECT else 1
            fitted = self._recogniser
            if fitted.trained:
                fitted = copy.copy(fitted)
                shown = (self._shown("training", reading, draw) for draw in range(draws))
                fitted.fit(chain.from_iterable(shown))
            enrolled = training = self._enrol("gallery", reading, fitted, draws)
            if not self._lineup.enrolled_are_trained:
                training = self._enrol("training", reading, fitted, draws)
            heads = {"nearest": compare_nearest} if fitted.trained else list_heads(training.people)
            for name, head in heads.items():
                tried[f"{reading}, {name}"] = self._rehearse(head, training, draws)
                made[f"{reading}, {name}"] = reading, partial(head, training, enrolled), fitted
        best = max(tried, key=lambda name: tried[name])
        reading, compare, fitted = made[best]
        return Outcome(compare(self._embed("probes", reading, fitted)), best, tried)

    def _rehearse(self, head: Head, training: Enrolment, draws: int) -> float:
        kept = min(draws, _REHEARSED_DRAWS)
        count = len(training.people) // draws * kept
        few = Enrolment(training.points[:count], training.people[:count], training.metric)
        return rehearse_head(head, few, self._seed, kept)

    def _enrol(self, role: str, reading: str, recogniser: Recogniser, draws: int = 1) -> Enrolment:
        """Protected images, all with one nonce, then all with the next."""
        people = people_of(self._lineup.gallery if role == "gallery" else self._lineup.training)
        points = [self._embed(role, reading, recogniser, draw) for draw in range(draws)]
        return Enrolment(np.concatenate(points), people * draws, recogniser.metric)

    def _embed(self, role: str, reading: str, recogniser: Recogniser, draw: int = 0) -> Floats:
        key = role, reading, recogniser is self._recogniser, draw
        if key not in self._embedded:
            self._embedded[key] = recogniser.embed(self._shown(role, reading, draw))
        return self._embedded[key]

    def _shown(self, role: str, reading: str, draw: int = 0) -> Iterator[Subject]:
        """Protected subjects as they are read; the training, where it is the gallery, is the gallery's own images."""
        if role == "training" and self._lineup.enrolled_are_trained:
            role = "gallery"
        return self._protected(getattr(self._lineup, role), f"{role} {draw}", reading)

    def _protected(self, subjects: Sequence[Subject], role: str, reading: str) -> Iterator[Subject]:
        hide = partial(_protect, self._protection, seed_for(self._seed, role))
        return self._altered((subject.altered(hide) for subject in subjects), reading)

    def _altered(self, subjects: Iterable[Subject], reading: str) -> Iterator[Subject]:
        if reading == VIEW:
            return (subject.altered(partial(_view, self._protection)) for subject in subjects)
        if reading == DIRECT:
            return iter(subjects)
        return (filter_subject(subject, FILTERS[reading]) for subject in subjects)


def _protect(protection: Hiding, seed: int, image: Pixels, subject: Subject) -> Pixels:
    return protection.protect(image, (subject.face, *subject.others), seed=seed)


def _view(protection: Hiding, image: Pixels, subject: Subject) -> Pixels:
    return protection.view(image, (subject.face, *subject.others))
