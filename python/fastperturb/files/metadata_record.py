"""What a record seals of a file beside its faces: its name, format, time and metadata."""

from __future__ import annotations

from ..face_key import FaceKey
from ..key import Key
from ..perturbation.sealed_metadata import open_metadata
from ..record import Record
from .metadata_sealed import SealedFile, unpack_sealed


def sealed_file(record: Record, key: Key | FaceKey) -> SealedFile | None:
    """What else a record seals of a file; None if that is nothing, or the key is of one face, which does not open it.

    Raises:
        WrongKey, Tampered, RecordError: it cannot be read.
    """
    data = open_metadata(record, key)
    return None if data is None else unpack_sealed(data)
