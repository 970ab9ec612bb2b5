"""Hugging Face datasets: a function for ``Dataset.map(…, batched=True)``; images in, protected images and records out.

Kept are pixels, colour profile and transparent colour, without loss; what else a file holds (EXIF, comments) is not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import Record, Region
from .._optional import import_extra
from ..files.header import usable_profile
from ..files.reading import RECORD_TEXT, Picture, decode, read_bytes
from ..files.writing import encode
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
        image: name of the column of images, ``Image()`` or ``Image(decode=False)``. PIL modes L, RGB and RGBA are kept,
            1 becomes L, P becomes RGB or RGBA, 16-bit grey is kept, others are refused. With ``decode=False`` files are
            read as by :func:`fastperturb.files.read_image` and written as PNG, with the record inside too.
        boxes: name of a column of boxes (x, y, width, height) in pixels, a list for each image, dots for a column
            within a column ("faces.bbox"); ``None`` to look for faces.
        record: name of the column of records, JSON text, that is added; "" for an image passed on in the clear.
        error: name of a column for what went wrong, "" where nothing did; a row with an error has no image (null) and
            the others go on, also if its file is truncated, missing or no image. ``None`` lets the first error end the
            job.

    Raises:
        ValueError: two of the columns have one name, or the key is not one or another one.
        OSError, KeyError: the key cannot be read.
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
        names = [name for name in (image, record, error) if name is not None]
        if len(set(names)) != len(names):
            raise ValueError(f"image, record and error must be different columns, got {', '.join(names)}")

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        """Protects a batch.

        Returns:
            The columns that change, the new ones always of text, so that their type is the same in every batch.

        Raises:
            ValueError: a column that would be added is there: the images are protected before, or it is another's.
        """
        added = [self._record, *([] if self._error is None else [self._error])]
        taken = [name for name in added if name in batch]
        if taken:
            raise ValueError(
                f"the columns {', '.join(added)} are added, got a batch that has {', '.join(taken)}: were its images "
                "protected before? Without the record of the first time nobody can restore them"
            )
        images = _images(batch, self._image)
        boxes: Sequence[Any] = [None] * len(images) if self._boxes is None else batch[self._boxes.split(".")[0]]
        rows = [self._row(image, own) for image, own in zip(images, boxes, strict=True)]
        return {name: [row[number] for row in rows] for number, name in enumerate([self._image, *added])}

    def _row(self, image: Any, boxes: Any) -> tuple[Any, str, str]:
        try:
            return (*self._protect(image, boxes), "")
        except Exception as error:
            if self._error is None:
                raise
            return None, "", f"{type(error).__name__}: {error}"

    def _protect(self, image: Any, boxes: Any) -> tuple[Any, str]:
        regions = None
        if self._boxes is not None:
            for name in self._boxes.split(".")[1:]:
                boxes = boxes[name]
            regions = [_region(box) for box in boxes]
        if isinstance(image, _Stored):
            image = image.decode()
        if isinstance(image, Mapping):
            picture = _read(image)
            hidden, record = self._protect_once(picture.pixels, picture.texts, regions)
            text = "" if record is None else record.to_json()
            texts = {RECORD_TEXT: text} if text else {}
            return {"bytes": b"".join(encode(hidden, "PNG", icc=picture.icc, texts=texts)), "path": None}, text
        pixels = pixels_of(image)
        hidden, record = self._protect_once(pixels, image.info, regions)
        done = import_extra("PIL.Image", "datasets").fromarray(hidden)
        done.format = "PNG"  # in which the library then stores it, 16-bit grey too
        done.info.update(_kept_info(image, grey=hidden.ndim == 2))
        return done, "" if record is None else record.to_json()

    def _protect_once(
        self, pixels: Image, texts: Mapping[Any, Any], regions: list[Region] | None
    ) -> tuple[Image, Record | None]:
        if RECORD_TEXT in texts:
            raise ValueError("it is protected already and has a record; restore it first")
        return self._protector(pixels, regions)


def _kept_info(image: Any, *, grey: bool) -> dict[str, Any]:
    """What says how a PIL image's pixels look: its colour profile and, if it is a value of theirs, the clear one."""
    profile = usable_profile(image.info.get("icc_profile"), grey)
    kept: dict[str, Any] = {} if profile is None else {"icc_profile": profile}
    if "transparency" in image.info and image.mode not in ("P", "RGBA"):
        value = image.info["transparency"]
        kept["transparency"] = 255 * bool(value) if image.mode == "1" else value
    return kept


class _Stored:
    """An image as the data set stores it, so that one that cannot be decoded fails alone."""

    def __init__(self, feature: Any, value: Any, tokens: Any) -> None:
        self._feature, self._value, self._tokens = feature, value, tokens

    def decode(self) -> Any:
        """The PIL image."""
        return None if self._value is None else self._feature.decode_example(self._value, self._tokens)


def _images(batch: Mapping[str, Sequence[Any]], name: str) -> list[Any]:
    """The images of a batch: not decoded where the library has not done so yet, which it does with all at once."""
    table, formatter = getattr(batch, "pa_table", None), getattr(batch, "formatter", None)
    feature = (getattr(formatter, "features", None) or {}).get(name)
    if table is None or name not in getattr(batch, "keys_to_format", ()) or not getattr(feature, "decode", False):
        return list(batch[name])
    tokens = getattr(formatter, "token_per_repo_id", None)
    return [_Stored(feature, value, tokens) for value in table.column(name).to_pylist()]


def _read(stored: Mapping[str, Any]) -> Picture:
    """An image of a column with ``decode=False``: the bytes of a file, or its path."""
    data, path = stored.get("bytes"), stored.get("path")
    if data is not None:
        return decode(data)
    if path is None:
        raise ValueError("an image must have bytes or a path, got neither")
    return decode(read_bytes(Path(path)))


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


def _region(box: Sequence[float]) -> Region:
    """The whole pixels that cover a box."""
    x, y, width, height = box
    left, top = math.floor(x), math.floor(y)
    return Region(left, top, max(1, math.ceil(x + width) - left), max(1, math.ceil(y + height) - top))
