"""Transforms that must always run: containers that apply what they hold by chance refuse them when they are made.

A container that leaves a transform out does not call it, so that no transform can see that it is left out. The
frameworks' containers are therefore asked here at the end of their ``__init__``, and again when they run, in case they
were changed.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

MARK = "fastperturb_always"
"""The attribute, true on the class of a transform that must always run."""


def refuse_in(container: Any, reason: Callable[[Any], str | None]) -> None:
    """Makes a class of containers refuse transforms that must always run; containers without any are not concerned.

    Args:
        container: the class, or the base class of several, whose instances have ``transforms``.
        reason: tells of a new container why it may leave a transform out, or ``None`` if it never does.
    """
    make = container.__init__
    if getattr(make, MARK, False):  # this file's caller was imported before
        return

    @functools.wraps(make)
    def make_and_check(self: Any, *arguments: Any, **options: Any) -> None:
        make(self, *arguments, **options)
        held = next(_must_run(self), None)
        if held is not None:
            _refuse(held, reason(self))

    setattr(make_and_check, MARK, True)
    container.__init__ = make_and_check


def refuse_running(transform: Any, container: tuple[type, ...], reason: Callable[[Any], str | None]) -> None:
    """Refuses to run within a container that may leave a transform out, as one that was changed after it was made.

    Args:
        transform: the one that runs now.
        container: the classes of containers.
        reason: as for :func:`refuse_in`.

    Raises:
        ValueError: one of the containers whose methods are running may leave it out.
    """
    if getattr(transform, "replay_mode", False):
        return
    frame: Any = sys._getframe(1)
    while frame is not None:
        owner = frame.f_locals.get("self")
        if isinstance(owner, container):
            _refuse(transform, reason(owner))
        frame = frame.f_back


def _refuse(transform: Any, why: str | None) -> None:
    if why is not None:
        name = type(transform).__name__
        raise ValueError(f"{name} must always run, and {why}; put it before, in a container that always runs all")


def _must_run(transform: Any) -> Iterator[Any]:
    """The transforms within that must always run; one that replays is run by whatever replays it."""
    if getattr(type(transform), MARK, False):
        if not getattr(transform, "replay_mode", False):
            yield transform
        return
    for held in _held_by(transform):
        yield from _must_run(held)


def _held_by(container: Any) -> list[Any]:
    """What a container holds: its ``transforms``, the modules of one of torch, or the items of a list."""
    if isinstance(container, (list, tuple)):
        return list(container)
    inner = getattr(container, "transforms", None)
    if inner is not None:
        return [inner] if not isinstance(inner, (list, tuple)) else list(inner)
    children = getattr(container, "children", None)
    return list(children()) if callable(children) and hasattr(container, "register_module") else []
