"""Extensions of videos: of files that are taken for videos, and of those that may come back out of a sealed file."""

from __future__ import annotations

VIDEOS = frozenset(
    (
        *(".mp4", ".m4v", ".mov", ".qt", ".mkv", ".webm", ".avi", ".wmv", ".asf", ".flv", ".3gp", ".3g2", ".mts"),
        *(".m2ts", ".mpg", ".mpeg", ".m2v", ".vob", ".ogv", ".mxf", ".gif"),
    )
)
"""Extensions of files that are taken for videos."""
KEPT = {".mkv": ".mkv", ".webm": ".webm", ".gif": ".gif", ".mov": ".mov"}
"""Kinds of which the result is of the same kind; others become MP4."""
ORIGINALS = VIDEOS | frozenset(
    (
        *(".ts", ".m2t", ".m2p", ".m1v", ".mpe", ".mpv", ".mod", ".tod", ".f4v", ".divx", ".mk3d", ".mj2", ".3gpp"),
        *(".ogg", ".ogm", ".ogx", ".dv", ".nut", ".wtv", ".ivf", ".obu", ".y4m", ".webp", ".apng"),
        *(".h264", ".264", ".avc", ".h265", ".265", ".hevc"),
    )
)
"""Extensions that an original may be given back: besides those, others of the kinds that can be read by name."""
