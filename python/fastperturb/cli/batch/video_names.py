"""Which files are videos, by their names; whether there is what reads them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import PurePath

VIDEOS = frozenset(
    (
        *(".mp4", ".m4v", ".mov", ".qt", ".mkv", ".webm", ".avi", ".wmv", ".asf", ".flv", ".3gp", ".3g2", ".mts"),
        *(".m2ts", ".mpg", ".mpeg", ".m2v", ".vob", ".ogv", ".mxf", ".gif"),
    )
)
"""Extensions of files that are taken for videos."""
KEPT = {".mkv": ".mkv", ".webm": ".webm", ".gif": ".gif", ".mov": ".mov"}
"""Kinds of which the result is of the same kind; others become MP4."""


def is_video_name(path: PurePath) -> bool:
    """Whether a file is taken for a video."""
    return path.suffix.lower() in VIDEOS


def can_read_videos() -> bool:
    """Whether PyAV is installed; else videos in folders are left out and named, as documents are."""
    return find_spec("av") is not None
