"""The recognisers by name: which are there, what is missing, and how to make one out of a line of text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..._optional import import_extra
from ...faces.model_files import packaged_model
from ...faces.registry import missing_extra
from ...specification import TEXT, VALUE, make_specified, parse_specification
from .convolutional import Convolutional
from .dlib_resnet import ADVICE, NETWORK, PACKAGE, DlibResnet
from .onnx_embedding import OnnxEmbedding
from .pixel_recognisers import Eigenfaces, Fisherfaces, LocalHistograms
from .recogniser import Recogniser
from .region_recognisers import Colours, Levels, Surroundings


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
    "convolutional": (
        Convolutional,
        "a small convolutional network, trained on the enrolled",
        lambda: import_extra("torch", "train"),
    ),
    "histograms": (LocalHistograms, "histograms of the face's box in a grid, no training", lambda: None),
    "levels": (Levels, "sorted grey levels of the protected region, each channel in colour, no training", lambda: None),
    "colours": (Colours, "joint histogram of the protected region's colours, no training", lambda: None),
    "surroundings": (Surroundings, "the pixels outside of all protected regions, no training", lambda: None),
    "onnx": (OnnxEmbedding, "own ONNX file: onnx=MODEL", lambda: import_extra("onnxruntime", "onnx")),
}


def list_recognisers() -> list[RecogniserInfo]:
    """All recognisers, and what is missing to use them."""
    return [
        RecogniserInfo(name, description, missing_extra(needs)) for name, (_, description, needs) in _ENTRIES.items()
    ]


def make_recogniser(specification: str) -> Recogniser:
    """Makes a recogniser out of its name, a model file and settings.

    Args:
        specification: a name, ``onnx`` with a model file, and settings, which are the arguments of the recogniser's
            class: ``eigenfaces?margin=0.25``, ``onnx=face.onnx?mean=0&scale=1``; docs/specifications.md has the
            grammar.

    Raises:
        TypeError: not text.
        ValueError: no such recogniser or setting, no model where one is needed, or a value out of range.
        ModelError: the model file does not fit.
        MissingExtra: a package is missing.
    """
    parsed = parse_specification(specification, "recogniser", _ENTRIES)
    if (parsed.name == "onnx") != (parsed.value is not None):
        raise ValueError(f"a model file goes with onnx and nothing else: onnx=MODEL.onnx, got {specification!r}")
    return make_specified(_ENTRIES[parsed.name][0], parsed, parsed.read({"path": TEXT}, VALUE))


def recogniser_settings(specification: str) -> list[str]:
    """The settings of a recogniser's text, without the place of its model file."""
    parsed = parse_specification(specification, "recogniser", _ENTRIES)
    return [f"{key}={value}" for key, value in parsed.items if key not in ("", "path")]
