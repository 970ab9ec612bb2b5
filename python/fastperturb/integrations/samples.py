"""What could be a photograph in the clear in a sample, and what runs a transform by chance.

Both are refused by the transforms of albumentations and torchvision: a face that is passed on by mistake is out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

_SMALLEST_SIDE = 16  # below it nobody is recognised
_PIXELS = ("uint8", "uint16", "float16", "bfloat16", "float32", "float64")


def could_be_image(value: Any) -> bool:
    """Whether an array or tensor could be an image or a batch: two dimensions of at least 16, and not of truth values.

    Of two dimensions, it must also have the type of pixels: tables of numbers are long and narrow, or of whole numbers.
    """
    shape, dtype = getattr(value, "shape", None), str(getattr(value, "dtype", "bool")).rpartition(".")[2]
    if not isinstance(shape, tuple) or dtype == "bool" or sum(side >= _SMALLEST_SIDE for side in shape) < 2:
        return False
    return len(shape) > 2 or dtype in _PIXELS


def flatten(value: Any) -> Iterator[Any]:
    """What is in nested lists, tuples and mappings."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from flatten(item)
    else:
        yield value


def callers(kinds: tuple[type, ...]) -> Iterator[Any]:
    """The objects of these kinds whose methods are running, from the innermost on: what encloses a transform."""
    frame = sys._getframe(1)
    seen: list[Any] = []
    while frame is not None:
        owner = frame.f_locals.get("self")
        if isinstance(owner, kinds) and not any(owner is one for one in seen):
            seen.append(owner)
            yield owner
        frame = frame.f_back  # type: ignore[assignment]
