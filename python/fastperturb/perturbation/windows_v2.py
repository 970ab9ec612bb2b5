"""Windows in record version 2: the keyed values of a permutation, whose record holds no pixels."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from ..checks import Image
from ..face_key import FaceKey
from ..recipients import Recipient, first_key
from ..record import CoreRegion
from ..region import Region
from .format_v2 import Draft, RegionPixels, SealOptions, seal_record
from .ownership import find_owners
from .record_v2 import RecordV2
from .record_v2_parts import WINDOWS, RegionV2


class WindowsBinding:
    """The keyed values of one permutation.

    Attributes:
        subkey: one ChaCha20 key a region.
    """

    __slots__ = ("_core", "_draft", "_image", "_recipients", "_regions", "_reproducible", "_tries", "subkey")

    def __init__(
        self,
        recipients: Sequence[Recipient],
        image: Image,
        regions: Sequence[Region],
        core: Sequence[CoreRegion],
        *,
        reproducible: bool,
    ) -> None:
        self._recipients, self._image, self._regions, self._core = recipients, image, regions, core
        self._reproducible, self._tries = reproducible, 0
        self._draft = self._drafted(None)
        self.subkey = self._draft.permutation_keys()

    def _drafted(self, pixels: bytes | None) -> Draft:
        items = [
            RegionV2(region, WINDOWS, 0, item.window, item.pixels)
            for region, item in zip(self._regions, self._core, strict=True)
        ]
        again = self._tries.to_bytes(4, "little")
        options = (first_key(self._recipients), again) if self._reproducible else None
        return Draft(self._image, items, options, pixels)

    def drawn_again(self) -> WindowsBinding:
        """The same with another secret: a random one, or the reproducible one that comes after this."""
        other = copy(self)
        other._tries += 1
        other._draft = other._drafted(self._draft.pixels)
        other.subkey = other._draft.permutation_keys()
        return other

    def face_keys(self) -> list[FaceKey]:
        """The key of each region, in order."""
        return [self._draft.face_key(index) for index in range(len(self._regions))]

    def record(
        self, hidden: Image, boxes: bytes | None, *, surroundings: bool, metadata: bytes | None = None
    ) -> RecordV2:
        """The record of what was moved.

        Args:
            hidden: the image as it is shown.
            boxes: the bytes of a single region, where they are at hand.
            surroundings: authenticate the pixels that no region owns.
            metadata: to be sealed.
        """
        owners = find_owners(hidden.shape, self._regions, self._core)
        pixels = [RegionPixels(None, hidden[part.rows, part.columns], part.mask, boxes) for part in owners.parts]
        scene = owners.surroundings(hidden) if surroundings else None
        return seal_record(self._draft, pixels, self._recipients, scene=scene, options=SealOptions(rest=metadata))
