"""What a contact sheet shows of a video: its tracks' first, middle, last and least sure frame, in the result."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

from ..._optional import import_opencv
from ...video.contact_sheet import contact_sheets, frames_to_show
from ...video.protecting import ReducedFrames
from ...video.reading import open_video
from ...video.track_file import VideoTracks
from ...video.tracks import Track
from ...video_names import KEPT

_LONGEST = 640
_QUALITY = 80
_ROWS = 12  # tracks in a picture
VIDEO_ENDINGS = frozenset((".mp4", *KEPT.values()))
"""Of results."""


def track_pictures(path: Path, found: VideoTracks, max_pixels: int) -> list[str]:
    """Contact sheets of a video's tracks as JPEG in base64, 12 tracks each; outlines show where regions are.

    Raises:
        OSError: the video cannot be opened.
        VideoFileError: it cannot be read, or its frames have more pixels than ``max_pixels``.
    """
    tracks: Sequence[Track] = found.tracks
    wanted = {frame for track in tracks for frame in frames_to_show(track)}
    cv2 = import_opencv()
    pictures = []
    with open_video(path, max_pixels) as source:
        frames = ReducedFrames(source, _LONGEST, None)
        for sheet in contact_sheets(tracks, frames.some(wanted), scale=frames.scale, rows=_ROWS):
            shown = cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR)
            _, data = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
            pictures.append(base64.b64encode(data.tobytes()).decode("ascii"))
    return pictures
