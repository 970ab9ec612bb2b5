"""``locate``: the faces of an image, by YuNet or by any object with a ``detect`` method."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from numbers import Real
from typing import Protocol, runtime_checkable

from .._forks import apart_from_forks, first_apart_from_forks
from ..checks import Image, whole_within
from ..region import Face, RegionLike, Shape, as_regions
from .boxes import Margins, at_least, four_margins, grow_region, holds_middle, touches
from .pixels import check_visible
from .presets import Find, finder
from .yunet import check_threshold


@runtime_checkable
class Detector(Protocol):
    """Anything that finds faces.

    ``detect`` takes an RGB or grey image (uint8, uint16, or float32 within 0 to 1; it must not be changed) and gives
    a list of :class:`fastperturb.Face` in the image's own pixels, in any order, empty if there is none. It should be
    callable from many threads.
    """

    def detect(self, image: Image, /) -> list[Face]:
        """The faces of ``image``."""
        ...


def locate(
    image: Image,
    detector: Detector | None = None,
    *,
    threshold: float | None = None,
    grow: Margins = 0.0,
    shape: Shape | None = None,
    find: Find | None = None,
    least: int = 1,
    ignore: RegionLike | Iterable[RegionLike] = (),
) -> list[Face]:
    """Find the faces of an image.

    Args:
        image: (height, width) or (height, width, channels): grey, grey and alpha, RGB or RGBA; uint8, uint16, or
            float32 within 0 to 1; any strides. Alpha is not looked at.
        detector: what finds them; None is what ``find`` says, :class:`AnyAngle` around :class:`YuNet` for "fast".
        threshold: the lowest score to keep, 0 to 1; None keeps what the detector gives (YuNet: 0.6 and more).
        grow: margins to add to each face's box, as fractions of its size: one number for all sides, or (left, top,
            right, bottom). 0 is the detector's box, brow to chin; ``fastperturb.faces.HEAD`` takes in the head.
        shape: "box", or "ellipse" for the ellipse inscribed in the (grown) box; None keeps the detector's (YuNet: box).
        find: how hard to look: "fast", "careful" or "everything" (:func:`fastperturb.faces.finder`), with ``detector``
            or with the preset's own. None is "fast" without a detector, and the detector as it is with one.
        least: the shortest side of a region in pixels, after ``grow``: smaller ones are enlarged around their middle,
            so that windows, blocks and blurs have something to hide in. 1 leaves them as they are.
        ignore: regions in which nothing is to be found, such as a portrait on a wall: faces whose middle lies in one
            of them are left out. They are as Region has them; of ellipses the box counts.

    Returns:
        Best score first, the larger first where scores are equal. Regions are whole pixels, rounded outwards, and may
        reach beyond the image; a face that lies outside altogether is left out. An empty list means that none was
        found, which is no reason to take the image for free of faces.

    Raises:
        TypeError: the image is of another type or dtype; ``detector`` has no ``detect``, or gave something else than
            Face objects.
        ValueError: the image's shape or values; ``threshold``, ``grow`` or ``shape`` out of range; a detector's score
            outside 0 to 1.
        MissingExtra: OpenCV cannot be imported; or "everything" lacks the weights of CenterFace.
        DetectorFailed: one of several detectors raised.
    """
    check_visible(image)
    margins = four_margins(grow)
    if shape not in (None, "box", "ellipse"):
        raise ValueError(f"shape must be 'box' or 'ellipse', got {shape!r}")
    if threshold is not None:
        check_threshold(threshold)
    least = whole_within("least", least, "be a whole number of pixels from 1", 1)
    hidden = as_regions(ignore)
    if detector is not None and not callable(getattr(detector, "detect", None)):
        raise TypeError(f"detector must have a method detect(image), got {detector!r}")
    is_ours = detector is None
    if detector is None:
        with apart_from_forks:
            detector = _default_detector(find or "fast", threshold)
    elif find is not None:
        detector = finder(find, detector)
    faces = [
        replace(face, region=at_least(grow_region(face.region, margins, shape, turn=face.turn), least))
        for face in _checked(_look(detector, image) if is_ours else detector.detect(image))
        if face.score >= (threshold or 0.0) and not any(holds_middle(region, face.region) for region in hidden)
    ]
    faces = [face for face in faces if touches(face.region, image.shape)]
    return sorted(faces, key=lambda face: (-face.score, -face.region.width * face.region.height))


@first_apart_from_forks
def _look(detector: Detector, image: Image) -> Sequence[Face]:
    """What a detector of ours finds; another one could wait for a fork itself."""
    return detector.detect(image)


def _checked(found: Sequence[Face]) -> Sequence[Face]:
    if not isinstance(found, (list, tuple)):
        raise TypeError(f"detector.detect must return a list of Face, got {type(found).__name__}")
    for index, face in enumerate(found):
        if not isinstance(face, Face):
            raise TypeError(f"detector.detect must return Face objects, got {face!r} at {index}")
        if not (isinstance(face.score, Real) and 0 <= face.score <= 1):
            raise ValueError(f"a face's score must be 0 to 1, got {face.score!r} at {index}")
    return found


@lru_cache(maxsize=8)
def _default_detector(find: Find, threshold: float | None) -> Detector:
    return finder(find, threshold=threshold)
