"""Where the heavy work is done: a bounded pool of threads behind a bounded queue, with a deadline for each request.

The core and OpenCV drop the GIL, so that threads suffice; the event loop never computes.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from .problems import Problem
from .settings import Limits

T = TypeVar("T")
Receive = Callable[[], Awaitable[Any]]
_SMOOTHING = 0.1  # weight of the newest duration in the running mean that Retry-After is estimated from


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


class Admission:
    """A request's leave to be worked on, until its deadline, which counts from when its body has arrived."""

    def __init__(self) -> None:
        self._deadline = math.inf
        self._abandoned = threading.Event()
        self.future: Future[Any] | None = None
        self.waited = 0.0
        self.large = False

    @property
    def remaining(self) -> float:
        """Seconds until the deadline; not below 0."""
        return max(0.0, self._deadline - time.monotonic())

    def begin(self, seconds: float) -> None:
        """Sets the deadline."""
        self._deadline = time.monotonic() + seconds

    def abandon(self) -> None:
        """Nobody waits for the result; :meth:`check` ends the work at its next step."""
        self._abandoned.set()
        if self.future is not None:
            self.future.cancel()

    def check(self) -> None:
        """To be called between the steps of the work.

        Raises:
            Problem: the deadline has passed, or nobody waits.
        """
        if self._abandoned.is_set() or self.remaining == 0.0:
            raise Problem("timeout", "send a smaller image, or ask the operator for more time")


class WorkerPool:
    """Admits as many requests as there are workers and places in the queue, and refuses those beyond.

    Args:
        limits: how many, and how long each may take.
    """

    def __init__(self, limits: Limits) -> None:
        self.workers = limits.threads
        self.places = limits.threads + limits.queue
        self._seconds = limits.seconds
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="fastperturb")
        self._lock = threading.Lock()
        self._mean = 0.1
        self.admitted = 0
        self.running = 0
        self.large = 0  # requests whose bodies are larger than most

    @contextlib.contextmanager
    def admit(self) -> Iterator[Admission]:
        """A place for one request, kept until its work has really ended, also if nobody waits for it any more.

        Raises:
            Problem: there is none.
        """
        with self._lock:
            if self.admitted >= self.places:
                raise self._busy(f"{self.admitted} are being worked on or waiting")
            self.admitted += 1
        admission = Admission()
        try:
            yield admission
        finally:
            future, admission.future = admission.future, None  # what failed holds on to all that it worked on
            large = admission.large
            if future is None:
                self._leave(large)
            else:
                future.add_done_callback(lambda _: self._leave(large))

    def enlarge(self, admission: Admission) -> None:
        """A place for a body that is larger than most: there are as many as workers.

        Raises:
            Problem: there is none.
        """
        with self._lock:
            if admission.large:
                return
            if self.large >= self.workers:
                raise self._busy(f"{self.large} large bodies are being worked on or waiting")
            self.large += 1
            admission.large = True

    def _busy(self, what: str) -> Problem:
        wait = max(1, math.ceil(self._mean * self.admitted / self.workers))
        return Problem("too-busy", f"{what}; try again in {wait} s", {"Retry-After": str(wait)})

    def _leave(self, large: bool) -> None:
        with self._lock:
            self.admitted -= 1
            self.large -= large

    async def run(self, admission: Admission, receive: Receive, work: Callable[[], T]) -> T:
        """Runs ``work`` in the pool and waits for it.

        Args:
            admission: of the request.
            receive: the request's ASGI channel, whose body has been read; tells when the client goes away.
            work: must call ``admission.check`` between its steps.

        Raises:
            Problem: the deadline passed.
            ClientGone: the client went away.
        """
        asked = time.monotonic()
        admission.begin(self._seconds)

        def timed() -> T:
            began = time.monotonic()
            admission.waited = began - asked
            admission.check()
            with self._lock:
                self.running += 1
            try:
                return work()
            finally:
                with self._lock:
                    self.running -= 1
                    self._mean += _SMOOTHING * (time.monotonic() - began - self._mean)

        admission.future = self._pool.submit(timed)
        done = asyncio.wrap_future(admission.future)
        done.add_done_callback(lambda future: future.cancelled() or future.exception())  # marks it as looked at
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await asyncio.wait({done, gone}, timeout=admission.remaining, return_when=asyncio.FIRST_COMPLETED)
            if done.done():
                result: T = done.result()
                return result
            admission.abandon()
            if gone.done():
                raise ClientGone
            raise Problem("timeout", "send a smaller image, or ask the operator for more time")
        except asyncio.CancelledError:
            admission.abandon()
            raise
        finally:
            gone.cancel()

    def close(self) -> None:
        """Ends the threads once what they do is done; what waits is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
