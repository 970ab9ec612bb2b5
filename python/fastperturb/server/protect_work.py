"""Protecting: one image or several of a request, with their records and seals; and the preview of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import Face, FaceKey, Key, NoFaceFound, Record, Region, perturb
from ..errors import ImageFileError, MissingExtra
from ..files import Picture
from ..files.metadata import choose, read_metadata
from ..files.metadata_blocks import Blocks
from ..files.metadata_choice import Keep, parse_keep
from ..files.reading import RECORD_TEXT
from ..files.writing import encode
from ..protections.method import Method
from ..recipients import Recipients
from .image_work import ImageWork, has_windows
from .jpeg_work import HiddenJpeg, hide_blocks, open_to_keep
from .methods import EXTENSIONS, MEDIA_TYPES, check_cost, choose_format, choose_method, name_of
from .options import ProtectOptions
from .problems import Problem
from .request_bodies import Upload

Accepts = Callable[[str], bool]
"""Whether a kind of answer is one that was asked for."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of an answer.

    Attributes:
        part: what it is: "image", "record", "seals", "view".
        name: of the file.
        kind: media type.
        data: its bytes.
    """

    part: str
    name: str
    kind: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Protected:
    """A protected image.

    Attributes:
        files: the image; its record, if that is not inside it; and its seals, if they lie beside.
        format: of the image.
        method: what was done.
        record: what brings it back; None if nobody can.
        moved: how many pixels moved; 0 where other pixels are drawn.
        found: the faces, or the own boxes.
        regions: what was protected, as it is recorded.
        recipients: who can restore it.
        shown: the pixels, original and protected, for those who measure them; empty unless they were asked for.
        windows: the record of windows, also if nobody can restore them: their view can be drawn.
        face_keys: the keys of single faces, if they were asked for.
    """

    files: tuple[File, ...]
    format: str
    method: Method
    record: Record | None
    moved: int
    found: Sequence[Face | Region]
    regions: Sequence[Region]
    recipients: tuple[Any, ...]
    shown: tuple[Any, ...] = ()
    windows: Record | None = None
    face_keys: tuple[FaceKey, ...] = ()

    @property
    def reversible(self) -> bool:
        """Whether somebody has a key that brings the original back."""
        return self.record is not None

    @property
    def key_id(self) -> str | None:
        """Public name of the secret key that restores it, if there is one here."""
        return next((item.id for item in self.recipients if isinstance(item, Key)), None)

    @property
    def sealed(self) -> str:
        """Where the seals are: "inside" with the record, "beside" in a file of their own, or "none"."""
        if self.record is None or not self.record.sealed:
            return "none"
        return "beside" if self.method.beside else "inside"


@dataclass(frozen=True, slots=True)
class Protecting:
    """What is to be done to each image of a request.

    Attributes:
        work: limits, and what the log may know.
        options: of the request.
        recipients: who will be able to restore; None: nobody.
        accepts: which kinds of answers were asked for.
        room: the most bytes of all files of the answer.
    """

    work: ImageWork
    options: ProtectOptions
    recipients: Recipients | None
    accepts: Accepts
    room: int

    def __call__(self, upload: Upload, *, measured: bool = False) -> Protected:
        """Hides the faces of an image.

        Args:
            upload: the image's file.
            measured: whether to keep the pixels for those who measure them.

        Raises:
            Problem: what is wrong with it; nothing of it is passed on.
        """
        options, work = self.options, self.work
        method = choose_method(options, self.recipients is not None)
        work.facts.protection = name_of(method)
        picture = work.open(upload.data)
        if RECORD_TEXT in picture.texts:
            raise Problem("already-protected", "it holds a record; restore it first")
        name = self._format(picture, method)
        keep = self._keep()
        found = work.find(picture, options)
        if not found:
            raise Problem(
                "no-face",
                "no face was found, so nothing was protected and the image is not passed on; "
                "give boxes by the parameter region, or lower min_score",
            )
        check_cost(method, found, picture.pixels.shape)
        work.check()
        before = np.array(picture.pixels) if measured else None
        face_keys: list[FaceKey] = []
        jpeg = None
        if name == picture.format == "JPEG" and method.sealed:
            jpeg = self._hide_jpeg(upload, picture, found, method, (face_keys, keep))
        if jpeg is not None:
            hidden, record = jpeg.pixels(work.max_pixels) if measured else picture.pixels, jpeg.record
        else:
            name = "PNG" if name == "JPEG" and options.format is None else name
            hidden, record = self._hide(picture.pixels, found, method, face_keys)
        if options.face_keys and not face_keys:
            raise Problem("bad-options", "face_keys is for what is sealed, and for windows by strength options")
        work.check()
        kept = record if self.recipients is not None else None
        if jpeg is not None:
            image = (jpeg.data, kept is not None, "JPEG")
        else:
            colours = picture.icc if "icc" in keep else None
            image = self._encode(hidden, (colours, choose(read_metadata(upload.data), keep)), name, kept)
        files = self._files(upload, image, kept)
        moved = record.moved if record is not None and not method.sealed else 0
        work.facts.moved = (work.facts.moved or 0) + moved
        work.facts.images += 1
        return Protected(
            files,
            name if files[0].kind == MEDIA_TYPES[name] else "PNG",
            method,
            kept,
            moved,
            found,
            jpeg.regions if jpeg is not None else _regions(record, method, found, picture.pixels.shape),
            _several(self.recipients),
            () if before is None else (before, hidden),
            record if record is not None and has_windows(record) else None,
            tuple(face_keys) if options.face_keys else (),
        )

    def _format(self, picture: Picture, method: Method) -> str:
        name = choose_format(self.options, picture.format, method, self.recipients is not None)
        if self.options.format is None and not self.accepts(MEDIA_TYPES[name]) and self.accepts(MEDIA_TYPES["PNG"]):
            return "PNG"
        return name

    def _hide_jpeg(
        self,
        upload: Upload,
        picture: Picture,
        found: Sequence[Face | Region],
        method: Method,
        more: tuple[list[FaceKey], Keep],
    ) -> HiddenJpeg | None:
        """A JPEG with other blocks under its faces; None if it cannot stay one."""
        file = open_to_keep(upload.data, self.work.max_pixels, self.options.format)
        if file is None:
            return None
        self.work.check()
        try:
            how = (self.options.reproducible, *more)
            return hide_blocks(file, picture, found, method, self.recipients, how)
        except MissingExtra:
            raise
        except (ValueError, NoFaceFound) as error:
            raise Problem("bad-options", str(error)) from None

    def _hide(
        self, pixels: Any, found: Sequence[Face | Region], method: Method, face_keys: list[FaceKey]
    ) -> tuple[Any, Record | None]:
        options = self.options
        try:
            if method.protection is not None:
                faces = [item if isinstance(item, Face) else Face(item) for item in found]
                return method.hide(pixels, faces, self.recipients, options.reproducible, face_keys)
            return perturb(
                pixels,
                found,
                self.recipients or Key.generate(),
                options.strength(),
                surroundings=True,
                reproducible=options.reproducible,
                face_keys=face_keys,
                out=pixels,
            )
        except MissingExtra:
            raise
        except (ValueError, NoFaceFound) as error:
            raise Problem("bad-options", str(error)) from None

    def _files(self, upload: Upload, encoded: tuple[bytes, bool, str], record: Record | None) -> tuple[File, ...]:
        """The image with its record inside where it can be, and what lies beside it."""
        stem = upload.name.rpartition(".")[0] or upload.name or "image"
        image, inside, name = encoded
        title = stem + EXTENSIONS[name]
        files = [File("image", title, MEDIA_TYPES[name], image)]
        if record is not None and not inside:
            files.append(File("record", title + ".json", "application/json", record.to_json().encode("ascii")))
        seals = b"" if record is None else record.beside_bytes()
        if seals:
            files.append(File("seals", title + ".seal", "application/octet-stream", seals))
        size = sum(len(file.data) for file in files)
        if record is not None and size > self.room:
            need = f"are more than the limit of {self.room}"
            raise Problem("result-too-large", f"its {size} bytes {need}, so that it could not be restored here")
        return tuple(files)

    def _keep(self) -> Keep:
        try:
            return parse_keep(self.options.keep)
        except ValueError as error:
            raise Problem("bad-options", str(error)) from None

    def _encode(
        self, hidden: Any, kept: tuple[bytes | None, Blocks], name: str, record: Record | None
    ) -> tuple[bytes, bool, str]:
        """The file's bytes, whether the record is inside, and its format: PNG where the one that came cannot be."""
        inside = record is not None and name != "JPEG"
        how: dict[str, Any] = {"icc": kept[0], "blocks": kept[1]}
        texts = {RECORD_TEXT: record.to_json()} if record is not None and inside else {}
        try:
            return b"".join(encode(hidden, name, texts=texts, **how)), inside, name
        except ImageFileError as error:
            if self.options.format is not None:
                raise Problem("bad-options", str(error)) from None
        return b"".join(encode(hidden, "PNG", texts=texts, **how)), inside, "PNG"


def _several(recipients: Recipients | None) -> tuple[Any, ...]:
    if recipients is None:
        return ()
    return tuple(recipients) if isinstance(recipients, (tuple, list)) else (recipients,)


def _regions(
    record: Record | None, method: Method, found: Sequence[Face | Region], shape: tuple[int, ...]
) -> Sequence[Region]:
    if record is not None:
        return [item.region for item in record.regions]
    faces = [item if isinstance(item, Face) else Face(item) for item in found]
    return [] if method.protection is None else method.protection.regions(faces, shape)
