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
from .gallery import ClearGallery, GallerySplit, fit_anew, people_of, seed_for
from .matching_heads import (
    FOLDS,
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
from .scores import identification_hits
from .subjects import Subject

Attacker: TypeAlias = Literal["naive", "cleaner", "parrot", "linker", "restorer"]
EVERY_ATTACKER: tuple[Attacker, ...] = get_args(Attacker)
ATTACKERS = EVERY_ATTACKER[:-1]
"""Those that need nothing but the recogniser; the restorer fits a network of its own (extra ``train``)."""
DIRECT, VIEW = "direct", "view"
_VALIDATED = 40  # people of whom a cleaner looks up one image each, to choose a filter
DRAWS = 8  # nonces with which a parrot enrols every image
_DIFFERENT = 0.01  # of a region: what nonces change less, such as ties, is not worth enrolling again
_LOOKED_AT = 5  # enrolled images, to see whether nonces differ and views are others
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
        self._cleaned: dict[tuple[int, str], Enrolment] = {}
        some = gallery_split.gallery[:: -(-len(gallery_split.gallery) // _LOOKED_AT)]
        found = [self._compare_nonces(subject) for subject in some]
        self._has_view = sees_inside is not False and any(has_view for has_view, _ in found)
        self._is_random = max(share for _, share in found) > _DIFFERENT

    def _compare_nonces(self, subject: Subject) -> tuple[bool, float]:
        """Whether a protected subject has a view of its own, and how much of its regions another nonce changes."""
        clear = subject.clear()
        one, other = (
            _protect(self._protection, seed_for(self._seed, role), clear, subject) for role in ("one", "other")
        )
        parts = [region.clipped(*clear.shape[:2]) for region in self._regions([subject.face], clear.shape)]
        shares = [float(np.mean(one[part] != other[part])) for part in parts if one[part].size]
        return not np.array_equal(_view(self._protection, one, subject), one), max(shares, default=0.0)

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
        filters = list(FILTERS)[: 1 if getattr(self._recogniser, "one_nonce", False) else None]
        readings = [*filters, *([VIEW] if self._has_view else [])]
        tried = self._rehearse(readings)
        best = max(tried, key=lambda name: tried[name]) if tried else f"{readings[-1]}, gallery too"
        reading = best.removesuffix(", gallery too")
        gallery = self._galleries(self._clear, reading)[best]
        points = self._embed("probes", reading, self._recogniser)
        return AttackOutcome(compare_nearest(gallery, gallery, points), best, tried)

    def _rehearse(self, readings: Sequence[str]) -> dict[str, float]:
        """Rank-1 of gallery images that the attacker protects and looks up among the others; empty without any."""
        places = self._gallery_split.validation_places(_VALIDATED, self._seed)
        chosen = [self._gallery_split.gallery[place] for place in places]
        knows = self._recogniser.trained and self._gallery_split.enrolled_are_trained
        clear = self._clear.fitted_without(places) if knows else self._clear
        tried: dict[str, float] = {}
        if clear is None or not places:
            return tried
        for reading in readings:
            points = clear.recogniser.embed(self._protected(chosen, "rehearsal", reading))
            for name, enrolled in self._galleries(clear, reading).items():
                left = enrolled if knows else without(enrolled, places)
                tried[name] = rank1(compare_nearest(left, left, points), people_of(chosen))
        return tried

    def _galleries(self, clear: ClearGallery, reading: str) -> dict[str, Enrolment]:
        """The clear gallery as it is and as it is read, by name."""
        key = id(clear), reading
        if key not in self._cleaned:
            seen = self._altered(clear.subjects, VIEW)
            self._cleaned[key] = (
                clear.enrol(clear.recogniser.embed(seen)) if reading == VIEW else clear.filtered(reading)
            )
        return {reading: clear.plain, f"{reading}, gallery too": self._cleaned[key]}

    def parrot(self) -> AttackOutcome:
        """Enrols and fits protected images of other nonces; chooses reading and head by cross-validation.

        A recogniser that is trained is trained anew, in cross-validation without the images that are looked up; on the
        embeddings of one that is not, heads are fitted. Every image is enrolled with eight nonces, where they make a
        difference; cross-validation looks at three of them.
        """
        tried: dict[str, float] = {}
        made: dict[str, tuple[str, Head, int]] = {}
        readings = (DIRECT, VIEW) if self._has_view else (DIRECT,)
        for reading in readings:
            several = self._is_random and reading == DIRECT and not getattr(self._recogniser, "one_nonce", False)
            draws = self._most_draws if several else 1
            few = min(draws, _VALIDATED_DRAWS)
            if self._recogniser.trained:
                rate = self._held_back(reading, few) if len(readings) > 1 else None
                tried |= {} if rate is None else {f"{reading}, nearest": rate}
                made[f"{reading}, nearest"] = reading, compare_nearest, draws
                continue
            shown = self._training(reading, self._recogniser, few)
            own = self._recogniser.metric == "masked"
            heads = {"nearest": compare_nearest} if own else list_heads(shown.people, shown.points.shape[1])
            for name, head in heads.items():
                tried[f"{reading}, {name}"] = cross_validate_head(head, shown, self._seed, few)
                made[f"{reading}, {name}"] = reading, head, draws
        best = max(tried, key=lambda name: tried[name]) if tried else next(reversed(made))
        reading, head, draws = made[best]
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

    def _held_back(self, reading: str, draws: int) -> float | None:
        """Rank-1 of training images, by recognisers that were trained without them; None where too few are left."""
        training = self._gallery_split.training
        fold = fold_of(people_of(training), self._seed)
        hits: list[float] = []
        for number in range(min(FOLDS, getattr(self._recogniser, "folds", FOLDS))):
            kept, held = (
                [one for one, at in zip(training, fold, strict=True) if (at == number) == out] for out in (0, 1)
            )
            several = [self._protected(kept, f"training {draw}", reading) for draw in range(draws)]
            fitted = fit_anew(self._recogniser, chain.from_iterable(several)) if held else None
            if fitted is not None:
                again = (self._protected(kept, f"training {draw}", reading) for draw in range(draws))
                points = fitted.embed(chain.from_iterable(again))
                known = Enrolment(points, people_of(kept) * draws, fitted.metric)
                found = compare_nearest(known, known, fitted.embed(self._protected(held, "held back", reading)))
                hits.extend(identification_hits(found.distances, people_of(held), found.people, 1))
        return float(np.mean(hits)) if hits else None

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
