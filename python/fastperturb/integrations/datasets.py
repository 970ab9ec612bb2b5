"""Hugging Face datasets: a function for ``Dataset.map(…, batched=True)``; images in, protected and records out.

Images leave as PNG (16-bit grey as TIFF), whatever they were, with the colours of their profile, and transparent ones.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from .. import Region
from .._optional import import_extra
from ..files.icc import colours_alone
from ..files.record_chunk import CHUNK, RECORD_TEXT, TIFF_TAG
from .key_places import KeysLike
from .protector import FaceOptions, Image, Protector, refuse_taken
from .samples import SMALLEST_SIDE, refuse_pictures

__all__ = ["FaceOptions", "PerturbImages"]
_KEPT_MODES = ("L", "RGB", "RGBA")
_DEEP_MODES = ("I;16", "I;16L", "I;16B")
_BEFORE = "it is protected already and has a record; restore it first"


class PerturbImages:
    """Protects a column of images and adds a column of records: ``dataset.map(PerturbImages(…), batched=True)``.

    May be sent to processes (``num_proc``). Its pickle, which the library hashes to know its cache, holds the place of
    the key and its public id, so that another key is another result; see :class:`Protector` for ``Key`` objects.

    The columns that are added always hold text or bytes, empty where there is nothing to say: the library takes the
    type of a column from its first rows, and one that began with nulls could hold no text later.

    ``map`` protects once, and the library keeps the result. In a stream, or by ``set_transform``, the function runs
    anew each epoch: with secret keys it gives the same each time, with a public key another record.

    Args:
        key: as for :class:`fastperturb.integrations.protector.Protector`.
        options: how faces are found and protected, and what an image without one means.
        image: name of the column of images, decoded or not (``Image(decode=False)``; such stay so). PIL modes L, RGB
            and RGBA are kept, 1 becomes L, P becomes RGB or RGBA, 16-bit grey is kept, others are refused.
        boxes: name of a column of boxes (x, y, width, height) in pixels, a list for each image, dots for a column
            within a column ("faces.bbox"); ``None`` to look for faces.
        record: name of the column of records, JSON text, that is added; "" for an image passed on in the clear.
        seals: name of a column for the seals, bytes, b"" where there are none; ``None`` leaves them in the records.
            ``Record.from_json(row["record"]).with_beside(row["seals"])`` puts them together.
        error: name of a column for what went wrong, "" if nothing did; a row that fails, also because its file is
            missing or broken, has no image (null), and the others go on. ``None`` lets the first error end the job.
        unprotected: names of other columns that hold pictures, which may stay as they are.

    Raises:
        ValueError: two of the columns have one name.
        OSError, KeyError, ValueError: the key cannot be read.
    """

    def __init__(
        self,
        key: KeysLike = None,
        options: FaceOptions = FaceOptions(),  # noqa: B008
        *,
        image: str = "image",
        boxes: str | None = None,
        record: str = "record",
        seals: str | None = None,
        error: str | None = None,
        unprotected: Collection[str] = (),
    ) -> None:
        self._protector = Protector(key, options, beside=seals is not None)
        self._image, self._boxes, self._error, self._seals = image, boxes, error, seals
        self._added = [record, *([] if seals is None else [seals]), *([] if error is None else [error])]
        self._unprotected = [unprotected] if isinstance(unprotected, str) else list(unprotected)
        if len({image, *self._added}) != 1 + len(self._added):
            raise ValueError(f"image, record, seals and error must be different columns, got {[image, *self._added]}")

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        """Protects a batch.

        Returns:
            The columns that change.

        Raises:
            ValueError: there is a column already of the name of one that is added, as in a data set that is protected,
                or another one holds pictures, which would stay in the clear.
        """
        refuse_taken(self._added, batch)
        column = _Column(batch, self._image)
        for name in batch:
            if name not in (self._image, *self._unprotected):
                values = [None] if _is_free_of_pictures(batch, name) else batch[name]
                refuse_pictures(((name, value) for value in values), (), "protect it by a PerturbImages of its own")
        boxes = [None] * len(column.images) if self._boxes is None else _boxes(batch, self._boxes)
        rows = [self._row(image, own, column) for image, own in zip(column.images, boxes, strict=True)]
        return {name: [row[number] for row in rows] for number, name in enumerate([self._image, *self._added])}

    def _row(self, image: Any, boxes: Sequence[Any] | None, column: _Column) -> tuple[Any, ...]:
        try:
            picture = column.open(image)
            if _has_record(picture):
                raise ValueError(_BEFORE)
            regions = None if boxes is None else [_region(box) for box in boxes]
            hidden, record = self._protector(pixels_of(picture), regions)
            result = _picture(hidden, picture)
        except Exception as error:
            if self._error is None:
                raise
            seals = [] if self._seals is None else [b""]
            return (None, "", *seals, f"{type(error).__name__}: {error}")
        text = "" if record is None else record.to_json()
        seals = [] if self._seals is None else [b"" if record is None else record.beside_bytes()]
        return ((result if column.decoded else {"bytes": _file(result), "path": None}), text, *seals, "")


class _Column:
    """A column of images, undecoded where that is possible: one broken file would otherwise end the job for all rows.

    Args:
        batch: as the library hands it over.
        name: of the column.

    Attributes:
        images: the values, PIL images or ``{"bytes": …, "path": …}``.
        decoded: whether who reads the column gets images, and not the bytes of files.
    """

    def __init__(self, batch: Any, name: str) -> None:
        self._feature = _feature(batch, name)
        self._tokens = getattr(getattr(batch, "formatter", None), "token_per_repo_id", None)
        if type(self._feature).__name__ == "Image" and name in batch.keys_to_format:
            self.images = batch.pa_table.column(name).to_pylist()
            self.decoded = self._feature.decode
        else:
            self._feature = None
            self.images = list(batch[name])
            self.decoded = not any(isinstance(image, dict) for image in self.images)

    def open(self, image: Any) -> Any:
        """A PIL image, upright, as the library decodes it.

        Raises:
            TypeError: it is no image.
            OSError, ValueError: its file is missing or broken.
        """
        if hasattr(image, "mode") and hasattr(image, "info"):
            image.load()  # text of a PNG may stand behind its pixels
            return image
        if not isinstance(image, dict) or set(image) != {"bytes", "path"}:
            got = "no image" if image is None else type(image).__name__
            raise TypeError(f"images must be PIL images, or files as Image(decode=False) gives them, got {got}")
        kind = import_extra("datasets", "datasets").Image(mode=getattr(self._feature, "mode", None))
        return kind.decode_example(image, token_per_repo_id=self._tokens)


def _feature(batch: Any, name: str) -> Any:
    """What the library knows of a column; ``None`` for a batch that it did not make lazily."""
    features = getattr(getattr(batch, "formatter", None), "features", None)
    return None if features is None or not hasattr(batch, "pa_table") else features.get(name)


def _is_free_of_pictures(batch: Any, name: str) -> bool:
    """Whether the type of a column says that it holds none, so that it need not be read."""
    feature = _feature(batch, name)
    return feature is not None and not _holds_pictures(feature)


def _holds_pictures(feature: Any, long: int = 0) -> bool:
    """Whether a column of a type may hold pictures; ``long`` counts the lists around it that may be a picture's side.

    Lists are of any length where their type does not say which; then the values have to be looked at.
    """
    if isinstance(feature, dict):
        return any(_holds_pictures(inner, long) for inner in feature.values())
    if isinstance(feature, (list, tuple)):
        return any(_holds_pictures(inner, long + 1) for inner in feature)
    inner = getattr(feature, "feature", None)  # of a list
    if inner is not None:
        length = getattr(feature, "length", None) or -1
        return _holds_pictures(inner, long + (length < 0 or length >= SMALLEST_SIDE))
    name = type(feature).__name__
    if name == "Value":
        return long >= 2 and re.match("u?int|float|double|half|decimal", feature.dtype) is not None
    return name in ("Image", "Video", "Pdf") or re.fullmatch(r"Array\dD", name) is not None


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
    if mode in _DEEP_MODES:
        return np.array(image).astype(np.uint16)
    raise TypeError(f"images must be PIL images of mode 1, L, P, RGB, RGBA or I;16, got {mode or type(image).__name__}")


def _has_record(picture: Any) -> bool:
    """Whether a Pillow image came with a record inside; of WebP Pillow does not tell one of version 2."""
    picture.load()  # chunks behind the pixels are read with them
    chunks = [chunk[0] for chunk in getattr(picture, "private_chunks", ())]
    return RECORD_TEXT in picture.info or CHUNK in chunks or TIFF_TAG in getattr(picture, "tag_v2", {})


def _picture(pixels: Image, before: Any) -> Any:
    """A PIL image with what the old one says of the colours of its pixels, and nothing else that it says."""
    picture = import_extra("PIL.Image", "datasets").fromarray(pixels)
    profile = before.info.get("icc_profile")
    if profile is not None and not _is_pillows(profile):
        profile = colours_alone(profile, "GRAY" if pixels.ndim == 2 else "RGB ")
    if profile is not None and (pixels.ndim == 3 or profile[16:20] == b"GRAY"):
        picture.info["icc_profile"] = profile
    transparent = before.info.get("transparency")
    if transparent is not None and before.mode != "P":
        picture.info["transparency"] = 255 * bool(transparent) if before.mode == "1" else transparent
    return picture


def _file(image: Any) -> bytes:
    """The bytes of a lossless file, as the library makes them of images."""
    file = io.BytesIO()
    image.save(file, "TIFF" if image.mode in _DEEP_MODES else "PNG")
    return file.getvalue()


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


def _is_pillows(profile: bytes) -> bool:
    """Whether a profile is the sRGB that Pillow makes, in which only the date (bytes 24 to 35) differs."""
    made = _srgb()
    return len(profile) == len(made) and (profile[:24], profile[36:]) == (made[:24], made[36:])


@lru_cache(maxsize=1)
def _srgb() -> bytes:
    cms = import_extra("PIL.ImageCms", "datasets")
    made: bytes = cms.ImageCmsProfile(cms.createProfile("sRGB")).tobytes()
    return made
