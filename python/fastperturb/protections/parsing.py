"""Protections out of a line of text, as configuration files and the command line have them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import Strength
from ..errors import ModelError
from ..faces import HEAD, Margins
from .area import Area
from .autoencoder import Autoencoder
from .blur_and_noise import Blur, Noise
from .ksame import KSame
from .mosaic_and_black import Black, Clear, Mosaic
from .parts import Parts
from .permutation import Permutation
from .protocol import Protection
from .surrogate import Surrogate
from .template import Template
from .weighted import Weighted
from .window_size import Grain


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
    make: Callable[..., Protection]
    description: str
    settings: dict[str, Callable[[str], Any]]
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


def _shape(text: str) -> str:
    if text not in ("box", "ellipse"):
        raise ValueError(text)
    return text


def _tone(text: str) -> str | None:
    if text not in ("none", "around", "coarse"):
        raise ValueError(text)
    return None if text == "none" else text


def _part(text: str) -> str:
    if text not in ("head", "face"):
        raise ValueError(text)
    return text


_AREA: dict[str, Callable[[str], Any]] = {"shape": _shape, "grow": _margins}
_GRAIN: dict[str, Callable[[str], Any]] = {"window": _window, "cells": int}
_AMOUNT: dict[str, Callable[[str], Any]] = {
    "pixels": int,
    **dict.fromkeys(("coverage", "psnr", "distance", "mse"), float),
}
_NEEDS: dict[Callable[[str], Any], str] = {
    _window: "a whole number of pixels or 'region'",
    int: "a whole number",
    float: "a number",
    _shape: "'box' or 'ellipse'",
    _tone: "'none', 'around' or 'coarse'",
    _part: "'head' or 'face'",
    _margins: "a number, four joined by + (left, top, right, bottom), or 'head'",
    str: "text",
}


def _area(settings: dict[str, Any]) -> Area:
    return Area(settings.pop("shape", None), settings.pop("grow", 0.0))


def _permutation(**settings: Any) -> Protection:
    area = _area(settings)
    return Permutation(Strength(**settings), area)


def _features(**settings: Any) -> Protection:
    area = _area(settings)
    return Permutation(Strength(**settings), area, features=True)


def _mosaic(**settings: Any) -> Protection:
    area = _area(settings)
    return Mosaic(Grain(**(settings or {"cells": 8})), area)


def _blur(**settings: Any) -> Protection:
    area = _area(settings)
    return Blur(**(settings or {"cells": 8.0}), area=area)


def _noise(**settings: Any) -> Protection:
    area = _area(settings)
    return Noise(settings.get("variance", 0.1), area)


def _parts(features: int = 2, **settings: Any) -> Protection:
    area = _area(settings)
    return Parts(Grain(**(settings or {"cells": 8})), features, area)


def _weighted(coverage: float = 0.5, weights: str | None = None, **settings: Any) -> Protection:
    area = _area(settings)
    grain = Grain(**(settings or {"cells": 8}))
    return Weighted(coverage, grain, area) if weights is None else Weighted.load(weights, coverage, grain, area)


def _autoencoder(model: str | None = None, code: int | None = None, epochs: int = 100, **settings: Any) -> Protection:
    if model is None:
        return Autoencoder(32 if code is None else code, _area(settings), epochs=epochs)
    if code is not None:
        raise ValueError("a trained model has its code: give model or code, not both")
    return Autoencoder.load(model, _area(settings))


def _ksame(k: int = 10, faces: str | None = None, **settings: Any) -> Protection:
    area = _area(settings)
    return KSame(k, area) if faces is None else KSame.load(faces, k, area)


def _surrogate(template: str | None = None, **settings: Any) -> Protection:
    return Surrogate(None if template is None else Template.from_file(template), **settings)


_ENTRIES = {
    "clear": _Entry(lambda: Clear(), "nothing at all", {}),
    "black": _Entry(lambda **settings: Black(_area(settings)), "a black box or ellipse", _AREA),
    "permutation": _Entry(
        _permutation, "pixels permuted within windows", {**_GRAIN, **_AMOUNT, **_AREA}, reversible=True
    ),
    "features": _Entry(
        _features, "the same on eyes, nose and mouth alone", {**_GRAIN, **_AMOUNT, "shape": _shape}, reversible=True
    ),
    "parts": _Entry(
        _parts, "permuted, in larger windows over the features", {**_GRAIN, "features": int, **_AREA}, reversible=True
    ),
    "weighted": _Entry(
        _weighted,
        "a share of the pixels permuted, in the windows that eigenfaces weigh most",
        {"coverage": float, **_GRAIN, "weights": str, "grow": _margins},
        reversible=True,
    ),
    "mosaic": _Entry(_mosaic, "super-pixels: the means of windows", {**_GRAIN, **_AREA}),
    "blur": _Entry(_blur, "Gaussian blur", {"sigma": float, "cells": float, **_AREA}),
    "noise": _Entry(_noise, "Gaussian noise, variance on a scale from 0 to 1", {"variance": float, **_AREA}),
    "cae": _Entry(_autoencoder, "what a small autoencoder keeps", {"model": str, "code": int, "epochs": int, **_AREA}),
    "ksame": _Entry(_ksame, "the average of the k most alike faces of a set", {"k": int, "faces": str, **_AREA}),
    "surrogate": _Entry(
        _surrogate,
        "a face of no one over the rounded head, for detectors to find",
        {"tone": _tone, "area": _part, "template": str},
    ),
}


def list_protections() -> list[ProtectionInfo]:
    """All protections that :func:`parse_protection` knows."""
    return [ProtectionInfo(name, e.description, tuple(e.settings), e.reversible) for name, e in _ENTRIES.items()]


def parse_protection(text: str) -> Protection:
    """Makes a protection out of its name and settings.

    Args:
        text: ``NAME`` or ``NAME:SETTING=VALUE,SETTING=VALUE`` of :func:`list_protections`; a value alone is that of the
            first setting: ``mosaic:16``, ``permutation:cells=8,grow=head,shape=ellipse``, ``noise:0.1``.

    Raises:
        TypeError: not text.
        ValueError: no such protection or setting, a setting twice, or a value that is out of range; the message says
            what there is.
        ModelError: a file that it names does not fit.
        MissingExtra: a package is missing.
    """
    if not isinstance(text, str):
        raise TypeError(f"a protection must be text like 'mosaic:16', got {text!r}")
    name, colon, rest = text.partition(":")
    entry = _ENTRIES.get(name.strip())
    if entry is None:
        raise ValueError(f"a protection must be one of {', '.join(_ENTRIES)}, got {text!r}")
    if colon and not rest.strip():
        raise ValueError(f"a setting must follow the colon, got {text!r}")
    settings = _settings(rest, entry, text) if colon else {}
    try:
        return entry.make(**settings)
    except ModelError:
        raise
    except (TypeError, ValueError) as error:
        raise type(error)(f"{text}: {error}") from error


def _settings(rest: str, entry: _Entry, text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in rest.split(","):
        key, equals, value = (part.strip() for part in item.partition("="))
        if not equals and entry.settings:
            key, value = next(iter(entry.settings)), key
        if key not in entry.settings:
            known = ", ".join(entry.settings) or "no settings"
            raise ValueError(f"{text.partition(':')[0]} takes {known}, got {item.strip()!r} in {text!r}")
        if key in found:
            raise ValueError(f"{key} must be given once, got {text!r}")
        read = entry.settings[key]
        try:
            found[key] = read(value)
        except ValueError:
            raise ValueError(f"{key} must be {_NEEDS[read]}, got {value!r} in {text!r}") from None
    return found
