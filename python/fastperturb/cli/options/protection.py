"""``perturb --protect``, ``--purpose`` and ``--seals``: what faces show, and where what brings them back lies."""

from __future__ import annotations

from typing import Any

import click

from ...key import Key
from ...protections import FittedProtection, list_protections
from ...protections.method import DEFAULT, PURPOSES, WINDOWS, Method, make_method
from ...recipients import Recipient
from ...strength.strength import Strength
from ..errors import say
from .faces import Finder
from .sections import option
from .strength import Aim

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
        help="publish: a surrogate, seals beside; archive: a surrogate, seals inside, or beside where a video "
        "holds none; paper: windows.",
    ),
    option(
        "--seals",
        type=click.Choice(["inside", "beside"]),
        section=_SECTION,
        help="Where the encrypted originals go: with the record, or into NAME.seal, which need not be published; of "
        "videos into NAME.age, or into Matroska and WebM.  [default: inside where that can be]",
    ),
)


def check_method(method: Method, aim: Aim, finder: Finder) -> None:
    """Raises click.UsageError where other options contradict a method."""
    if method.protection is not None and aim != Aim(Strength()):
        raise click.UsageError(f"--protect has its own strength: no other option of it, got --protect {method.text}")
    if method.has_own_area and (finder.grow != 0.0 or finder.shape != "box" or finder.features):
        raise click.UsageError(
            f"{method.text} has an area of its own, a rounded ellipse over the head: no --grow, --shape or "
            "--features; --protect windows takes them"
        )


def identify_method(method: Method) -> list[Any]:
    """What decides what a method does, as JSON can hold it."""
    learnt = method.protection.fingerprint if isinstance(method.protection, FittedProtection) else ""
    return [method.text, method.name, learnt, method.beside]


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
    check_method(method, aim, finder)
    beside = (seals or place) == "beside" and method.sealed and reversible
    return Method(method.text, method.protection, beside)


def check_lossy(method: Method, recipients: tuple[Recipient, ...] | None, jpeg: bool, allowed: bool) -> None:
    """Refuses windows that a JPEG would spoil."""
    if not jpeg or recipients is None or method.sealed:
        return
    if not allowed:
        raise click.UsageError(
            "JPEG changes pixels, so that the originals could not be restored; choose another format, "
            "--allow-lossy, or --one-time-key"
        )
    say("JPEG changes pixels: what is restored from these files will not be the originals")


def check_reproducible(method: Method, recipients: tuple[Recipient, ...] | None) -> None:
    """Refuses results that are the same again where that cannot be, or says too much."""
    if not recipients and method.sealed:
        raise click.UsageError(f"{method.name} has no key: no --reproducible")
    if not all(isinstance(item, Key) for item in recipients or ()):
        raise click.UsageError("--reproducible needs secret keys alone: made from the image, secrets confirm guesses")


def say_what_it_means(method: Method, recipients: tuple[Recipient, ...] | None) -> None:
    """Says what becomes of the originals."""
    if recipients is None and method.sealed:
        say(f"{method.name} replaces the faces for good: no seal is made, they can never be restored")
    elif recipients is None:
        say("a one-time key is made and dropped: the results can never be restored")
    if method.beside:
        say("seals go into NAME.seal: NAME alone holds no pixel of the faces; NAME.seal and the key bring them back")
