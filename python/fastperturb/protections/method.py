"""What is done to a picture, as a line of text and a purpose say it: the same in the command line and the service."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..checks import Image
from ..face_key import FaceKey
from ..key import Key
from ..perturbation.drawing import Drawing
from ..perturbation.format_v2 import SealOptions
from ..perturbation.sealing import Sealing, draw_and_seal
from ..recipients import Recipients
from ..record import Record
from ..region import Face, Region
from ..specification import parse_specification
from .camouflage import Camouflage
from .drawing import as_drawing
from .parsing import list_protections, parse_protection
from .protocol import FittedProtection, Protection, ReversibleProtection
from .surrogate import Surrogate

WINDOWS = "windows"
"""The permutation in windows, whose strength is given apart; with settings behind a colon it has its own."""
DEFAULT = "surrogate:tone=around"
PURPOSES = {"publish": (DEFAULT, "beside"), "archive": (DEFAULT, "inside"), "paper": (WINDOWS, None)}
"""Protection and place of seals by purpose."""


@dataclass(frozen=True, slots=True)
class Method:
    """A protection by its text.

    Attributes:
        text: as it was given.
        protection: what it means; None for windows of a strength that is given apart.
        beside: put seals into a file of their own.
        sealed: whether a key brings the original back by a seal, whatever happens to the pixels that are shown.
    """

    text: str
    protection: Protection | None
    beside: bool = False
    sealed: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        sealed = self.protection is not None and not isinstance(self.protection, ReversibleProtection)
        object.__setattr__(self, "sealed", sealed)

    @property
    def name(self) -> str:
        """For reports."""
        return "permutation" if self.protection is None else self.protection.name

    @property
    def has_own_area(self) -> bool:
        """Whether it rounds faces to an area of its own, so that margins and shapes of regions mean nothing to it."""
        return isinstance(self.protection, (Surrogate, Camouflage))

    def hide(
        self,
        pixels: Image,
        found: Sequence[Face] | Sequence[Region],
        key: Recipients | None,
        reproducible: bool = False,
        face_keys: list[FaceKey] | None = None,
        metadata: bytes | None = None,
    ) -> tuple[Image, Record | None]:
        """The protected picture, and its record if there is a way back; without a key no seal is made at all.

        Sealed protections work in place. Not for windows whose strength is given apart.

        Args:
            pixels: of the picture.
            found: faces, or boxes from brow to chin.
            key: who will be able to restore it; None: nobody.
            reproducible: as for :func:`fastperturb.perturb`.
            face_keys: a list to which the keys of sealed regions are added.
            metadata: to be sealed, as for :func:`fastperturb.perturb`; not without a key.

        Raises:
            TypeError, ValueError: a region does not touch the picture, or protection or recipients do not fit.
        """
        protection: Any = self.protection
        faces = [item if isinstance(item, Face) else Face(item) for item in found]
        for index, face in enumerate(faces):
            if 0 in pixels[face.region.clipped(*pixels.shape[:2])].shape:
                raise ValueError(f"regions[{index}] must touch the image, got {face.region}")
        if not self.sealed:
            kept, rest = (Key.generate(), None) if key is None else (key, metadata)
            how = {"reproducible": reproducible, "surroundings": True, "metadata": rest}
            hidden: Image
            hidden, record = protection.perturb(pixels, faces, kept, **how)
            return hidden, record
        if key is None:
            return protection.protect(pixels, faces, seed=secrets.randbits(64)), None
        sealing = self.sealing(reproducible, face_keys, metadata)
        return draw_and_seal(pixels, faces, key, self.drawing, pixels, sealing)

    @property
    def drawing(self) -> Drawing:
        """What it draws; raises TypeError where it draws nothing."""
        return as_drawing(self.protection)

    def sealing(
        self, reproducible: bool = False, face_keys: list[FaceKey] | None = None, metadata: bytes | None = None
    ) -> Sealing:
        """How what it draws is recorded, and which metadata are sealed."""
        seals = SealOptions(beside=self.beside, rest=metadata)
        return Sealing(True, reproducible, surroundings=True, options=seals, face_keys=face_keys)


def make_method(text: str, *, files: bool = True) -> Method:
    """The method of a text: ``windows``, ``windows:SETTINGS``, or as for :func:`parse_protection`.

    Args:
        text: what was asked for.
        files: as for :func:`parse_protection`.

    Raises:
        ValueError: there is none like that, it hides nothing, or it has learnt nothing yet.
    """
    if text == WINDOWS:
        return Method(text, None)
    parse_specification(text, "protection", [WINDOWS, *(info.name for info in list_protections())])
    name, colon, settings = text.partition(":")
    protection = parse_protection(f"permutation:{settings}" if name == WINDOWS and colon else text, files=files)
    if protection.family == "clear":
        raise ValueError("clear hides nothing")
    if isinstance(protection, FittedProtection) and not protection.fitted:
        raise ValueError(f"{text} needs a file of what it has learnt: 'fastperturb train' writes one")
    return Method(text, protection)
