"""One thread a process: sums of many threads come in any order, and so in other bits."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Lets processes that start meanwhile compute on one thread."""
    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ.update(dict.fromkeys(_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
