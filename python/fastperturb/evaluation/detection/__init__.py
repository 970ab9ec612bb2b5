"""Detection before and after a protection: runs, matches, scores and tables (docs/detection.md)."""

from .annotations import Truth, TruthBox, TruthForm, read_truth
from .consensus import consensus
from .matching import ALL_FACES, PAPER, DetectionRule, ImageFaces, Matches, match_faces
from .missed_faces import MissedFaces, draw_missed_faces
from .run import DetectionRun, look_at_clear, run_detection
from .scores import PRECISION_RULES, Curve, DetectionScores, PrecisionRule, precision_recall_curve, score_detections
from .table import DetectionRow, DetectionTable, detection_table
from .tasks import DetectionStudy, DetectionTask, Reading, describe_strength

__all__ = [
    "ALL_FACES",
    "PAPER",
    "PRECISION_RULES",
    "Curve",
    "DetectionRow",
    "DetectionRule",
    "DetectionRun",
    "DetectionScores",
    "DetectionStudy",
    "DetectionTable",
    "DetectionTask",
    "ImageFaces",
    "Matches",
    "MissedFaces",
    "PrecisionRule",
    "Reading",
    "Truth",
    "TruthBox",
    "TruthForm",
    "consensus",
    "describe_strength",
    "detection_table",
    "draw_missed_faces",
    "look_at_clear",
    "match_faces",
    "precision_recall_curve",
    "read_truth",
    "run_detection",
    "score_detections",
]
