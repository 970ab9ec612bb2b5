"""Images of a batch that are done together, the order in which that happens, and the threads that do it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias, TypeVar

from ..checks import Image
from . import plan as planning

T = TypeVar("T")
CHUNK = 32  # images that are prepared and moved together: few enough to share evenly, many enough to need few turns
CHUNK_BYTES = 2**23
AHEAD = 2  # chunks that are moved while the next ones are prepared


Moved: TypeAlias = dict[int, tuple[list[int], bytes]]
"""For each image how many pixels of each region moved, and its boxes' bytes if they were asked for."""


class Chunk:
    """Some neighbouring images: prepared one after the other in Python, then moved together by the core.

    Attributes:
        outs: where to write each of them, or None for a fresh array.
        ready, jobs: what is known of those that were prepared.
        results: what became of each image: the exception, if it failed.
        undo: takes back what was done to an image besides moving its pixels, before they are moved back.
    """

    def __init__(self, outs: dict[int, Image | None], *, inverse: bool) -> None:
        self.outs = outs
        self.ready: dict[int, Any] = {}
        self.jobs: dict[int, planning.CoreJob] = {}
        self.results: dict[int, Any] = {}
        self.undo: dict[int, Callable[[], None]] = {}
        self._submitted: list[list[int]] = []  # written by the core, so that no signal comes in between
        self._taken_back: set[int] = set()
        self._inverse = inverse

    def each(self, indices: Iterable[int], do: Callable[[int], T]) -> dict[int, T]:
        """What ``do`` returns for each image; one for which it raises is left out, and its pixels are moved back."""
        done = {}
        for index in indices:
            try:
                done[index] = do(index)
            except Exception as error:
                self.take_back(index)
                self.results[index] = error
        return done

    def submit(self, queue: planning.WorkerQueue) -> None:
        """Has the pixels of all prepared images moved; if the core refuses, of each that it does not refuse."""
        try:
            self._submit(queue, list(self.jobs))
        except Exception:
            self.each(self.jobs, lambda index: self._submit(queue, [index]))

    def _submit(self, queue: planning.WorkerQueue, indices: list[int]) -> None:
        queue.submit([self.jobs[index] for index in indices], self._inverse, self._submitted, indices)

    def collect(self, queue: planning.WorkerQueue) -> Moved:
        """What the core says of each image. Copies that were made of images are let go."""
        moved = {i: answer for indices in self._submitted for i, answer in zip(indices, queue.collect(), strict=True)}
        self.jobs = {i: job._replace(source=job.target) for i, job in self.jobs.items()}
        return moved

    def take_back(self, index: int) -> None:
        """Leaves an image as it was."""
        if index in self.undo:
            self.undo.pop(index)()
        if index not in self._taken_back and any(index in indices for indices in self._submitted):
            self._taken_back.add(index)
            planning.move_back(self.jobs[index], inverse=self._inverse)

    def take_all_back(self) -> None:
        """Leaves the images as they were."""
        for index in self.outs:
            self.take_back(index)


Prepare: TypeAlias = Callable[[Chunk], None]
Complete: TypeAlias = Callable[[Chunk, Moved], dict[int, Any]]


def run_in_turn(chunks: list[Chunk], prepare: Prepare, complete: Complete, *, helpers: int, threads: int = 1) -> None:
    """Does chunks one after the other, with ``helpers`` threads that move pixels while the next ones are prepared.

    Without helpers each image is shared among ``threads``.
    """
    under_way: deque[Chunk] = deque()

    def collect_oldest() -> None:
        chunk = under_way.popleft()
        chunk.results |= complete(chunk, chunk.collect(queue))

    with planning.WorkerQueue(helpers, threads) as queue:
        for chunk in chunks:
            prepare(chunk)
            chunk.submit(queue)
            under_way.append(chunk)
            if len(under_way) > (AHEAD if helpers else 0):
                collect_oldest()
        while under_way:
            collect_oldest()


def run_side_by_side(chunks: list[Chunk], prepare: Prepare, complete: Complete, *, workers: int, threads: int) -> None:
    """Does chunks on ``workers`` threads, each from beginning to end, with ``threads`` for an image.

    After an interrupt no further one is begun, and those under way are waited for.
    """

    def run(chunk: Chunk) -> None:
        run_in_turn([chunk], prepare, complete, helpers=0, threads=threads)

    with ThreadPoolExecutor(workers) as pool:
        try:
            for future in [pool.submit(run, chunk) for chunk in chunks]:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def cut(sizes: list[int], workers: int) -> Iterator[range]:
    """Ranges of neighbours, of at most :data:`CHUNK` images and about :data:`CHUNK_BYTES`; the last ones are shorter.

    So no thread is left with much to do when the others are done.
    """
    start = total = 0
    most = _share(len(sizes), workers)
    for index, size in enumerate(sizes):
        if index > start and (index - start == most or total + size > CHUNK_BYTES):
            yield range(start, index)
            start, total = index, 0
            most = _share(len(sizes) - index, workers)
        total += size
    if sizes:
        yield range(start, len(sizes))


def _share(left: int, workers: int) -> int:
    shortest = min(CHUNK // 8, -(-left // workers))
    return CHUNK if workers == 1 else max(1, shortest, min(CHUNK, left // (2 * workers)))
