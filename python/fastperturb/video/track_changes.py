"""What a person changes of tracks: frames that they begin and end in, boxes drawn by hand, new ones. Nothing in place.

A box that a person drew has the score 1, as one that is known. Frames that nobody looked at and no detector saw are
filled in: straight between those that were seen or drawn, and standing still before the first and after the last.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .tracks import Floats, Track

BY_HAND = 1.0
"""Score of a box that a person drew."""
Box = tuple[float, float, float, float]


def spanned(track: Track, first: int, last: int) -> Track:
    """The track with other first and last frames: cut off there, or standing still in the frames that are new.

    Args:
        track: what it was.
        first: its first frame from now on, 0 or more.
        last: its last one.

    Raises:
        ValueError: no frame of the track is left.
    """
    if not (0 <= first <= last and first <= track.last and last >= track.first):
        raise ValueError(
            f"a track must keep one of its frames {track.first} to {track.last}, got {first} to {last}; or delete it"
        )
    frames = np.arange(first, last + 1)
    places = np.clip(frames - track.first, 0, len(track.boxes) - 1)
    known = (frames >= track.first) & (frames <= track.last)
    scores = np.where(known, track.scores[places], np.nan)
    return replace(track, first=first, boxes=track.boxes[places], scores=scores, turns=track.turns[places])


def placed(track: Track, frame: int, box: Box) -> Track:
    """The track with a box that a person drew in a frame; a frame outside of it is one that it reaches from now on.

    Args:
        track: what it was.
        frame: number of the frame, 0 or more.
        box: x, y, width, height from brow to chin in pixels of the upright video.
    """
    longer = spanned(track, min(frame, track.first), max(frame, track.last))
    at = frame - longer.first
    boxes, scores, turns = longer.boxes.copy(), longer.scores.copy(), longer.turns.copy()
    boxes[at], scores[at] = box, BY_HAND
    keys = np.flatnonzero(~np.isnan(scores))
    before, after = keys[keys < at], keys[keys > at]
    low = int(before[-1]) if len(before) else None
    high = int(after[0]) if len(after) else None
    _fill(boxes, at, low, slice(0 if low is None else low + 1, at))
    _fill(boxes, at, high, slice(at + 1, len(boxes) if high is None else high))
    return replace(longer, boxes=boxes, scores=scores, turns=turns)


def drawn(number: int, frame: int, box: Box, seconds: Floats, reach: float = 0.5) -> Track:
    """A track of a box that a person drew in a frame, standing still for a while before and after.

    Args:
        number: its id.
        frame: number of the frame.
        box: as for :func:`placed`.
        seconds: (frames,), the time of each frame of the video, ascending.
        reach: seconds that it begins before and ends after.
    """
    near = np.flatnonzero(np.abs(seconds - seconds[frame]) <= reach)
    track = Track(frame, np.array([box], np.float64), np.array([BY_HAND]), np.zeros(1), number)
    return spanned(track, int(near[0]), int(near[-1]))


def _fill(boxes: Floats, at: int, key: int | None, between: slice) -> None:
    """Puts the boxes of frames on the straight line from that of one frame to that of another; or where the one is."""
    if key is None:
        boxes[between] = boxes[at]
        return
    share = (np.arange(between.start, between.stop)[:, np.newaxis] - at) / (key - at)
    boxes[between] = np.round(boxes[at] + share * (boxes[key] - boxes[at]), 1)
