"""The metadata that a record seals, opened with a key. What their bytes mean: docs/metadata.md."""

from __future__ import annotations

from ..face_key import FaceKey
from ..key import Key
from ..recipients import check_opening_key
from ..record import Record
from .format_v2_open import Opened
from .record_v2 import RecordV2


def open_metadata(record: Record, key: Key | FaceKey) -> bytes | None:
    """The metadata that :func:`fastperturb.perturb` sealed; whoever can write to the key can have written them.

    Args:
        record: with its seals at hand.
        key: it was made with. The key of one face does not open them.

    Returns:
        The bytes; ``None`` if there are none, they were erased, or the key is of one face.

    Raises:
        WrongKey: the record was made with another key.
        Tampered: the record, or the metadata, were changed.
        RecordError: they are in a file beside that is not at hand.
        TypeError: an argument is of the wrong kind.
    """
    if not isinstance(record, Record):
        raise TypeError(f"record must be a Record, got {type(record).__name__}")
    check_opening_key(key)
    return Opened(record, key).read_rest() if isinstance(record, RecordV2) else None
