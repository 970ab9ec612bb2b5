"""Makes protections out of a line of text, for configuration files and the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import Strength
from ..errors import ModelError
from ..faces import HEAD, Margins
from ..specification import NUMBER, TEXT, WHOLE, Reader, one_of, parse_specification
from .area import Area
from .autoencoder import Autoencoder
from .blur_and_noise import Blur, Noise
from .camouflage import Camouflage
from .ksame import KSame
from .mosaic_and_black import Black, Clear, Mosaic
from .parts import Parts
from .permutation import Permutation
from .protocol import Protection
from .surrogate import Surrogate
from .template import Template
from .weighted import Weighted
from .window_size import EIGHTHS, WindowSize


@dataclass(frozen=True, slots=True)
class ProtectionInfo:
    """What there is to know of a protection before it is made.

    Attributes:
        name: by which :func:`parse_protection` knows it.
        description: what it does.
        settings: what it can be told; the first is meant where a value has no name.
        reversible: whether a key holder gets the original back.
    """

    name: str
    description: str
    settings: tuple[str, ...]
    reversible: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    """How a protection is made: ``make`` takes the settings, of which shape and grow come as an ``area``."""

    make: Callable[..., Protection]
    description: str
    readers: dict[str, Reader]
    reversible: bool = False


def _window(text: str) -> Any:
    return text if text == "region" else int(text)


def _margins(text: str) -> Margins:
    if text == "head":
        return HEAD
    numbers = [float(part) for part in text.split("+")]
    if len(numbers) == 1:
        return numbers[0]
    left, top, right, bottom = numbers
    return left, top, right, bottom


_SHAPE = {"shape": one_of("box", "ellipse")}
_GROW = {"grow": Reader(_margins, "a number, four joined by + (left, top, right, bottom), or 'head'")}
_AREA = {**_SHAPE, **_GROW}
_WINDOWS = {"window": Reader(_window, "a whole number of pixels or 'region'"), "cells": WHOLE}
STRENGTH_READERS = {**_WINDOWS, "pixels": WHOLE, **dict.fromkeys(("coverage", "psnr", "distance", "mse"), NUMBER)}
"""The settings of a strength."""


def _permutation(area: Area, **strength: Any) -> Protection:
    return Permutation(Strength(**strength), area)


def _features(area: Area, **strength: Any) -> Protection:
    return Permutation(Strength(**strength), area, features=True)


def _mosaic(area: Area, **windows: Any) -> Protection:
    return Mosaic(_window_size(windows), area)


def _blur(area: Area, **size: Any) -> Protection:
    return Blur(**(size or {"cells": 8.0}), area=area)


def _noise(area: Area, variance: float = 0.1) -> Protection:
    return Noise(variance, area)


def _parts(area: Area, features: int = 2, **windows: Any) -> Protection:
    return Parts(_window_size(windows), features, area)


def _weighted(area: Area, coverage: float = 0.5, weights: str | None = None, **windows: Any) -> Protection:
    size = _window_size(windows)
    return Weighted(coverage, size, area) if weights is None else Weighted.load(weights, coverage, size, area)


def _autoencoder(area: Area, model: str | None = None, code: int | None = None, epochs: int = 100) -> Protection:
    if model is None:
        return Autoencoder(32 if code is None else code, area, epochs=epochs)
    if code is not None:
        raise ValueError("a trained model has its code: give model or code, not both")
    return Autoencoder.load(model, area)


def _ksame(area: Area, k: int = 10, faces: str | None = None) -> Protection:
    return KSame(k, area) if faces is None else KSame.load(faces, k, area)


def _surrogate(template: str | None = None, tone: str = "none", area: Any = "head") -> Protection:
    chosen = None if template is None else Template.from_file(template)
    return Surrogate(chosen, None if tone == "none" else tone, area)  # type: ignore[arg-type]


def _camouflage(template: str | None = None, area: Any = "head") -> Protection:
    return Camouflage(None if template is None else Template.from_file(template), area)


def _window_size(windows: dict[str, Any]) -> WindowSize:
    return WindowSize(**windows) if windows else EIGHTHS


_ENTRIES = {
    "clear": _Entry(Clear, "nothing at all", {}),
    "black": _Entry(Black, "a black box or ellipse", _AREA),
    "permutation": _Entry(
        _permutation, "pixels permuted within windows", {**STRENGTH_READERS, **_AREA}, reversible=True
    ),
    "features": _Entry(
        _features, "the same on eyes, nose and mouth alone", {**STRENGTH_READERS, **_SHAPE}, reversible=True
    ),
    "parts": _Entry(
        _parts,
        "permuted, in larger windows over the features",
        {**_WINDOWS, "features": WHOLE, **_AREA},
        reversible=True,
    ),
    "weighted": _Entry(
        _weighted,
        "a share of the pixels permuted, in the windows that eigenfaces weigh most",
        {"coverage": NUMBER, **_WINDOWS, "weights": TEXT, **_GROW},
        reversible=True,
    ),
    "mosaic": _Entry(_mosaic, "super-pixels: the means of windows", {**_WINDOWS, **_AREA}),
    "blur": _Entry(_blur, "Gaussian blur", {"sigma": NUMBER, "cells": NUMBER, **_AREA}),
    "noise": _Entry(_noise, "Gaussian noise, variance on a scale from 0 to 1", {"variance": NUMBER, **_AREA}),
    "cae": _Entry(
        _autoencoder, "what a small autoencoder keeps", {"model": TEXT, "code": WHOLE, "epochs": WHOLE, **_AREA}
    ),
    "surrogate": _Entry(
        _surrogate,
        "a face of no one over the rounded head, for detectors to find",
        {"tone": one_of("none", "around", "coarse"), "area": one_of("head", "face"), "template": TEXT},
    ),
    "camouflage": _Entry(
        _camouflage,
        "the head's own pixels, each at the place of its rank in a drawn face",
        {"area": one_of("head", "face"), "template": TEXT},
    ),
    "ksame": _Entry(_ksame, "the average of the k most alike faces of a set", {"k": WHOLE, "faces": TEXT, **_AREA}),
}


def list_protections() -> list[ProtectionInfo]:
    """All protections that :func:`parse_protection` knows."""
    return [ProtectionInfo(name, e.description, tuple(e.readers), e.reversible) for name, e in _ENTRIES.items()]


def parse_protection(text: str, *, files: bool = True) -> Protection:
    """Makes a protection out of its name and settings.

    Args:
        text: a name of :func:`list_protections` and settings; a value alone belongs to the first:
            ``mosaic:16``, ``permutation:cells=8,grow=head,shape=ellipse``, ``noise:0.1``;
            docs/specifications.md has the grammar.
        files: whether settings may name files, which are then read; False for texts of strangers.

    Raises:
        TypeError: not text.
        ValueError: no such protection or setting, a setting twice, or a value that is out of range; the message says
            what there is. A setting that names a file, where that is not allowed.
        ModelError: a file that it names does not fit.
        MissingExtra: a package is missing.
    """
    parsed = parse_specification(text, "protection", _ENTRIES)
    entry = _ENTRIES[parsed.name]
    settings = parsed.read(entry.readers)
    named = [name for name in settings if entry.readers[name] is TEXT]
    if named and not files:
        raise ValueError(f"{named[0]} must not be given here, since it names a file")
    try:
        if entry.readers.keys() & _AREA.keys():
            settings["area"] = Area(settings.pop("shape", None), settings.pop("grow", 0.0))
        return entry.make(**settings)
    except ModelError:
        raise
    except (TypeError, ValueError) as error:
        raise type(error)(f"{text}: {error}") from error
