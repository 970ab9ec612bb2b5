"""The four attackers, naive, cleaner, parrot and linker, each with one recogniser against one protection.

Newton, Sweeney, Malin 2005 ("Preserving privacy by de-identifying face images") named the first and the third. What an
attacker chooses is chosen by cross-validation on the enrolled images, which the attacker has and can protect alike; the
probes are looked up once, with what was chosen.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from ... import Face, Region
from ...protections import Protection
from ..bootstrap import Floats
from ..datasets.sample import Pixels
from .filters import FILTERS, filter_subject
from .gallery import ClearGallery, GallerySplit, people_of, seed_for
from .matching_heads import (
    Comparison,
    Enrolment,
    Head,
    compare_nearest,
    cross_validate_head,
    list_heads,
    rank1,
    without,
)
from .recogniser import Recogniser
from .results import AttackResult
from .scores import identify, verify_all
from .subjects import Subject

Attacker: TypeAlias = Literal["naive", "cleaner", "parrot", "linker"]
ATTACKERS: tuple[Attacker, ...] = get_args(Attacker)
DIRECT, VIEW = "direct", "view"
_VALIDATED = 40  # people of whom a cleaner looks up one image each, to choose a filter
_DRAWS = 8  # nonces with which a parrot enrols every image
_VALIDATED_DRAWS = 3  # of them in cross-validation, which fits every head five times


class AttackOutcome(NamedTuple):
    """The result of an attacker, before it is scored.

    Attributes:
        comparison: of the probes with what is enrolled.
        reading: how the images were read, and by which head they were compared.
        tried: rank-1 in cross-validation, by reading.
    """

    comparison: Comparison
    reading: str
    tried: dict[str, float]


class AttackRun:
    """Runs attackers on one protection; embeddings that several need are made once.

    Args:
        clear: what is enrolled in the clear, and the recogniser fitted on it.
        gallery_split: who is enrolled and looked up.
        protection: what hides them.
        seed: of everything random.
    """

    def __init__(self, clear: ClearGallery, gallery_split: GallerySplit, protection: Protection, seed: int) -> None:
        self._recogniser, self._gallery_split = clear.recogniser, gallery_split
        self._protection, self._seed = protection, seed
        self._clear = clear
        if getattr(self._recogniser, "sees_inside", False):  # the attacker looks at the same regions of clear images
            self._clear = ClearGallery(self._recogniser, [self._covered(one) for one in gallery_split.gallery])
        self._embedded: dict[tuple[str, str, bool, int], Floats] = {}
        first = gallery_split.probes[0]
        image, again = (_protect(protection, seed_for(seed, role), first.clear(), first) for role in ("one", "other"))
        self._has_view = not np.array_equal(_view(protection, image, first), image)
        self._is_random = not np.array_equal(image, again)

    def naive(self) -> AttackOutcome:
        """Enrols clear images, and looks up the protected ones as they are."""
        points = self._embed("probes", DIRECT, self._recogniser)
        return AttackOutcome(compare_nearest(self._clear.plain, self._clear.plain, points), DIRECT, {})

    def linker(self) -> AttackOutcome:
        """Compares protected images with protected ones, by a recogniser that was fitted on clear ones."""
        enrolled = self._enrol("gallery", DIRECT, self._recogniser)
        points = self._embed("probes", DIRECT, self._recogniser)
        return AttackOutcome(compare_nearest(enrolled, enrolled, points), DIRECT, {})

    def cleaner(self) -> AttackOutcome:
        """Enrols clear images; filters the probes, and the gallery if that is better, as cross-validation chose.

        For the cross-validation the attacker protects one gallery image of each of up to 40 people, and looks it up
        among the others. Who looks at no face tries one filter, for filters change its values little.
        """
        places = self._gallery_split.validation_places(_VALIDATED, self._seed)
        people = [self._gallery_split.gallery[place].person for place in places]
        enrolled = {}
        tried: dict[str, float] = {}
        filters = list(FILTERS)[: 1 if getattr(self._recogniser, "one_nonce", False) else None]
        for reading in [*filters, *([VIEW] if self._has_view else [])]:
            for name, gallery in ((reading, self._clear.plain), (f"{reading}, gallery too", self._cleaned(reading))):
                enrolled[name] = reading, gallery
                if places:
                    left = without(gallery, places)
                    points = self._validated(reading, places)
                    tried[name] = rank1(compare_nearest(left, left, points), people)
        best = max(tried, key=lambda name: tried[name]) if tried else next(reversed(enrolled))
        reading, gallery = enrolled[best]
        points = self._embed("probes", reading, self._recogniser)
        return AttackOutcome(compare_nearest(gallery, gallery, points), best, tried)

    def _cleaned(self, reading: str) -> Enrolment:
        if reading != VIEW:
            return self._clear.filtered(reading)
        return self._clear.enrol(self._recogniser.embed(self._altered(self._clear.subjects, VIEW)))

    def _validated(self, reading: str, places: list[int]) -> Floats:
        key = "rehearsal", reading, True, 0
        if key not in self._embedded:
            chosen = [self._gallery_split.gallery[place] for place in places]
            self._embedded[key] = self._recogniser.embed(self._protected(chosen, "rehearsal", reading))
        return self._embedded[key]

    def parrot(self) -> AttackOutcome:
        """Enrols and fits protected images of other nonces; chooses reading and head by cross-validation.

        A recogniser that is trained is trained anew; on the embeddings of one that is not, heads are fitted. Every
        image is enrolled with eight nonces, where they make a difference.
        """
        tried: dict[str, float] = {}
        made = {}
        for reading in (DIRECT, VIEW) if self._has_view else (DIRECT,):
            several = self._is_random and reading == DIRECT and not getattr(self._recogniser, "one_nonce", False)
            draws = _DRAWS if several else 1
            fitted = self._recogniser
            if fitted.trained:
                fitted = copy.copy(fitted)
                shown = (self._shown("training", reading, draw) for draw in range(draws))
                fitted.fit(chain.from_iterable(shown))
            enrolled = training = self._enrol("gallery", reading, fitted, draws)
            if not self._gallery_split.enrolled_are_trained:
                training = self._enrol("training", reading, fitted, draws)
            own = fitted.trained or fitted.metric == "masked"
            heads = {"nearest": compare_nearest} if own else list_heads(training.people, training.points.shape[1])
            for name, head in heads.items():
                tried[f"{reading}, {name}"] = self._cross_validate(head, training, draws)
                made[f"{reading}, {name}"] = reading, partial(head, training, enrolled), fitted
        best = max(tried, key=lambda name: tried[name])
        reading, compare, fitted = made[best]
        return AttackOutcome(compare(self._embed("probes", reading, fitted)), best, tried)

    def _cross_validate(self, head: Head, training: Enrolment, draws: int) -> float:
        kept = min(draws, _VALIDATED_DRAWS)
        count = len(training.people) // draws * kept
        few = Enrolment(training.points[:count], training.people[:count], training.metric)
        return cross_validate_head(head, few, self._seed, kept)

    def _enrol(self, role: str, reading: str, recogniser: Recogniser, draws: int = 1) -> Enrolment:
        """Protected images, all with one nonce, then all with the next."""
        people = people_of(self._gallery_split.gallery if role == "gallery" else self._gallery_split.training)
        points = [self._embed(role, reading, recogniser, draw) for draw in range(draws)]
        return Enrolment(np.concatenate(points), people * draws, recogniser.metric)

    def _embed(self, role: str, reading: str, recogniser: Recogniser, draw: int = 0) -> Floats:
        key = role, reading, recogniser is self._recogniser, draw
        if key not in self._embedded:
            self._embedded[key] = recogniser.embed(self._shown(role, reading, draw))
        return self._embedded[key]

    def _shown(self, role: str, reading: str, draw: int = 0) -> Iterator[Subject]:
        """Protected subjects as they are read; the training, where it is the gallery, is the gallery's own images."""
        if role == "training" and self._gallery_split.enrolled_are_trained:
            role = "gallery"
        return self._protected(getattr(self._gallery_split, role), f"{role} {draw}", reading)

    def _protected(self, subjects: Sequence[Subject], role: str, reading: str) -> Iterator[Subject]:
        hide = partial(_protect, self._protection, seed_for(self._seed, role))
        return self._altered((self._covered(subject).altered(hide) for subject in subjects), reading)

    def _covered(self, subject: Subject) -> Subject:
        return replace(subject, covers=self._regions)

    def _regions(self, faces: Sequence[Face], shape: tuple[int, ...]) -> Sequence[Region]:
        return self._protection.regions(faces, shape)

    def _altered(self, subjects: Iterable[Subject], reading: str) -> Iterator[Subject]:
        if reading == VIEW:
            return (subject.altered(partial(_view, self._protection)) for subject in subjects)
        if reading == DIRECT:
            return iter(subjects)
        return (filter_subject(subject, FILTERS[reading]) for subject in subjects)


def _protect(protection: Protection, seed: int, image: Pixels, subject: Subject) -> Pixels:
    return protection.protect(image, (subject.face, *subject.others), seed=seed)


def _view(protection: Protection, image: Pixels, subject: Subject) -> Pixels:
    return protection.view(image, (subject.face, *subject.others))


class AttackBench:
    """Runs attackers with one recogniser on any number of protections; clear images are embedded once.

    Args:
        recogniser: is fitted here on the clear training, unless it comes trained; do not fit it elsewhere meanwhile.
        gallery_split: who is enrolled and looked up.
    """

    def __init__(self, recogniser: Recogniser, gallery_split: GallerySplit) -> None:
        self.recogniser, self.gallery_split = recogniser, gallery_split
        if recogniser.trained:
            recogniser.fit(gallery_split.training)
        self._clear = ClearGallery(recogniser, gallery_split.gallery)

    def run(
        self, protection: Protection, attackers: Sequence[Attacker] = ATTACKERS, *, seed: int = 0
    ) -> list[AttackResult]:
        """Runs attackers on a protection.

        Args:
            protection: hides the faces, all that an image has.
            attackers: which, in what order.
            seed: of nonces, noise, choices and intervals; the same gives the same results.

        Returns:
            A result for each attacker.

        Raises:
            ValueError: no such attacker, or the protection does not fit the faces.
        """
        for name in attackers:
            if name not in ATTACKERS:
                raise ValueError(f"attackers must be among {', '.join(ATTACKERS)}, got {name!r}")
        attack_run = AttackRun(self._clear, self.gallery_split, protection, seed)
        return [self._scored(name, getattr(attack_run, name)(), protection.name, seed) for name in attackers]

    def _scored(self, attacker: str, outcome: AttackOutcome, protection: str, seed: int) -> AttackResult:
        probes = people_of(self.gallery_split.probes)
        distances, people = outcome.comparison
        return AttackResult(
            attacker=attacker,
            recogniser=self.recogniser.name,
            protection=protection,
            reading=outcome.reading,
            identification=identify(distances, probes, people, seed),
            verification=verify_all(distances, probes, people, seed),
            tried=outcome.tried,
            seed=seed,
        )


def attack(
    attacker: Attacker, recogniser: Recogniser, gallery_split: GallerySplit, protection: Protection, *, seed: int = 0
) -> AttackResult:
    """Runs one attacker on one protection; for more of them :class:`AttackBench` shares the work.

    Raises:
        ValueError: as for :meth:`AttackBench.run`.
    """
    return AttackBench(recogniser, gallery_split).run(protection, (attacker,), seed=seed)[0]
