"""The record versions that this release knows: what reads their fields, and what computes their keyed values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ..checks import Image
from ..key import Key
from ..record import READERS, CoreRegion, Record
from ..region import Region
from . import format_v1


class Binding(Protocol):
    """The keyed values of one perturbation."""

    nonce: bytes
    subkey: bytes

    def drawn_again(self, *, reproducible: bool) -> Binding:
        """The same with the next nonce."""

    def record(
        self, regions: Sequence[Region], moved: Sequence[int], hidden: Image, boxes: bytes | None = None
    ) -> Record:
        """The record of what was moved."""

    def matches(self, record: Any, image: Image, boxes: bytes | None = None) -> bool:
        """Whether the record's tag is the one of these pixels."""


class Format(Protocol):
    """One record version: a module like format_v1."""

    VERSION: int

    def read_fields(self, data: dict[str, Any]) -> Record:
        """A record out of the fields of its JSON text."""

    def bind(self, key: Key, image: Image, core: Sequence[CoreRegion], *, reproducible: bool) -> Binding:
        """The values of a new perturbation."""

    def bind_record(self, key: Key, record: Any, core: Sequence[CoreRegion]) -> Binding:
        """The values of the perturbation that a record is of."""


FORMATS: dict[int, Format] = {}
"""By version."""


def add_format(module: Format) -> None:
    """Makes a record version known to :class:`fastperturb.Record` and to restoring."""
    FORMATS[module.VERSION] = module
    READERS[module.VERSION] = module.read_fields


add_format(format_v1)
WRITTEN = format_v1.VERSION
"""The version of new records."""
