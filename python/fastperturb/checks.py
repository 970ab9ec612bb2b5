"""Checks of the arrays and numbers that callers pass."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Iterable
from typing import Any, SupportsFloat, TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[Any]
"""(height, width) or (height, width, channels) of 1 to 4 channels; uint8, uint16 or float32 in native byte order."""

_DTYPES = {np.dtype(kind): kind.__name__ for kind in (np.uint8, np.uint16, np.float32)}
MAX_SIDE = 2**31 - 1


def is_finite(number: SupportsFloat) -> bool:
    """Whether a number is neither NaN nor infinite, nor a whole one that float64 does not reach."""
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def check_image(image: Image, name: str = "image") -> None:
    """Raises TypeError or ValueError unless ``image`` is an :data:`Image` with at least one pixel, finite if float."""
    if type(image) is not np.ndarray:
        check_array(image, name)
    kind = _DTYPES.get(image.dtype)
    if kind is None:
        raise TypeError(f"{name} must be uint8, uint16 or float32 in native byte order, got {image.dtype}")
    if image.ndim not in (2, 3):
        raise ValueError(f"{name} must have shape (height, width) or (height, width, channels), got {image.shape}")
    if image.size == 0 or max(image.shape) > MAX_SIDE:
        raise ValueError(f"{name} must have sides of 1 to {MAX_SIDE} pixels, got shape {image.shape}")
    if image.ndim == 3 and image.shape[2] > 4:
        raise ValueError(f"{name} must have 1 to 4 channels in its last axis, got shape {image.shape}")
    if kind == "float32" and not np.isfinite(image).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")


def check_array(image: object, name: str) -> None:
    """Raises TypeError, with what to do, unless ``image`` is a NumPy array of samples and nothing more."""
    if not isinstance(image, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, got {type(image).__name__}{_advice(image)}")
    if hasattr(image, "mask") or hasattr(image, "unit"):
        got = f"{type(image).__name__}, which means more than its samples"
        raise TypeError(f"{name} must be a plain NumPy array, got {got}")
    if isinstance(image, np.matrix):  # whose rows and parts keep two axes, whatever is asked for
        raise TypeError(f"{name} must be a plain NumPy array, got a matrix; np.asarray({name}) makes one")


def _advice(image: object) -> str:
    """How to make an array out of what people often have instead."""
    module = type(image).__module__
    if isinstance(image, (str, os.PathLike)):
        return "; fastperturb.files.read_image(path).pixels reads a file"
    if isinstance(image, (bytes, bytearray, memoryview)):
        return "; fastperturb.files.read_image reads files, cv2.imdecode bytes"
    if module.startswith("PIL."):
        return (
            "; np.asarray(image) makes one of mode RGB, RGBA or L, and ImageOps.exif_transpose(image) turns it upright"
        )
    if module == "fastperturb.files.reading":
        return "; its pixels attribute is one"
    if module == "torch" or module.startswith("torch."):
        return "; tensor.numpy(force=True) makes one, and permute(1, 2, 0) puts its channels last"
    return ""


def dtype_name(image: Image) -> str:
    """The dtype of an image that has been checked; NumPy takes microseconds to make up the name."""
    return _DTYPES[image.dtype]


def rows_are_packed(image: Image) -> bool:
    """Whether the core can work on the array as it is: aligned, pixels packed in rows, rows in order at any stride."""
    flags = image.flags
    if not flags.aligned:
        return False
    if flags.c_contiguous:
        return True
    expected = image.itemsize
    for axis in range(image.ndim - 1, 0, -1):
        if image.shape[axis] > 1 and image.strides[axis] != expected:
            return False
        expected *= image.shape[axis]
    return image.shape[0] <= 1 or image.strides[0] >= expected


def packed(image: Image) -> Image:
    """The image as the core can read it; copied if it must be."""
    return image if rows_are_packed(image) else np.array(image, order="C")  # which is aligned too


def target(image: Image, out: Image | None) -> Image:
    """The array to work in: ``out`` holding the pixels of ``image``, or a fresh copy of it; raises as the one below."""
    shown = destination(image, out)
    if not same_pixels(shown, image):
        shown[...] = image
    return shown


def same_pixels(a: Image, b: Image) -> bool:
    """Whether two arrays of one shape and dtype lie in the same place."""
    return a is b or (a.ctypes.data == b.ctypes.data and a.strides == b.strides)


def destination(image: Image, out: Image | None) -> Image:
    """The array to write to: ``out``, or a fresh one that holds nothing yet.

    Raises:
        TypeError: ``out`` is no array or of another dtype.
        ValueError: ``out`` has another shape, is read-only, is not aligned, has rows that are not packed, or overlaps
            ``image`` without being the same pixels.
    """
    if out is None:
        return np.empty(image.shape, image.dtype)
    if type(out) is not np.ndarray:
        check_array(out, "out")
    if out.dtype != image.dtype:
        raise TypeError(f"out must be {image.dtype} as the image is, got {out.dtype}")
    if out.shape != image.shape:
        raise ValueError(f"out must have the image's shape {image.shape}, got {out.shape}")
    if not out.flags.writeable:
        raise ValueError("out must be writeable, got a read-only array")
    if not rows_are_packed(out):
        got = f"strides {out.strides}" if out.flags.aligned else "an array that is not aligned"
        raise ValueError(f"out must have packed rows (only the row stride may be larger) and be aligned, got {got}")
    if out is not image and np.may_share_memory(out, image) and not same_pixels(out, image):
        raise ValueError("out must be the image itself or not overlap it, got an array that overlaps it in part")
    return out


def byte_bounds(image: Image) -> tuple[int, int]:
    """The addresses of an array's first byte and of the one after its last."""
    lowest = highest = image.__array_interface__["data"][0]
    if image.flags.c_contiguous:
        return lowest, lowest + image.nbytes
    for length, stride in zip(image.shape, image.strides, strict=True):
        lowest += min((length - 1) * stride, 0)
        highest += max((length - 1) * stride, 0)
    return lowest, highest + image.itemsize


def whole(name: str, value: object, need: str = "a whole number") -> int:
    """The value as an int; anything that is not one, True and 2.0 among it, is a TypeError."""
    if not isinstance(value, bool):
        try:
            return operator.index(value)  # type: ignore[arg-type]
        except TypeError:
            pass
    raise TypeError(f"{name} must be {need}, got {value!r}")


def whole_within(name: str, value: object, need: str, least: int, most: int | None = None) -> int:
    """The value as an int from ``least`` to ``most``; anything else is a ValueError that says what is needed."""
    try:
        number = whole(name, value)
    except TypeError:
        number = least - 1
    if number < least or (most is not None and number > most):
        raise ValueError(f"{name} must {need}, got {value!r:.80}")
    return number


def region_number(name: str, value: object, count: int, need: str = "be a whole number") -> int:
    """The number of one of ``count`` regions as an int; anything else is a ValueError."""
    return whole_within(name, value, f"{need} from 0 to {count - 1}", 0, count - 1)


def region_numbers(name: str, given: Iterable[int] | None, count: int) -> list[int] | None:
    """A list of the numbers of some of ``count`` regions, of whatever gives them, once; None stays None.

    Raises:
        TypeError: it gives nothing, as a single number.
        ValueError: something else is among them.
    """
    if given is None:
        return None
    try:
        items = list(given)
    except TypeError:
        raise TypeError(f"{name} must be the numbers of regions, as in [0], got {given!r:.80}") from None
    return [region_number(name, item, count, "hold numbers of regions") for item in items]
