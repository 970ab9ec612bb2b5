"""Which files are videos, by their names; whether there is what reads them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import PurePath

from ...video_names import VIDEOS


def is_video_name(path: PurePath) -> bool:
    """Whether a file is taken for a video."""
    return path.suffix.lower() in VIDEOS


def can_read_videos() -> bool:
    """Whether PyAV is installed; else videos in folders are left out and named, as documents are."""
    return find_spec("av") is not None
