"""Work on many files at once: threads that each carry a file from reading to writing, results in order, a clean stop.

OpenCV and the core drop the GIL, so decoding, detecting, perturbing and encoding of different files overlap on all
cores. Only a few files a thread are in hand at any time, so memory does not grow with their number.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import FrameType
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 8  # finished results are small; the more may wait for a slow one, the less a thread idles
_PATIENCE = 0.05  # seconds; who waits for each result by itself wakes hundreds of times a second, in the threads' way


class Stop:
    """Turns the first Ctrl-C or SIGTERM within its block into a wish to stop; a second Ctrl-C ends the process at once.

    Nothing is half written either way: files get their names when they are whole.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stop:
        """Takes over the signals; only the main thread can, in others they stay as they are."""
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                self._before[number] = signal.signal(number, self._handle)
            except ValueError:
                break
        return self

    def __exit__(self, *_error: object) -> None:
        """Gives the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.wanted and number == signal.SIGINT:
            os._exit(130)
        self.wanted = True


def map_in_order(work: Callable[[Item], Result], items: Iterable[Item], threads: int, stop: Stop) -> Iterator[Result]:
    """Results of ``work``, in the order of ``items``, which are taken as they are needed.

    They come several at a time where they are quick, and within 50 ms where they are slow. When a stop is wanted, files
    in hand are finished, the others are not begun.
    """
    source = iter(items)
    with ThreadPoolExecutor(threads, thread_name_prefix="fastperturb") as pool:
        waiting: deque[Future[Result]] = deque()
        while not stop.wanted:
            while len(waiting) < threads * _AHEAD and not stop.wanted:
                try:
                    waiting.append(pool.submit(work, next(source)))
                except StopIteration:
                    break
            if not waiting:
                return
            wait({waiting[0], waiting[len(waiting) // 2]}, _PATIENCE)
            while waiting and waiting[0].done():
                yield waiting.popleft().result()
        for future in waiting:
            if not future.cancel():
                yield future.result()
