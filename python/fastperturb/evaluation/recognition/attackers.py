"""The attackers naive, cleaner, parrot, linker and restorer, each with one recogniser against one protection.

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
    fold_of,
    list_heads,
    rank1,
    without,
)
from .recogniser import Recogniser
from .restorer import Restorer, look_up_restored
from .subjects import Subject

Attacker: TypeAlias = Literal["naive", "cleaner", "parrot", "linker", "restorer"]
EVERY_ATTACKER: tuple[Attacker, ...] = get_args(Attacker)
ATTACKERS = EVERY_ATTACKER[:-1]
"""Those that need nothing but the recogniser; the restorer fits a network of its own (extra ``train``)."""
DIRECT, VIEW = "direct", "view"
_VALIDATED = 40  # people of whom a cleaner looks up one image each, to choose a filter
DRAWS = 8  # nonces with which a parrot enrols every image
_DIFFERENT = 0.01  # of the pixels: what nonces change less, such as ties, is not worth enrolling again
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
        draws: nonces with which a parrot enrols every image.
    """

    def __init__(
        self, clear: ClearGallery, gallery_split: GallerySplit, protection: Protection, seed: int, draws: int = DRAWS
    ) -> None:
        self._recogniser, self._gallery_split = clear.recogniser, gallery_split
        self._protection, self._seed, self._most_draws = protection, seed, draws
        self._clear = clear
        sees_inside = getattr(self._recogniser, "sees_inside", None)  # None: of those who look at faces
        if sees_inside:  # the attacker looks at the same regions of clear images
            self._clear = ClearGallery(self._recogniser, [self._covered(one) for one in gallery_split.gallery])
        self._embedded: dict[tuple[str, str, int], Floats] = {}
        first = gallery_split.probes[0]
        image, again = (_protect(protection, seed_for(seed, role), first.clear(), first) for role in ("one", "other"))
        self._has_view = sees_inside is not False and not np.array_equal(_view(protection, image, first), image)
        self._is_random = float(np.mean(image != again)) > _DIFFERENT

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
        key = "rehearsal", reading, 0
        if key not in self._embedded:
            chosen = [self._gallery_split.gallery[place] for place in places]
            self._embedded[key] = self._recogniser.embed(self._protected(chosen, "rehearsal", reading))
        return self._embedded[key]

    def parrot(self) -> AttackOutcome:
        """Enrols and fits protected images of other nonces; chooses reading and head by cross-validation.

        A recogniser that is trained is trained anew; on the embeddings of one that is not, heads are fitted. Every
        image is enrolled with eight nonces, where they make a difference; cross-validation looks at three of them.
        """
        tried: dict[str, float] = {}
        made: dict[str, tuple[str, Head, Recogniser, int]] = {}
        readings = (DIRECT, VIEW) if self._has_view else (DIRECT,)
        for reading in readings:
            several = self._is_random and reading == DIRECT and not getattr(self._recogniser, "one_nonce", False)
            draws = self._most_draws if several else 1
            if getattr(self._recogniser, "memorises", False):
                if len(readings) > 1:
                    tried[f"{reading}, nearest"] = self._held_back(reading, min(draws, _VALIDATED_DRAWS))
                made[f"{reading}, nearest"] = reading, compare_nearest, self._recogniser, draws
                continue
            fitted = self._fitted(reading, draws)
            few = self._training(reading, fitted, min(draws, _VALIDATED_DRAWS))
            own = fitted.trained or fitted.metric == "masked"
            heads = {"nearest": compare_nearest} if own else list_heads(few.people, few.points.shape[1])
            for name, head in heads.items():
                shown = min(draws, _VALIDATED_DRAWS)
                tried[f"{reading}, {name}"] = cross_validate_head(head, few, self._seed, shown)
                made[f"{reading}, {name}"] = reading, head, fitted, draws
        best = max(tried, key=lambda name: tried[name]) if tried else next(iter(made))
        reading, head, fitted, draws = made[best]
        if getattr(fitted, "memorises", False):
            fitted = self._fitted(reading, draws)
        training, enrolled = self._training(reading, fitted, draws), self._enrol("gallery", reading, fitted, draws)
        return AttackOutcome(head(training, enrolled, self._embed("probes", reading, fitted)), best, tried)

    def _fitted(self, reading: str, draws: int) -> Recogniser:
        """The recogniser, trained anew on protected images if it is one that is trained."""
        if not self._recogniser.trained:
            return self._recogniser
        fitted = copy.copy(self._recogniser)
        fitted.fit(chain.from_iterable(self._shown("training", reading, draw) for draw in range(draws)))
        return fitted

    def _training(self, reading: str, recogniser: Recogniser, draws: int) -> Enrolment:
        role = "gallery" if self._gallery_split.enrolled_are_trained else "training"
        return self._enrol(role, reading, recogniser, draws)

    def _held_back(self, reading: str, draws: int) -> float:
        """Rank-1 of one fifth of the training images, by a recogniser that was trained without them."""
        training = self._gallery_split.training
        fold = fold_of(people_of(training), self._seed)
        if not (fold == 0).any():
            return 0.0
        fitted = copy.copy(self._recogniser)
        kept, held = (
            [one for one, at in zip(training, fold, strict=True) if (at == 0) == out] for out in (False, True)
        )
        fitted.fit(chain.from_iterable(self._protected(kept, f"training {draw}", reading) for draw in range(draws)))
        known = Enrolment(fitted.embed(self._protected(kept, "training 0", reading)), people_of(kept), fitted.metric)
        points = fitted.embed(self._protected(held, "held back", reading))
        return rank1(compare_nearest(known, known, points), people_of(held))

    def restorer(self, networks: Restorer | None = None) -> AttackOutcome:
        """Looks up what a network fitted on other people made of the probes; see restorer.py.

        Args:
            networks: for this protection and seed, if they were fitted before.
        """
        networks = networks or Restorer(self._gallery_split, self._protection, self._seed)
        return AttackOutcome(*look_up_restored(networks, self._gallery_split, self._clear, self._seed))

    def _enrol(self, role: str, reading: str, recogniser: Recogniser, draws: int = 1) -> Enrolment:
        """Protected images, all with one nonce, then all with the next."""
        people = people_of(self._gallery_split.gallery if role == "gallery" else self._gallery_split.training)
        points = [self._embed(role, reading, recogniser, draw) for draw in range(draws)]
        return Enrolment(np.concatenate(points), people * draws, recogniser.metric)

    def _embed(self, role: str, reading: str, recogniser: Recogniser, draw: int = 0) -> Floats:
        if recogniser is not self._recogniser:  # fitted for one reading, and embeds each image once or twice
            return recogniser.embed(self._shown(role, reading, draw))
        key = role, reading, draw
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
