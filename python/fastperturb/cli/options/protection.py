"""``perturb --protect``, ``--purpose`` and ``--seals``: what faces show, and where what brings them back lies."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from ...checks import Image
from ...key import Key
from ...perturbation.format_v2 import SealOptions
from ...perturbation.sealing import Sealing, draw_and_seal
from ...protections import (
    Camouflage,
    FittedProtection,
    Protection,
    ReversibleProtection,
    Surrogate,
    as_drawing,
    list_protections,
    parse_protection,
)
from ...recipients import Recipient
from ...record import Record
from ...region import Face, Region
from ...strength.strength import Strength
from .faces import Finder
from .sections import option
from .strength import Aim

WINDOWS = "windows"
DEFAULT = "surrogate:tone=around"
PURPOSES = {"publish": (DEFAULT, "beside"), "archive": (DEFAULT, "inside"), "paper": (WINDOWS, None)}
"""Protection and place of seals by purpose."""
_SECTION = "Protection"
_NAMES = [item.name for item in list_protections() if item.name not in ("clear", "surrogate", "camouflage")]
PROTECT_OPTIONS = (
    option(
        "--protect",
        "--method",
        "protect",
        metavar="NAME[:SETTINGS]",
        section=_SECTION,
        help=f"What is shown instead: surrogate (a drawn face), camouflage, windows (the strength options), "
        f"{', '.join(_NAMES)}. mosaic:16, blur:cells=4, black:shape=ellipse. docs/protections.md has all.  "
        f"[default: {DEFAULT}, or windows with a strength option]",
    ),
    option(
        "--purpose",
        type=click.Choice(list(PURPOSES)),
        section=_SECTION,
        help="publish: a surrogate, seals beside; archive: a surrogate, seals inside; paper: windows.",
    ),
    option(
        "--seals",
        type=click.Choice(["inside", "beside"]),
        section=_SECTION,
        help="Where the encrypted originals go: with the record, or into NAME.seal, which need not be published.  "
        "[default: inside]",
    ),
)


@dataclass(frozen=True, slots=True)
class Method:
    """A protection by its text.

    Attributes:
        text: as it was given.
        protection: what it means; None for windows of the strength options.
        beside: put seals into a file of their own.
    """

    text: str
    protection: Protection | None
    beside: bool = False

    @property
    def name(self) -> str:
        """For reports."""
        return "permutation" if self.protection is None else self.protection.name

    @property
    def sealed(self) -> bool:
        """Whether a key brings the original back by a seal, whatever happens to the pixels that are shown."""
        return self.protection is not None and not isinstance(self.protection, ReversibleProtection)

    def check(self, aim: Aim, finder: Finder) -> None:
        """Raises click.UsageError where other options contradict it."""
        if self.protection is not None and aim != Aim(Strength()):
            raise click.UsageError(f"--protect has its own strength: no other option of it, got --protect {self.text}")
        own = isinstance(self.protection, (Surrogate, Camouflage))
        if own and (finder.grow != 0.0 or finder.shape != "box" or finder.features):
            raise click.UsageError(
                f"{self.text} has an area of its own, a rounded ellipse over the head: no --grow, --shape or "
                "--features; --protect windows takes them"
            )

    def identity(self) -> list[Any]:
        """What decides what it does, as JSON can hold it."""
        learnt = self.protection.fingerprint if isinstance(self.protection, FittedProtection) else ""
        return [self.text, self.name, learnt, self.beside]

    def hide(
        self,
        pixels: Image,
        found: Sequence[Face] | Sequence[Region],
        recipients: tuple[Recipient, ...] | None,
        reproducible: bool,
    ) -> tuple[Image, Record | None]:
        """The protected picture, and its record if there is a way back; without recipients no seal is made at all.

        Raises:
            ValueError: a region does not touch the picture, or the protection does not fit.
        """
        protection: Any = self.protection
        faces = [item if isinstance(item, Face) else Face(item) for item in found]
        for index, face in enumerate(faces):
            if 0 in pixels[face.region.clipped(*pixels.shape[:2])].shape:
                raise ValueError(f"regions[{index}] must touch the image, got {face.region}")
        if not self.sealed:
            kept = recipients or Key.generate()
            hidden: Image
            hidden, record = protection.perturb(pixels, faces, kept, reproducible=reproducible, surroundings=True)
            return hidden, record
        if recipients is None:
            return protection.protect(pixels, faces, seed=secrets.randbits(64)), None
        how = Sealing(True, reproducible, surroundings=True, options=SealOptions(beside=self.beside))
        return draw_and_seal(pixels, faces, recipients, as_drawing(protection), pixels, how)


def make_method(text: str) -> Method:
    """The method of an option's text.

    Raises:
        ValueError: there is none like that, it hides nothing, or it has learnt nothing yet.
    """
    if text == WINDOWS:
        return Method(text, None)
    name, colon, settings = text.partition(":")
    protection = parse_protection(f"permutation:{settings}" if name == WINDOWS and colon else text)
    if protection.family == "clear":
        raise ValueError("--protect clear hides nothing")
    if isinstance(protection, FittedProtection) and not protection.fitted:
        raise ValueError(f"--protect {text} needs a file of what it has learnt: 'fastperturb train' writes one")
    return Method(text, protection)


def choose_method(
    given: Method | None, purpose: str | None, seals: str | None, aim: Aim, finder: Finder, reversible: bool
) -> Method:
    """The method that all options together mean.

    Raises:
        click.UsageError: they contradict each other.
    """
    text, place = PURPOSES[purpose] if purpose is not None else (DEFAULT, None)
    windows = aim != Aim(Strength()) or finder.features
    if given is None and windows:
        if purpose in ("publish", "archive"):
            raise click.UsageError(f"strength options and --features mean windows, --purpose {purpose} a surrogate")
        text = WINDOWS
    method = given or make_method(text)
    if purpose == "paper" and method.sealed:
        raise click.UsageError(f"--purpose paper means windows, got --protect {method.text}")
    if seals is not None and not method.sealed:
        raise click.UsageError(f"--seals is for what is sealed; {method.text} comes back by its key alone")
    if seals is not None and not reversible:
        raise click.UsageError("--seals needs a key: without one no seal is made")
    method.check(aim, finder)
    beside = (seals or place) == "beside" and method.sealed and reversible
    return Method(method.text, method.protection, beside)
