"""The steps of perturbing an image and of undoing it, for single.py, which does one image, and for batch.py.

Plan or open a record, say what the core has to do, have it done, make the record or compare its tag.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .. import _core
from ..checks import Image, destination, dtype_name, packed
from ..errors import Tampered
from ..key import Key
from ..record import CoreRegion, Record
from ..region import Region, RegionLike, as_regions
from ..strength import distance_law
from ..strength.pixel_counts import resolve
from ..strength.strength import Strength
from .format_v1 import fits_one_buffer
from .formats import FORMATS, WRITTEN, Binding


@dataclass(slots=True)
class Plan:
    """A perturbation that has been checked and not yet made."""

    regions: tuple[Region, ...]
    core: list[CoreRegion]
    binding: Binding


@dataclass(slots=True)
class Opened:
    """A record that is of an image and of a key, with the pixels not yet checked."""

    record: Record
    core: list[CoreRegion]
    binding: Binding


class CoreJob(NamedTuple):
    """What the core has to do for one image; ``collect`` asks for the bytes of the regions' boxes."""

    source: Image
    target: Image
    regions: list[CoreRegion]
    subkey: bytes
    collect: bool


def make_job(image: Image, out: Image | None, what: Plan | Opened, *, collect: bool = False) -> CoreJob:
    """The job of moving the pixels of an image into ``out`` or a fresh array.

    ``collect`` asks for the bytes that the tag needs, unless they are too many to be held in memory twice.
    """
    fits = collect and fits_one_buffer(image, what.core)
    return CoreJob(packed(image), destination(image, out), what.core, what.binding.subkey, fits)


def plan(
    image: Image,
    regions: RegionLike | Iterable[RegionLike],
    key: Key,
    strength: Strength | Sequence[Strength],
    reproducible: bool,
) -> Plan:
    """Checks the other arguments of ``perturb`` for a checked image and settles nonce and subkey; moves nothing."""
    if not isinstance(key, Key):
        raise TypeError(f"key must be a Key, got {type(key).__name__}; see Key.generate()")
    where = as_regions(regions)
    core, goal = resolve(image, where, strength)
    binding = FORMATS[WRITTEN].bind(key, image, core, reproducible=reproducible)
    return Plan(where, core, binding if goal is None else _settle(image, core, binding, goal, reproducible))


def _settle(image: Image, core: list[CoreRegion], binding: Binding, goal: float, reproducible: bool) -> Binding:
    """Draws again, each time with another nonce, until the squared error that comes out is the one asked for.

    A permutation scatters about what the law expects of it, and two of different nonces are unrelated. So the first
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
        binding = binding.drawn_again(reproducible=reproducible)
    return best


WorkerQueue = _core.WorkerQueue
"""Threads that move pixels while the caller prepares the next images."""


def move_back(job: CoreJob, *, inverse: bool) -> None:
    """Takes back what was moved with ``inverse``."""
    _core.permute([job._replace(source=job.target, collect=False)], not inverse, 1, [])


def record_of(job: CoreJob, plan: Plan, moved: list[int], boxes: bytes) -> Record:
    """The record of what was moved."""
    return plan.binding.record(plan.regions, moved, job.target, boxes if job.collect else None)


def boxes_of(pixels: Mapping[int, tuple[Image, list[CoreRegion]]]) -> dict[int, bytes]:
    """The bytes of the regions' boxes of some images, where they are few enough to be collected."""
    few = {i: (packed(image), core) for i, (image, core) in pixels.items() if fits_one_buffer(image, core)}
    return dict(zip(few, _core.box_bytes(list(few.values())), strict=True))


def open_record(image: Image, record: Record, key: Key) -> Opened:
    """Checks that a record is of a checked image and of a key; the pixels are for :func:`matches_tag`."""
    if not isinstance(record, Record):
        raise TypeError(f"record must be a Record, got {type(record).__name__}; see Record.from_json()")
    if not isinstance(key, Key):
        raise TypeError(f"key must be a Key, got {type(key).__name__}")
    core = record.core_regions()
    binding = FORMATS[record.version].bind_record(key, record, core)
    if image.shape != record.shape or dtype_name(image) != record.dtype:
        raise Tampered(
            f"the record is of an image of shape {record.shape} and dtype {record.dtype}, "
            f"got shape {image.shape} and dtype {image.dtype}"
        )
    _core.check_regions(image.shape[0], image.shape[1], core)
    return Opened(record, core, binding)


CHANGED = "the record, or pixels inside its regions, were changed since they were written"
ALTERED = CHANGED + ": what is restored is not the original"


def matches_tag(image: Image, opened: Opened, boxes: bytes | None, *, strict: bool) -> bool:
    """Whether the tag of the pixels is the record's; raises Tampered if not and ``strict``."""
    whole = opened.binding.matches(opened.record, image, boxes)
    if strict and not whole:
        raise Tampered(CHANGED + "; verify=False restores what can be restored")
    return whole
