"""Loading networks with OpenCV without its chatter on stderr; nothing else of OpenCV's state is touched."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .._optional import import_opencv

_lock = threading.Lock()


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # a child must not wait for a thread that only its parent has
    os.register_at_fork(after_in_child=_renew_lock)


@contextmanager
def quiet_opencv() -> Iterator[Any]:
    """OpenCV, silent while the block runs; its log level, one for the whole process, is put back afterwards."""
    cv2 = import_opencv()
    log = getattr(cv2.utils, "logging", cv2)  # OpenCV 4.9 and 4.10 have the two functions in cv2 itself
    with _lock:
        level = log.getLogLevel()
        log.setLogLevel(0)
        try:
            yield cv2
        finally:
            log.setLogLevel(level)
