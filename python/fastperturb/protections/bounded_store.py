"""A store for what is dear to make: it keeps what was asked for last, while there is room."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from .._forks import hold_during_forks

Value = TypeVar("Value")


class BoundedStore(Generic[Value]):
    """Values by name, up to so many bytes in all; for several threads, and made once with its module."""

    def __init__(self, room: int) -> None:
        """Keeps values of up to ``room`` bytes together, and none over half of that."""
        self._room, self._used = room, 0
        self._kept: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()
        hold_during_forks(self._lock)

    def get(self, name: Hashable) -> Value | None:
        """What is kept under a name."""
        with self._lock:
            found = self._kept.get(name)
            if found is None:
                return None
            self._kept.move_to_end(name)
            return found[0]

    def put(self, name: Hashable, value: Value, size: int) -> None:
        """Keeps a value of ``size`` bytes in the place of what had its name."""
        if size > self._room // 2:
            return
        with self._lock:
            before = self._kept.pop(name, None)
            self._used += size - (before[1] if before else 0)
            self._kept[name] = value, size
            while self._used > self._room:
                _, (_, freed) = self._kept.popitem(last=False)
                self._used -= freed
