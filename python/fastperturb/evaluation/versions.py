"""Reads the versions of what results are computed with: for digests of finished work, and to be named in reports."""

from __future__ import annotations

import importlib.metadata
import platform
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from .. import __version__, faces
from .._optional import import_opencv

_DISTRIBUTIONS = {
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino"),
    "dlib": ("dlib-bin", "dlib"),
    "scikit-learn": ("scikit-learn",),
    "torch": ("torch",),
    "isal": ("isal",),
}
ANY_LIBRARY = ("dlib", "scikit-learn", "torch")
"""What detectors, protections and recognisers of others may compute with."""


def read_versions(libraries: Iterable[str] = ()) -> dict[str, str]:
    """Versions by name: of the package, Python, NumPy, OpenCV and ONNX Runtime, and of ``libraries``.

    What is not installed is left out.

    Args:
        libraries: "dlib", "scikit-learn", "torch", "isal": those that the result depends on.
    """
    versions = {
        "fastperturb": __version__,
        "python": ".".join(platform.python_version_tuple()[:2]),
        "numpy": np.__version__,
        "opencv": str(import_opencv().__version__),
    }
    wanted = {"onnxruntime", *libraries}
    found = {name: _installed(name) for name in _DISTRIBUTIONS if name in wanted}
    return versions | {name: version for name, version in found.items() if version is not None}


def list_libraries(thing: Any) -> tuple[str, ...]:
    """Names the libraries of a detector or protection, for :func:`read_versions`; of a foreign one any might be."""
    said = repr(thing)
    made = {type(thing).__name__, *re.findall(r"(\w+)\(", said)}  # a union names what it looks with
    if not type(thing).__module__.startswith("fastperturb.") or " object at 0x" in said:
        return ANY_LIBRARY
    if hasattr(thing, "detect"):
        if not all(hasattr(faces, name) for name in made):
            return ANY_LIBRARY
        return ("dlib",) if any(name.startswith("Dlib") for name in made) else ()
    learns = "Autoencoder" in made and not getattr(thing, "fitted", True)
    return ("torch",) if learns else ()


@lru_cache(maxsize=len(_DISTRIBUTIONS))
def _installed(library: str) -> str | None:
    for distribution in _DISTRIBUTIONS[library]:
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None
