"""What is still as it was written: the record, the pixels of each region, the surroundings. Nothing is restored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..checks import Image, check_image, dtype_name
from ..errors import RecordError, Tampered, WrongKey
from ..face_key import FaceKey
from ..key import Key
from ..recipients import check_opening_key
from ..record import Record
from .format_v2_open import Opened
from .ownership import find_owners
from .plan import open_record
from .record_v2 import RecordV2
from .seal_coding import Mask
from .version_2 import OF_A_JPEG


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Three verdicts on a protected image; there is no single word for them.

    Attributes:
        record: whether the record is as it was written; None: unknown, as with the key of one face.
        regions: for each region whether its shown pixels are; None: unknown.
        surroundings: whether the pixels outside of all regions are; None: not recorded, or unknown.
        origin: who can have made the record: "key", whoever has the secret key; "recipients", or another recipient, who
            can change what the seals hold; "anyone" who has the public key; None: the key of one face cannot tell.
    """

    record: bool | None
    regions: tuple[bool | None, ...]
    surroundings: bool | None
    origin: str | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is known to have changed."""
        return False not in (self.record, *self.regions, self.surroundings)


def examine(image: Image, record: Record, key: Key | FaceKey) -> Verdicts:
    """Tells what of a protected image is as it was written.

    In a record of version 1 one tag covers record and pixels: where it does not hold, both may have changed, and
    neither is known to have.

    Args:
        image: the protected image, as for :func:`fastperturb.restore`; it is not changed.
        record: what :func:`fastperturb.perturb` returned with it. Its seals need not be at hand.
        key: the key it was made with, or the key of one of its faces.

    Raises:
        WrongKey: the record was made with another key.
        Tampered: the record is of an image of another shape or dtype.
        RecordError: it is of the coefficients of a JPEG, of which its pixels tell nothing.
        TypeError: an argument is of the wrong kind.
    """
    check_image(image)
    if not isinstance(record, RecordV2):
        opened = open_record(image, record, key)
        if not opened.changed(image):
            return Verdicts(True, (True,) * len(record.regions), None, opened.origin)
        return Verdicts(None, (False,) * len(record.regions), None)
    check_opening_key(key)
    if record.layout is not None:
        raise RecordError(OF_A_JPEG)
    unknown = (None,) * len(record.regions)
    try:
        opened_2 = Opened(record, key, strict=False)
    except Tampered:
        return Verdicts(False, unknown, None)
    if (image.shape, dtype_name(image)) != (record.shape, record.dtype):
        raise Tampered(
            f"the record is of an image of shape {record.shape} and dtype {record.dtype}, "
            f"got shape {image.shape} and dtype {image.dtype}"
        )
    owners = find_owners(image.shape, [item.region for item in record.regions], record.core_regions())
    regions = [
        _is_shown(opened_2, index, image[part.rows, part.columns], part.mask) for index, part in enumerate(owners.parts)
    ]
    scene = opened_2.is_scene(owners.surroundings(image)) if opened_2.whole else None
    return Verdicts(opened_2.whole, tuple(regions), scene, opened_2.origin)


def _is_shown(opened: Opened, index: int, crop: Image, mask: Mask) -> bool | None:
    try:
        return opened.is_shown(index, crop, mask)
    except (WrongKey, Tampered):  # the key of another face, or an entry that cannot be trusted
        return None


def say_verdicts(verdicts: Verdicts, only: Sequence[int] | None = None) -> list[str]:
    """In words, what is not whole; empty if nothing is known to have changed.

    Args:
        verdicts: of an image.
        only: the numbers of the regions to speak of; None: all.
    """
    said = ["the record was changed"] if verdicts.record is False else []
    spoken = range(len(verdicts.regions)) if only is None else set(only)
    changed = [i for i, whole in enumerate(verdicts.regions) if whole is False and i in spoken]
    if changed:
        said.append(f"region{'s' * (len(changed) > 1)} {', '.join(map(str, changed))} changed")
    return said + ["surroundings changed"] * (verdicts.surroundings is False)
