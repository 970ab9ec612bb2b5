"""What a long job on one file says while it runs, and how it hears that it is to stop."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from .progress import Report
from .worker_pool import Stop

_EVERY = 0.2  # seconds between two lines


class Interrupted(Exception):
    """Somebody pressed Ctrl-C while one file was worked on; nothing of it was written."""


class Live:
    """Connects jobs on videos with the report and with Ctrl-C; :func:`.job.run_job` fills it in.

    One video at a time is worked on: it takes all processors by itself.
    """

    def __init__(self) -> None:
        self.stop: Stop | None = None
        self.report: Report | None = None
        self.one = threading.Lock()

    def check(self) -> None:
        """Raises Interrupted if somebody wants to stop."""
        if self.stop is not None and self.stop.wanted:
            raise Interrupted

    def watch(self, path: Path) -> Watch:
        """A progress for one video."""
        return Watch(self, path)


class Watch:
    """Progress of one video: frames a second and time left, on a terminal; raises Interrupted to stop."""

    def __init__(self, live: Live, path: Path) -> None:
        self._live, self._path = live, path
        self._what, self._begun, self._said = "", 0.0, 0.0

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """So many frames are done, of so many where that is known."""
        self._live.check()
        now = time.monotonic()
        if what != self._what:
            self._what, self._begun = what, now
        if self._live.report is None or now - self._said < _EVERY:
            return
        self._said = now
        self._live.report.show_part(describe_part(self._path.name, what, done, total, now - self._begun))


def describe_part(name: str, what: str, done: int, total: int | None, seconds: float) -> str:
    """A line on a video that is worked on: ``film.mp4: writing, frame 300 of 900, 61 frames/s, 0:10 left``."""
    if not done:
        return f"{name}: {what}"
    speed = done / max(seconds, 1e-9)
    line = f"{name}: {what}, frame {done}" + (f" of {total}" if total else "") + f", {speed:.0f} frames/s"
    if total and total > done:
        left = round((total - done) / speed)
        line += f", {left // 60}:{left % 60:02d} left"
    return line
