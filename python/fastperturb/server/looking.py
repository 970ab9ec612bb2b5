"""How hard the service looks for faces: the presets that its operator allows, each look ended by the deadline."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from .. import Face, locate
from ..checks import Image
from ..errors import DetectorFailed, MissingExtra
from ..faces import Detector, Find, finder
from ..faces.presets import PRESETS, usual_detectors
from .problems import Problem

Check = Callable[[], None]
_WAITING: ContextVar[Check] = ContextVar("waiting", default=lambda: None)


class Watched:
    """A detector that asks before each of its looks whether anybody still waits for it. Threads share it.

    A large picture is looked at in hundreds of tiles and turned copies: so the work ends between two of these.

    Args:
        detector: what looks.
    """

    def __init__(self, detector: Any) -> None:
        self._detector = detector

    def detect(self, image: Image, /) -> list[Face]:
        """What the detector finds; raises what the check raises."""
        _WAITING.get()()
        found: list[Face] = self._detector.detect(image)
        return found


@lru_cache(maxsize=8)
def detector_for(find: Find, min_score: float | None) -> Detector:
    """The detector of a preset for a lowest score; a few are kept, since each has networks to load.

    Raises:
        MissingExtra: "everything" without the weights of CenterFace.
    """
    settings = {} if min_score is None else {"threshold": min_score}
    several = {name: Watched(detector) for name, detector in usual_detectors(find, settings).items()}
    return finder(find, several)


def look(image: Image, detector: Detector, check: Check, **how: Any) -> list[Face]:
    """The faces of an image, as :func:`fastperturb.locate` gives them.

    Args:
        image: as ``locate`` takes it.
        detector: of :func:`detector_for`, or one that looks through it.
        check: raises if nobody waits any more.
        how: further arguments of ``locate``.

    Raises:
        Problem: what ``check`` raised.
    """
    with _watching(check):
        try:
            return locate(image, detector, **how)
        except DetectorFailed as error:  # so a union of detectors tells what went wrong in one of them
            if isinstance(error.__cause__, (Problem, MemoryError)):
                raise error.__cause__ from None
            raise


@contextlib.contextmanager
def _watching(check: Check) -> Iterator[None]:
    token = _WAITING.set(check)
    try:
        yield
    finally:
        _WAITING.reset(token)


def presets_up_to(most: Find) -> tuple[Find, ...]:
    """The presets that look no harder than ``most``, and for which all is installed."""
    names = PRESETS[: PRESETS.index(most) + 1]
    return names if "everything" not in names or _has_all() else names[:-1]


@lru_cache(maxsize=1)
def _has_all() -> bool:
    try:
        usual_detectors("everything", {})
    except MissingExtra:
        return False
    return True


def choose_find(wanted: Find | None, usual: Find, most: Find) -> Find:
    """The preset of a request.

    Args:
        wanted: what it asks for; None for the operator's ``usual``.
        usual: where a request does not say.
        most: the hardest that the operator allows.

    Raises:
        Problem: it asks for more than that.
    """
    find = usual if wanted is None else wanted
    if PRESETS.index(find) > PRESETS.index(most):
        raise Problem("bad-options", f"find may be up to {most} at this service, got {find}")
    return find
