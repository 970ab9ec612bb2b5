"""Hugging Face datasets: a function for ``Dataset.map(…, batched=True)``; PIL images in, protected and records out.

PIL images without a format are stored as PNG by the library, so nothing is lost.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import Region
from .._optional import import_extra
from .protector import FaceOptions, Image, KeyLike, Protector

__all__ = ["FaceOptions", "PerturbImages"]
_KEPT_MODES = ("L", "RGB", "RGBA")


class PerturbImages:
    """Protects a column of images and adds a column of records: ``dataset.map(PerturbImages(…), batched=True)``.

    May be sent to processes (``num_proc``). Its pickle, which the library hashes to know its cache, holds the place of
    the key and its public id, so that another key is another result; see :class:`Protector` for ``Key`` objects.

    Args:
        key: as for :class:`fastperturb.integrations.protector.Protector`.
        options: how faces are found and protected, and what an image without one means.
        image: name of the column of images; PIL modes L, RGB and RGBA are kept, 1 becomes L, P becomes RGB or RGBA,
            16-bit grey is kept, others are refused.
        boxes: name of a column of boxes (x, y, width, height) in pixels, a list for each image, dots for a column
            within a column ("faces.bbox"); ``None`` to look for faces.
        record: name of the column of records, JSON text, that is added; null for an image passed on in the clear.
        error: name of a column for what went wrong; such a row then has no image (null) and the others go on.
            ``None`` lets the first error end the job.

    Raises:
        OSError, KeyError, ValueError: the key cannot be read.
    """

    def __init__(
        self,
        key: KeyLike = None,
        options: FaceOptions = FaceOptions(),  # noqa: B008
        *,
        image: str = "image",
        boxes: str | None = None,
        record: str = "record",
        error: str | None = None,
    ) -> None:
        self._protector = Protector(key, options)
        self._image, self._boxes, self._record, self._error = image, boxes, record, error

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        """Protects a batch.

        Returns:
            The columns that change.
        """
        images = batch[self._image]
        boxes = [None] * len(images) if self._boxes is None else _boxes(batch, self._boxes)
        rows = [self._row(image, own) for image, own in zip(images, boxes, strict=True)]
        names = [self._image, self._record, *([self._error] if self._error is not None else ())]
        return {name: [row[number] for row in rows] for number, name in enumerate(names)}

    def _row(self, image: Any, boxes: Sequence[Any] | None) -> tuple[Any, str | None, str | None]:
        try:
            regions = None if boxes is None else [_region(box) for box in boxes]
            hidden, record = self._protector(pixels_of(image), regions)
        except Exception as error:
            if self._error is None:
                raise
            return None, None, f"{type(error).__name__}: {error}"
        pil = import_extra("PIL.Image", "datasets")
        return pil.fromarray(hidden), None if record is None else record.to_json(), None


def pixels_of(image: Any) -> Image:
    """The pixels of a PIL image as the array that records speak of.

    Raises:
        TypeError: no PIL image, or of a mode that would have to be changed.
    """
    mode = getattr(image, "mode", None)
    if mode in _KEPT_MODES:
        return np.array(image)
    if mode == "1":
        return np.array(image.convert("L"))
    if mode == "P":
        return np.array(image.convert("RGBA" if "transparency" in image.info else "RGB"))
    if mode in ("I;16", "I;16L", "I;16B"):
        return np.array(image).astype(np.uint16)
    raise TypeError(f"images must be PIL images of mode 1, L, P, RGB, RGBA or I;16, got {mode or type(image).__name__}")


def _boxes(batch: Mapping[str, Sequence[Any]], name: str) -> list[Sequence[Any]]:
    first, *inner = name.split(".")
    rows = list(batch[first])
    for part in inner:
        rows = [row[part] for row in rows]
    return rows


def _region(box: Sequence[float]) -> Region:
    """The whole pixels that cover a box."""
    x, y, width, height = box
    left, top = math.floor(x), math.floor(y)
    return Region(left, top, max(1, math.ceil(x + width) - left), max(1, math.ceil(y + height) - top))
