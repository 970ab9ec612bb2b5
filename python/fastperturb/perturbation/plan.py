"""The steps of perturbing an image and of undoing it, which perturbation.py takes for one image and batch.py for many.

Plan or open a record, say what the core has to do, have it done, make the record or compare its tag.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .. import _core
from ..checks import Image, destination, dtype_name, packed
from ..errors import Tampered, WrongKey
from ..key import Key
from ..record import CoreRegion, Record, RegionRecord
from ..region import Region, RegionLike, as_regions
from ..strength import distance_law as distance
from ..strength.pixel_counts import resolve
from ..strength.strength import Strength
from . import format_v1 as seal


@dataclass(slots=True)
class Plan:
    """A perturbation that has been checked and not yet made."""

    regions: tuple[Region, ...]
    core: list[CoreRegion]
    nonce: bytes
    header: bytes
    subkey: bytes


@dataclass(slots=True)
class Opened:
    """A record that is of an image and of a key, with the pixels not yet checked."""

    core: list[CoreRegion]
    header: bytes
    subkey: bytes


CoreJob: TypeAlias = tuple[Image, Image, list[CoreRegion], bytes, bool]
"""(source, image, regions, subkey, whether to give back the bytes of their boxes), as the core takes it."""


def job_of(image: Image, out: Image | None, what: Plan | Opened, *, boxes: bool = False) -> CoreJob:
    """What the core has to do to move the pixels of an image into ``out`` or a fresh array.

    ``boxes`` asks for the bytes that the tag needs, unless they are too many to be held in memory twice.
    """
    collect = boxes and seal.are_few(image, what.core)
    return packed(image), destination(image, out), what.core, what.subkey, collect


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
    nonce = seal.reproducible_nonce(key, image, core) if reproducible else seal.fresh_nonce()
    ready = _bind(image, where, core, key, nonce)
    return ready if goal is None else _settle(image, ready, key, goal, reproducible)


def _bind(image: Image, regions: tuple[Region, ...], core: list[CoreRegion], key: Key, nonce: bytes) -> Plan:
    header = seal.header(nonce, image.shape, dtype_name(image), core)
    return Plan(regions, core, nonce, header, seal.subkey(key, header))


def _settle(image: Image, ready: Plan, key: Key, goal: float, reproducible: bool) -> Plan:
    """Draws again, each time with another nonce, until the squared error that comes out is the one asked for.

    A permutation scatters about what the law expects of it, and two of different nonces are unrelated. So the first
    that lands within the tolerance is taken, or else the nearest of all that were tried.
    """
    trial = distance.Trial(image, ready.core)
    best, nearest = ready, math.inf
    for _ in range(distance.draws_allowed(ready.core)):
        away = distance.decibels_between(trial.squared_error(ready.subkey), goal)
        if away < nearest:
            best, nearest = ready, away
        if away <= distance.TOLERANCE_DB:
            break
        nonce = seal.next_nonce(key, ready.header) if reproducible else seal.fresh_nonce()
        ready = _bind(image, ready.regions, ready.core, key, nonce)
    return best


WorkerQueue = _core.WorkerQueue
"""Threads that move pixels while the caller prepares the next images."""


def move_back(job: CoreJob, *, inverse: bool) -> None:
    """Takes back what was moved with ``inverse``."""
    _, target, core, subkey, _ = job
    _core.permute([(target, core, subkey)], not inverse, 1)


def record_of(job: CoreJob, plan: Plan, key: Key, moved: list[int], boxes: bytes) -> Record:
    """The record of what was moved."""
    hidden = job[1]
    items = [
        RegionRecord(region, core[5], core[6], count)
        for region, core, count in zip(plan.regions, plan.core, moved, strict=True)
    ]
    tag = seal.tag(key, plan.header, moved, hidden, plan.core, boxes if job[4] else None)
    return Record(key.id, plan.nonce, hidden.shape, dtype_name(hidden), tuple(items), tag)


def boxes_of(pixels: Mapping[int, tuple[Image, list[CoreRegion]]]) -> dict[int, bytes]:
    """The bytes of the regions' boxes of some images, where they are few enough to be collected."""
    few = {i: (packed(image), core) for i, (image, core) in pixels.items() if seal.are_few(image, core)}
    return dict(zip(few, _core.box_bytes(list(few.values())), strict=True))


def open_record(image: Image, record: Record, key: Key) -> Opened:
    """Checks that a record is of a checked image and of a key; the pixels are for :func:`is_whole`."""
    if not isinstance(record, Record):
        raise TypeError(f"record must be a Record, got {type(record).__name__}; see Record.from_json()")
    if not isinstance(key, Key):
        raise TypeError(f"key must be a Key, got {type(key).__name__}")
    if record.key_id != key.id:
        raise WrongKey(f"the record was made with key {record.key_id}, got key {key.id}")
    if image.shape != record.shape or dtype_name(image) != record.dtype:
        raise Tampered(
            f"the record is of an image of shape {record.shape} and dtype {record.dtype}, "
            f"got shape {image.shape} and dtype {image.dtype}"
        )
    core = record.core_regions()
    _core.check_regions(image.shape[0], image.shape[1], core)
    header = seal.header(record.nonce, record.shape, record.dtype, core)
    return Opened(core, header, seal.subkey(key, header))


CHANGED = "the record, or pixels inside its regions, were changed since they were written"
ALTERED = CHANGED + ": what is restored is not the original"


def is_whole(image: Image, record: Record, opened: Opened, key: Key, boxes: bytes | None, *, strict: bool) -> bool:
    """Whether the tag of the pixels is the record's; raises Tampered if not and ``strict``."""
    counts = [item.moved for item in record.regions]
    whole = hmac.compare_digest(seal.tag(key, opened.header, counts, image, opened.core, boxes), record.tag)
    if strict and not whole:
        raise Tampered(CHANGED + "; verify=False restores what can be restored")
    return whole
