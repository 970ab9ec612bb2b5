"""A video that is reviewed: the tracks of its faces, what a page is told of them, and what people change."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...video.contact_sheet import frames_to_show
from ...video.track_changes import BY_HAND, drawn, placed, spanned
from ...video.track_file import MAX_BOXES, MAX_TRACKS, VideoTracks
from ...video.tracks import Track
from .items import SIDES, Entry, checked_boxes

MOST_CHANGES = 1000
_MOST_UNDONE = 100
Tracks = tuple[Track, ...]


@dataclass(slots=True, eq=False)
class Clip(Entry):
    """One video of the queue.

    Attributes:
        found: its tracks, once they are known.
        before: the tracks before each change, the newest last.
        unsaved: whether its tracks were changed since they were written.
        remade: whether its tracks had to be made anew, and the old ones are to be kept beside.
        progress: how far the faces are followed, in words.
    """

    found: VideoTracks | None = None
    before: list[Tracks] = field(default_factory=list)
    unsaved: bool = False
    remade: bool = False
    progress: str = ""

    @property
    def tracks(self) -> Tracks:
        """Those that are known."""
        return () if self.found is None else self.found.tracks

    @property
    def doubt(self) -> float:
        """How unsure the least sure track is, 0 to 1; 1 without a track."""
        return max(map(doubt, self.tracks), default=1.0) if self.state != "broken" else 1.0

    @property
    def reason(self) -> str:
        """Why a person should look, in words."""
        if self.problem is not None:
            return self.problem
        if self.state == "waiting":
            return self.progress or "not looked at yet"
        if self.stale:
            return "the video changed after its tracks were saved; they were made anew"
        if not self.tracks:
            return "no face found"
        return f"lowest mean score {1 - self.doubt:.2f}"

    @property
    def order(self) -> tuple[int, float, int]:
        """As of an :class:`Item`."""
        rank = 2 if self.state == "broken" else 0 if self.stale else 1
        return rank, -self.doubt, self.number

    def summary(self) -> dict[str, Any]:
        """What the queue shows of it."""
        least = max(self.tracks, key=doubt, default=None)
        return {
            "id": self.number,
            "kind": "video",
            "name": self.name,
            "state": self.state,
            "stale": self.stale,
            "reason": self.reason,
            "faces": sum(not track.spared for track in self.tracks),
            "spared": sum(track.spared for track in self.tracks),
            "order": self.order,
            "revision": self.revision,
            "frame": 0 if least is None else frames_to_show(least)[1],
        }

    def details(self) -> dict[str, Any]:
        """All that the page shows of it: its tracks, the least sure ones first."""
        found = self.found
        size = {"width": 0, "height": 0, "frames": 0}
        if found is not None:
            size = {"width": found.width, "height": found.height, "frames": found.frame_count}
        tracks = [_told(track, found.seconds) for track in found.tracks] if found is not None else []
        tracks.sort(key=lambda track: (-track["doubt"], track["id"]))
        return {**self.summary(), **size, "tracks": tracks, "undo": bool(self.before), "problem": self.problem}

    def at(self, frame: int) -> dict[str, Any]:
        """The time of a frame, and the boxes of the tracks that are in it, as a picture's boxes are told."""
        boxes = []
        for track in self.tracks:
            if not track.first <= frame <= track.last:
                continue
            x, y, width, height = map(round, track.boxes[frame - track.first].tolist())
            score = float(track.scores[frame - track.first])
            box = {"track": track.id, "x": x, "y": y, "width": max(width, 1), "height": max(height, 1)}
            box["kind"] = "spared" if track.spared else "face"
            if score != BY_HAND and not np.isnan(score):
                box["score"] = round(score, 4)
            boxes.append(box)
        seconds = 0.0 if self.found is None else float(self.found.seconds[frame])
        return {"frame": frame, "seconds": round(seconds, 3), "boxes": boxes}

    def change(self, changes: Any) -> list[int]:
        """Takes over what a page changed; all of it or nothing.

        Args:
            changes: a list of objects with ``do``: "spare" (``track``, ``spared``), "delete" (``track``), "span"
                (``track``, ``first``, ``last``), "place" (``track``, ``frame``, ``box``), "add" (``frame``, ``box``).

        Returns:
            The numbers of the tracks that were added.

        Raises:
            ValueError: they make no sense; nothing is changed.
        """
        if self.found is None:
            raise ValueError("its faces are not followed yet")
        if not isinstance(changes, list) or len(changes) > MOST_CHANGES:
            raise ValueError(f"changes must be a list of up to {MOST_CHANGES}")
        if not changes:
            return []
        work = _Changes(self.found)
        for index, change in enumerate(changes):
            try:
                work.take(change)
            except ValueError as error:
                raise ValueError(f"change {index}: {error}") from None
        self._become(work.result())
        return work.added

    def undo(self) -> None:
        """Takes the last change back."""
        if self.before and self.found is not None:
            self.found, self.unsaved = replace(self.found, tracks=self.before.pop()), True

    def _become(self, tracks: Tracks) -> None:
        if self.found is None:
            return
        fresh = replace(self.found, tracks=tracks)
        self.before = [*self.before, self.tracks][-_MOST_UNDONE:]
        self.found, self.unsaved = fresh, True


def doubt(track: Track) -> float:
    """How unsure a track is: 1 less the mean score of the frames in which it was seen or drawn, 0 to 1."""
    seen = track.scores[~np.isnan(track.scores)]
    return 1.0 - float(seen.mean()) if len(seen) else 1.0


def _told(track: Track, seconds: Sequence[float] | Any) -> dict[str, Any]:
    """A track as the page shows it."""
    seen = ~np.isnan(track.scores)
    return {
        "id": track.id,
        "first": track.first,
        "last": track.last,
        "from": round(float(seconds[track.first]), 3),
        "to": round(float(seconds[track.last]), 3),
        "seen": int(seen.sum()),
        "drawn": int((track.scores == BY_HAND).sum()),
        "doubt": round(doubt(track), 4),
        "spared": track.spared,
        "show": frames_to_show(track),
        "version": zlib.crc32(np.concatenate((track.boxes.ravel(), [track.first])).tobytes()),
    }


class _Changes:
    """Changes of a video's tracks, one after the other, on a copy."""

    def __init__(self, found: VideoTracks) -> None:
        self.added: list[int] = []
        self._found = found
        self._tracks = {track.id: track for track in found.tracks}
        self._next = 1 + max(self._tracks, default=-1)
        self._ways: dict[str, Callable[[dict[str, Any]], None]] = {
            "spare": self._spare,
            "delete": self._delete,
            "span": self._span,
            "place": self._place,
            "add": self._add,
        }

    def take(self, change: Any) -> None:
        """One change; raises ValueError."""
        way = change.get("do") if isinstance(change, dict) else None
        if not isinstance(way, str) or way not in self._ways:
            raise ValueError(f"must be an object whose do is one of {', '.join(self._ways)}")
        self._ways[way](change)

    def result(self) -> Tracks:
        """The tracks now; raises ValueError if there are too many."""
        boxes = sum(len(track.boxes) for track in self._tracks.values())
        if len(self._tracks) > MAX_TRACKS or boxes > MAX_BOXES:
            raise ValueError(f"a video may have {MAX_TRACKS} tracks of {MAX_BOXES} frames together")
        return tuple(self._tracks[number] for number in sorted(self._tracks))

    def _track(self, change: dict[str, Any]) -> Track:
        number = change.get("track")
        if type(number) is not int or number not in self._tracks:
            raise ValueError("there is no such track")
        return self._tracks[number]

    def _frame(self, change: dict[str, Any], name: str = "frame") -> int:
        number = change.get(name)
        if type(number) is not int or not 0 <= number < self._found.frame_count:
            raise ValueError(f"{name} must be a whole number from 0 to {self._found.frame_count - 1}")
        return number

    def _box(self, change: dict[str, Any]) -> tuple[float, float, float, float]:
        box = change.get("box")
        if not isinstance(box, list) or len(box) != len(SIDES):
            raise ValueError("box must be [x, y, width, height]")
        sent = {**dict(zip(SIDES, box, strict=True)), "kind": "face"}
        kinds = checked_boxes([sent], (self._found.width, self._found.height), ())
        (checked,) = kinds["face"]
        return checked["x"], checked["y"], checked["width"], checked["height"]

    def _spare(self, change: dict[str, Any]) -> None:
        if not isinstance(change.get("spared"), bool):
            raise ValueError("spared must be true or false")
        track = self._track(change)
        self._tracks[track.id] = replace(track, spared=change["spared"])

    def _delete(self, change: dict[str, Any]) -> None:
        del self._tracks[self._track(change).id]

    def _span(self, change: dict[str, Any]) -> None:
        track = self._track(change)
        self._tracks[track.id] = spanned(track, self._frame(change, "first"), self._frame(change, "last"))

    def _place(self, change: dict[str, Any]) -> None:
        track = self._track(change)
        self._tracks[track.id] = placed(track, self._frame(change), self._box(change))

    def _add(self, change: dict[str, Any]) -> None:
        track = drawn(self._next, self._frame(change), self._box(change), self._found.seconds)
        self._tracks[track.id] = track
        self.added.append(track.id)
        self._next += 1
