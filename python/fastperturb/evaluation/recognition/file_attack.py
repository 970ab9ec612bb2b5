"""The file attacker: looks at what a protected file shows besides pixels, and at no pixel.

Numbers of the region, lengths of seal and record, and how large the file is, with the record inside or beside it; from
one picture, and from the mean over up to five of one person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import perturb
from ...files.reading import RECORD_TEXT
from ...files.writing import encode
from ...protections import Protection
from ...protections.drawing import can_be_sealed
from ...protections.permutation import Permuting, seeded_key
from ..bootstrap import Floats
from .gallery import GallerySplit, people_of, seed_for
from .matching_heads import Comparison, Enrolment, cross_validate_head, list_heads
from .results import Identification
from .scores import identify
from .subjects import Subject

SEVERAL = 5
"""Pictures of one person that are looked up together."""
SEEN: dict[str, tuple[int, ...]] = {
    "region": (0, 1, 2, 3),
    "region, seal": (0, 1, 2, 3, 4, 5),
    "size of the file": (6,),
    "region, seal, size, seal beside": (0, 1, 2, 3, 4, 5, 6),
    "region, seal, size, seal inside": (0, 1, 2, 3, 4, 5, 7),
}
"""What is looked at, as places among the numbers of a file."""


@dataclass(frozen=True, slots=True)
class FileResult:
    """What files name.

    Attributes:
        reading: what was looked at, and by which head: chosen by cross-validation on the enrolled files.
        one: from one file.
        several: from up to five files of a person together, a person a look-up.
        tried: rank-1 in cross-validation, by reading.
    """

    reading: str
    one: Identification
    several: Identification
    tried: dict[str, float]


def attack_files(gallery_split: GallerySplit, protection: Protection, seed: int = 0) -> FileResult:
    """Looks up protected files among protected files of the same people, all with keys of their own.

    Args:
        gallery_split: who is enrolled and looked up.
        protection: what hides them; sealed where it can be.
        seed: of keys, choices and intervals.
    """
    known, looked = (
        np.array(list(file_numbers(subjects, protection, seed_for(seed, f"files {role}"))))
        for role, subjects in (("gallery", gallery_split.gallery), ("probes", gallery_split.probes))
    )
    middle, spread = known.mean(axis=0), known.std(axis=0)
    known, looked = ((points - middle) / np.where(spread > 0, spread, 1.0) for points in (known, looked))
    names, probes = people_of(gallery_split.gallery), people_of(gallery_split.probes)
    heads = {name: head for name, head in list_heads(names).items() if name != "SVM"}
    tried = {
        f"{what}, {name}": cross_validate_head(head, _part(known, names, what), seed)
        for what in SEEN
        for name, head in heads.items()
    }
    best = max(tried, key=lambda name: tried[name])
    what, head = best.rpartition(", ")[0], heads[best.rpartition(", ")[2]]
    enrolled, columns = _part(known, names, what), list(SEEN[what])
    one = head(enrolled, enrolled, looked[:, columns])
    together, who = _together(looked[:, columns], probes)
    means, people = _together(enrolled.points, names, None)
    several = head(enrolled, Enrolment(means, people, "euclidean"), together)
    return FileResult(best, _identified(one, probes, seed), _identified(several, who, seed), tried)


def file_numbers(subjects: Sequence[Subject], protection: Protection, seed: int) -> Iterator[list[int]]:
    """Of each file eight numbers that anybody can read off it.

    The box of the person's region (x, y, width, height), bytes of the seals and of the record, bytes of the PNG with
    the record beside it, and inside it.
    """
    for subject in subjects:
        image = subject.clear()
        hidden, record = _as_file(protection, image, subject, seed)
        regions = protection.regions((subject.face,), image.shape)
        left, top = (min((getattr(r, side) for r in regions), default=0) for side in ("x", "y"))
        right = max((r.x + r.width for r in regions), default=0)
        bottom = max((r.y + r.height for r in regions), default=0)
        beside = sum(len(part) for part in encode(hidden, "PNG"))
        if record is None:
            yield [left, top, right - left, bottom - top, 0, 0, beside, beside]
            continue
        inside = sum(len(part) for part in encode(hidden, "PNG", texts={RECORD_TEXT: record.to_json()}))
        seals = sum(getattr(entry, "length", 0) for entry in getattr(record, "entries", ()))
        yield [left, top, right - left, bottom - top, seals, len(record.to_bytes()), beside, inside]


def _as_file(protection: Any, image: Any, subject: Subject, seed: int) -> tuple[Any, Any]:
    """The protected image, and its record where there is one."""
    faces = [subject.face, *subject.others]
    if protection.regions(faces, image.shape):
        if can_be_sealed(protection):
            return perturb(image, faces, seeded_key(seed), protection, reproducible=True)
        if isinstance(protection, Permuting):
            return protection.perturb(image, faces, seeded_key(seed), reproducible=True)
    return protection.protect(image, tuple(faces), seed=seed), None


def _part(points: Floats, people: list[str], what: str) -> Enrolment:
    return Enrolment(points[:, list(SEEN[what])], people, "euclidean")


def _together(points: Floats, people: Sequence[str], most: int | None = SEVERAL) -> tuple[Floats, list[str]]:
    """The mean over the first ``most`` points of each person (None: all)."""
    names = sorted(set(people))
    places = [[at for at, person in enumerate(people) if person == name][:most] for name in names]
    return np.array([points[own].mean(axis=0) for own in places]), names


def _identified(found: Comparison, probes: Sequence[str], seed: int) -> Identification:
    return identify(found.distances, probes, found.people, seed)
