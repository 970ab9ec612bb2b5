"""Detection before and after a protection: runs, matches, scores and tables (docs/detection.md)."""

from .annotations import Truth, TruthBox, TruthForm, read_truth
from .conditions import Condition, Reading
from .consensus import consensus
from .matching import ALL_FACES, PAPER, DetectionRule, ImageFaces, Matches, match_faces
from .misses import Miss, draw_misses
from .run import DetectionRun, Picture, Plan, Store, look_at_clear, run_detection
from .scores import PRECISION_RULES, Curve, DetectionScores, PrecisionRule, precision_recall_curve, score_detections
from .table import DetectionRow, DetectionTable, detection_table

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
