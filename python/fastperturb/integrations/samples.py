"""What else a sample holds: nothing that could be a photograph may pass beside the one that is protected."""

from __future__ import annotations

from collections.abc import Collection, Iterable
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
            their dtype and layout, may; text, numbers, boxes and landmarks of few points may not. Lists and mappings
            are looked into.
    """
    if isinstance(value, dict):
        if set(value) == {"bytes", "path"}:
            return any(item is not None for item in value.values())
        return any(could_be_picture(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(could_be_picture(item) for item in value)
    classes = {(kind.__module__, kind.__qualname__) for kind in type(value).__mro__}
    if not classes.isdisjoint(_IMAGE_CLASSES):
        return True
    shape = getattr(value, "shape", None)
    if not isinstance(shape, tuple) or "bool" in str(getattr(value, "dtype", "")):
        return False
    return sum(int(side) >= SMALLEST_SIDE for side in shape) >= 2


def refuse_pictures(named: Iterable[tuple[str, Any]], unprotected: Collection[str], advice: str) -> None:
    """Stops where something beside the protected image could be a photograph.

    Args:
        named: names and values of what would pass unchanged.
        unprotected: names of what may pass all the same.
        advice: how it can be protected, or be known for something else.

    Raises:
        ValueError: one could be a photograph.
    """
    found = sorted(name for name, value in named if name not in unprotected and could_be_picture(value))
    if found:
        names = ", ".join(repr(name) for name in found)
        raise ValueError(
            f"{names} could be a picture and would pass in the clear; {advice}, "
            f"or say that it stays as it is: unprotected={found!r}"
        )
