"""Protections as pipelines are told of them, by text, as a Strength or an object; and what they are known again by."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from typing import Any, TypeAlias

from .. import Strength
from ..perturbation.drawing import Drawing
from ..protections import (
    Camouflage,
    FittedProtection,
    Protection,
    ReversibleProtection,
    Surrogate,
    as_drawing,
    parse_protection,
)

DEFAULT = "surrogate:tone=around"
"""The protection of the command line and of every integration."""
WINDOWS = "windows"
"""The text of ``Strength()``; settings may follow: ``windows:cells=4``."""
ProtectionLike: TypeAlias = "str | Strength | Protection | Drawing"
Method: TypeAlias = "Strength | Drawing | ReversibleProtection"
_SAME_EACH_TIME = frozenset((3, 4, 5, 6, 8, 9))
"""Methods of drawings that are a function of the picture: surrogate, mosaic, blur, black, k-same, autoencoder."""


def make_method(protection: Any) -> Method:
    """What hides faces, ready for use.

    Args:
        protection: text as for the command line's ``--protect`` (:func:`fastperturb.protections.parse_protection`, and
            "windows"), a Strength, or a protection.

    Raises:
        TypeError: none of them.
        ValueError: there is no such protection, it hides nothing, or has learnt nothing yet.
        ModelError, MissingExtra: as for :func:`fastperturb.protections.parse_protection`.
    """
    if isinstance(protection, Strength):
        return protection
    made, said = protection, repr(protection)
    if isinstance(protection, str):
        if protection == WINDOWS:
            return Strength()
        name, colon, settings = protection.partition(":")
        made = parse_protection(f"permutation:{settings}" if name == WINDOWS and colon else protection)
    if getattr(made, "family", None) == "clear":
        raise ValueError(f"protection must hide faces, got {said}, which hides nothing")
    if isinstance(made, FittedProtection) and not made.fitted:
        raise ValueError(f"protection {said} needs a file of what it has learnt: 'fastperturb train' writes one")
    if isinstance(made, (ReversibleProtection, Drawing)):
        return made
    raise TypeError(f"protection must be text such as {DEFAULT!r}, a Strength or a protection, got {said:.80}")


def has_own_area(method: Method) -> bool:
    """Whether it covers the rounded head of each face, so that margins and shapes are not for it."""
    return isinstance(method, (Surrogate, Camouflage))


def is_sealed(method: Method) -> bool:
    """Whether it draws something over faces, so that their originals are sealed."""
    return not isinstance(method, (Strength, ReversibleProtection))


def check_sealed(method: Method, named: Any) -> None:
    """Raises ValueError unless it has seals that could lie beside."""
    if not is_sealed(method):
        raise ValueError(f"seals beside are for what is sealed; {named!r} comes back by its key alone")


def shows_the_same(method: Method) -> bool:
    """Whether what is shown is a function of the picture, so that several protections of one show nothing more."""
    return is_sealed(method) and as_drawing(method).method in _SAME_EACH_TIME


def identify(method: Method) -> Any:
    """Plain values by which a method is known again: two that do the same have the same, and others have others."""
    if isinstance(method, Strength):
        return plain_protection(method)
    learnt = method.fingerprint if isinstance(method, FittedProtection) else ""
    name = method.name if isinstance(method, Protection) else repr(method)
    if is_sealed(method):
        return [name, as_drawing(method).revision, learnt]
    return [name, repr(method) if is_dataclass(method) else "", learnt]


def plain_protection(protection: Any) -> Any:
    """A protection as plain values where it is text or a Strength; an object stays one."""
    if not isinstance(protection, Strength):
        return protection
    return {name: value for name, value in asdict(protection).items() if value is not None}


def read_plain_protection(protection: Any) -> Any:
    """Reads what :func:`plain_protection` gave."""
    return Strength(**protection) if isinstance(protection, dict) else protection
