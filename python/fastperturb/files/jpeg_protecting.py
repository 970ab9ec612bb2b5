"""JPEGs in, JPEGs out: only the blocks under faces change, and a key brings the original blocks back.

:func:`perturb_jpeg` and :func:`restore_jpeg` work on whole files; :class:`OpenJpeg` is for those who look at the
pixels in between. docs/jpeg.md says what stays and what does not.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import _core
from ..errors import ImageFileError, RecordError
from ..face_key import FaceKey
from ..key import Key
from ..perturbation.coefficient_restoring import examine_coefficients, restore_coefficients
from ..perturbation.coefficient_sealing import protect_coefficients, replace_coefficients
from ..perturbation.coefficients import Coefficients, read_coefficients
from ..perturbation.drawing import Drawing
from ..perturbation.format_v2 import SealOptions
from ..perturbation.record_v2 import RecordV2
from ..perturbation.sealing import Sealing
from ..perturbation.verdicts import Verdicts
from ..recipients import Recipients
from ..record import Record
from ..region import Face, Region, RegionLike, as_faces
from .header import Bytes, Header, pack_texts
from .jpeg import JpegSegments, read_segments
from .jpeg_exact import bring_back_file, keep_file
from .jpeg_parts import COMMENT, Decoding, find_decoding, put_together, segment
from .jpeg_record import record_segments
from .metadata import file_facts, read_metadata, to_seal
from .metadata_choice import parse_keep
from .metadata_jpeg import chosen_segments, join_jpeg, original_segments
from .metadata_record import sealed_file
from .metadata_sealed import SealedFile, pack_sealed
from .reading import MAX_PIXELS, Picture, decode, find_record, read_bytes
from .record_chunk import RECORD_TEXT


@dataclass(frozen=True, slots=True)
class OpenJpeg:
    """A JPEG whose coefficients are at hand.

    Attributes:
        data: the file.
        segments: before its first scan.
        decoding: what of them says how it is decoded.
        coefficients: to be changed.
    """

    data: bytes
    segments: JpegSegments
    decoding: Decoding
    coefficients: Coefficients

    @property
    def header(self) -> Header:
        """Of the file."""
        return self.segments.header

    def default_segments(self) -> list[bytes]:
        """What stays of its metadata unless somebody chooses: how it stands, and what its colours mean."""
        return chosen_segments(self.data, orientation=self.header.orientation)

    def protect(
        self,
        picture: Picture,
        faces: Sequence[Face | Region],
        key: Recipients,
        drawing: Drawing,
        sealing: Sealing,
        *,
        sealed: SealedFile | None = None,
        exact_file: bool = False,
    ) -> RecordV2:
        """Draws over faces, in place; raises as :func:`fastperturb.perturb`.

        Args:
            picture: of the same file.
            faces: of its upright pixels.
            key: who will be able to restore.
            drawing: what is drawn.
            sealing: how; its ``options.rest`` is made of what else is sealed.
            sealed: name, time and metadata of the file, if they are to come back.
            exact_file: whether the very bytes of the file shall come back.
        """
        if exact_file:
            kept = keep_file(self.data, self.coefficients.frame, self.coefficients.mcus)
            sealed = replace(sealed or SealedFile(format="JPEG"), parts=b"", trailer=b"", exact=kept)
        options = replace(sealing.options, rest=None if sealed is None else pack_sealed(sealed))
        how = replace(sealing, options=options)
        return protect_coefficients(self.coefficients, picture.pixels, faces, key, drawing, how)

    def replace(self, picture: Picture, faces: Sequence[Face | Region], drawing: Drawing) -> tuple[Region, ...]:
        """Draws over faces for good, in place: nothing is sealed. The regions of the stored picture."""
        return replace_coefficients(self.coefficients, picture.pixels, faces, drawing)

    def restore(self, record: Record, key: Key | FaceKey, **how: Any) -> None:
        """Puts sealed coefficients back, as :func:`restore_coefficients`."""
        restore_coefficients(self.coefficients, record, key, **how)

    def examine(self, record: Record, key: Key | FaceKey) -> Verdicts:
        """What of it is as it was written."""
        return examine_coefficients(self.coefficients, record, key)

    def exact_file(self, record: Record, key: Key | FaceKey) -> bytes | None:
        """The very bytes of the original, if they were sealed and all is restored; None if they were not.

        Raises:
            Tampered: the surroundings were changed, so that they do not come back.
            RecordError: what was sealed is not at hand, or not what it must be.
        """
        sealed = sealed_file(record, key)
        return bring_back_file(sealed.exact, self.coefficients.mcus) if sealed and sealed.exact else None

    def with_metadata(self, sealed: SealedFile, texts: Mapping[str, str] | None = None) -> bytes:
        """The file with the coefficients as they are now, and the metadata that were sealed, as they were.

        Args:
            sealed: hostile, out of a record.
            texts: short texts of this package.

        Raises:
            RecordError: they are no metadata of a JPEG.
        """
        comment = [segment(COMMENT, pack_texts(texts))] if texts else []
        return join_jpeg(b"".join(self.parts(kept=[])), [*original_segments(sealed), *comment], sealed.trailer)

    def scans(self) -> bytes:
        """The coefficients as they are now, coded; raises ImageFileError for what no file can hold."""
        try:
            return self.coefficients.frame.encode(self.coefficients.mcus)
        except _core.JpegError as error:
            raise ImageFileError(str(error)) from None

    def parts(
        self,
        record: RecordV2 | None = None,
        *,
        kept: Sequence[bytes] | None = None,
        texts: Mapping[str, str] | None = None,
        scans: bytes | None = None,
    ) -> list[bytes]:
        """The file with the coefficients as they are now.

        Args:
            record: to lie inside.
            kept: whole segments of metadata that stay; None: :meth:`default_segments`.
            texts: short texts of this package.
            scans: what :meth:`scans` gave, if it is at hand.
        """
        segments = self.default_segments() if kept is None else list(kept)
        boxes = [] if record is None else record_segments(record)
        coded = self.scans() if scans is None else scans
        return put_together(self.decoding, coded, kept=segments, boxes=boxes, texts=texts)


def open_jpeg(data: Bytes, *, max_pixels: int = MAX_PIXELS) -> OpenJpeg:
    """The coefficients of the bytes of a JPEG.

    Raises:
        ImageFileError: it is no JPEG, damaged, too large, or of a kind whose coefficients cannot be kept: CMYK, 12
            bits, arithmetic coding, lossless, or sampling factors that do not divide each other.
    """
    whole = bytes(data)
    segments = read_segments(whole)
    segments.header.check_size(max_pixels)
    decoding = find_decoding(segments)
    try:
        found = read_coefficients(whole, segments.header.orientation, colours=decoding.colours)
    except _core.JpegError as error:
        raise ImageFileError(str(error)) from None
    return OpenJpeg(whole, segments, decoding, found)


def is_of_jpeg(record: Record | None) -> bool:
    """Whether a record is of the coefficients of a JPEG."""
    return isinstance(record, RecordV2) and record.layout is not None


def perturb_jpeg(
    source: str | os.PathLike[str] | bytes,
    faces: RegionLike | Iterable[RegionLike],
    key: Recipients,
    protection: Drawing,
    *,
    seal: bool = True,
    beside: bool = False,
    reproducible: bool = False,
    exact_file: bool = False,
    keep: str = "icc",
    seal_metadata: bool = True,
    face_keys: list[FaceKey] | None = None,
) -> tuple[bytes, RecordV2]:
    """Protects the faces of a JPEG in its coefficients: all blocks outside of the regions stay as they are.

    Regions grow to the MCUs, 8 or 16 pixels wide, that they touch. The record goes into the file.

    Args:
        source: a file, or its bytes.
        faces: of the upright picture, as for :func:`fastperturb.perturb`.
        key: as there.
        protection: a drawing: ``Surrogate()``, ``Camouflage()``, ``Mosaic(cells=6)`` and so on; windows do not survive
            a JPEG.
        seal: False draws for good.
        beside: leave the seals out of the file: ``record.beside_bytes()`` are the content of NAME.seal.
        reproducible: as there.
        exact_file: seal all that the very bytes of the file need, too, so that it comes back byte for byte.
        keep: what of the metadata goes on in the clear beside the orientation: names as docs/metadata.md has them,
            "date,place" say, "all" or "none".
        seal_metadata: seal all metadata, with the file's name and time if it is one, so that they come back.
        face_keys: a list to which the key of each region is added.

    Returns:
        The bytes of the protected file, and its record.

    Raises:
        ImageFileError: no JPEG, damaged, of a kind whose coefficients cannot be kept, or protected already.
        NoFaceFound, TypeError, ValueError: as :func:`fastperturb.perturb`.
        OSError: the file cannot be read.
    """
    if not isinstance(protection, Drawing):
        raise TypeError(
            "protection must be a drawing, such as Surrogate(), for windows do not survive a JPEG; "
            f"got {type(protection).__name__}"
        )
    with _named(source) as data:
        file = open_jpeg(data)
        if RECORD_TEXT in file.header.texts:
            raise ImageFileError("it is perturbed already and has a record; restore it first")
        kept = chosen_segments(data, parse_keep(keep), orientation=file.header.orientation)
        sealing = Sealing(seal, reproducible, True, SealOptions(beside=beside), face_keys)
        sealed = to_seal(read_metadata(data), **_facts(source)) if seal_metadata and seal else None
        how: dict[str, Any] = {"sealed": sealed, "exact_file": exact_file}
        record = file.protect(decode(data), as_faces(faces), key, protection, sealing, **how)
        return b"".join(file.parts(record, kept=kept)), record


def _facts(source: str | os.PathLike[str] | bytes) -> dict[str, Any]:
    """Name and time of a file."""
    return {} if isinstance(source, bytes) else file_facts(Path(source))


def restore_jpeg(
    source: str | os.PathLike[str] | bytes,
    key: Key | FaceKey,
    record: Record | None = None,
    *,
    only: Sequence[int] | None = None,
    verify: bool = True,
    origin: str = "any",
) -> bytes:
    """Undoes :func:`perturb_jpeg`: the coefficients are the original ones, and with ``exact_file`` the bytes are.

    Args:
        source: the protected file, or its bytes.
        key: the key it was made with, or the key of one face.
        record: of it; None: the one inside, whose seals may lie in NAME.seal beside the file.
        only: as for :func:`fastperturb.restore`; what comes back then has no record.
        verify: as there.
        origin: as there.

    Returns:
        The bytes of the restored file.

    Raises:
        WrongKey, Tampered, RecordError, TypeError, ValueError: as :func:`fastperturb.restore`.
        ImageFileError, OSError: as :func:`perturb_jpeg`.
    """
    with _named(source) as data:
        file = open_jpeg(data)
        if record is None:
            record = _own_record(source, file.header)
        file.restore(record, key, only=only, verify=verify, origin=origin)
        sealed = sealed_file(record, key) if only is None else None
        if sealed is None or not (sealed.exact or sealed.parts):
            return b"".join(file.parts())
        return bring_back_file(sealed.exact, file.coefficients.mcus) if sealed.exact else file.with_metadata(sealed)


def _own_record(source: str | os.PathLike[str] | bytes, header: Header) -> Record:
    if isinstance(source, bytes):
        found = Record.from_json(header.texts[RECORD_TEXT]) if RECORD_TEXT in header.texts else None
    else:
        found = find_record(Path(source), header.texts)
    if found is None:
        raise RecordError("it has no record inside")
    return found


@contextlib.contextmanager
def _named(source: str | os.PathLike[str] | bytes) -> Any:
    """The bytes of a source; errors of files name it."""
    if isinstance(source, bytes):
        yield source
        return
    path = Path(source)
    try:
        yield read_bytes(path)
    except ImageFileError as error:
        raise type(error)(str(error) if str(error).startswith(str(path)) else f"{path}: {error}") from None
