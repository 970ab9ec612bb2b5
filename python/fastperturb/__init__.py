"""Fast, keyed, exactly reversible perturbation of the faces in images, with the measurements to judge it.

Images are NumPy arrays (height, width) or (height, width, channels); x runs right and y down.
"""

from ._core import __version__
from .errors import (
    FastperturbError,
    ImageFileError,
    LossyFormat,
    MissingExtra,
    ModelError,
    NoFaceFound,
    RecordError,
    Tampered,
    UnverifiedWarning,
    WrongKey,
)
from .faces import Detector, locate, regions_from_landmarks
from .faces.view_detectors import through_reduced_copy, through_view
from .key import Key
from .metrics.measures import mse, psnr, ssim, ssim_map
from .perturbation.batch import BatchError, perturb_many, restore_many
from .perturbation.block_view import view
from .perturbation.single import perturb, restore
from .platform_info import info
from .record import Record
from .region import Face, Region
from .strength.forecasting import Forecast, forecast
from .strength.strength import Strength
from .strength.threshold import Threshold, fit_threshold

__all__ = [
    "BatchError",
    "Detector",
    "Face",
    "FastperturbError",
    "Forecast",
    "ImageFileError",
    "Key",
    "LossyFormat",
    "MissingExtra",
    "ModelError",
    "NoFaceFound",
    "Record",
    "RecordError",
    "Region",
    "Strength",
    "Tampered",
    "Threshold",
    "UnverifiedWarning",
    "WrongKey",
    "__version__",
    "fit_threshold",
    "forecast",
    "info",
    "locate",
    "mse",
    "perturb",
    "perturb_many",
    "psnr",
    "regions_from_landmarks",
    "restore",
    "restore_many",
    "ssim",
    "ssim_map",
    "through_reduced_copy",
    "through_view",
    "view",
]
