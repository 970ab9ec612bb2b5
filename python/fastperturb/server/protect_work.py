"""Protecting: one image or several of a request, with their records and seals; and the preview of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import Face, FaceKey, Key, NoFaceFound, Record, Region, perturb
from ..errors import ImageFileError, MissingExtra
from ..files import Picture
from ..files.jpeg_open import OpenJpeg
from ..files.metadata import choose, read_metadata
from ..files.metadata_blocks import Blocks
from ..files.metadata_choice import Keep, parse_keep
from ..files.metadata_sealed import SealedFile, pack_sealed
from ..files.reading import RECORD_TEXT
from ..files.writing import encode
from ..protections.method import Method
from ..recipients import Recipients
from .image_work import ImageWork, has_windows
from .jpeg_work import HiddenJpeg, JpegChoice, hide_blocks, open_to_keep
from .metadata_work import hide_metadata
from .methods import EXTENSIONS, MEDIA_TYPES, check_cost, choose_format, choose_method, name_of
from .options import ProtectOptions
from .problems import Problem
from .request_bodies import Upload
from .results import File, Protected

Accepts = Callable[[str], bool]
"""Whether a kind of answer is one that was asked for."""


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
        coded = None
        if name == picture.format == "JPEG" and method.sealed:
            coded = open_to_keep(upload.data, work.max_pixels, options.format)
        metadata, keyed = read_metadata(upload.data), self.recipients is not None
        about = hide_metadata(upload, picture, metadata, options, keyed=keyed, jpeg=coded is not None)
        work.check()
        jpeg, record = None, None
        if coded is not None:
            jpeg = self._hide_jpeg(coded, picture, found, method, (face_keys, keep, about.sealed))
            hidden, record = jpeg.pixels(work.max_pixels) if measured else picture.pixels, jpeg.record
        else:
            name = "PNG" if name == "JPEG" and options.format is None else name
            hidden, record = self._hide(picture.pixels, found, method, (face_keys, about.sealed))
        if options.face_keys and not face_keys:
            raise Problem("bad-options", "face_keys is for what is sealed, and for windows by strength options")
        work.check()
        kept = record if keyed else None
        if jpeg is not None:
            image = (jpeg.data, kept is not None, "JPEG")
        else:
            colours = picture.icc if "icc" in keep else None
            image = self._encode(hidden, (colours, choose(metadata, keep)), name, kept)
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
            kept is not None and (about.sealed is not None or options.exact_file),
            about.notes,
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
        file: OpenJpeg,
        picture: Picture,
        found: Sequence[Face | Region],
        method: Method,
        more: tuple[list[FaceKey], Keep, SealedFile | None],
    ) -> HiddenJpeg:
        """A JPEG with other blocks under its faces."""
        face_keys, keep, sealed = more
        how = JpegChoice(self.options.reproducible, face_keys, keep, sealed, self.options.exact_file)
        try:
            return hide_blocks(file, picture, found, method, self.recipients, how)
        except MissingExtra:
            raise
        except (ValueError, NoFaceFound, ImageFileError) as error:
            raise Problem("bad-options", str(error).replace("--exact-file", "exact_file")) from None

    def _hide(
        self,
        pixels: Any,
        found: Sequence[Face | Region],
        method: Method,
        more: tuple[list[FaceKey], SealedFile | None],
    ) -> tuple[Any, Record | None]:
        options = self.options
        face_keys, sealed = more
        rest = None if sealed is None else pack_sealed(sealed)
        try:
            if method.protection is not None:
                faces = [item if isinstance(item, Face) else Face(item) for item in found]
                return method.hide(pixels, faces, self.recipients, options.reproducible, face_keys, rest)
            return perturb(
                pixels,
                found,
                self.recipients or Key.generate(),
                options.strength(),
                surroundings=True,
                reproducible=options.reproducible,
                face_keys=face_keys,
                metadata=rest,
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
