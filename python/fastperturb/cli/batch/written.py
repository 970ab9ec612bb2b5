"""What a job writes: what goes into a file beside its pixels, and how large the result is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ...files.metadata_blocks import NOTHING, Blocks
from .paths import Source

BlocksFor = Callable[[str], Blocks]
"""Makes metadata for a file of a format."""


def no_blocks(_name: str) -> Blocks:
    """None, for any format."""
    return NOTHING


class Written(NamedTuple):
    """A result.

    Attributes:
        path: of the picture.
        size: of its file in bytes.
        beside: bytes of the record and the seals beside it.
    """

    path: Path
    size: int
    beside: int

    def facts(self, source: Source) -> dict[str, int]:
        """Bytes that came in and went out, for a report."""
        return {"bytes_in": source.path.stat().st_size, "bytes_out": self.size, "bytes_beside": self.beside}
