"""Limits how many threads work on small images at a time, because more would hold each other up.

A call on a small image takes some hundred microseconds and holds the global interpreter lock for most of them. When
dozens of threads call at once they spend their time on passing it round; behind the core's queue they do so less often
(bench/README.md has the measured rates). Large images work outside of Python for so long that it does not matter, and
every thread may go in.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache

from .. import _core
from ..checks import Image
from ..threads import available_cpus

SMALL_BYTES = 2**20
"""An image up to this size takes a turn."""

MAX_INSIDE = 4
"""More threads than this gain nothing, because most of the work holds the lock."""

_LARGE: AbstractContextManager[None] = nullcontext()


def limit_calls(image: Image) -> AbstractContextManager[None]:
    """What a call on an image has to hold while it works; waits without the interpreter lock."""
    return _LARGE if image.nbytes > SMALL_BYTES else _limiter()


@cache
def _limiter() -> AbstractContextManager[None]:
    _core.set_max_inside(min(available_cpus() + 1, MAX_INSIDE))
    return _core.CallLimiter()
