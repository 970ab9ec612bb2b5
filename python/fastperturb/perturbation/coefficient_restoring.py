"""Restoring a JPEG in its coefficients, and what of it is still as it was written; nothing is guessed."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np

from ..checks import region_numbers
from ..errors import RecordError, Tampered, UnverifiedWarning, WrongKey
from ..face_key import FaceKey
from ..key import Key
from ..recipients import check_opening_key
from ..record import Record
from .coefficient_seals import decode
from .coefficients import Coefficients, McuBytes, McuPart, find_mcu_owners, of_part, unowned
from .format_v2_open import Opened
from .plan import check_origin
from .record_v2 import RecordV2
from .verdicts import Verdicts


def restore_coefficients(
    coefficients: Coefficients,
    record: Record,
    key: Key | FaceKey,
    *,
    only: Iterable[int] | None = None,
    verify: bool = True,
    origin: str = "any",
) -> None:
    """Puts the sealed coefficients of regions back, in place: all that were asked for, or none.

    Args:
        coefficients: of the protected file; its MCUs are changed.
        record: of it.
        key: the key it was made with, or the key of one of its faces, which brings that one back.
        only: the numbers of the regions to bring back; None: all, or the face key's.
        verify: False also restores regions whose coefficients were changed since, and issues an
            :class:`fastperturb.errors.UnverifiedWarning`.
        origin: as for :func:`fastperturb.restore`.

    Raises:
        WrongKey, Tampered, RecordError, TypeError, ValueError: as :func:`fastperturb.restore`.
    """
    found = _checked(coefficients, record, key)
    numbers = region_numbers("only", only, len(found.regions))
    opened = Opened(found, key)
    check_origin(opened.origin, origin)
    parts = _owners(coefficients, found)
    if numbers is None:
        numbers = [key.index] if isinstance(key, FaceKey) else list(range(len(parts)))
    originals, changed = [], []
    for index in sorted(set(numbers)):
        part = parts[index]
        plain = opened.open_seal(index, part.count)
        sealed = decode(coefficients, plain, part.count, f"the seal of region {index}")
        shown = opened.is_tagged(index, of_part(coefficients.mcus, part))
        if not shown and not np.array_equal(part.take(coefficients.mcus), sealed):  # restored before
            changed.append(index)
        originals.append((part, sealed))
    if changed:
        said = f"the coefficients of region{'s' * (len(changed) > 1)} {', '.join(map(str, changed))} were changed"
        if verify:
            raise Tampered(
                f"{said} since they were written, as by turning, cropping or another encoding; verify=False puts the "
                "sealed ones there all the same"
            )
        warnings.warn(f"{said}; the sealed ones were put in their place", UnverifiedWarning, stacklevel=2)
    for part, sealed in originals:
        part.put(coefficients.mcus, sealed)


def examine_coefficients(coefficients: Coefficients, record: Record, key: Key | FaceKey) -> Verdicts:
    """Tells what of a protected JPEG is as it was written; as :func:`fastperturb.perturbation.verdicts.examine`."""
    try:
        found = _checked(coefficients, record, key)
        opened = Opened(found, key, strict=False)
    except Tampered:
        if not isinstance(record, RecordV2) or record.layout != coefficients.layout:
            raise
        return Verdicts(False, (None,) * len(record.regions), None)
    parts = _owners(coefficients, found)
    regions = [_is_shown(opened, index, of_part(coefficients.mcus, part)) for index, part in enumerate(parts)]
    scene = None
    if opened.whole:
        scene = opened.is_scene(McuBytes(coefficients.mcus, unowned(coefficients.layout, found.shape, parts)))
    return Verdicts(opened.whole, tuple(regions), scene, opened.origin)


def _is_shown(opened: Opened, index: int, shown: McuBytes) -> bool | None:
    try:
        return opened.is_tagged(index, shown)
    except (WrongKey, Tampered):  # the key of another face, or an entry that cannot be trusted
        return None


def _checked(coefficients: Coefficients, record: Record, key: Key | FaceKey) -> RecordV2:
    """The record, if it is of coefficients like these."""
    if not isinstance(record, Record):
        raise TypeError(f"record must be a Record, got {type(record).__name__}; see Record.from_json()")
    check_opening_key(key)
    if not isinstance(record, RecordV2) or record.layout is None:
        raise RecordError("the record is of an image's pixels, not of the coefficients of a JPEG")
    if record.shape != coefficients.shape:
        raise Tampered(
            f"the record is of a JPEG of {record.shape[1]} x {record.shape[0]} pixels, got {coefficients.shape[1]} x "
            f"{coefficients.shape[0]}: it was turned, cropped or scaled since, and its blocks are no longer there"
        )
    if record.layout != coefficients.layout:
        raise Tampered("the JPEG was encoded anew since, with other tables: the blocks of the record are not there")
    return record


def _owners(coefficients: Coefficients, record: RecordV2) -> list[McuPart]:
    parts = find_mcu_owners(coefficients.layout, record.shape, [item.region for item in record.regions])
    record.check_lengths([part.count for part in parts])
    return parts
