"""Perturbing and restoring arrays: checks, nonce, subkey, record. The pixels are moved by the core.

Arrays in, arrays out; inputs are never changed unless ``out=`` says so; every function may be called from any thread.
"""

from __future__ import annotations

import hmac
import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from . import _core, distance, seal
from .arrays import Image, check_image, destination, dtype_name, packed
from .errors import NoFaceFound, Tampered, WrongKey
from .key import Key
from .record import MAX_REGIONS, CoreRegion, Record, RegionRecord, core_region
from .region import Region, RegionLike, as_regions
from .strength import Strength, common_target, list_strengths
from .threads import check_threads
from .turns import turn


class UnverifiedWarning(UserWarning):
    """An image was restored although it, or its record, is not what was written; it will not be the original."""


def perturb(
    image: Image,
    regions: RegionLike | Iterable[RegionLike],
    key: Key,
    strength: Strength | Sequence[Strength] = Strength(),
    *,
    reproducible: bool = False,
    out: Image | None = None,
    threads: int | None = 1,
) -> tuple[Image, Record]:
    """Moves the pixels of an image's regions by a permutation that only the key's holder can undo.

    Args:
        image: (height, width) or (height, width, channels), 1 to 4 channels; uint8, uint16 or finite float32; any
            strides. Channels move together and their order does not matter.
        regions: one or several of Face, Region or (x, y, width, height) in pixels. They may overlap (a pixel then
            belongs to the last one) and reach beyond the image, but each must touch it.
        key: the secret that restores the image.
        strength: window and number of pixels, or a distance to come to; one for all regions, or one for each.
        reproducible: derive the nonce from key, image and parameters, so that the same call gives the same result. That
            two equal inputs can be seen to be equal is what it leaks.
        out: where to write: an array like ``image`` with packed rows; ``out=image`` works in place.
        threads: how many threads may share the work; ``None`` for one a processor. The result is the same for all.

    Returns:
        The perturbed image, and the record that :func:`restore` needs beside the key.

    Raises:
        NoFaceFound: ``regions`` is empty.
        TypeError, ValueError: an argument is not as said above, or the strength asks for a distance that cannot be
            reached; the message names the nearest one that can. Whatever is raised, ``image`` is as it was; another
            array given as ``out`` may hold a copy of it.
    """
    check_image(image)
    count = check_threads(threads)
    with turn(image):
        ready = plan(image, regions, key, strength, reproducible)
        job = job_of(image, out, ready, boxes=True)
        moved, boxes = _core.move(job, False, count)
        try:
            return job[1], record_of(job, ready, key, moved, boxes)
        except BaseException:
            move_back(job, inverse=False)  # without its record nobody could
            raise


def restore(
    image: Image,
    record: Record,
    key: Key,
    *,
    verify: bool = True,
    out: Image | None = None,
    threads: int | None = 1,
) -> Image:
    """Undoes :func:`perturb`, bit for bit.

    Args:
        image: the perturbed image. What lies outside the regions' boxes may have changed since.
        record: what :func:`perturb` returned with it.
        key: the key it was made with.
        verify: ``False`` also restores an image that was changed, as well as can be (after a lossy re-encoding, say),
            and issues an :class:`UnverifiedWarning` if it was.
        out: where to write; ``out=image`` works in place.
        threads: as for :func:`perturb`.

    Returns:
        The original image.

    Raises:
        WrongKey: the record was made with another key.
        Tampered: the record or the pixels are not the ones that were written.
        TypeError, ValueError: an argument is of the wrong kind.
    """
    check_image(image)
    count = check_threads(threads)
    with turn(image):
        opened = open_record(image, record, key)
        boxes = boxes_of({0: (image, opened.core)}).get(0)
        verify_pixels(image, record, opened, key, boxes, strict=verify)
        job = job_of(image, out, opened)
        _core.move(job, True, count)
        return job[1]


def permute(
    image: Image, regions: Sequence[tuple[Region, int, int]], subkey: bytes, *, inverse: bool = False, threads: int = 1
) -> list[int]:
    """The raw permutation, in place: no nonce, no record, no check that it is undone with the right key.

    What it leaves to you: ``subkey`` must be 32 secret bytes that are used for one image only, for two images under
    one subkey are permuted alike and betray each other. :func:`perturb` sees to all of that.

    Args:
        image: writeable, with packed rows; see :func:`perturb`.
        regions: (region, window, pixels) each.
        subkey: 32 bytes, the ChaCha20 key itself.
        inverse: undo instead.
        threads: 1 or more.

    Returns:
        How many pixels moved in each region.
    """
    check_image(image)
    core = [core_region(region, window, pixels) for region, window, pixels in regions]
    return _core.permute([(image, core, subkey)], inverse, check_threads(threads))[0]


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
    """Checks the arguments of :func:`perturb` and settles nonce and subkey; moves nothing."""
    check_image(image)
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


def resolve(
    image: Image, regions: tuple[Region, ...], strength: Strength | Sequence[Strength]
) -> tuple[list[CoreRegion], float | None]:
    """The window and the number of pixels of each region, out of the strengths that were asked for.

    Returns:
        The regions as the core takes them, and the squared error to come to if the strengths name a target.
    """
    if not regions:
        raise NoFaceFound("regions must name at least one region, got none: there is nothing to protect")
    if len(regions) > MAX_REGIONS:
        raise ValueError(f"regions must be at most {MAX_REGIONS}, got {len(regions)}")
    strengths = list_strengths(strength, len(regions))
    blank = [core_region(region, s.window_for(region), 0) for region, s in zip(regions, strengths, strict=True)]
    target = common_target(strengths)
    goal = None if target is None else distance.squared_error(target, image)
    all_owned = _core.owned_pixels(image.shape[0], image.shape[1], blank)
    solved = all_owned if target is None or goal is None else distance.solve(image, blank, target, goal)
    core = []
    for index, owned in enumerate(all_owned):
        try:
            pixels = solved[index] if target is not None else strengths[index].pixels_for(owned) if owned else 0
        except ValueError as error:
            raise ValueError(f"regions[{index}]: {error}") from None
        if owned < 2:
            pixels = 0  # nothing, or a single pixel that has nowhere to go
        elif pixels < 2:
            raise ValueError(f"regions[{index}] must move at least 2 of its {owned} pixels, got {pixels}")
        core.append((*blank[index][:6], pixels))
    if not any(item[6] for item in core):
        raise ValueError(f"regions must own at least 2 pixels, got {sum(all_owned)}: nothing can move")
    return core, goal


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


Movers = _core.Movers
"""Threads that move pixels while the caller prepares the next images."""


def move_back(job: CoreJob, *, inverse: bool) -> None:
    """Takes back what was moved with ``inverse``."""
    _, target, core, subkey, _ = job
    _core.permute([(target, core, subkey)], not inverse, 1)


def record_of(job: CoreJob, plan: Plan, key: Key, moved: list[int], boxes: bytes) -> Record:
    """The record of what was moved."""
    hidden = job[1]
    items = tuple(
        RegionRecord(region, core[5], core[6], count)
        for region, core, count in zip(plan.regions, plan.core, moved, strict=True)
    )
    tag = seal.tag(key, plan.header, moved, hidden, plan.core, boxes if job[4] else None)
    return Record(key.id, plan.nonce, hidden.shape, dtype_name(hidden), items, tag)


def boxes_of(pixels: Mapping[int, tuple[Image, list[CoreRegion]]]) -> dict[int, bytes]:
    """The bytes of the regions' boxes of some images, where they are few enough to be collected."""
    few = {i: (packed(image), core) for i, (image, core) in pixels.items() if seal.are_few(image, core)}
    return dict(zip(few, _core.box_bytes(list(few.values())), strict=True))


def open_record(image: Image, record: Record, key: Key) -> Opened:
    """Checks that a record is of an image and of a key; the pixels are for :func:`verify_pixels`."""
    check_image(image)
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


def verify_pixels(
    image: Image, record: Record, opened: Opened, key: Key, boxes: bytes | None, *, strict: bool, stacklevel: int = 3
) -> None:
    """Compares the tag of the pixels with the record's; raises Tampered, or only warns if not ``strict``."""
    tag = seal.tag(key, opened.header, [item.moved for item in record.regions], image, opened.core, boxes)
    if hmac.compare_digest(tag, record.tag):
        return
    problem = "the record, or pixels inside its regions, were changed since they were written"
    if strict:
        raise Tampered(problem + "; verify=False restores what can be restored")
    warnings.warn(problem + ": what is restored is not the original", UnverifiedWarning, stacklevel=stacklevel)
