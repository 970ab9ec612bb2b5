"""Measures re-identification: subjects, recognisers, attackers, scores. See docs/attackers.md."""

from ..._renamed import old_names
from ..bootstrap import Estimate
from .attack_bench import AttackBench, attack
from .attackers import ATTACKERS, EVERY_ATTACKER, Attacker
from .convolutional import Convolutional
from .dlib_resnet import DlibResnet
from .file_attack import FileResult, attack_files
from .filters import FILTERS
from .gallery import GallerySplit
from .onnx_embedding import OnnxEmbedding
from .pairs import PairBench
from .pixel_recognisers import Eigenfaces, Fisherfaces, LocalHistograms
from .recogniser import Metric, Recogniser
from .registry import RecogniserInfo, list_recognisers, make_recogniser
from .restorer import Restorer
from .results import AttackResult, Identification, Verification
from .scores import identify, verify, verify_all
from .subjects import Subject, find_faces, make_subjects

__all__ = [
    "ATTACKERS",
    "EVERY_ATTACKER",
    "FILTERS",
    "AttackBench",
    "AttackResult",
    "Attacker",
    "Convolutional",
    "DlibResnet",
    "Eigenfaces",
    "Estimate",
    "FileResult",
    "Fisherfaces",
    "GallerySplit",
    "Identification",
    "LocalHistograms",
    "Metric",
    "OnnxEmbedding",
    "PairBench",
    "Recogniser",
    "RecogniserInfo",
    "Restorer",
    "Subject",
    "Verification",
    "attack",
    "attack_files",
    "find_faces",
    "identify",
    "list_recognisers",
    "make_recogniser",
    "make_subjects",
    "verify",
    "verify_all",
]

__getattr__ = old_names(__name__, {"Hiding": "fastperturb.protections.Protection", "Lineup": "GallerySplit"})
