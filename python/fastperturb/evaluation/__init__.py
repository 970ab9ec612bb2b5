"""Measures what a protection keeps and hides; docs/detection.md says how found faces are counted."""

from .._renamed import old_names
from . import detection
from .detection import *  # noqa: F403

__all__ = detection.__all__

__getattr__ = old_names(
    __name__,
    {
        "Condition": "DetectionTask, with the protection by its name in DetectionStudy",
        "Miss": "MissedFaces",
        "Picture": "fastperturb.evaluation.datasets.Sample",
        "Plan": "DetectionStudy",
        "Store": "fastperturb.evaluation.result_cache.ResultCache",
        "draw_misses": "draw_missed_faces",
    },
)
