"""The steps of permuting an image and of restoring one, for single.py, which does one image, and for batch.py.

Plan or open a record, say what the core has to do, have it done, make the record or compare its tags.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .. import _core
from ..checks import Image, destination, dtype_name, packed, region_numbers
from ..errors import Tampered, UnknownOrigin
from ..face_key import FaceKey
from ..key import Key
from ..recipients import Recipients, check_opening_key, check_recipients
from ..record import CoreRegion, Record
from ..region import RegionLike, as_regions, check_touching, raster_order
from ..strength import distance_law
from ..strength.pixel_counts import resolve
from ..strength.strength import Strength, list_strengths
from .format_v1 import fits_one_buffer
from .formats import FORMATS, Opened
from .windows_v2 import WindowsBinding


@dataclass(slots=True)
class Plan:
    """A permutation that has been checked and not yet made.

    Attributes:
        collect: whether the core gives back the bytes that it has written, which the tag is made of.
    """

    core: list[CoreRegion]
    binding: WindowsBinding
    collect: bool

    @property
    def subkey(self) -> Any:
        """What the core draws from."""
        return self.binding.subkey


class CoreJob(NamedTuple):
    """What the core has to do for one image; ``collect`` asks for the bytes of the regions' boxes."""

    source: Image
    target: Image
    regions: list[CoreRegion]
    subkey: Any
    collect: bool


def make_job(image: Image, out: Image | None, what: Plan | Opened) -> CoreJob:
    """The job of moving the pixels of an image into ``out`` or a fresh array."""
    collect = isinstance(what, Plan) and what.collect
    return CoreJob(packed(image), destination(image, out), what.core, what.subkey, collect)


def plan(
    image: Image,
    regions: RegionLike | Iterable[RegionLike],
    key: Recipients,
    strength: Strength | Sequence[Strength],
    reproducible: bool,
) -> Plan:
    """Checks the other arguments of ``perturb`` for a checked image and settles the keys; moves nothing."""
    recipients = check_recipients(key, reproducible=reproducible)
    where = as_regions(regions)
    strengths: Strength | Sequence[Strength] = strength
    order = None
    if len(where) > 1:
        check_touching(where, image.shape)
        order = raster_order(where)
        given = list_strengths(strength, len(where))
        where, strengths = tuple(where[i] for i in order), [given[i] for i in order]
    core, goal = resolve(image, where, strengths, order)
    binding = WindowsBinding(recipients, image, where, core, reproducible=reproducible)
    if goal is not None:
        binding = _settle(image, core, binding, goal)
    single = len(where) == 1 and where[0].shape == "box"  # whose bytes are those of its box
    return Plan(core, binding, single and fits_one_buffer(image, core))


def _settle(image: Image, core: list[CoreRegion], binding: WindowsBinding, goal: float) -> WindowsBinding:
    """Draws again, each time with other secrets, until the squared error that comes out is the one asked for.

    A permutation scatters about what the law expects of it, and two of different secrets are unrelated. So the first
    that lands within the tolerance is taken, or else the nearest of all that were tried.
    """
    trial = distance_law.Trial(image, core)
    best, nearest = binding, math.inf
    for _ in range(distance_law.draws_allowed(core)):
        away = distance_law.decibels_between(trial.squared_error(binding.subkey), goal)
        if away < nearest:
            best, nearest = binding, away
        if away <= distance_law.TOLERANCE_DB:
            break
        binding = binding.drawn_again()
    return best


WorkerQueue = _core.WorkerQueue
"""Threads that move pixels while the caller prepares the next images."""


def move_back(job: CoreJob, *, inverse: bool, done: list[Any] | None = None) -> None:
    """Takes back what was moved with ``inverse``; ``done``, an empty list, is not empty from then on."""
    _core.permute([job._replace(source=job.target, collect=False)], not inverse, 1, [] if done is None else done)


def record_of(
    job: CoreJob, plan: Plan, boxes: bytes, *, surroundings: bool = False, metadata: bytes | None = None
) -> Record:
    """The record of what was moved, and of metadata that are sealed."""
    shown = boxes if job.collect else None
    return plan.binding.record(job.target, shown, surroundings=surroundings, metadata=metadata)


def boxes_of(pixels: Mapping[int, tuple[Image, Opened]]) -> dict[int, bytes]:
    """The bytes of the regions' boxes of images with records of version 1, where they are few enough."""
    few = {
        i: (packed(image), opened.core)
        for i, (image, opened) in pixels.items()
        if isinstance(opened.subkey, bytes) and fits_one_buffer(image, opened.core)
    }
    return dict(zip(few, _core.box_bytes(list(few.values())), strict=True)) if few else {}


ORIGINS = ("any", "key")
"""Whose records are taken: anyone's; or those alone for which a secret key was needed."""


def open_record(
    image: Image, record: Record, key: Key | FaceKey, only: Iterable[int] | None = None, origin: str = "any"
) -> Opened:
    """Checks that a record is of a checked image and of a key; the pixels are for :func:`check_pixels`."""
    if not isinstance(record, Record):
        raise TypeError(f"record must be a Record, got {type(record).__name__}; see Record.from_json()")
    check_opening_key(key)
    if origin not in ORIGINS:
        raise ValueError(f"origin must be one of {', '.join(ORIGINS)}, got {origin!r:.80}")
    only = region_numbers("only", only, len(record.regions))
    if image.shape != record.shape or dtype_name(image) != record.dtype:
        if isinstance(key, Key) and not record.opens_with(key):
            FORMATS[record.version].open_record(record, key, record.shape, only)  # says whose key is needed
        raise Tampered(
            f"the record is of an image of shape {record.shape} and dtype {record.dtype}, "
            f"got shape {image.shape} and dtype {image.dtype}"
        )
    opened = FORMATS[record.version].open_record(record, key, image.shape, only)
    check_origin(opened.origin, origin)
    return opened


def check_origin(made_by: str | None, wanted: str) -> None:
    """Raises UnknownOrigin if a record may be anyone's, or nobody can tell, and that is not wanted."""
    if wanted not in ORIGINS:
        raise ValueError(f"origin must be one of {', '.join(ORIGINS)}, got {wanted!r:.80}")
    if wanted == "key" and made_by in ("anyone", None):
        raise UnknownOrigin(
            "the record may be anyone's who has the public key, and origin='key' asks for one that a secret key made"
            if made_by
            else "a face key cannot tell who made the record, and origin='key' asks for that"
        )


CHANGED = "the record, or pixels inside its regions, were changed since they were written"
ALTERED = CHANGED + ": what is restored is not the original"
RESEALED = "pixels inside the regions were changed since they were written; the originals come from seals and are exact"


def check_pixels(image: Image, opened: Opened, boxes: bytes | None, *, strict: bool) -> str | None:
    """What is to be said of the pixels inside the regions; None if they are the ones that were written.

    Raises:
        Tampered: they are not, and ``strict``.
    """
    changed = opened.changed(image, boxes)
    if not changed:
        return None
    if strict:
        raise Tampered(CHANGED + "; verify=False restores what can be restored")
    return RESEALED if all(opened.is_sealed(index) for index in changed) else ALTERED
