"""The record versions that this release knows: what reads their fields, and what opens them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ..checks import Image
from ..face_key import FaceKey
from ..key import Key
from ..record import FACE_KEYS, READERS, CoreRegion, Record
from . import format_v1, version_2


class Opened(Protocol):
    """A record with its key, of an image that is about to be restored.

    Attributes:
        core: the regions as the core takes them; those that are not to be moved back move no pixels.
        subkey: what the core draws from: 32 bytes, or 32 for each region.
        origin: who can have made the record: "key", "recipients", "anyone"; None where the key cannot tell.
    """

    core: list[CoreRegion]
    subkey: Any

    @property
    def origin(self) -> str | None:
        """See the class."""

    def changed(self, image: Image, boxes: bytes | None = None) -> list[int]:
        """The numbers of the regions whose pixels are not the ones that were written."""

    def is_sealed(self, index: int) -> bool:
        """Whether a region comes back out of a seal, whatever happened to its shown pixels."""

    def finish(self, target: Image) -> None:
        """Writes what the core does not move."""

    def undo(self, target: Image) -> None:
        """Takes back what :meth:`finish` wrote."""


class Format(Protocol):
    """One record version: a module like format_v1."""

    VERSION: int

    def read_fields(self, data: dict[str, Any], max_regions: int) -> Record:
        """A record out of the fields of its JSON text."""

    def open_record(
        self, record: Any, key: Key | FaceKey, shape: tuple[int, ...], only: Sequence[int] | None
    ) -> Opened:
        """Opens a record to restore an image of ``shape``, or some of its regions."""


FORMATS: dict[int, Format] = {}
"""By version."""


def add_format(module: Format) -> None:
    """Makes a record version known to :class:`fastperturb.Record` and to restoring."""
    FORMATS[module.VERSION] = module
    READERS[module.VERSION] = module.read_fields
    if hasattr(module, "face_key"):
        FACE_KEYS[module.VERSION] = module.face_key


add_format(format_v1)
add_format(version_2)

WRITTEN = version_2.VERSION
"""The version of new records."""
