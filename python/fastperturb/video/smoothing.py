"""Trails made whole: pieces of one face joined, gaps filled, begun early and ended late, sizes freed of jumps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..faces.tilt import Box
from .detecting import touches_image
from .linking import Trail
from .tracks import Track

Floats = NDArray[np.float64]

_REACH = 1.2  # sizes of a face that pieces of one trail may be apart
_FEW = 2  # frames added at each end for each one of a short trail


@dataclass(frozen=True, slots=True)
class Scene:
    """The frames between two cuts.

    Attributes:
        start: number of the first.
        seconds: of each frame.
        shape: of the images, height first.
        scale: pixels of the video to one of an image.
    """

    start: int
    seconds: Floats
    shape: tuple[int, ...]
    scale: float

    def within(self, frame: int, seconds: float, step: int) -> int:
        """How many frames there are after (``step`` 1) or before (-1) a frame within so many seconds."""
        here = self.seconds[frame - self.start]
        if step > 0:
            later = self.seconds[frame - self.start + 1 :]
            return int(np.count_nonzero(later - here <= seconds))
        earlier = self.seconds[: frame - self.start]
        return int(np.count_nonzero(here - earlier <= seconds))


def finish_scene(trails: Sequence[Trail], scene: Scene, gap: float, linger: float) -> list[Track]:
    """The tracks of a scene, by their first frames, in pixels of the video.

    Args:
        trails: what was followed.
        scene: where.
        gap: seconds between two pieces of one face.
        linger: seconds to begin early and end late.
    """
    tracks = [_whole(trail, scene, linger) for trail in _joined(trails, scene, gap)]
    return sorted(tracks, key=lambda track: (track.first, *track.boxes[0]))


def _joined(trails: Sequence[Trail], scene: Scene, gap: float) -> list[Trail]:
    """The trails, those that go on where another one ended shortly before joined to it."""
    joined: list[Trail] = []
    for trail in sorted(trails, key=lambda trail: trail.frames[0]):
        best, least = None, math.inf
        for earlier in joined:
            apart = trail.frames[0] - earlier.last
            if apart <= 0 or _seconds_between(earlier.last, trail.frames[0], scene) > gap:
                continue
            away = min(
                earlier.distance(trail.frames[0], trail.seen[0].box, _REACH),
                trail.distance(earlier.last, earlier.seen[-1].box, _REACH),
            )
            if away < least:
                best, least = earlier, away
        if best is None:
            joined.append(trail)
        else:
            best.frames += trail.frames
            best.seen += trail.seen
            best.still = trail.still
    return joined


def _seconds_between(one: int, other: int, scene: Scene) -> float:
    return float(scene.seconds[other - scene.start] - scene.seconds[one - scene.start])


def _whole(trail: Trail, scene: Scene, linger: float) -> Track:
    """A trail without gaps, longer at both ends."""
    most = _FEW * (trail.last - trail.frames[0] + 1) + 1
    early = min(scene.within(trail.frames[0], linger, -1), most)
    late = min(scene.within(trail.last, linger, 1), most)
    before = [trail.expect(trail.frames[0] - step) for step in range(early, 0, -1)]
    after = [trail.expect(trail.last + step) for step in range(1, late + 1)]
    while before and not touches_image(before[0], scene.shape):
        before.pop(0)
    while after and not touches_image(after[-1], scene.shape):
        after.pop()
    frames = [*range(trail.frames[0] - len(before), trail.frames[0]), *trail.frames]
    boxes = [*before, *trail.seen.boxes]
    if trail.last > trail.frames[-1]:
        frames.append(trail.last)
        boxes.append(trail.seen[-1].box)
    frames += range(trail.last + 1, trail.last + 1 + len(after))
    boxes += after
    filled, turns = _filled(np.array(frames), boxes)
    scores = np.full(len(filled), np.nan)
    scores[np.array(trail.frames) - frames[0]] = trail.scores
    return Track(frames[0], np.round(filled * scene.scale, 1), np.round(scores, 3), np.round(turns))


def _filled(frames: NDArray[np.int64], boxes: Sequence[Box]) -> tuple[Floats, Floats]:
    """The upright box and the turn in every frame from the first to the last of some, straight between them.

    Sides and turns are the median of five: no face is larger, smaller or turned for one or two frames only.
    """
    known = np.array(boxes, np.float64)
    known[:, 4] = np.unwrap(known[:, 4], period=360)
    known[:, 2:5] = _median_of_five(known[:, 2:5])
    every = np.arange(frames[0], frames[-1] + 1)
    x, y, width, height, turn = (np.interp(every, frames, known[:, part]) for part in range(5))
    c, s = np.abs(np.cos(np.radians(turn))), np.abs(np.sin(np.radians(turn)))
    across, down = width * c + height * s, width * s + height * c
    return np.stack([x - across / 2, y - down / 2, across, down], axis=1), 180 - (180 - turn) % 360


def _median_of_five(values: Floats) -> Floats:
    if len(values) < 3:
        return values
    padded = np.pad(values, ((2, 2), (0, 0)), mode="reflect")
    return np.asarray(np.median(np.stack([padded[i : i + len(values)] for i in range(5)]), axis=0))
