"""Who is recognised through a protection: subjects, recognisers, attackers, scores. See docs/attackers.md."""

from .recogniser import Metric, Recogniser
from .results import AttackResult, Estimate, Identification, Verification
from .subjects import Subject, find_faces, make_subjects

__all__ = [
    "AttackResult",
    "Estimate",
    "Identification",
    "Metric",
    "Recogniser",
    "Subject",
    "Verification",
    "find_faces",
    "make_subjects",
]
