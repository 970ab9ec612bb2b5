"""Many images in one call, shared among threads.

One bad image does not lose the others.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import numpy as np

from . import perturbation
from .arrays import Image, byte_bounds
from .errors import FastperturbError
from .key import Key
from .record import Record
from .region import RegionLike
from .strength import Strength
from .threads import check_threads
from .turns import MAX_PLACES, turn

T = TypeVar("T")
CHUNK = 32  # images that a thread takes at once: few enough to share evenly, many enough to need few turns
BLOCK_BYTES = 2**23
"""Up to how much of the results' memory is taken from the system at once: threads hold each other up in doing so."""


class BatchError(FastperturbError):
    """Some images of a batch failed; the others are done.

    Attributes:
        errors: the exception of each image that failed, by its index.
        results: the result of each image in order, ``None`` where it failed.
    """

    def __init__(self, errors: dict[int, Exception], results: list[Any]) -> None:
        first = min(errors)
        super().__init__(
            f"{len(errors)} of {len(results)} images failed; the first is image {first}: "
            f"{type(errors[first]).__name__}: {errors[first]}"
        )
        self.errors = errors
        self.results = results


def perturb_many(
    images: Iterable[Image],
    regions: Iterable[RegionLike | Iterable[RegionLike]],
    key: Key,
    strength: Strength = Strength(),
    *,
    reproducible: bool = False,
    out: Iterable[Image] | None = None,
    threads: int | None = None,
    return_errors: bool = False,
) -> list[tuple[Image, Record]]:
    """Perturbs many images in one call; each result is what :func:`perturb` gives.

    Args:
        images: a list of images of any shapes and dtypes, or a stack whose first axis counts them.
        regions: for each image its regions, as for :func:`perturb`.
        key: the secret that restores them all; each image has its own nonce.
        strength: for all regions.
        reproducible: as for :func:`perturb`.
        out: for each image where to write it; ``out=images`` works in place. They must not overlap each
            other, nor another's image.
        threads: how many threads share the images; ``None`` for one a processor.
        return_errors: put the exception of an image that fails in its place in the list instead of raising at the end.

    Returns:
        (perturbed image, record) for each image, in order. Results of neighbours may lie in one block of memory of up
        to 8 MiB, which stays as long as one of them does: copy a few to keep out of many.

    Raises:
        BatchError: some images failed; it holds their errors and the results of the others, which are done.
        ValueError: as many regions or outs as images are needed, and outs that do not overlap. Nothing was changed.
    """
    images = list(images)
    plans = _match(list(regions), images, "regions")

    def perturb_one(index: int, out: Image | None, spare: int) -> tuple[Image, Record]:
        ready = perturbation.plan(images[index], plans[index], key, strength, reproducible)
        return perturbation.make(images[index], out, ready, key, spare)

    batch = _Batch(images, out, check_threads(threads))
    return batch.run(perturb_one, return_errors=return_errors)


def restore_many(
    images: Iterable[Image],
    records: Iterable[Record],
    key: Key,
    *,
    verify: bool = True,
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

    def restore_one(index: int, out: Image | None, spare: int) -> Image:
        opened = perturbation.unseal(images[index], known[index], key, verify)
        return perturbation.move(images[index], out, opened, inverse=True, threads=spare)[0]

    batch = _Batch(images, out, check_threads(threads))
    return batch.run(restore_one, return_errors=return_errors)


class _Batch:
    """The images of one call and their targets; runs them through the core and keeps errors by index."""

    def __init__(self, images: list[Image], out: Iterable[Image] | None, threads: int) -> None:
        self.images = images
        self.outs: list[Image] | list[None] = [None] * len(images)
        self.fresh = out is None
        if out is not None:
            self.outs = _match(list(out), images, "out")
            _check_apart(self.outs, images)
        self.threads = threads

    def run(self, do: Callable[[int, Image | None, int], T], *, return_errors: bool) -> list[T]:
        """Calls ``do(index, out, spare threads)`` for all images, a few at a time on each thread."""
        count = len(self.images)
        workers = max(1, min(self.threads, count))
        size = max(1, min(CHUNK, -(-count // workers)))
        spare = max(1, self.threads // workers)

        chunks = [range(start, min(start + size, count)) for start in range(0, count, size)]
        outs = [self._outs_of(chunk) for chunk in chunks]  # here, since memory of this thread is used again more often

        def run_chunk(chunk: range, targets: list[Image] | list[None]) -> list[T | Exception]:
            results: list[T | Exception] = []
            for index, out in zip(chunk, targets, strict=True):
                try:
                    with self._turn(index, workers):
                        results.append(do(index, out, spare))
                except Exception as error:
                    results.append(error)
            return results

        if workers == 1:
            parts = [run_chunk(chunk, targets) for chunk, targets in zip(chunks, outs, strict=True)]
        else:
            with ThreadPoolExecutor(workers) as pool:
                parts = list(pool.map(run_chunk, chunks, outs))
        results = list(itertools.chain.from_iterable(parts))
        errors = {index: result for index, result in enumerate(results) if isinstance(result, Exception)}
        if errors and not return_errors:
            raise BatchError(errors, [None if isinstance(result, Exception) else result for result in results])
        return results  # type: ignore[return-value]

    def _turn(self, index: int, workers: int) -> AbstractContextManager[None]:
        """Keeps the threads in step; where there are more than have places, they would only queue."""
        image = self.images[index]
        return turn(image) if workers <= MAX_PLACES and isinstance(image, np.ndarray) else nullcontext()

    def _outs_of(self, chunk: range) -> list[Image] | list[None]:
        """Where to write the images of a chunk; fresh arrays in one block if they are alike and small."""
        images = self.images[chunk.start : chunk.stop]
        if not self.fresh or not all(isinstance(image, np.ndarray) for image in images):
            return self.outs[chunk.start : chunk.stop]
        alike = {(image.shape, image.dtype) for image in images}
        if len(alike) != 1 or sum(image.nbytes for image in images) > BLOCK_BYTES:
            return [None] * len(images)
        (shape, dtype) = alike.pop()
        return list(np.empty((len(images), *shape), dtype))


def _match(items: list[T], images: list[Image], name: str) -> list[T]:
    if len(items) != len(images):
        raise ValueError(f"{name} must have one entry for each of the {len(images)} images, got {len(items)}")
    return items


def _check_apart(outs: list[Image], images: list[Image]) -> None:
    """Raises ValueError if an out shares memory with another out, or with another's image."""
    named = [("out", i, a) for i, a in enumerate(outs)] + [("images", i, a) for i, a in enumerate(images)]
    spans = [(*byte_bounds(array), kind, i, array) for kind, i, array in named if isinstance(array, np.ndarray)]
    spans.sort(key=lambda span: span[:2])
    open_spans: list[Any] = []
    for span in spans:
        start, _, kind, index, array = span
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
