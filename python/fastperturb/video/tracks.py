"""A track: one face through the frames of one scene, with the region that hides it and holds still."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..region import Region
from .holding import Held, hold_still

Area = Literal["head", "face"]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Track:
    """One face through the frames of one scene.

    Attributes:
        first: number of its first frame.
        boxes: (frames, 4), x, y, width, height of the upright box from brow to chin in each frame from ``first`` on, in
            pixels of the upright video; not rounded, and may reach beyond it.
        scores: (frames,), the detector's; NaN where the box was filled in.
        turns: (frames,), degrees by which the face is turned clockwise.
        id: number of the track.
        spared: whether it is left as it is, because somebody said so.
        area: what its region hides: "head" with hair and ears, or "face".

    Raises:
        ValueError: arrays of other shapes, boxes that are not finite or empty, no frame, a negative number.
    """

    first: int
    boxes: Floats
    scores: Floats
    turns: Floats
    id: int = 0
    spared: bool = False
    area: Area = "head"

    def __post_init__(self) -> None:
        count = len(self.boxes)
        if self.boxes.shape != (count, 4) or self.scores.shape != (count,) or self.turns.shape != (count,) or not count:
            raise ValueError(
                "a track must have boxes (frames, 4), scores (frames,) and turns (frames,) of at least one frame, got "
                f"{self.boxes.shape}, {self.scores.shape} and {self.turns.shape}"
            )
        if not (np.isfinite(self.boxes).all() and np.isfinite(self.turns).all() and (self.boxes[:, 2:] > 0).all()):
            raise ValueError("a track's boxes and turns must be finite, and its boxes have sides over 0")
        if self.first < 0 or self.id < 0:
            raise ValueError(f"a track's first frame and id must be 0 or more, got {self.first} and {self.id}")
        if self.area not in ("head", "face"):
            raise ValueError(f"area must be 'head' or 'face', got {self.area!r}")

    def __repr__(self) -> str:
        spared = ", spared" if self.spared else ""
        return f"<Track {self.id}, frames {self.first} to {self.last}, {self.area}{spared}>"

    @property
    def last(self) -> int:
        """Number of its last frame."""
        return self.first + len(self.boxes) - 1

    @cached_property
    def held(self) -> Held:
        """Its size, turn and places, as they are drawn."""
        return hold_still(self.boxes, self.turns, self.area)

    def region(self, frame_index: int) -> Region | None:
        """The ellipse that hides it in a frame, one size through all of them; None where the track is not."""
        if not self.first <= frame_index <= self.last:
            return None
        return self.held.region(frame_index - self.first)

    def with_id(self, number: int, area: Area) -> Track:
        """The same with another number and area."""
        return replace(self, id=number, area=area)


class TrackRegion(NamedTuple):
    """A track, and its region in a frame."""

    track: Track
    region: Region


@dataclass
class _Open:
    """The tracks that a frame may belong to."""

    waiting: list[Track]
    now: list[Track] = field(default_factory=list)

    def at(self, frame: int) -> list[TrackRegion]:
        while self.waiting and self.waiting[-1].first <= frame:
            self.now.append(self.waiting.pop())
        self.now = [track for track in self.now if track.last >= frame]
        found = ((track, track.region(frame)) for track in sorted(self.now, key=lambda track: track.id))
        return [TrackRegion(track, region) for track, region in found if region is not None]


def regions_by_frame(tracks: Iterable[Track], frame_count: int) -> Iterator[list[TrackRegion]]:
    """The regions of each frame, in order of the frames; spared tracks have none.

    Looks at no more tracks than there are in a frame, however many the video has.

    Args:
        tracks: of a video.
        frame_count: how many frames it has.
    """
    hidden = (track for track in tracks if not track.spared)
    opened = _Open(sorted(hidden, key=lambda track: -track.first))
    for frame in range(frame_count):
        yield opened.at(frame)
