"""Protections that draw something else over a face and seal the original: for one image."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import numpy as np

from ..checks import Image, destination, same_pixels
from ..errors import NoFaceFound
from ..face_key import FaceKey
from ..recipients import Recipients, check_recipients, first_key
from ..record import MAX_REGIONS
from ..region import Face, Region, RegionLike, as_faces, check_touching
from .drawing import Drawing, Part
from .format_v2 import Draft, RegionPixels, SealOptions, seal_record
from .ownership import find_owners
from .record_v2 import RecordV2
from .record_v2_parts import WINDOWS, RegionV2

_FREE: AbstractContextManager[None] = nullcontext()


@dataclass(frozen=True, slots=True)
class Sealing:
    """How a drawing is recorded.

    Attributes:
        seal: whether the original is sealed into the record; else it is replaced for good.
        reproducible: equal images, keys and options give equal results.
        surroundings: whether the pixels that no region owns are authenticated too.
        options: how seals are kept.
        face_keys: a list to which the key of each region is added.
    """

    seal: bool = True
    reproducible: bool = False
    surroundings: bool = False
    options: SealOptions = field(default_factory=SealOptions)
    face_keys: list[FaceKey] | None = None


def draw_and_seal(
    image: Image,
    faces: RegionLike | Iterable[RegionLike],
    key: Recipients,
    drawing: Drawing,
    out: Image | None,
    sealing: Sealing,
    turn: AbstractContextManager[None] = _FREE,
) -> tuple[Image, RecordV2]:
    """Draws over the faces of a checked image while it holds ``turn``; raises as :func:`fastperturb.perturb`.

    The original is copied first where it could change meanwhile: in place, or where keys are made of it.
    """
    kept: list[tuple[Image, Image]] = []
    try:
        with turn:
            return _draw_and_seal(image, faces, key, drawing, out, sealing, kept)
    except BaseException:  # around all of it: an interrupt may come while the turn is left
        for target, original in kept:
            target[...] = original  # without its record nobody could
        raise


def _draw_and_seal(
    image: Image,
    faces: RegionLike | Iterable[RegionLike],
    key: Recipients,
    drawing: Drawing,
    out: Image | None,
    sealing: Sealing,
    kept: list[tuple[Image, Image]],
) -> tuple[Image, RecordV2]:
    """Does it; ``kept`` gets target and original if it works in place."""
    recipients = check_recipients(key, reproducible=sealing.reproducible)
    regions = final_regions(drawing, as_faces(faces), image.shape)
    target = destination(image, out)
    in_place = np.may_share_memory(target, image)
    original = np.array(image, order="C") if in_place or sealing.reproducible else image
    items = [RegionV2(region, drawing.method, drawing.revision) for region in regions]
    options = (first_key(recipients), repr(drawing).encode()) if sealing.reproducible else None
    draft = Draft(original, items, options)
    owners = find_owners(image.shape, regions, [item.core_region() for item in items])
    if in_place:
        kept.append((target, original))
    if not same_pixels(target, image):
        np.copyto(target, original)
    drawing.draw(original, owners.parts, target, draft.permutation_keys())
    _check_drawn(target, owners.parts)
    pixels = [
        RegionPixels(
            original[part.rows, part.columns] if sealing.seal else None, target[part.rows, part.columns], part.mask
        )
        for part in owners.parts
    ]
    scene = owners.surroundings(target) if sealing.surroundings else None
    record = seal_record(draft, pixels, recipients, scene=scene, options=sealing.options)
    if sealing.face_keys is not None:
        sealing.face_keys.extend(draft.face_key(index) for index in range(len(regions)))
    return target, record


def _check_drawn(target: Image, parts: Sequence[Part]) -> None:
    """Raises ValueError where restoring would refuse what is shown."""
    if target.dtype == np.float32 and not all(np.isfinite(target[part.rows, part.columns]).all() for part in parts):
        raise ValueError("what a protection draws must be finite, got NaN or infinity")


def final_regions(drawing: Drawing, faces: Sequence[Face | Region], shape: tuple[int, ...]) -> tuple[Region, ...]:
    """The regions that a drawing makes of faces.

    Raises:
        NoFaceFound: there are no faces.
        ValueError: too many, or none that touches the image; a drawing that gives itself out for windows.
    """
    if not faces:
        raise NoFaceFound("regions must name at least one region, got none: there is nothing to protect")
    if len(faces) > MAX_REGIONS:
        raise ValueError(f"regions must be at most {MAX_REGIONS}, got {len(faces)}")
    if drawing.method == WINDOWS:
        raise ValueError("a drawing must have another method than windows, whose record holds no pixels")
    check_touching([face.region if isinstance(face, Face) else face for face in faces], shape)
    regions = drawing.regions_for(faces, shape)
    if not regions:
        raise ValueError("regions must touch the image, got none that does")
    return regions
