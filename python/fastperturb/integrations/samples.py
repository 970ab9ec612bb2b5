"""What could be a photograph in the clear in a sample, and what runs a transform by chance.

Both are refused by the transforms of albumentations and torchvision: a face that is passed on by mistake is out.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Mapping
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


def held(transforms: Any) -> Iterator[Any]:
    """All transforms that a container holds, at any depth."""
    for transform in transforms:
        yield transform
        children, inner = getattr(transform, "children", None), getattr(transform, "transforms", None)
        if callable(children):  # a module of torch
            yield from held(children())
        if isinstance(inner, (list, tuple)):
            yield from held(inner)


def look_inside(container: Any, transform: type, refuse: Callable[[Any], None]) -> None:
    """Has a class of containers look for a transform when one is made: one left out would not be called to say no.

    Args:
        container: the class; its ``__init__`` is replaced by one that does the same and then looks.
        transform: the class of what is looked for.
        refuse: called with a container that holds one; raises if it may not.
    """
    make = container.__init__

    @functools.wraps(make)
    def make_and_look(self: Any, *args: Any, **options: Any) -> None:
        make(self, *args, **options)
        if any(isinstance(one, transform) for one in held(self.transforms)):
            refuse(self)

    container.__init__ = make_and_look
