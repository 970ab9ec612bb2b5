"""What ``locate`` does to a video: its tracks as JSON, and contact sheets to look at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import VideoFileError
from ...files.atomic import mode_of
from ...files.header import Bytes
from ...files.together import write_together
from ...files.writing import encode
from ...video import VideoOptions, follow_faces
from ...video.contact_sheet import contact_sheets, frames_to_show
from ...video.passed import Passed
from ...video.protecting import Progress, ReducedFrames
from ...video.reading import open_video
from ...video.track_file import VideoTracks
from ...video.tracks import Track
from ..options.faces import Finder
from .live import Live
from .paths import Source
from .progress import Outcome
from .video_wishes import check_refused
from .writer import Writer

TRACKS_SUFFIX = ".tracks.json"
_LONGEST = 640


@dataclass(frozen=True, slots=True)
class VideoLocating:
    """What is done to one video, from any thread.

    Attributes:
        finder: looks for faces.
        options: how they are followed.
        writer: knows where results go; None: nothing is written.
        live: progress and Ctrl-C.
        refused: why all videos are refused.
    """

    finder: Finder
    options: VideoOptions
    writer: Writer | None
    live: Live
    refused: Sequence[str] = ()

    def __call__(self, source: Source) -> Outcome:
        """Follows the faces of a video; raises VideoFileError or OSError where it cannot be read."""
        if self.finder.boxes is not None:
            raise VideoFileError("in a video faces are looked for: no --boxes")
        check_refused(self.refused, self.finder, source)
        place = None if self.writer is None else self.writer.targets.path_for(source)
        if place is not None and self.writer is not None and not self.writer.job.force and place.exists():
            raise FileExistsError(17, "it exists; --force writes it anew", str(place))
        with self.live.one:
            self.live.check()
            watch = self.live.watch(source.path)
            tracks, passed = follow_faces(source.path, self.finder.detector, self.options, watch)
            found = VideoTracks(*passed.size, passed.seconds, tuple(tracks), passed.sha256)
            force = self.writer is not None and self.writer.job.force
            sheets = []
            if place is not None and self.writer is not None and not self.writer.job.dry_run:
                sheets = write_tracks(place, found, source.path, passed, watch, force=force)
        facts = describe_tracks(found)
        if sheets:
            facts["sheets"] = [str(path) for path in sheets]
        line = json.dumps({"file": str(source.path), **facts}) + "\n"
        return Outcome(source.path, "located" if tracks else "without face", place, facts=facts, text=line)


def describe_tracks(found: VideoTracks) -> dict[str, Any]:
    """Tracks in short: when, how sure, how large."""
    tracks = []
    for track in found.tracks:
        scores = track.scores[~np.isnan(track.scores)]
        region = track.region(track.first)
        tracks.append(
            {
                "id": track.id,
                "first": track.first,
                "last": track.last,
                "from": round(float(found.seconds[track.first]), 3),
                "to": round(float(found.seconds[track.last]), 3),
                "seen": len(scores),
                "least_score": round(float(scores.min()), 3) if len(scores) else None,
                "region": None if region is None else [region.width, region.height],
            }
        )
    return {"width": found.width, "height": found.height, "frames": found.frame_count, "tracks": tracks}


def write_tracks(
    place: Path, found: VideoTracks, video: Path, passed: Passed, progress: Progress, *, force: bool = False
) -> list[Path]:
    """Writes the tracks, and contact sheets of them beside, which are no more open than the video; the sheets.

    Raises:
        FileExistsError: one of these files is there, and ``force`` does not say that it may go.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    sheets: list[tuple[Path, list[Bytes], int]] = []
    if found.tracks:
        for number, sheet in enumerate(_sheets(found.tracks, video, progress), 1):
            path = place.with_name(f"{place.name.removesuffix('.json')}-{number}.png")
            sheets.append((path, encode(sheet, "PNG"), mode_of(video)))
    names = [path for path, _, _ in sheets]
    tracks = (place, [found.to_json().encode("ascii")], 0o666)
    write_together([*sheets, tracks], overwrite=force, new=() if force else names)
    return names


def _sheets(tracks: tuple[Track, ...], video: Path, progress: Progress) -> Any:
    wanted = {frame for track in tracks for frame in frames_to_show(track)}
    with open_video(video) as source:
        frames = ReducedFrames(source, _LONGEST, progress)
        yield from contact_sheets(tracks, frames.some(wanted), scale=frames.scale, stretched=frames.stretched)
