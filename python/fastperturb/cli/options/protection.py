"""``perturb --method``: other protections than the permutation of the strength options, most of them irreversible."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from ...checks import Image
from ...key import Key
from ...protections import FittedProtection, Protection, ReversibleProtection, list_protections, parse_protection
from ...record import Record
from ...region import Face, Region
from ...strength.strength import Strength
from .sections import option
from .strength import Aim

METHOD_OPTION = option(
    "--method",
    metavar="NAME[:SETTINGS]",
    section="Strength",
    help="Another protection, instead of the options above: "
    + ", ".join(item.name for item in list_protections() if item.name != "clear")
    + ". mosaic:16, blur:cells=4, black:shape=ellipse. Most cannot be undone; docs/protections.md has all.",
)


@dataclass(frozen=True, slots=True)
class Method:
    """A protection by its text.

    Attributes:
        text: as it was given.
        protection: what it means.
    """

    text: str
    protection: Protection

    def check(self, aim: Aim, key_file: object, reproducible: bool) -> None:
        """Raises click.UsageError where other options contradict it."""
        if aim != Aim(Strength()):
            raise click.UsageError(f"--method has its own strength: no other option of it, got --method {self.text}")
        if self.protection.reversible:
            return
        if key_file is not None:
            raise click.UsageError(f"{self.protection.name} cannot be undone: no --key-file")
        if reproducible:
            raise click.UsageError(f"{self.protection.name} has no key: no --reproducible")

    def identity(self) -> list[Any]:
        """What decides what it does, as JSON can hold it."""
        learnt = self.protection.fingerprint if isinstance(self.protection, FittedProtection) else ""
        return [self.text, self.protection.name, learnt]

    def hide(
        self, pixels: Image, found: Sequence[Face] | Sequence[Region], key: Key, reproducible: bool
    ) -> tuple[Image, Record | None]:
        """The protected picture, and its record if there is a way back.

        Raises:
            ValueError: a region does not touch the picture, or the protection does not fit.
        """
        faces = [item if isinstance(item, Face) else Face(item) for item in found]
        for index, face in enumerate(faces):
            if 0 in pixels[face.region.clipped(*pixels.shape[:2])].shape:
                raise ValueError(f"regions[{index}] must touch the image, got {face.region}")
        if isinstance(self.protection, ReversibleProtection):
            return self.protection.perturb(pixels, faces, key, reproducible=reproducible)
        return self.protection.protect(pixels, faces, seed=secrets.randbits(64)), None


def make_method(text: str | None) -> Method | None:
    """The method of an option's text.

    Raises:
        ValueError: there is none like that, it hides nothing, or it has learnt nothing yet.
    """
    if text is None:
        return None
    protection = parse_protection(text)
    if protection.family == "clear":
        raise ValueError("--method clear hides nothing")
    if isinstance(protection, FittedProtection) and not protection.fitted:
        raise ValueError(f"--method {text} needs a file of what it has learnt: 'fastperturb train' writes one")
    return Method(text, protection)
