"""JPEGs in, JPEGs out: only the blocks under faces change, and a key brings the original blocks back.

:func:`perturb_jpeg` and :func:`restore_jpeg` work on whole files; jpeg_open.py is for those who look at the pixels in
between. docs/jpeg.md says what stays and what does not.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..errors import ImageFileError, RecordError
from ..face_key import FaceKey
from ..key import Key
from ..perturbation.drawing import Drawing
from ..perturbation.format_v2 import SealOptions
from ..perturbation.record_v2 import RecordV2
from ..perturbation.sealing import Sealing
from ..recipients import Recipients
from ..record import Record
from ..region import RegionLike, as_faces
from .header import Header
from .jpeg_exact import bring_back_file
from .jpeg_open import open_jpeg
from .metadata import file_facts, read_metadata, to_seal
from .metadata_choice import parse_keep
from .metadata_jpeg import chosen_segments
from .metadata_record import sealed_file
from .reading import decode, find_record, read_bytes
from .record_chunk import RECORD_TEXT


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
