"""The inputs of a study: samples, their split, and the faces in the clear images.

Every image is read once and hashed, so that an image that changed is worked on anew; one at a time is in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ... import Face
from ..datasets import DataSet, Sample, Split, split_by_image, split_by_person
from ..model_files import identity
from ..recognition.subjects import locate_from_centre
from ..result_cache import ResultCache, digest_of, error_text, pack_faces, pixel_digest, unpack_faces
from .rows import Failure

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class StudyInputs:
    """The samples of a study, with the faces in the clear images.

    Attributes:
        samples: with a face, by name; in the data set's order.
        faces: of each sample, the one nearest to the middle first; that one is the person's.
        hashes: of each sample's pixels and faces.
        gallery: names of the clear samples that attackers have; empty where nobody is named.
        probes: names of the samples that are looked at and looked up.
        training: names of the samples that models are fitted on.
        faceless: names of the samples in which no face was found; they are in no number.
        failures: samples that could not be read.
    """

    samples: dict[str, Sample]
    faces: dict[str, tuple[Face, ...]]
    hashes: dict[str, str]
    gallery: tuple[str, ...]
    probes: tuple[str, ...]
    training: tuple[str, ...]
    faceless: tuple[str, ...]
    failures: tuple[Failure, ...]

    def digest(self, names: Sequence[str]) -> str:
        """What tells these samples from others."""
        return digest_of([[name, self.samples[name].person, self.hashes[name]] for name in names])

    def people(self, names: Sequence[str]) -> list[str]:
        """Whom each sample shows; "" where the data set does not say."""
        return [self.samples[name].person or "" for name in names]


def choose(names: Sequence[str], count: int | None, seed: int, purpose: str) -> list[str]:
    """``count`` of the names (None: all), drawn by their hashes, in their order."""
    if count is None or count >= len(names):
        return list(names)
    drawn = set(sorted(names, key=lambda name: _draw(seed, purpose, name))[:count])
    return [name for name in names if name in drawn]


def prepare(
    dataset: DataSet, locator: Any, settings: dict[str, Any], cache: ResultCache, progress: Progress | None = None
) -> StudyInputs:
    """Reads all samples once and finds their faces.

    Args:
        dataset: where from.
        locator: finds faces in clear images.
        settings: ``people``, ``enrolled``, ``seed`` and ``split``, as the configuration has them; and ``version``,
            what tells libraries and code that find the faces from others.
        cache: earlier findings.
        progress: called with (what, done, all).

    Raises:
        ValueError: no image shows a face, or the people cannot be divided as ``split`` asks.
    """
    samples = _chosen(dataset, settings["people"], settings["seed"])
    faces: dict[str, tuple[Face, ...]] = {}
    hashes: dict[str, str] = {}
    failures = []
    digest = digest_of(["faces", settings["version"], identity(locator), sorted(sample.name for sample in samples)])
    known = cache.find(digest) or {}
    found: dict[str, Any] = {}
    for done, sample in enumerate(samples, 1):
        try:
            image = sample.read()
            pixels = pixel_digest(image)
            packed = known.get(pixels)
            found[pixels] = pack_faces(locate_from_centre(image, locator)) if packed is None else packed
            faces[sample.name] = unpack_faces(found[pixels])
            hashes[sample.name] = digest_of([pixels, found[pixels]])
        except Exception as error:  # whatever an image has, the others go on; it is counted and shown
            failures.append(Failure("", "reading", "", sample.name, error_text(error)))
        if progress is not None:
            progress("faces", done, len(samples))
    if found != known:
        cache.keep(digest, found)
    kept = {sample.name: sample for sample in samples if faces.get(sample.name)}
    if not kept:
        raise ValueError(f"{dataset.name}: a face is found in none of {len(samples)} images, {len(failures)} failed")
    split = _split(DataSet(dataset.name, tuple(kept.values())), settings)
    gallery, probes, training = (tuple(sample.name for sample in part) for part in split)
    faceless = tuple(sample.name for sample in samples if faces.get(sample.name) == ())
    return StudyInputs(kept, faces, hashes, gallery, probes, training, faceless, tuple(failures))


def _chosen(dataset: DataSet, people: int | None, seed: int) -> list[Sample]:
    if people is None or not dataset.people:
        return list(dataset.samples)
    kept = set(choose(dataset.people, people, seed, "people"))
    return [sample for sample in dataset.samples if sample.person in kept]


def _split(dataset: DataSet, settings: dict[str, Any]) -> tuple[Sequence[Sample], Sequence[Sample], Sequence[Sample]]:
    """Gallery, probes, training."""
    enrolled, seed = settings["enrolled"], settings["seed"]
    if settings["split"] == "person":
        return _split_people(dataset, enrolled, seed)
    try:
        split: Split | None = split_by_image(dataset, enrolled, seed)
    except ValueError:  # nobody is named, or nobody twice
        split = None
    if split is None or len({sample.person for sample in split.gallery}) < 2:  # no recognition; all is looked at
        halves = choose([sample.name for sample in dataset.samples], len(dataset.samples) // 2, seed, "training")
        training = [sample for sample in dataset.samples if sample.name in set(halves)]
        probes = [sample for sample in dataset.samples if sample.name not in set(halves)]
        return (), probes, training
    return split.gallery, split.probes, split.training


def _split_people(
    dataset: DataSet, enrolled: int, seed: int
) -> tuple[Sequence[Sample], Sequence[Sample], Sequence[Sample]]:
    """Gallery and probes of one half of the people, training of the other; never of the same people."""
    try:
        split = split_by_person(dataset, enrolled=enrolled, seed=seed)
    except ValueError as error:
        raise ValueError(f"split by person: {error}") from None
    found = len({sample.person for sample in split.gallery})
    if found < 2:
        raise ValueError(f"split by person: at least two people with two images must be left to look up, got {found}")
    return split.gallery, split.probes, split.training


def _draw(seed: int, purpose: str, name: str) -> bytes:
    return hashlib.blake2b(f"{seed}/{purpose}/{name}".encode(), digest_size=16).digest()
