"""Many images in one call, shared among threads.

One bad image does not lose the others.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from operator import itemgetter
from typing import Any, TypeVar, cast

import numpy as np

from ..checks import Image, byte_bounds, check_image, destination
from ..errors import BatchError, UnverifiedWarning
from ..key import Key
from ..recipients import Recipients, check_recipients
from ..record import Record
from ..region import RegionLike
from ..strength.strength import Strength
from ..threads import check_threads
from . import plan as planning
from .batch_pipeline import (
    CHUNK_BYTES,
    Chunk,
    Complete,
    Moved,
    Prepare,
    cut,
    gather,
    run_in_turn,
    run_side_by_side,
    take_all_back,
)
from .drawing import Drawing, is_drawing
from .formats import Opened
from .sealing import Sealing, draw_and_seal
from .single import restore

T = TypeVar("T")
SMALL_BYTES = 2**20
"""An image up to this size is prepared in microseconds."""


def perturb_many(
    images: Iterable[Image],
    regions: Iterable[RegionLike | Iterable[RegionLike]],
    key: Recipients,
    protection: Strength | Drawing = Strength(),
    *,
    seal: bool = True,
    reproducible: bool = False,
    out: Iterable[Image] | None = None,
    threads: int | None = None,
    return_errors: bool = False,
) -> list[tuple[Image, Record]]:
    """Protects many images in one call; each result is what :func:`perturb` gives.

    Args:
        images: a list of images of any shapes and dtypes, or a stack whose first axis counts them.
        regions: for each image its regions, as for :func:`perturb`.
        key: who restores them all, as for :func:`perturb`; each image has secrets of its own.
        protection: for all regions.
        seal: as for :func:`perturb`.
        reproducible: as for :func:`perturb`.
        out: for each image where to write it; ``out=images`` works in place. They must not overlap each
            other, nor another's image.
        threads: how many threads share the images; ``None`` for one a processor.
        return_errors: put the exception of an image that fails in its place in the list instead of raising at the end.

    Returns:
        (protected image, record) for each image, in order. Results of neighbours may lie in one block of memory of up
        to 8 MiB, which stays as long as one of them does: copy a few to keep out of many.

    Raises:
        BatchError: some images failed; it holds their errors and the results of the others, which are done.
        ValueError: as many regions or outs as images are needed, and outs that do not overlap. Nothing was changed.
    """
    images = list(images)
    where = _match(list(regions), images, "regions")
    batch = _Batch(images, out, check_threads(threads), inverse=False)
    if is_drawing(protection):
        work = _Drawn(images, where, key, protection, Sealing(seal, reproducible))
        return batch.run(work.prepare, work.complete, brief=False, return_errors=return_errors)

    strength = cast(Strength, protection)

    def prepare(chunk: Chunk) -> None:
        sources: dict[int, Image] = {}

        def plan(i: int) -> planning.Plan:
            check_image(images[i])
            sources[i] = np.array(images[i], order="C") if reproducible else images[i]
            return planning.plan(sources[i], where[i], key, strength, reproducible)

        chunk.ready = ready = chunk.each(chunk.outs, plan)
        outs = chunk.outs
        chunk.jobs = chunk.each(
            ready, lambda i: planning.make_job(sources[i], destination(images[i], outs[i]), ready[i])
        )

    def complete(chunk: Chunk, moved: Moved) -> dict[int, tuple[Image, Record]]:
        jobs, ready = chunk.jobs, chunk.ready
        return chunk.each(moved, lambda i: (jobs[i].target, planning.record_of(jobs[i], ready[i], moved[i][1])))

    solves = not isinstance(strength, Strength) or strength.target is not None
    return batch.run(prepare, complete, brief=not (solves or reproducible), return_errors=return_errors)


class _Drawn:
    """A batch of images that are drawn over, each from beginning to end."""

    def __init__(
        self, images: list[Image], regions: list[Any], key: Recipients, drawing: Drawing, sealing: Sealing
    ) -> None:
        self.images, self.regions, self.key, self.drawing, self.sealing = images, regions, key, drawing, sealing
        recipients = check_recipients(key, reproducible=sealing.reproducible)
        self.opening = next((item for item in recipients if isinstance(item, Key)), None)

    def prepare(self, chunk: Chunk) -> None:
        """Does all the work."""
        chunk.results |= chunk.each(chunk.outs, lambda i: self._one(chunk, i))

    def complete(self, chunk: Chunk, moved: Moved) -> dict[int, Any]:
        """There is nothing left to do."""
        return {}

    def _one(self, chunk: Chunk, index: int) -> tuple[Image, Record]:
        image, out = self.images[index], chunk.outs[index]
        check_image(image)
        in_place = out is not None and np.may_share_memory(out, image)
        opening = self.opening if self.sealing.seal else None
        before = image.copy() if in_place and opening is None else None
        hidden, record = draw_and_seal(image, self.regions[index], self.key, self.drawing, out, self.sealing)
        if in_place:  # without their records, which an interrupt would lose, originals would be lost too

            def undo() -> None:
                hidden[...] = before if opening is None else restore(hidden, record, opening)

            chunk.undo[index] = undo
        return hidden, record


def restore_many(
    images: Iterable[Image],
    records: Iterable[Record],
    key: Key,
    *,
    verify: bool = True,
    origin: str = "any",
    out: Iterable[Image] | None = None,
    threads: int | None = None,
    return_errors: bool = False,
) -> list[Image]:
    """Restores many images in one call; each result is what :func:`restore` gives.

    Args:
        images: a list or stack of perturbed images.
        records: the record of each.
        key: the key of them all.
        verify: as for :func:`restore`.
        origin: as for :func:`restore`.
        out: as for :func:`perturb_many`.
        threads: as for :func:`perturb_many`.
        return_errors: as for :func:`perturb_many`.

    Returns:
        The original images, in order; in memory as those of :func:`perturb_many`.

    Raises:
        BatchError: some images failed; it holds their errors and the results of the others, which are done.
        ValueError: as many records or outs as images are needed, and outs that do not overlap.
    """
    images = list(images)
    known = _match(list(records), images, "records")
    altered: dict[str, list[int]] = {}

    def prepare(chunk: Chunk) -> None:
        def unlock(i: int) -> Opened:
            check_image(images[i])
            return planning.open_record(images[i], known[i], key, origin=origin)

        opened = chunk.each(chunk.outs, unlock)
        boxes = planning.boxes_of({i: (images[i], opened[i]) for i in opened})

        def job(i: int) -> planning.CoreJob:
            said = planning.check_pixels(images[i], opened[i], boxes.get(i), strict=verify)
            if said:
                altered.setdefault(said, []).append(i)
            return planning.make_job(images[i], chunk.outs[i], opened[i])

        chunk.ready = opened
        chunk.jobs = chunk.each(opened, job)

    def complete(chunk: Chunk, moved: Moved) -> dict[int, Image]:
        def finish(i: int) -> Image:
            opened, target = chunk.ready[i], chunk.jobs[i].target
            opened.finish(target)
            chunk.undo[i] = lambda: opened.undo(target)
            return target

        return chunk.each(moved, finish)

    batch = _Batch(images, out, check_threads(threads), inverse=True)
    try:
        return batch.run(prepare, complete, brief=True, return_errors=return_errors)
    finally:
        for said, indices in altered.items():
            names = ", ".join(f"images[{i}]" for i in sorted(indices))
            warnings.warn(f"{names}: {said}", UnverifiedWarning, stacklevel=2)


class _Batch:
    """The images of one call and their targets."""

    def __init__(self, images: list[Image], out: Iterable[Image] | None, threads: int, *, inverse: bool) -> None:
        self.images = images
        self.outs: list[Image] | list[None] = [None] * len(images)
        self.fresh = out is None
        if out is not None:
            self.outs = _match(list(out), images, "out")
            _check_apart(self.outs, images)
        self.workers = max(1, min(threads, len(images)))
        self.spare = threads // self.workers
        self.inverse = inverse

    def run(self, prepare: Prepare, complete: Complete, *, brief: bool, return_errors: bool) -> list[Any]:
        """Does all images; on an interrupt those that were done in place are as they were.

        If Python takes microseconds for an image, which needs small ones too, one thread does all of that, and the
        others move pixels. Else each does some images from beginning to end.
        """
        sizes = [image.nbytes if isinstance(image, np.ndarray) else 0 for image in self.images]
        brief = brief and max(sizes, default=0) <= SMALL_BYTES and self.workers > 1
        chunks = [
            Chunk(dict(zip(indices, self._outs_of(indices), strict=True)), inverse=self.inverse)
            for indices in cut(sizes, 1 if brief else self.workers)
        ]
        try:
            if brief or self.workers == 1:
                run_in_turn(chunks, prepare, complete, helpers=self.workers - 1, threads=self.spare)
            else:
                run_side_by_side(chunks, prepare, complete, workers=self.workers, threads=self.spare)
            results, errors = gather(chunks, len(self.images))
        except BaseException:
            try:
                take_all_back(chunks)
            finally:
                take_all_back(chunks)  # again: two interrupts at once leave the first call before it begins
            raise
        if errors and not return_errors:
            raise BatchError(
                dict(sorted(errors.items())), [None if i in errors else result for i, result in enumerate(results)]
            )
        return results

    def _outs_of(self, chunk: range) -> list[Image] | list[None]:
        """Where to write the images of a chunk; fresh arrays in one block if they are alike and small."""
        images = self.images[chunk.start : chunk.stop]
        if not self.fresh or not all(isinstance(image, np.ndarray) and image.ndim in (2, 3) for image in images):
            return self.outs[chunk.start : chunk.stop]
        alike = {(image.shape, image.dtype) for image in images}
        if len(alike) != 1 or not 0 < sum(image.nbytes for image in images) <= CHUNK_BYTES:
            return [None] * len(images)
        (shape, dtype) = alike.pop()
        return list(np.empty((len(images), *shape), dtype))


def _match(items: list[T], images: list[Image], name: str) -> list[T]:
    if len(items) != len(images):
        raise ValueError(f"{name} must have one entry for each of the {len(images)} images, got {len(items)}")
    return items


def _check_apart(outs: list[Image], images: list[Image]) -> None:
    """Raises ValueError if an out shares memory with another out, or with another's image."""
    named = [("out", i, a) for i, a in enumerate(outs)]
    named += [("images", i, a) for i, (a, out) in enumerate(zip(images, outs, strict=True)) if a is not out]
    spans = [(*byte_bounds(array), kind, i, array) for kind, i, array in named if isinstance(array, np.ndarray)]
    spans.sort(key=itemgetter(0, 1))
    open_spans: list[Any] = []
    for span in spans:
        start, _, kind, index, array = span
        if open_spans:
            open_spans = [other for other in open_spans if other[1] > start]
        for _, _, other_kind, other_index, other in open_spans:
            if index != other_index and "out" in (kind, other_kind) and _share_memory(array, other):
                raise ValueError(
                    "out arrays must not overlap each other or another's image, "
                    f"got an overlap of {other_kind}[{other_index}] and {kind}[{index}]"
                )
        open_spans.append(span)


def _share_memory(a: Image, b: Image) -> bool:
    try:
        return np.shares_memory(a, b, max_work=10_000)  # type: ignore[arg-type]
    except RuntimeError:  # too hard to tell: numpy's TooHardError
        return True
