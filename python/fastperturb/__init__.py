"""Fast, keyed, exactly reversible protection of the faces in images, with the measurements to judge it.

Images are NumPy arrays (height, width) or (height, width, channels); x runs right and y down. The names here are what
most programs need; the rest is one level down, in ``fastperturb.errors``, ``faces``, ``strength``, ``metrics``,
``files``, ``protections`` and ``evaluation``.
"""

import importlib
import typing
import warnings

from . import errors, faces, metrics, strength
from ._core import __version__
from .errors import FastperturbError, NoFaceFound, Tampered, WrongKey
from .face_key import FaceKey
from .faces import Detector, locate
from .key import Key
from .metrics import mse, psnr, ssim
from .perturbation import examine, forget, perturb, perturb_many, rekey, restore, restore_many, view
from .platform_info import info
from .public_key import PublicKey
from .record import Record
from .region import Face, Region
from .strength import Strength, forecast

if typing.TYPE_CHECKING:
    from .protections import Camouflage, Mosaic, Surrogate, Template

__all__ = [
    "Camouflage",
    "Detector",
    "Face",
    "FaceKey",
    "FastperturbError",
    "Key",
    "Mosaic",
    "NoFaceFound",
    "PublicKey",
    "Record",
    "Region",
    "Strength",
    "Surrogate",
    "Tampered",
    "Template",
    "WrongKey",
    "__version__",
    "errors",
    "examine",
    "faces",
    "forecast",
    "forget",
    "info",
    "locate",
    "metrics",
    "mse",
    "perturb",
    "perturb_many",
    "psnr",
    "rekey",
    "restore",
    "restore_many",
    "ssim",
    "strength",
    "view",
]

_MOVED = {
    "BatchError": ("errors", "BatchError"),
    "Forecast": ("strength", "Forecast"),
    "ImageFileError": ("errors", "ImageFileError"),
    "LossyFormat": ("errors", "LossyFormat"),
    "MissingExtra": ("errors", "MissingExtra"),
    "ModelError": ("errors", "ModelError"),
    "RecordError": ("errors", "RecordError"),
    "Threshold": ("strength", "Threshold"),
    "UnverifiedWarning": ("errors", "UnverifiedWarning"),
    "fit_threshold": ("strength", "fit_threshold"),
    "regions_from_landmarks": ("faces", "regions_from_landmarks"),
    "ssim_map": ("metrics", "ssim_map"),
    "through_reduced_copy": ("faces", "coarse_detector"),
    "through_view": ("faces", "view_detector"),
}
"""Names that were here in version 0.1, and where they are now."""


_PROTECTIONS = {"Camouflage", "Mosaic", "Surrogate", "Template"}
"""What is loaded when it is first asked for."""


def __getattr__(name: str) -> object:
    if name in _PROTECTIONS:
        return getattr(importlib.import_module(".protections", __name__), name)
    if name not in _MOVED:
        raise AttributeError(f"module 'fastperturb' has no attribute {name!r}")
    module, new = _MOVED[name]
    warnings.warn(f"fastperturb.{name} is now fastperturb.{module}.{new}", DeprecationWarning, stacklevel=2)
    return getattr(importlib.import_module(f".{module}", __name__), new)
