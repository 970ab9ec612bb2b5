"""Work that threads begin before its turn: frames that are decoded, looks that will be needed.

What comes of it, and in which order, does not depend on them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Generic, ParamSpec, TypeVar

from ..threads import available_cpus

Item = TypeVar("Item")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

_MOST_WORKERS = 3


class Ahead(Generic[Item]):
    """Items that a thread makes, up to ``most`` before they are asked for; with the error that ended them, if any.

    Used in a ``with`` block, at the end of which the thread has ended. Where there is one processor alone nothing is
    made before its turn.

    Args:
        items: what makes them.
        most: how many may wait.
    """

    def __init__(self, items: Iterable[Item], most: int) -> None:
        self._items = items
        self._room = threading.Semaphore(most)
        self._made: SimpleQueue[tuple[Item] | BaseException | None] = SimpleQueue()
        self._stopped = False
        self._thread: threading.Thread | None = None
        if available_cpus() > 1:
            self._thread = threading.Thread(target=self._make, name="fastperturb-ahead", daemon=True)

    def __enter__(self) -> Iterator[Item]:
        """Starts the thread."""
        if self._thread is None:
            return iter(self._items)
        self._thread.start()
        return self._taken()

    def __exit__(self, *_error: object) -> None:
        """Ends the thread."""
        if self._thread is not None:
            self._stopped = True
            self._room.release()
            self._thread.join()

    def _make(self) -> None:
        try:
            for item in self._items:
                self._room.acquire()
                if self._stopped:
                    return
                self._made.put((item,))
                del item
            self._made.put(None)
        except BaseException as error:  # is raised where the items are taken
            self._made.put(error)

    def _taken(self) -> Iterator[Item]:
        while True:
            item = self._made.get()
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            self._room.release()
            yield item[0]


class Workers:
    """Threads for looks, one fewer than there are processors; the caller takes what none of them has begun.

    Used in a ``with`` block, at the end of which nothing runs any more.
    """

    def __init__(self) -> None:
        count = min(available_cpus() - 1, _MOST_WORKERS)
        self._pool = ThreadPoolExecutor(count, "fastperturb-looks") if count else None

    def __enter__(self) -> Workers:
        """Threads start with the first work."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Waits for what runs, and drops the rest."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    @property
    def help(self) -> bool:
        """Whether there are any."""
        return self._pool is not None

    def begin(
        self, work: Callable[Arguments, Result], *args: Arguments.args, **named: Arguments.kwargs
    ) -> Future[Result]:
        """Work for another thread; only where they :attr:`help`."""
        assert self._pool is not None  # noqa: S101
        return self._pool.submit(work, *args, **named)

    def all(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """The results for some items, in order."""
        if self._pool is None or len(items) < 2:
            return [work(item) for item in items]
        begun = [self._pool.submit(work, item) for item in items[1:]]
        results = [work(items[0])]
        return results + [finished(future, work, item) for item, future in zip(items[1:], begun, strict=True)]


def finished(
    begun: Future[Result] | None, work: Callable[Arguments, Result], *args: Arguments.args, **named: Arguments.kwargs
) -> Result:
    """The result of work that may have been begun; what has not is done here."""
    return work(*args, **named) if begun is None or begun.cancel() else begun.result()
