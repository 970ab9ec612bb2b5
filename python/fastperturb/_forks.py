"""What is loaded or set up once, and forks: a child must not find it half done by a thread that only its parent has.

Imports hold the lock of their module, OpenSSL that of its algorithms while it looks up the first use of one, and OpenCV
makes tables at the first use of a function. A thread that does so while another calls ``fork`` does not exist in the
child, which would wait for it for ever.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from collections.abc import Callable, Hashable
from functools import wraps
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")

apart_from_forks = threading.RLock()
"""Held by who loads or sets up, and by every fork."""

_locks: list[threading.Lock | threading.RLock] = [apart_from_forks]


def hold_during_forks(lock: threading.Lock) -> None:
    """Lets no fork happen while a thread holds this lock, which is never freed.

    Who holds it may not ask for :data:`apart_from_forks`, nor for another such lock; the other way round is right.
    """
    with apart_from_forks:
        _locks.append(lock)


def first_apart_from_forks(method: Callable[Given, Result]) -> Callable[Given, Result]:
    """A method that takes an image, done apart from forks the first time for each class and kind of image.

    It is for code of ours alone: what waits for a fork of another thread may not hold forks back.
    """

    @wraps(method)
    def guarded(*args: Given.args, **others: Given.kwargs) -> Result:
        self, image = (*args, None, None)[:2]
        kind = (type(self), getattr(image, "dtype", None), getattr(image, "shape", ())[2:])
        if kind in begun:
            return method(*args, **others)
        with apart_from_forks:
            result = method(*args, **others)
        begun.add(kind)
        return result

    begun: set[Hashable] = set()
    return guarded


def _hold() -> None:
    for lock in _locks:
        lock.acquire()


def _let_go() -> None:
    for lock in reversed(_locks):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold, after_in_parent=_let_go, after_in_child=_let_go)

with apart_from_forks:  # SHA-256 and HMAC are looked up now; later uses only read what is found
    hashlib.sha256()
    hmac.digest(bytes(32), b"", "sha256")
