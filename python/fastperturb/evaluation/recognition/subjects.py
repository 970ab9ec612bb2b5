"""Subjects of recognition: an image as the attacker has it, and the place of the face in the clear image.

Attackers are granted the place of the face, so that nothing counts as hidden because a detector missed it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial

from ... import Detector, Face, Region, locate
from ...faces import YuNet
from ..datasets.sample import Pixels, Sample


@dataclass(frozen=True, slots=True)
class Subject:
    """One face of one sample.

    Attributes:
        name: of the sample.
        person: whom it shows.
        face: of that person, found in the clear image, with landmarks if the detector gives them.
        clear: reads the clear image; a recogniser may align by it, and must not embed it.
        shown: reads the image as the attacker has it.
        others: further faces in the image, which a protection covers too.
        covers: where the protection of what is shown changes an image of some shape with some faces, as its record
            says; None where nothing was changed.
    """

    name: str
    person: str
    face: Face
    clear: Callable[[], Pixels] = field(repr=False, compare=False)
    shown: Callable[[], Pixels] = field(repr=False, compare=False)
    others: tuple[Face, ...] = ()
    covers: Callable[[Sequence[Face], tuple[int, ...]], Sequence[Region]] | None = field(
        default=None, repr=False, compare=False
    )

    def regions(self, shape: tuple[int, ...], *, everybody: bool) -> list[Region]:
        """Where an image of ``shape`` was changed: for this person, or for all faces in it; none if it was not."""
        faces = (self.face, *self.others) if everybody else (self.face,)
        return [] if self.covers is None else list(self.covers(faces, shape))

    def altered(self, change: Callable[[Pixels, Subject], Pixels]) -> Subject:
        """The subject after ``change(image, subject)`` of what is shown, which happens when the image is read."""
        return replace(self, shown=partial(_changed, self, change))


def _changed(subject: Subject, change: Callable[[Pixels, Subject], Pixels]) -> Pixels:
    return change(subject.shown(), subject)


def find_faces(samples: Iterable[Sample], detector: Detector | None = None) -> dict[str, list[Face]]:
    """The faces of clear images by name, the one nearest to the image's centre first; empty lists where none is found.

    Args:
        samples: what to look at, one image at a time.
        detector: None is YuNet, which gives landmarks, of upright faces.

    Raises:
        OSError, ImageFileError: a sample cannot be read.
    """
    return {sample.name: locate_from_centre(sample.read(), detector) for sample in samples}


@cache
def _upright() -> YuNet:
    """The default detector without its looks at turned copies: people of data sets are upright."""
    return YuNet()


def locate_from_centre(image: Pixels, detector: Detector | None = None) -> list[Face]:
    """The faces of an image, the one nearest to its centre first."""
    middle = image.shape[1] / 2, image.shape[0] / 2

    def off_centre(face: Face) -> float:
        x, y = face.region.x + face.region.width / 2, face.region.y + face.region.height / 2
        return float((x - middle[0]) ** 2 + (y - middle[1]) ** 2)

    return sorted(locate(image, _upright() if detector is None else detector), key=off_centre)


def make_subjects(samples: Iterable[Sample], faces: Mapping[str, Iterable[Face]]) -> list[Subject]:
    """Clear subjects out of samples and their faces, of which the first is the person's.

    Samples without a face or a person are left out: count what comes back.

    Raises:
        KeyError: ``faces`` does not know a sample.
    """
    subjects = []
    for sample in samples:
        found = tuple(faces[sample.name])
        if found and sample.person is not None:
            subjects.append(Subject(sample.name, sample.person, found[0], sample.read, sample.read, found[1:]))
    return subjects
