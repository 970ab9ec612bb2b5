"""A JPEG whose coefficients are at hand, to be protected, restored and written again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .. import _core
from ..errors import ImageFileError
from ..face_key import FaceKey
from ..key import Key
from ..perturbation.coefficient_restoring import examine_coefficients, restore_coefficients
from ..perturbation.coefficient_sealing import protect_coefficients, replace_coefficients
from ..perturbation.coefficients import Coefficients, read_coefficients
from ..perturbation.drawing import Drawing
from ..perturbation.record_v2 import RecordV2
from ..perturbation.sealing import Sealing
from ..perturbation.verdicts import Verdicts
from ..recipients import Recipients
from ..record import Record
from ..region import Face, Region
from .header import Bytes, Header, pack_texts
from .jpeg import JpegSegments, read_segments
from .jpeg_exact import bring_back_file, keep_file
from .jpeg_parts import COMMENT, Decoding, find_decoding, put_together, segment
from .jpeg_record import record_segments
from .metadata_jpeg import chosen_segments, join_jpeg, original_segments
from .metadata_record import sealed_file
from .metadata_sealed import SealedFile, pack_sealed
from .reading import MAX_PIXELS, Picture


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
