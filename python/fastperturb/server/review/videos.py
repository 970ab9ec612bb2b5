"""Videos for the review: their tracks are read where they are saved, else their faces are followed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...bounded_files import digest_of
from ...errors import FastperturbError
from ...video.options import VideoOptions
from ...video.passed import Passed
from ...video.perturbing import follow_faces, survey_frames
from ...video.protecting import Progress
from ...video.reading import open_video
from ...video.rules import Rules
from ...video.track_file import VideoTracks
from ...video.tracks import Track
from .clips import Clip
from .session import Review

_TELL_SECONDS = 1.0
Follow = Callable[[Path, Progress], tuple[list[Track], Passed]]


class _Stopped(Exception):
    """The review ends while faces are followed."""


def stamp_of(path: Path) -> dict[str, Any]:
    """What a video is known by, as of a picture; read piece by piece.

    Raises:
        OSError: it cannot be read.
    """
    facts = path.stat()
    return {"bytes": facts.st_size, "mtime_ns": facts.st_mtime_ns, "sha256": digest_of(path)}


def follower(detector: Any, rules: Rules) -> Follow:
    """Follows faces as ``locate`` does, with a detector."""
    options = VideoOptions(rules=rules)
    return lambda path, progress: follow_faces(path, detector, options, progress)


class Videos:
    """Looks at the videos of a review, one after the other.

    Args:
        review: whose clips these are.
        follow: follows faces: path and progress to tracks and what was passed.
        saved: reads the tracks that are saved of a clip; None if there are none; raises ValueError and OSError.
        max_pixels: the most pixels of a frame.
    """

    def __init__(
        self, review: Review, follow: Follow, saved: Callable[[Clip], VideoTracks | None], max_pixels: int
    ) -> None:
        self._review, self._follow, self._saved, self._max_pixels = review, follow, saved, max_pixels
        self.stopping = False

    def look(self, clip: Clip) -> None:
        """Looks at a video once in this review: is it the one of its tracks; what its tracks are."""
        if clip.state == "broken":
            return
        try:
            self._look(clip)
        except _Stopped:
            return
        except (OSError, FastperturbError, ValueError, MemoryError) as error:
            text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._review.mark_broken(clip, " ".join(text.split()) or type(error).__name__)

    def _look(self, clip: Clip) -> None:
        self._check_size(clip.path)
        facts = clip.path.stat()
        known = clip.stamp or {}
        same = (known.get("bytes"), known.get("mtime_ns")) == (facts.st_size, facts.st_mtime_ns)
        stamp = dict(known) if same else stamp_of(clip.path)
        changed = clip.stamp is not None and known.get("sha256") != stamp["sha256"]
        saved = None if changed else self._saved(clip)
        if saved is None:
            tracks, passed = self._follow(clip.path, self._watch(clip))
            saved = VideoTracks(*passed.size, passed.seconds, tuple(tracks), stamp["sha256"])
        elif clip.stamp is None:  # somebody put them there
            saved.check_digest(stamp["sha256"])
            passed = survey_frames(clip.path, self._watch(clip))
            saved.check_video(*passed.size, passed.seconds)
            saved = replace(saved, sha256=stamp["sha256"])
        else:
            saved.check_digest(stamp["sha256"])
            self._review.take_tracks(clip, saved, stamp, fresh=False)
            return
        self._review.take_tracks(clip, saved, stamp, fresh=True, stale=changed)

    def _check_size(self, path: Path) -> None:
        with open_video(path, self._max_pixels):
            pass

    def _watch(self, clip: Clip) -> Progress:
        told = 0.0

        def watch(_what: str, index: int, expected: int | None) -> None:
            nonlocal told
            if self.stopping:
                raise _Stopped
            if time.monotonic() - told > _TELL_SECONDS:
                told = time.monotonic()
                of = f" of about {expected}" if expected else ""
                self._review.tell_progress(clip, f"looking at it: frame {index}{of}")

        return watch
