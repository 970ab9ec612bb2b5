"""Which face of a frame is which of the frames before: trails of one face each, continued by place, speed and size."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..faces.tilt import Box
from .detecting import Seen
from .sightings import Sightings

_MEMORY = 5  # sightings that say how fast a face moves
_DAMPING = 8.0  # frames after which a face that is not seen is expected to stand still, about
_UNDAMPED = 1e4  # it goes on as before
_REACH = 0.6  # of a face's size: how far from where it was expected it may be
_WIDER = 0.05  # more for each frame that it was not seen
_MOST_REACH = 1.6
_SURE = 0.85  # no false trail of the clips in docs/tracks.md but one of a painted face scored as much
_FAR = 1e6


class Trail:
    """One face through the frames of a scene.

    Args:
        frames: numbers of the frames in which it was seen, ascending.
        seen: how, in each of them; landmarks are not kept.
        tiles: the frame in which it was seen last, to compare others with.

    Attributes:
        still: the frame up to which nothing has changed around the face since it was seen last.
        looked: number of the last frame in which it was looked for around where it was expected.
        tried: how often it was looked for since it was seen last.
        missed: how often it was looked for in vain between sightings.
    """

    def __init__(self, frames: Iterable[int], seen: Iterable[Seen], tiles: NDArray[np.float32] | None = None) -> None:
        self.frames = array("q", frames)
        self.seen = Sightings(seen)
        self.tiles = tiles
        self.still = self.looked = -1
        self.tried = self.missed = 0

    def __repr__(self) -> str:
        return f"<Trail, frames {self.frames[0]} to {self.frames[-1]}, seen {len(self.frames)} times>"

    @property
    def last(self) -> int:
        """The last frame in which it was seen, or in which nothing had changed since."""
        return max(self.frames[-1], self.still)

    @property
    def best(self) -> float:
        """Its best score."""
        return max(self.scores)

    def is_face(self, threshold: float) -> bool:
        """Whether it is one: it was surely seen once, or a quarter of the looks at it reach a score."""
        looks = [*self.scores, *[0.0] * self.missed]
        return self.best >= max(_SURE, threshold) or float(np.quantile(looks, 0.75)) >= threshold

    @property
    def scores(self) -> list[float]:
        """Of its sightings."""
        return self.seen.scores

    def add(self, frame: int, seen: Seen) -> None:
        """Continues it, at either end."""
        if frame < self.frames[0]:
            self.frames.insert(0, frame)
            self.seen.insert(0, seen)
        else:
            self.frames.append(frame)
            self.seen.append(seen)
            self.missed, self.tried = self.missed + self.tried, 0

    def expect(self, frame: int, damping: float = _DAMPING) -> Box:
        """Where the face should be in a frame after its last sighting, or before its first."""
        if frame >= self.frames[-1]:
            return expected_box(self.frames[-_MEMORY:], self.seen[-_MEMORY:], frame, self.last, damping)
        frames, seen = self.frames[_MEMORY - 1 :: -1], self.seen[_MEMORY - 1 :: -1]
        return expected_box(frames, seen, frame, self.frames[0], damping)

    def distance(self, frame: int, box: Box, reach: float) -> float:
        """How unlike a box in a frame is to what is expected there, if the face slows down or if it does not."""
        return min(box_distance(expected, box, reach) for expected in self.expectations(frame))

    def expectations(self, frame: int) -> tuple[Box, Box]:
        """Where the face should be if it slows down, and if it does not."""
        return self.expect(frame), self.expect(frame, _UNDAMPED)


def expected_box(frames: Sequence[int], seen: Sequence[Seen], frame: int, since: int, damping: float) -> Box:
    """The box of the last of some sightings, moved on at their mean speed, which is damped with time.

    Args:
        frames: of the sightings, in order of time or the other way round.
        seen: the sightings.
        frame: for which a box is wanted, beyond the last of ``frames``.
        since: the frame from which on it moves.
        damping: frames' worth of that speed after which it stands still.
    """
    box = seen[-1].box
    if len(frames) < 2:
        return box
    ahead = damping * -math.expm1(-abs(frame - since) / damping)
    steps = ahead / abs(frames[-1] - frames[0])
    first = seen[0].box
    return box._replace(x=box.x + (box.x - first.x) * steps, y=box.y + (box.y - first.y) * steps)


def distances(trails: Sequence[Trail], seen: Sequence[Seen], frame: int) -> NDArray[np.float64]:
    """(trails, seen): how unlike a face is to what a trail expects, 0 and more; infinite where it cannot be it."""
    found = np.full((len(trails), len(seen)), math.inf)
    for row, trail in enumerate(trails):
        reach = reach_after(frame - trail.last - 1)
        expectations = trail.expectations(frame)
        for column, face in enumerate(seen):
            found[row, column] = min(box_distance(expected, face.box, reach) for expected in expectations)
    return found


def reach_after(missed: int) -> float:
    """How far a face may be from where it is expected, in sizes of it, after so many frames without it."""
    return min(_REACH + _WIDER * missed, _MOST_REACH)


def box_distance(one: Box, other: Box, reach: float, larger: float = 1.7) -> float:
    """Distance of the middles, in sizes of the faces, and the logarithm of the ratio of sizes; infinite if too far."""
    sizes = math.sqrt(one.width * one.height), math.sqrt(other.width * other.height)
    away = math.dist(one[:2], other[:2]) / (0.5 * (sizes[0] + sizes[1]))
    ratio = abs(math.log(max(sizes[0], 1e-3) / max(sizes[1], 1e-3)))
    return away + ratio if away <= reach and ratio <= math.log(larger) else math.inf


def match(costs: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs (row, column) of the least sum of costs, as many as there can be; infinite costs are no pairs.

    The Hungarian method with shortest augmenting paths: Jonker and Volgenant, "A shortest augmenting path algorithm for
    dense and sparse linear assignment problems", Computing 38 (1987).
    """
    rows, columns = costs.shape
    if not rows or not columns:
        return []
    if rows > columns:
        return sorted((row, column) for column, row in match(costs.T))
    cost = np.where(np.isfinite(costs), costs, _FAR)
    row_price, column_price = np.zeros(rows + 1), np.zeros(columns + 1)
    owner = np.zeros(columns + 1, np.int64)  # row of each column, 1 and more; 0 is free
    for row in range(1, rows + 1):
        owner[0] = row
        way = np.zeros(columns + 1, np.int64)
        least = np.full(columns + 1, math.inf)
        used = np.zeros(columns + 1, bool)
        column = 0
        while owner[column]:
            used[column] = True
            here = owner[column]
            reduced = cost[here - 1] - row_price[here] - column_price[1:]
            better = ~used[1:] & (reduced < least[1:])
            least[1:][better] = reduced[better]
            way[1:][better] = column
            free = np.where(used[1:], math.inf, least[1:])
            following = int(np.argmin(free)) + 1
            step = free[following - 1]
            row_price[owner[used]] += step
            column_price[used] -= step
            least[1:][~used[1:]] -= step
            column = following
        while column:
            owner[column] = owner[way[column]]
            column = int(way[column])
    pairs = [(int(owner[column]) - 1, column - 1) for column in range(1, columns + 1) if owner[column]]
    return sorted((row, column) for row, column in pairs if math.isfinite(costs[row, column]))
