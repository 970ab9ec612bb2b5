"""Images of a batch that are done together, the order in which that happens, and the threads that do it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

from ..checks import Image
from . import plan as planning

T = TypeVar("T")
CHUNK = 32  # images that are prepared and moved together: few enough to share evenly, many enough to need few turns
CHUNK_BYTES = 2**23
AHEAD = 2  # chunks that are moved while the next ones are prepared
_TRIES = 10  # of taking an image back, which another interrupt may break off


Moved: TypeAlias = dict[int, tuple[list[int], bytes]]
"""For each image how many pixels of each region moved, and its boxes' bytes if they were asked for."""


class Chunk:
    """Some neighbouring images: prepared one after the other in Python, then moved together by the core.

    Attributes:
        outs: where to write each of them, or None for a fresh array.
        ready, jobs: what is known of those that were prepared.
        results: what became of each image: the exception, if it failed.
        undo: takes back what was done to an image besides moving its pixels, before they are moved back; what was
            broken off may be done again.
    """

    def __init__(self, outs: dict[int, Image | None], *, inverse: bool) -> None:
        self.outs = outs
        self.ready: dict[int, Any] = {}
        self.jobs: dict[int, planning.CoreJob] = {}
        self.results: dict[int, Any] = {}
        self.undo: dict[int, Callable[[], None]] = {}
        self._submitted: list[list[int]] = []  # written by the core, so that no signal comes in between
        self._taken_back: dict[int, list[Any]] = {}  # written by the core likewise
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
        """Leaves an image as it was; may be called again, and does then what is still to do."""
        if index in self.undo:
            self.undo[index]()
            del self.undo[index]
        if any(index in indices for indices in self._submitted):
            done = self._taken_back.setdefault(index, [])
            if not done:
                planning.move_back(self.jobs[index], inverse=self._inverse, done=done)


def take_all_back(chunks: list[Chunk]) -> None:
    """Leaves all images as they were, in spite of other interrupts; may be called again.

    Raises:
        BaseException: an image could not be taken back; all the others were.
    """
    failed: BaseException | None = None
    for chunk, index in [(one, index) for one in chunks for index in one.outs]:
        for left in reversed(range(_TRIES)):
            try:
                chunk.take_back(index)
                break
            except BaseException as error:
                failed = failed if left else error
    if failed is not None:
        raise failed


def gather(chunks: list[Chunk], count: int) -> tuple[list[Any], dict[int, Exception]]:
    """What became of each image, and those of them that are errors by index."""
    results: list[Any] = [None] * count
    errors: dict[int, Exception] = {}
    for chunk in chunks:
        for index, result in chunk.results.items():
            results[index] = result
            if isinstance(result, Exception):
                errors[index] = result
    return results, errors


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


class _Line:
    """Chunks that wait to be done. Once it is closed none is handed out, and it is known when the last one is done.

    It does not lean on ``concurrent.futures``, nor on ``threading.Condition``: an interrupt of the caller can leave the
    one with a thread that nobody waits for, and the other locked for good. A lock that ``with`` takes is never left so.
    """

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        self._lock = threading.Lock()
        self._waiting = deque(chunks)
        self._under_way = 0

    def next(self) -> Chunk | None:
        """A chunk that is under way from now on; None if there is no other."""
        with self._lock:
            if not self._waiting:
                return None
            self._under_way += 1
            return self._waiting.popleft()

    def done(self) -> None:
        """Says that a chunk is no longer under way."""
        with self._lock:
            self._under_way -= 1

    def close(self) -> None:
        """Hands out no other chunk, and waits for those that are under way, in spite of other interrupts."""
        while True:
            try:
                with self._lock:
                    self._waiting.clear()
                while self._under_way:
                    time.sleep(0.001)
                return
            except BaseException:  # noqa: S112 - whoever is under way writes to images that are about to be taken back
                continue


def run_side_by_side(chunks: list[Chunk], prepare: Prepare, complete: Complete, *, workers: int, threads: int) -> None:
    """Does chunks on ``workers`` threads, each from beginning to end, with ``threads`` for an image.

    After an interrupt no further one is begun, and those under way are waited for.
    """
    line = _Line(chunks)
    said: SimpleQueue[BaseException | None] = SimpleQueue()

    def work() -> None:
        try:
            while (chunk := line.next()) is not None:
                try:
                    run_in_turn([chunk], prepare, complete, helpers=0, threads=threads)
                finally:
                    line.done()
        except BaseException as error:
            said.put(error)
        else:
            said.put(None)

    crew = [threading.Thread(target=work, name="fastperturb-batch") for _ in range(workers)]
    try:
        try:
            for thread in crew:
                thread.start()
            for _ in crew:
                _raise(said.get())
            for thread in crew:
                thread.join()
        finally:
            line.close()
    finally:
        line.close()  # again: two interrupts at once leave the first call before it begins


def _raise(error: BaseException | None) -> None:
    if error is not None:
        try:
            raise error
        finally:
            del error  # whose traceback has this frame


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
