"""What becomes of an image in the service: its files, and what a client may know of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .. import Face, FaceKey, Key, Record, Region
from ..protections.method import Method


@dataclass(frozen=True, slots=True)
class File:
    """One file of an answer.

    Attributes:
        part: what it is: "image", "record", "seals", "view".
        name: of the file.
        kind: media type.
        data: its bytes.
    """

    part: str
    name: str
    kind: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Protected:
    """A protected image.

    Attributes:
        files: the image; its record, if that is not inside it; and its seals, if they lie beside.
        format: of the image.
        method: what was done.
        record: what brings it back; None if nobody can.
        moved: how many pixels moved; 0 where other pixels are drawn.
        found: the faces, or the own boxes.
        regions: what was protected, as it is recorded.
        recipients: who can restore it.
        metadata: whether name, time and metadata are sealed, too.
        notes: what of the image is lost, and what comes back in another format, in words.
        shown: the pixels, original and protected, for those who measure them; empty unless they were asked for.
        windows: the record of windows, also if nobody can restore them: their view can be drawn.
        face_keys: the keys of single faces, if they were asked for.
    """

    files: tuple[File, ...]
    format: str
    method: Method
    record: Record | None
    moved: int
    found: Sequence[Face | Region]
    regions: Sequence[Region]
    recipients: tuple[Any, ...]
    metadata: bool = False
    notes: tuple[str, ...] = ()
    shown: tuple[Any, ...] = ()
    windows: Record | None = None
    face_keys: tuple[FaceKey, ...] = ()

    @property
    def reversible(self) -> bool:
        """Whether somebody has a key that brings the original back."""
        return self.record is not None

    @property
    def key_id(self) -> str | None:
        """Public name of the secret key that restores it, if there is one here."""
        return next((item.id for item in self.recipients if isinstance(item, Key)), None)

    @property
    def sealed(self) -> str:
        """Where the seals are: "inside" with the record, "beside" in a file of their own, or "none"."""
        if self.record is None or not self.record.sealed:
            return "none"
        return "beside" if self.method.beside else "inside"
