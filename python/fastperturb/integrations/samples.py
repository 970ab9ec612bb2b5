"""What else a sample holds: nothing that could be a photograph may pass beside the one that is protected."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

SMALLEST_SIDE = 8
"""An array is no photograph of a face if fewer than two of its sides have so many values."""
_IMAGE_CLASSES = {
    ("PIL.Image", "Image"),
    ("torchvision.tv_tensors._image", "Image"),
    ("torchvision.tv_tensors._video", "Video"),
}


def could_be_picture(value: Any) -> bool:
    """Whether a value may hold a photograph in the clear.

    Args:
        value: anything. Pillow images, images and videos of torchvision, encoded files as :mod:`datasets` has them, and
            arrays and tensors that hold more than truth values and have two sides of :data:`SMALLEST_SIDE`, whatever
            their dtype and layout, may, and so may lists of lists of numbers of such sides; text, numbers, boxes and
            landmarks of few points may not. Lists and mappings are looked into.
    """
    if value is None or isinstance(value, (str, bytes, int, float)):
        return False
    if isinstance(value, dict):
        if set(value) == {"bytes", "path"}:
            return any(item is not None for item in value.values())
        return any(could_be_picture(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return _is_large(_sides(value)) or any(could_be_picture(item) for item in value)
    classes = {(kind.__module__, kind.__qualname__) for kind in type(value).__mro__}
    if not classes.isdisjoint(_IMAGE_CLASSES):
        return True
    shape = getattr(value, "shape", None)
    if not isinstance(shape, tuple) or "bool" in str(getattr(value, "dtype", "")):
        return False
    if str(getattr(value, "dtype", "")) == "object" and shape:  # arrays of several shapes, for one
        return could_be_picture(value.tolist())
    return _is_large(shape)


def number_lists(sample: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The lists of numbers, and of lists of them, at any depth of a sample, with the innermost names around them."""
    if isinstance(sample, dict):
        for key, value in sample.items():
            yield from number_lists(value, str(key))
    elif isinstance(sample, (list, tuple)):
        if _sides(sample, arrays=False) is not None:
            yield name, sample
        else:
            for index, value in enumerate(sample):
                yield from number_lists(value, name or str(index))


def _is_large(sides: Iterable[Any] | None) -> bool:
    return sides is not None and sum(int(side) >= SMALLEST_SIDE for side in sides) >= 2


def _sides(value: Any, *, arrays: bool = True) -> tuple[int, ...] | None:
    """The sides of what lists, and arrays in them, hold together; ``None`` unless all is numbers of one shape."""
    if isinstance(value, (list, tuple)):
        if not value:
            return None
        first = _sides(value[0], arrays=arrays)
        if first is None or (first and any(_sides(item, arrays=arrays) != first for item in value[1:])):
            return None
        return (len(value), *first)
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return ()
    shape = getattr(value, "shape", None)
    if not isinstance(shape, tuple) or (shape and not arrays):
        return None
    return None if re.search("bool|object", str(getattr(value, "dtype", "bool"))) else tuple(map(int, shape))


def refuse_pictures(named: Iterable[tuple[str, Any]], unprotected: Collection[str], advice: str) -> None:
    """Stops where something beside the protected image could be a photograph.

    Args:
        named: names and values of what would pass unchanged.
        unprotected: names of what may pass all the same.
        advice: how it can be protected, or be known for something else.

    Raises:
        ValueError: one could be a photograph.
    """
    found: list[str] = []
    for name, value in named:
        if name not in unprotected and name not in found and could_be_picture(value):
            found.append(name)
    found.sort()
    if found:
        names = ", ".join(repr(name) for name in found)
        raise ValueError(
            f"{names} could be a picture and would pass in the clear; {advice}, "
            f"or say that it stays as it is: unprotected={found!r}"
        )
