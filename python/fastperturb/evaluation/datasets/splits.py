"""Splits a data set by a seed: the enrolled images, the probes, and the images that models are trained on.

A split depends on the names of the samples and the seed alone, not on their order or the machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from .sample import DataSet, Sample


@dataclass(frozen=True, slots=True)
class Split:
    """Parts of a data set, each in the data set's order.

    Attributes:
        training: what models may be trained on. Split by image it is the gallery.
        gallery: enrolled: the clear images that an attacker has of everybody, with their names.
        probes: looked up; all of people in the gallery.
        left_out: in none of them: of nobody in particular, or of people with a single image.
    """

    training: tuple[Sample, ...]
    gallery: tuple[Sample, ...]
    probes: tuple[Sample, ...]
    left_out: tuple[Sample, ...] = ()


def split_by_image(dataset: DataSet, enrolled: int = 5, seed: int = 0) -> Split:
    """Enrols some images of every person and looks up the others.

    Args:
        dataset: images of people.
        enrolled: how many of each person, 1 or more; of people with no more than that, all but one.
        seed: another seed, other images.

    Raises:
        ValueError: ``enrolled`` is less than 1, or nobody has two images.
    """
    gallery, probes = _divide(dataset.samples, enrolled, seed)
    taken = {sample.name for sample in (*gallery, *probes)}
    if not probes:
        raise ValueError(f"{dataset.name} must have people with two images or more, got nobody")
    left = tuple(sample for sample in dataset.samples if sample.name not in taken)
    return Split(gallery, gallery, probes, left)


def split_by_person(dataset: DataSet, share: float = 0.5, enrolled: int = 5, seed: int = 0) -> Split:
    """Trains on some people, and enrols and looks up the others, whom no model has seen.

    Args:
        dataset: images of people.
        share: of the people to train on, over 0 and under 1; rounded, at least one person on either side.
        enrolled: as for :func:`split_by_image`.
        seed: another seed, other people and images.

    Raises:
        ValueError: an argument out of range, fewer than two people, or nobody left with two images.
    """
    if not 0 < share < 1:
        raise ValueError(f"share must be over 0 and under 1, got {share!r}")
    people = sorted(dataset.people, key=lambda person: _draw(seed, "person", person))
    if len(people) < 2:
        raise ValueError(f"{dataset.name} must have at least two people, got {len(people)}")
    trained = set(people[: min(max(1, round(share * len(people))), len(people) - 1)])
    training = tuple(sample for sample in dataset.samples if sample.person in trained)
    gallery, probes = _divide((item for item in dataset.samples if item.person not in trained), enrolled, seed)
    if not probes:
        raise ValueError(f"{dataset.name} must leave people with two images or more to look up, got nobody")
    taken = {sample.name for sample in (*training, *gallery, *probes)}
    return Split(training, gallery, probes, tuple(item for item in dataset.samples if item.name not in taken))


def _divide(samples: Iterable[Sample], enrolled: int, seed: int) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    if enrolled < 1:
        raise ValueError(f"enrolled must be at least 1, got {enrolled!r}")
    owned: dict[str, list[Sample]] = {}
    order = {}
    for place, sample in enumerate(samples):
        order[sample.name] = place
        if sample.person is not None:
            owned.setdefault(sample.person, []).append(sample)
    gallery: list[Sample] = []
    probes: list[Sample] = []
    for own in owned.values():
        if len(own) > 1:
            drawn = sorted(own, key=lambda sample: _draw(seed, "image", sample.name))
            count = min(enrolled, len(own) - 1)
            gallery += drawn[:count]
            probes += drawn[count:]
    return (
        tuple(sorted(gallery, key=lambda sample: order[sample.name])),
        tuple(sorted(probes, key=lambda sample: order[sample.name])),
    )


def _draw(seed: int, purpose: str, name: str) -> bytes:
    """What to sort by: a hash, so that a sample more or less leaves the others where they are."""
    return hashlib.blake2b(f"{seed}/{purpose}/{name}".encode(), digest_size=16).digest()
