"""Measuring what a protection keeps and hides; see docs/detection.md for how faces found are counted."""

from .conditions import Condition, Reading
from .consensus import consensus
from .detection_run import DetectionRun, Picture, Plan, Store, look_at_clear, run_detection
from .detection_scores import (
    PRECISION_RULES,
    Curve,
    DetectionScores,
    PrecisionRule,
    precision_recall_curve,
    score_detections,
)
from .detection_table import DetectionRow, DetectionTable, detection_table
from .matching import ALL_FACES, PAPER, DetectionRule, ImageFaces, Matches, match_faces
from .misses import Miss, draw_misses
from .truth import Truth, TruthBox, TruthForm, read_truth

__all__ = [
    "ALL_FACES",
    "PAPER",
    "PRECISION_RULES",
    "Condition",
    "Curve",
    "DetectionRow",
    "DetectionRule",
    "DetectionRun",
    "DetectionScores",
    "DetectionTable",
    "ImageFaces",
    "Matches",
    "Miss",
    "Picture",
    "Plan",
    "PrecisionRule",
    "Reading",
    "Store",
    "Truth",
    "TruthBox",
    "TruthForm",
    "consensus",
    "detection_table",
    "draw_misses",
    "look_at_clear",
    "match_faces",
    "precision_recall_curve",
    "read_truth",
    "run_detection",
    "score_detections",
]
