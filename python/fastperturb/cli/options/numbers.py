"""Numbers of options, within a range that ends somewhere: neither NaN nor infinity gets through."""

from __future__ import annotations

import math
from typing import Any

import click


class Number(click.types.FloatParamType):
    """A number of an option.

    Args:
        low: the lowest.
        high: the highest.
        over: whether it must be over ``low``.
    """

    name = "number"

    def __init__(self, low: float, high: float, *, over: bool = False) -> None:
        self._low, self._high, self._over = low, high, over

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The text as a float; usage error if it is none, or out of range."""
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not self._low <= number <= self._high or (self._over and number == self._low):
            need = f"over {self._low:g} and up to" if self._over else f"from {self._low:g} to"
            self.fail(f"must be a number {need} {self._high:.0f}, got {value}", param, ctx)
        return number
