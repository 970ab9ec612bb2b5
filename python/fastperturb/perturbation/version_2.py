"""Record version 2 as perturbing and restoring arrays need it; docs/format-2.md defines the version."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import _core
from ..checks import Image
from ..errors import RecordError
from ..face_key import FaceKey
from ..key import Key
from .format_v2_open import Opened
from .ownership import count_owned, find_owners
from .record_v2 import RecordV2
from .record_v2_parts import WINDOWS
from .record_v2_reading import read_fields
from .seal_coding import Sealed

__all__ = ["VERSION", "face_key", "open_record", "read_fields"]

VERSION = 2
OF_A_JPEG = (
    "the record is of the coefficients of a JPEG, not of pixels: fastperturb.files.restore_jpeg restores its file"
)
_NO_KEY = bytes(32)


def open_record(
    record: RecordV2, key: Key | FaceKey, shape: tuple[int, ...], only: Sequence[int] | None
) -> OpenedRegions:
    """Opens a record to restore its regions.

    Args:
        record: of an image of ``shape``.
        key: a master key, or the key of one face, which opens that one.
        shape: of the image.
        only: the numbers of the regions to restore; None: all, or the one of the face key.

    Raises:
        WrongKey: the record was made for another key, or the face key is of another region.
        Tampered: the record was changed.
        RecordError: a seal is missing or erased, or holds something else than its region's pixels.
    """
    if record.layout is not None:
        raise RecordError(OF_A_JPEG)
    opened = Opened(record, key)
    if only is None:
        only = [key.index] if isinstance(key, FaceKey) else range(len(record.regions))
    return OpenedRegions(opened, shape, sorted(set(only)))


def face_key(record: RecordV2, key: Key, index: int) -> FaceKey:
    """The key of one face; raises as :meth:`fastperturb.Key.face_key`."""
    return Opened(record, key).face_key(index)


class OpenedRegions:
    """Regions of an image that are about to be restored: their seals are read, and nothing is written yet.

    Attributes:
        core: all regions as the core takes them; those that no permutation brings back move no pixels.
        subkey: one key a region, zeros for those that move no pixels.
        origin: who can have made the record, None for a face key.
    """

    def __init__(self, opened: Opened, shape: tuple[int, ...], only: Sequence[int]) -> None:
        record = opened.record
        regions = [item.region for item in record.regions]
        core = record.core_regions()
        _core.check_regions(shape[0], shape[1], core, VERSION)
        owners = find_owners(shape, regions, core)
        record.check_lengths(owners.counts())
        self.origin = opened.origin
        self._opened, self._parts, self._only = opened, owners.parts, only
        chosen = set(only)
        self._seals: dict[int, Sealed] = {}
        self._before: dict[int, Image] = {}
        self.core, self.subkey = [], []
        for index, item in enumerate(record.regions):
            moves = index in chosen and item.method == WINDOWS and record.entries[index].state == "none"
            self.core.append(core[index] if moves else core[index]._replace(pixels=0))
            self.subkey.append(opened.permutation_key(index) if moves else _NO_KEY)
            if index in chosen and not moves:
                self._seals[index] = opened.read_seal(index, count_owned(owners.parts[index]))

    def changed(self, image: Image, boxes: bytes | None = None) -> list[int]:
        """The numbers of those regions whose shown pixels are not the ones that were written."""
        parts = self._parts
        return [
            index
            for index in self._only
            if not self._opened.is_shown(index, image[parts[index].rows, parts[index].columns], parts[index].mask)
            and not self._is_clear(index, image)
        ]

    def _is_clear(self, index: int, image: Image) -> bool:
        """Whether a region shows its sealed original already: it was restored before."""
        if index not in self._seals:
            return False
        part = self._parts[index]
        crop = np.array(image[part.rows, part.columns], order="C")
        before = crop.tobytes()
        self._seals[index].put(crop, part.mask)
        return crop.tobytes() == before

    def is_sealed(self, index: int) -> bool:
        """Whether a region comes back out of its seal, whatever happened to its shown pixels."""
        return index in self._seals

    def finish(self, target: Image) -> None:
        """Writes the sealed pixels; it cannot fail any more."""
        for index, sealed in self._seals.items():
            part = self._parts[index]
            self._before[index] = target[part.rows, part.columns].copy()
            sealed.put(target[part.rows, part.columns], part.mask)

    def undo(self, target: Image) -> None:
        """Writes what was shown before :meth:`finish`."""
        for index in reversed(self._before):
            part = self._parts[index]
            target[part.rows, part.columns] = self._before[index]
