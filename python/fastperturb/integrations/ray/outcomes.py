"""What became of each row of a folder, in few bytes: the answers of all machines come to one."""

from __future__ import annotations

from typing import Any

from ..rows import PerturbImages


class Outcomes(PerturbImages):
    """As :class:`PerturbImages` of data frames, but only path, status and error; the record is in the file."""

    def __call__(self, batch: Any) -> Any:
        """Protects the rows and tells what became of them."""
        return super().__call__(batch)[["path", "status", "error"]]
