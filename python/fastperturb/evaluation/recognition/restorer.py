"""The restorer: guesses the clear face by a network fitted on other people, and looks up what it guessed.

The enrolled people are halved; who is of one half is restored by the network that was fitted on the other, so that it
never saw the person. Where a protection keeps values, these are put back in the order of the guess.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ... import view as draw_view
from ...metrics import psnr
from ...protections import Camouflage, Protection
from ...protections.area import owned_parts
from ...protections.permutation import Permuting
from ..bootstrap import Floats
from ..datasets.sample import Pixels
from ..result_cache import pixel_digest
from .alignment import as_grey
from .gallery import ClearGallery, GallerySplit, people_of, seed_for
from .matching_heads import Comparison, compare_nearest, rank1, without
from .restoration import Planes, Restoration, Square, plane, see
from .subjects import Subject

_DRAWS = 4  # nonces with which every image of the pairs is protected
_MOST = 400  # images of each half
_JUDGED = 40  # restored enrolled images by which the way is chosen
_VALIDATED = 40
LEAST_PEOPLE = 4
GUESS, REASSEMBLED = "network", "network, reassembled"


class Gain(NamedTuple):
    """One image before and after.

    Attributes:
        person: whom it shows.
        read: PSNR in dB, inside the protected regions, of what anybody can read: the view.
        restored: of the restored image.
    """

    person: str
    read: float
    restored: float


class Restorer:
    """Networks for one protection, each fitted on one half of the enrolled people.

    Args:
        gallery_split: who is enrolled and looked up.
        protection: what hides them.
        seed: of nonces, of the halves and of training.

    Attributes:
        way: "network", or "network, reassembled": what gained more on enrolled images.

    Raises:
        ValueError: fewer than four people, or the protection changes none of their images.
        MissingExtra: torch is not installed.
    """

    def __init__(self, gallery_split: GallerySplit, protection: Protection, seed: int) -> None:
        self.protection, self._seed = protection, seed
        self._gallery = gallery_split.gallery
        people = sorted({one.person for one in self._gallery}, key=lambda who: _draw(seed, who))
        if len(people) < LEAST_PEOPLE:
            raise ValueError(f"restorers must be fitted on at least {LEAST_PEOPLE} people, got {len(people)}")
        self._first = frozenset(people[::2])
        self._guessed: dict[tuple[Any, ...], NDArray[np.uint8]] = {}  # 12 kB for an image and nonce
        self._networks = [self._fit(half) for half in (False, True)]
        self.way = GUESS
        if isinstance(protection, (Permuting, Camouflage)):
            self.way = max((GUESS, REASSEMBLED), key=self._judged)

    def _fit(self, half: bool) -> Restoration:
        """Fitted on the people who are in the first half, or on those who are not."""
        own = [one for one in self._gallery if (one.person in self._first) == half]
        own = [own[int(place)] for place in np.linspace(0, len(own) - 1, min(len(own), _MOST))]
        seen: list[Planes] = []
        clear: list[Planes] = []
        for subject in own:
            image = subject.clear()
            square, wanted = Square.around(subject.face), None
            for draw in range(_DRAWS):
                hidden = self._hide(f"pairs {draw}", image, subject)
                planes = self._seen(square, hidden, subject)
                if planes[6].any():
                    wanted = plane(square.cut(_three(image))) if wanted is None else wanted
                    seen.append(planes)
                    clear.append(wanted)
        if not seen:
            raise ValueError(f"{self.protection.name} must change the images that a restorer is fitted on")
        return Restoration(seen, clear, self._seed)

    def _judged(self, way: str) -> float:
        chosen = self._gallery[:: max(1, len(self._gallery) // _JUDGED)]
        return float(np.mean([gain.restored for gain in self.gains(chosen, "judged", way)]))

    def gains(self, subjects: Sequence[Subject], role: str, way: str | None = None) -> Iterator[Gain]:
        """PSNR before and after, of each subject whose image is changed."""
        for subject in subjects:
            image = subject.clear()
            regions = self.protection.regions((subject.face, *subject.others), image.shape)
            if not regions:
                continue
            hidden = self._hide(role, image, subject)
            read = self.protection.view(hidden, (subject.face, *subject.others))
            made = self._restore(way or self.way, hidden, subject)
            mask = _covered(regions, image.shape)
            yield Gain(subject.person, *(_psnr(image, other, mask) for other in (read, made)))

    def restored(self, subjects: Sequence[Subject], role: str) -> Iterator[Subject]:
        """Subjects protected with the role's nonces, and restored."""
        hide, restore = partial(self._hide, role), partial(self._restore, self.way)
        return (subject.altered(hide).altered(restore) for subject in subjects)

    def _hide(self, role: str, image: Pixels, subject: Subject) -> Pixels:
        return self.protection.protect(image, (subject.face, *subject.others), seed=seed_for(self._seed, role))

    def _seen(self, square: Square, hidden: Pixels, subject: Subject) -> Planes:
        faces = subject.face, *subject.others
        mask = _covered(self.protection.regions((subject.face,), hidden.shape), hidden.shape)
        return see(square, hidden, self.protection.view(hidden, faces), mask)

    def _restore(self, way: str, hidden: Pixels, subject: Subject) -> Pixels:
        square = Square.around(subject.face)
        known = pixel_digest(hidden), subject.person, subject.face, subject.others  # names may be another set's, too
        if known not in self._guessed:
            network = self._networks[subject.person not in self._first]
            self._guessed[known] = network.guess(self._seen(square, hidden, subject))
        mask = _covered(self.protection.regions((subject.face,), hidden.shape), hidden.shape)
        made = square.paste(self._guessed[known], hidden, mask)
        if way == GUESS:
            return made
        return reassemble(hidden, made, self._places(hidden, subject))

    def _places(self, image: Pixels, subject: Subject) -> NDArray[np.int64]:
        """(height, width): the number of the window in which each pixel was moved; -1 where none was."""
        if not isinstance(self.protection, Permuting):
            return _covered(self.protection.regions((subject.face,), image.shape), image.shape).astype(np.int64) - 1
        grid = self.protection.grid((subject.face,), image)
        down, right = np.indices(image.shape[:2], np.float32)
        if not grid:
            return np.full(image.shape[:2], -1, np.int64)
        means = [
            draw_view(side, [item[0] for item in grid], [item[1] for item in grid], interpolation="mosaic")
            for side in (np.ascontiguousarray(down), np.ascontiguousarray(right))
        ]
        inside = _covered([item[0] for item in grid], image.shape)
        middles = np.column_stack([mean[inside] for mean in means])
        numbers = np.full(image.shape[:2], -1, np.int64)
        numbers[inside] = np.unique(middles, axis=0, return_inverse=True)[1].ravel()
        return numbers


def reassemble(shown: Pixels, guess: Pixels, windows: NDArray[np.int64]) -> Pixels:
    """Moves the pixels of each window into the order of a guess: the k-th darkest to its k-th darkest place.

    Args:
        shown: uint8 image whose windows hold the clear pixels in unknown order.
        guess: of the same shape.
        windows: (height, width), the number of each pixel's window, -1 for none.
    """
    inside = np.flatnonzero(windows.ravel() >= 0)
    number = windows.ravel()[inside]
    places, values = (inside[np.lexsort((as_grey(image).ravel()[inside], number))] for image in (guess, shown))
    made = np.array(shown, order="C")
    flat, source = made.reshape(windows.size, -1), np.ascontiguousarray(shown).reshape(windows.size, -1)
    flat[places] = source[values]
    return made


def look_up_restored(
    restorer: Restorer, gallery_split: GallerySplit, clear: ClearGallery, seed: int
) -> tuple[Comparison, str, dict[str, float]]:
    """Looks up restored probes among clear images, or among restored ones if that was better on enrolled images.

    Returns:
        The comparison, how the images were read, and rank-1 in cross-validation by reading.
    """
    recogniser = clear.recogniser
    gallery = clear.enrol(recogniser.embed(restorer.restored(gallery_split.gallery, "restored gallery")))
    enrolled = {restorer.way: clear.plain, f"{restorer.way}, gallery too": gallery}
    places = gallery_split.validation_places(_VALIDATED, seed)
    people = people_of([gallery_split.gallery[place] for place in places])
    tried: dict[str, float] = {}
    if places:
        chosen = [gallery_split.gallery[place] for place in places]
        points: Floats = recogniser.embed(restorer.restored(chosen, "restored rehearsal"))
        for name, known in enrolled.items():
            left = without(known, places)
            tried[name] = rank1(compare_nearest(left, left, points), people)
    best = max(tried, key=lambda name: tried[name]) if tried else restorer.way
    looked = recogniser.embed(restorer.restored(gallery_split.probes, "restored probes"))
    return compare_nearest(enrolled[best], enrolled[best], looked), best, tried


def _covered(regions: Sequence[object], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape[:2], np.bool_)
    for _, part, own in owned_parts(regions, shape):  # type: ignore[arg-type]
        mask[part] |= own
    return mask


def _psnr(one: Pixels, other: Pixels, mask: NDArray[np.bool_]) -> float:
    first, second = (image[mask].reshape(np.count_nonzero(mask), -1) for image in (one, other))
    return float(psnr(first, second))


def _three(image: Pixels) -> Pixels:
    return image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)


def _draw(seed: int, person: str) -> bytes:
    return hashlib.blake2b(f"{seed}/half/{person}".encode(), digest_size=16).digest()
