"""The recognisers by name: which are there, what is missing, and how to make one out of a line of text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..._optional import import_extra
from ...errors import MissingExtra
from ...faces.model_files import packaged_model
from .dlib_resnet import ADVICE, NETWORK, PACKAGE, DlibResnet
from .onnx_embedding import OnnxEmbedding
from .pixel_recognisers import Eigenfaces, Fisherfaces, LocalHistograms
from .recogniser import Recogniser


@dataclass(frozen=True, slots=True)
class RecogniserInfo:
    """What there is to know of a recogniser before it is made.

    Attributes:
        name: by which :func:`make_recogniser` knows it.
        description: what it is.
        missing: what to do before it can be made; None where nothing is missing (but a model file).
    """

    name: str
    description: str
    missing: str | None


def _dlib() -> object:
    import_extra("dlib", "dlib")
    return packaged_model(PACKAGE, NETWORK, ADVICE)


_ENTRIES: dict[str, tuple[Callable[..., Recogniser], str, Callable[[], object]]] = {
    "dlib-resnet": (DlibResnet, "dlib's residual network, trained on clear faces", _dlib),
    "eigenfaces": (Eigenfaces, "principal components of the face's box, trained on the enrolled", lambda: None),
    "fisherfaces": (
        Fisherfaces,
        "linear discriminants of principal components, trained on the enrolled",
        lambda: import_extra("sklearn.discriminant_analysis", "evaluate"),
    ),
    "histograms": (LocalHistograms, "histograms of the face's box in a grid, no training", lambda: None),
    "onnx": (OnnxEmbedding, "own ONNX file: onnx=MODEL", lambda: import_extra("onnxruntime", "onnx")),
}
_SPECIFICATION = re.compile(r"(?P<name>[a-z-]+)(=(?P<model>[^?]+))?(\?(?P<settings>.*))?")


def list_recognisers() -> list[RecogniserInfo]:
    """All recognisers, and what is missing to use them."""
    listed = []
    for name, (_, description, needs) in _ENTRIES.items():
        missing = None
        try:
            needs()
        except MissingExtra as error:
            missing = str(error)
        listed.append(RecogniserInfo(name, description, missing))
    return listed


def make_recogniser(specification: str) -> Recogniser:
    """Makes a recogniser out of its name, a model file and settings.

    Args:
        specification: ``NAME``, ``NAME?SETTING=VALUE&SETTING=VALUE`` or ``onnx=MODEL?...``; the settings are the
            arguments of the recogniser's class: ``eigenfaces?margin=0.25``, ``onnx=face.onnx?mean=0&scale=1``.

    Raises:
        ValueError: no such recogniser or setting, no model where one is needed, or a value out of range.
        ModelError: the model file does not fit.
        MissingExtra: a package is missing.
    """
    parts = _SPECIFICATION.fullmatch(specification)
    if parts is None or parts["name"] not in _ENTRIES:
        raise ValueError(f"a recogniser must be one of {', '.join(_ENTRIES)}, got {specification!r}")
    if (parts["name"] == "onnx") != (parts["model"] is not None):
        raise ValueError(f"a model file goes with onnx and nothing else: onnx=MODEL.onnx, got {specification!r}")
    settings = dict(_setting(item, specification) for item in (parts["settings"] or "").split("&") if item)
    try:
        return _ENTRIES[parts["name"]][0](*([parts["model"]] if parts["model"] else []), **settings)
    except TypeError as error:  # an unknown keyword argument
        raise ValueError(f"{specification}: {str(error).rpartition('() ')[2]}") from error


def _setting(item: str, specification: str) -> tuple[str, Any]:
    key, equals, text = item.partition("=")
    if not (key and equals and text):
        raise ValueError(f"a setting must be NAME=VALUE, got {item!r} in {specification!r}")
    for kind in (int, float):
        try:
            return key, kind(text)
        except ValueError:
            pass
    return key, text
