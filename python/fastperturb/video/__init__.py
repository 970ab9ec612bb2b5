"""Videos: faces are found, followed through the frames, hidden, and brought back by the key.

Needs the extra ``video``: PyAV, which brings FFmpeg, and pyrage, for sealed files in the age format.
"""

from .age_keys import age_identity, age_recipient
from .encoders import Coding
from .finding import find_tracks
from .options import VideoOptions, VideoReport
from .perturbing import follow_faces, perturb_video
from .restoring import RestoredVideo, check_sealed, restore_video
from .rules import Rules
from .tracks import Track

__all__ = [
    "Coding",
    "RestoredVideo",
    "Rules",
    "Track",
    "VideoOptions",
    "VideoReport",
    "age_identity",
    "age_recipient",
    "check_sealed",
    "find_tracks",
    "follow_faces",
    "perturb_video",
    "restore_video",
]
