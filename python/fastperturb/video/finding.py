"""``find_tracks``: the faces of a video, each followed through its frames, in one pass over them.

Every frame is compared with the one looked at before; where something changed it is looked at. A face that is found
late is looked for in the frames before, and one that is lost in those after, around where it is expected.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..checks import Image, check_image, is_finite
from ..faces import Detector
from ..faces.tilt import Box, within_half_turn
from .ahead import Workers, finished
from .detecting import Looks, Seen, is_elsewhere, is_hidden, is_near, tiles_around, touches_image
from .linking import Trail, box_distance, distances, match, reach_after
from .rules import Effort, Rules
from .scenes import Picture, SceneFrame, changed_tiles, with_cuts
from .smoothing import Scene, finish_scene
from .tracks import Area, Track

Tiles = NDArray[np.float32]

_TURNS = (0.0, 0.0, 30.0, -30.0, 60.0, -60.0)  # degrees by which a lost face is looked for, frame after frame
_LARGER = 1.5  # ratio of sizes, of a face and of where it was expected
_WEAK_LARGER = 1.25  # of one that is hardly seen
_AHEAD = 3  # frames that other threads may look at before their turn
_IN_A_ROW = 2  # frames that were looked at as a whole, after which the next one most likely will be


def find_tracks(
    frames: Iterable[tuple[int, float, Image]],
    detector: Detector | None = None,
    *,
    scale: float = 1.0,
    area: Area = "head",
    rules: Rules | None = None,
    effort: Effort | None = None,
) -> list[Track]:
    """Finds the faces of a video and follows each through its frames.

    Args:
        frames: (index, seconds, image) in order, indices from 0 on without gaps; images upright, RGB, uint8, all of one
            size, and not changed afterwards, as up to ``rules.thorough`` of them are kept. Copies of 1280 pixels along
            the longer side do.
        detector: what finds faces; None is YuNet, for faces at any angle.
        scale: pixels of the video to one of the images.
        area: what regions of the tracks hide: the head, or brow to chin.
        rules: how faces are followed; None for the usual ones.
        effort: is counted up.

    Returns:
        The tracks by their first frames, in pixels of the video; none ends after a cut that it began before. An empty
        list means that no face was found, which is no reason to take the video for free of faces.

    Raises:
        TypeError: an image of another dtype.
        ValueError: an image of another shape or size, or indices with gaps.
    """
    if not (is_finite(scale) and scale > 0):
        raise ValueError(f"scale must be over 0, got {scale!r}")
    chosen = rules or Rules()
    found: list[Track] = []
    with Workers() as workers:
        follower = _Follower(Looks(detector, chosen.weak), chosen, effort or Effort(), workers)
        for frame in _foreseen(with_cuts(_checked(frames)), follower):
            if frame.cut:
                found += follower.end_scene(len(found), scale, area)
            follower.follow(frame)
        return found + follower.end_scene(len(found), scale, area)


def _foreseen(frames: Iterable[SceneFrame], follower: _Follower) -> Iterator[SceneFrame]:
    """The frames, after the follower has begun to look at those that come next."""
    waiting: deque[SceneFrame] = deque()
    for frame in frames:
        follower.foresee(frame)
        waiting.append(frame)
        if len(waiting) > _AHEAD:
            yield waiting.popleft()
    yield from waiting


def _checked(frames: Iterable[tuple[int, float, Image]]) -> Iterable[tuple[int, float, Image]]:
    shape: tuple[int, ...] | None = None
    for expected, (index, seconds, image) in enumerate(frames):
        check_image(image)
        if image.dtype != np.uint8:
            raise TypeError(f"images must be uint8, got {image.dtype}")
        if image.ndim != 3 or image.shape[2] != 3 or image.shape != (shape or image.shape):
            raise ValueError(f"images must have shape {shape or '(height, width, 3)'}, got {image.shape}")
        if index != expected:
            raise ValueError(f"frames must be numbered from 0 on without gaps, got {index} after {expected - 1}")
        shape = image.shape
        yield index, seconds, image


class _Kept(NamedTuple):
    """A frame that may be looked at once more."""

    number: int
    picture: Picture


class _Follower:
    """Follows the faces of one scene after the other."""

    def __init__(self, looks: Looks, rules: Rules, effort: Effort, workers: Workers) -> None:
        self._looks, self._rules, self._effort, self._workers = looks, rules, effort, workers
        self._kept: deque[_Kept] = deque(maxlen=rules.thorough)
        self._seconds: list[float] = []
        self._start = 0
        self._trails: list[Trail] = []
        self._ended: list[Trail] = []
        self._reset()

    def _reset(self) -> None:
        self._seen_tiles: Tiles | None = None  # of the last frame that was looked at as a whole
        self._thorough_tiles: Tiles | None = None
        self._last_quick = self._last_thorough = -1
        self._in_a_row = 0  # frames up to now that were looked at as a whole

    def end_scene(self, number: int, scale: float, area: Area) -> list[Track]:
        """The tracks of the scene that is over, numbered from ``number`` on; then another one can begin."""
        self._look_at_what_was_left()
        trails = [*self._ended, *(trail for trail in self._trails if trail.is_face(self._rules.threshold))]
        shape = self._kept[-1].picture.image.shape if self._kept else (1, 1)
        scene = Scene(self._start, np.array(self._seconds), shape, scale)
        tracks = finish_scene(trails, scene, self._rules.gap, self._rules.linger)
        self._start += len(self._seconds)
        self._seconds, self._trails, self._ended = [], [], []
        self._kept.clear()
        self._reset()
        return [track.with_id(number + index, area) for index, track in enumerate(tracks)]

    def follow(self, frame: SceneFrame) -> None:
        """Looks at the next frame, where it must be looked at."""
        self._effort.frames += 1
        self._effort.cuts += frame.cut
        self._seconds.append(frame.seconds)
        picture, index = frame.picture, frame.number
        self._kept.append(_Kept(index, picture))
        self._retire(index, frame.seconds, picture.image.shape)
        seen = self._look(picture, index)
        self._in_a_row = 0 if seen is None else self._in_a_row + 1
        left = self._continue(seen, picture, index) if seen is not None else []
        missing = [trail for trail in self._trails if trail.frames[-1] != index]
        self._look_around(missing, picture, index, [face.box for face in left])
        around = [trail for trail in missing if trail.frames[-1] == index]
        for face in left:
            if not _is_shown_again(face, around):  # two faces that one look shows are two, however near they are
                self._begin(face, picture, index)
        picture.forget()

    def foresee(self, frame: SceneFrame) -> None:
        """Begins the look that a frame will get, if that is likely, on another thread."""
        if not self._workers.help:
            return
        picture, since = frame.picture, frame.number - self._last_thorough
        if frame.cut or (since == self._rules.thorough and _differ(picture.tiles, self._thorough_tiles)):
            picture.begun["thorough"] = self._workers.begin(self._looks.thorough, picture)
        elif self._in_a_row >= _IN_A_ROW:
            picture.begun["quick"] = self._workers.begin(self._looks.quick, picture)

    def _retire(self, index: int, seconds: float, shape: tuple[int, ...]) -> None:
        """Ends trails that were not seen for too long, or have left the picture."""
        staying: list[Trail] = []
        for trail in self._trails:
            gone = seconds - self._seconds[trail.last - self._start] > self._rules.gap
            left = index - trail.last > 3 and not touches_image(trail.expect(index), shape)
            if not (gone or left):
                staying.append(trail)
            elif trail.is_face(self._rules.threshold):
                trail.tiles = None
                self._ended.append(trail)
        self._trails = staying

    def _look(self, picture: Picture, index: int) -> list[Seen] | None:
        """The faces of the whole frame; None where nothing tells that it must be looked at."""
        tiles = picture.tiles
        if self._seen_tiles is None or (
            index - self._last_thorough >= self._rules.thorough and _differ(tiles, self._thorough_tiles)
        ):
            self._effort.thorough += 1
            self._last_thorough = self._last_quick = index
            self._seen_tiles = self._thorough_tiles = tiles
            return list(finished(picture.begun.pop("thorough", None), self._looks.thorough, picture))
        changed = changed_tiles(tiles, self._seen_tiles)
        for trail in self._trails:  # what moves around a face is looked at there
            changed[tiles_around(trail.expect(index), picture)] = False
        if index - self._last_quick < self._rules.every and not changed.any():
            return None
        self._effort.quick += 1
        self._last_quick, self._seen_tiles = index, tiles
        return list(finished(picture.begun.pop("quick", None), self._looks.quick, picture))

    def _continue(self, seen: list[Seen], picture: Picture, index: int) -> list[Seen]:
        """Continues trails with what was seen; what of it is left and may begin others."""
        pairs = match(distances(self._trails, seen, index))
        for row, column in pairs:
            self._add(self._trails[row], seen[column], picture, index)
        taken = {column for _, column in pairs}
        return [face for number, face in enumerate(seen) if number not in taken and face.score >= self._rules.weak]

    def _look_at_what_was_left(self) -> None:
        """Looks for lost faces in the scene's last frames that were passed over: none comes after them any more."""
        for trail in self._trails:
            for kept in [kept for kept in self._kept if kept.number > max(trail.last, trail.looked)]:
                self._look_around([trail], kept.picture, kept.number, spare=0)

    def _look_around(
        self, trails: Sequence[Trail], picture: Picture, index: int, left: Sequence[Box] = (), *, spare: int = 2
    ) -> None:
        """Looks for the faces of trails where they are expected; those ``left`` are none of them."""
        searches = [(trail, box) for trail in trails if (box := self._where(trail, picture, index, spare))]
        known = [*picture.seen, *left]
        found = self._workers.all(lambda search: self._looks.near(picture, search[1], known), searches)
        self._effort.near += len(searches)
        for (trail, box), face in zip(searches, found, strict=True):
            if face is not None and self._is_free(face, box, picture, index - trail.last):
                self._add(trail, face, picture, index)

    def _where(self, trail: Trail, picture: Picture, index: int, spare: int) -> Box | None:
        """Where to look for the face of a trail; None if nothing has changed there, or for a while.

        If it has not been seen for more than six frames, ``spare`` frames are passed over between two looks.
        """
        if trail.tiles is not None and trail.last == index - 1:
            place = tiles_around(trail.seen[-1].box, picture)
            if not changed_tiles(picture.tiles[place], trail.tiles[place]).any():
                trail.still = index
                return None
        if index - trail.last > 6 and index - trail.looked <= spare:
            return None
        trail.looked = index
        box = trail.expect(index)
        box = box._replace(turn=within_half_turn(box.turn + _TURNS[trail.tried % len(_TURNS)]))
        trail.tried += 1
        return box

    def _is_free(self, face: Seen, box: Box, picture: Picture, missed: int) -> bool:
        """Whether a face is where it was expected, of that size, and no other trail has it."""
        if face.score < self._rules.weak:
            return False
        larger = _LARGER if face.score >= self._rules.threshold else _WEAK_LARGER
        if not math.isfinite(box_distance(box, face.box, reach_after(missed), larger)):
            return False
        return not any(is_hidden(face.box, [one]) or is_elsewhere(face.box, box, one) for one in picture.seen)

    def _add(self, trail: Trail, face: Seen, picture: Picture, index: int) -> None:
        trail.add(index, face)
        trail.tiles = picture.tiles
        picture.seen.append(face.box)

    def _begin(self, face: Seen, picture: Picture, index: int) -> None:
        """A new trail, followed back through the frames that are kept; of a face that is hardly seen none by others."""
        if face.score < self._rules.threshold and any(is_near(face.box, other) for other in picture.seen):
            return
        trail = Trail([index], [face], tiles=picture.tiles)
        self._trails.append(trail)
        picture.seen.append(face.box)
        if face.score < min(self._rules.threshold, 2 * self._rules.weak):
            return  # too little to spend time on
        missed = 0
        for kept in reversed(self._kept):
            if kept.number >= index:
                continue
            box = trail.expect(kept.number)
            self._effort.near += 1
            before = self._looks.near(kept.picture, box, kept.picture.seen)
            if before is None or not self._is_free(before, box, kept.picture, missed):
                missed += 1
                if missed == 2:
                    return
                continue
            missed = 0
            trail.add(kept.number, before)
            kept.picture.seen.append(before.box)


def _is_shown_again(face: Seen, trails: Sequence[Trail]) -> bool:
    """Whether the last sighting of a trail, by another look, hides a face; then the better score counts for it."""
    for trail in trails:
        last = trail.seen[-1]
        if is_hidden(face.box, [last.box]):
            trail.seen[-1] = last._replace(score=max(last.score, face.score))
            return True
    return False


def _differ(one: Tiles, other: Tiles | None) -> bool:
    return other is None or bool(changed_tiles(one, other).any())
