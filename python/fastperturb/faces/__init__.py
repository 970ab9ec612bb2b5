"""Finding faces: the Detector protocol, one file per detector, and regions made out of what was found.

Images are RGB or grey, pixels count from the top-left corner, ``x`` to the right and ``y`` down.
"""

from .boxes import HEAD, Margins, grow_region
from .centerface import CenterFace
from .detection import Detector, locate
from .dlib_hog import DlibHog
from .dlib_mmod import DlibMmod
from .embedding import DlibEmbedding, Embedding, OnnxFaceEmbedding
from .faster_rcnn import FasterRcnn
from .haar import Haar
from .landmarks import regions_from_landmarks
from .looks import Thorough
from .panorama import Panorama
from .presets import Find, finder
from .registry import DetectorInfo, list_detectors, make_detector
from .scrfd import Scrfd
from .sparing import Sparing
from .turned import AnyAngle
from .union import Union
from .view_detectors import coarse_detector, view_detector
from .yolo import Yolo
from .yunet import YuNet

__all__ = [
    "HEAD",
    "AnyAngle",
    "CenterFace",
    "Detector",
    "DetectorInfo",
    "DlibEmbedding",
    "DlibHog",
    "DlibMmod",
    "Embedding",
    "FasterRcnn",
    "Find",
    "Haar",
    "Margins",
    "OnnxFaceEmbedding",
    "Panorama",
    "Scrfd",
    "Sparing",
    "Thorough",
    "Union",
    "Yolo",
    "YuNet",
    "coarse_detector",
    "finder",
    "grow_region",
    "list_detectors",
    "locate",
    "make_detector",
    "regions_from_landmarks",
    "view_detector",
]
