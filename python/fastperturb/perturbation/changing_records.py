"""Changes to a record that touch no pixel: who opens it, and which faces come back at all."""

from __future__ import annotations

from collections.abc import Iterable

from ..checks import region_numbers
from ..errors import RecordError
from ..key import Key
from ..recipients import Recipients, check_opening_key, check_recipients
from ..record import Record
from .format_v2_open import Opened
from .record_v2 import RecordV2


def rekey(record: Record, key: Key, recipients: Recipients) -> Record:
    """The record for other recipients, as when a key is replaced. Pixels and seals stay as they are.

    Whoever could open it until now still opens copies that were made before.

    Args:
        record: what :func:`fastperturb.perturb` returned. Seals that lie beside need not be at hand.
        key: one that opens it.
        recipients: who opens it from now on, ``key`` only if it is named again: as for :func:`fastperturb.perturb`.

    Raises:
        WrongKey: the record was made for other keys.
        Tampered: it was changed.
        RecordError: it is of version 1, whose key cannot be replaced: restore the picture, and protect it again.
        TypeError, ValueError: an argument is of the wrong kind.
    """
    return _opened(record, key).for_recipients(check_recipients(recipients))


def forget(record: Record, key: Key, regions: Iterable[int] | None = None, *, rest: bool | None = None) -> Record:
    """The record without the seals of some regions: their faces never come back. Copies made before keep them.

    The seals of a file beside the picture are to be written anew, by ``record.beside_bytes()``.

    Args:
        record: what :func:`fastperturb.perturb` returned, with the seals that it keeps at hand.
        key: one that opens it; the key of one face cannot change a record.
        regions: the numbers of the regions, as ``record.regions`` has them; None: all that have a seal.
        rest: whether sealed metadata are erased too. None: if there are any, for a thumbnail in them shows faces.

    Raises:
        WrongKey, Tampered: as :func:`rekey`.
        RecordError: a region has no seal to erase, as windows, which come back by the key alone; or seals that lie
            beside are not at hand, so that they would stay, and those of other regions would not fit any more.
        TypeError, ValueError: an argument is of the wrong kind, or not the number of a region.
    """
    opened = _opened(record, key)
    if opened.record.missing:
        raise RecordError("seals that lie beside are not at hand (NAME.seal): what is not there cannot be erased")
    count = len(record.regions)
    given = region_numbers("regions", regions, count)
    changed = opened.record
    chosen = [i for i, item in enumerate(changed.entries) if item.length] if given is None else sorted(set(given))
    if chosen or not rest:
        if not chosen:
            raise RecordError("no region has a seal to erase")
        changed = opened.without_seals(chosen)
    erased = bool(changed.rest.length) if rest is None else rest
    return Opened(changed, key).without_rest() if erased else changed


def _opened(record: object, key: object) -> Opened:
    if not isinstance(record, Record):
        raise TypeError(f"record must be a Record, got {type(record).__name__}; see Record.from_json()")
    opening = check_opening_key(key)
    if not isinstance(record, RecordV2):
        raise RecordError(f"a record of version {record.version} cannot be changed; restore the picture and protect it")
    return Opened(record, opening)
