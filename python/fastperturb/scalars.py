"""Checks of single numbers that callers pass."""

from __future__ import annotations

import operator


def whole(name: str, value: object, need: str = "a whole number") -> int:
    """The value as an int; anything that is not one, True and 2.0 among it, is a TypeError."""
    if not isinstance(value, bool):
        try:
            return operator.index(value)  # type: ignore[arg-type]
        except TypeError:
            pass
    raise TypeError(f"{name} must be {need}, got {value!r}")
