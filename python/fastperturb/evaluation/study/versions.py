"""Versions of this package and of the libraries that compute the numbers."""

from __future__ import annotations

import importlib.metadata
import platform

import numpy as np

from ... import __version__
from ..._optional import import_opencv
from .tasks import Study

_PACKAGES = {"onnxruntime": ("onnxruntime",), "dlib": ("dlib-bin", "dlib")}


def read_versions(study: Study) -> dict[str, str]:
    """Versions by name; libraries only where a detector or recogniser of the study may use them."""
    versions = {
        "fastperturb": __version__,
        "python": ".".join(platform.python_version_tuple()[:2]),
        "numpy": np.__version__,
        "opencv": str(import_opencv().__version__),
    }
    used = " ".join([*study.detectors, *study.recognisers, *study.config.recognisers]).lower()
    for name, packages in _PACKAGES.items():
        if name == "dlib" and "dlib" not in used:
            continue
        for package in packages:
            try:
                versions[name] = importlib.metadata.version(package)
                break
            except importlib.metadata.PackageNotFoundError:
                continue
    return versions
