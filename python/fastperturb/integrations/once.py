"""A data set protected once: a folder that holds one protection of each picture, made when it is first asked for.

Several protections of one picture tell more than one. Where a training loop would protect the same pictures at every
epoch and in every worker, it asks this folder for them: who asks first protects, all others read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np

from .. import Record, Region
from ..files import Picture
from ..files.reading import RECORD_TEXT, decode, find_record, read_bytes, seals_beside
from ..files.writing import encode
from .first_writer import write_first
from .key_places import KeysLike
from .marks import Marks
from .methods import identify
from .protector import FaceOptions, Image, Protector

__all__ = ["FaceOptions", "ProtectOnce"]
MARK_TEXT = "fastperturb-once"
"""The text in a PNG by which a later run knows that it is the result of the same options and keys."""


class ProtectOnce:
    """Gives the protected picture of a name, and protects it only if the folder has none.

    Any number of threads, processes, epochs and runs may share a folder; of two that protect a picture at the same
    time the one that has written it first is right, and both give its result. May be pickled, as
    :class:`fastperturb.integrations.protector.Protector`.

    Args:
        folder: where the PNG files are, each with its record inside; made if it is not there.
        key: as for :class:`fastperturb.integrations.protector.Protector`.
        options: how faces are found and protected.
        seals: "inside" the record, or "beside" in NAME.png.seal.

    Raises:
        OSError, KeyError, ValueError: a key cannot be read, or the folder not be made.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        key: KeysLike = None,
        options: FaceOptions = FaceOptions(),  # noqa: B008
        *,
        seals: Literal["inside", "beside"] = "inside",
    ) -> None:
        if seals not in ("inside", "beside"):
            raise ValueError(f"seals must be 'inside' or 'beside', got {seals!r}")
        self._folder = Path(os.path.abspath(folder))  # noqa: PTH100 Path keeps ".." and this must not
        self._protector = protector = Protector(key, options, beside=seals == "beside")
        o = options
        found = [o.threshold, o.grow, o.shape, o.no_face, o.detector if isinstance(o.detector, str) else None]
        identity = json.dumps(["once 1", identify(protector.method), found, seals])
        self._marks = Marks(protector.recipients, identity.encode(), os.fspath(self._folder))
        self._seals = seals

    def __reduce__(self) -> tuple[Any, ...]:
        return _make, (self._folder, self._protector.holders, self._protector.options, self._seals)

    def __call__(
        self, name: str, load: Callable[[], Image], boxes: Iterable[Region] | None = None
    ) -> tuple[Image, Record | None]:
        """The protected picture of a name.

        Args:
            name: of the picture, "cats/0007" for cats/0007.png; of two pictures it must not be the same.
            load: gives the original, uint8 or uint16, RGB or grey; called only if there is no protected one.
            boxes: where its faces are; ``None`` to look for them.

        Returns:
            The picture as it was first protected, and its record; ``None`` for one that passed in the clear.

        Raises:
            NoFaceFound: as for :class:`fastperturb.integrations.protector.Protector`.
            ValueError: the name leads out of the folder.
            FileExistsError: what is there is of other options or keys, or its seals are missing.
        """
        path = self._path(name)
        if not os.path.lexists(path):
            self._protect(path, name, load(), boxes)
        return self._read(path, name)

    def _protect(self, path: Path, name: str, image: Image, boxes: Iterable[Region] | None) -> None:
        hidden, record = self._protector(image, boxes, surroundings=True)
        pixels = np.ascontiguousarray(hidden)
        texts = {MARK_TEXT: self._marks.text(self._mark(name), [pixels.data.cast("B")])}
        if record is not None:
            texts[RECORD_TEXT] = record.to_json()
        write_first(path, encode(pixels, "PNG", texts=texts), record)

    def _read(self, path: Path, name: str) -> tuple[Image, Record | None]:
        picture: Picture = decode(read_bytes(path))
        if not self._marks.fits(picture.texts.get(MARK_TEXT), self._mark(name)):
            raise FileExistsError(17, "it is not the result of this name, options and keys", os.fspath(path))
        record = find_record(path, picture.texts)
        if record is not None and record.missing:
            raise FileExistsError(17, "its seals are missing", os.fspath(seals_beside(path)))
        return picture.pixels, record

    def _mark(self, name: str) -> bytes:
        return self._marks.mark(name.encode())

    def _path(self, name: str) -> Path:
        parts = PurePosixPath(name).parts
        if not parts or PurePosixPath(name).is_absolute() or {"..", "/"} & set(parts) or parts[-1].startswith("."):
            raise ValueError(f"a name must be that of a file below the folder, got {name!r}")
        return self._folder.joinpath(*parts).with_name(parts[-1] + ".png")


def _make(folder: Path, holders: Any, options: FaceOptions, seals: Any) -> ProtectOnce:
    return ProtectOnce(folder, holders, options, seals=seals)
