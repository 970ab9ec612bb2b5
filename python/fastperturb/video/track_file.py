"""Tracks as JSON: what ``locate movie.mp4`` writes and ``perturb --boxes`` reads. docs/tracks.md has the form.

A file may have been edited by hand or come from anywhere: it is read within bounds, and refused with what is wrong.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..bounded_files import digest_of, read_regular_file
from ..strict_texts import no_repeats
from .tracks import Track

FORMAT = "fastperturb tracks"
VERSION = 1
MAX_BYTES = 64 << 20
MAX_FRAMES = 50_000_000
MAX_TRACKS = 65_535
MAX_BOXES = 20_000_000  # frames of all tracks together, filled ones too
MAX_SIDE = 65_535
_HEAD = ("format", "version", "width", "height", "frames", "seconds", "tracks")
_MAY = ("sha256",)
_TRACK = ("id", "spared", "area", "boxes")
_FAR = 1e6  # pixels
_SAME_SECONDS = 2e-6  # they are written with six digits
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, eq=False)
class VideoTracks:
    """The tracks of a video, with what tells whether it is that video.

    Attributes:
        width, height: of the upright video, in pixels.
        seconds: (frames,), the time of each frame, ascending.
        tracks: in order of their ids.
        sha256: of the video's file, in 64 hexadecimal digits; None where nobody knows it.
    """

    width: int
    height: int
    seconds: NDArray[np.float64]
    tracks: tuple[Track, ...]
    sha256: str | None = None

    def __post_init__(self) -> None:
        for name, side in (("width", self.width), ("height", self.height)):
            if not 1 <= side <= MAX_SIDE:
                raise ValueError(f"{name} must be 1 to {MAX_SIDE}, got {side!r}")
        if self.seconds.ndim != 1 or not 1 <= len(self.seconds) <= MAX_FRAMES:
            raise ValueError(f"seconds must name 1 to {MAX_FRAMES} frames, got shape {self.seconds.shape}")
        if not np.isfinite(self.seconds).all() or (np.diff(self.seconds) < 0).any():
            raise ValueError("seconds must be finite and ascend")
        if len(self.tracks) > MAX_TRACKS or len({track.id for track in self.tracks}) < len(self.tracks):
            raise ValueError(f"tracks must be at most {MAX_TRACKS}, with different ids")
        late = next((track for track in self.tracks if track.last >= len(self.seconds)), None)
        if late is not None:
            raise ValueError(f"track {late.id} ends in frame {late.last}, and there are {len(self.seconds)}")
        if self.sha256 is not None and not (isinstance(self.sha256, str) and _DIGEST.fullmatch(self.sha256)):
            raise ValueError(f"sha256 must be 64 hexadecimal digits, small letters, got {self.sha256!r:.60}")

    @property
    def frame_count(self) -> int:
        """How many frames the video has."""
        return len(self.seconds)

    def check_video(self, width: int, height: int, seconds: NDArray[np.float64]) -> None:
        """Raises ValueError unless a video has the size and the frame times that these tracks were found in."""
        if (width, height, len(seconds)) != (self.width, self.height, self.frame_count):
            raise ValueError(
                f"the tracks are those of a video of {self.width} x {self.height} with {self.frame_count} frames, got "
                f"one of {width} x {height} with {len(seconds)}"
            )
        away = np.flatnonzero(np.abs(seconds - self.seconds) > _SAME_SECONDS)
        if len(away):
            first = int(away[0])
            raise ValueError(
                f"the tracks are those of a video with other times: frame {first} was at {self.seconds[first]:.6f} s, "
                f"got {seconds[first]:.6f} s"
            )

    def check_file(self, path: str | os.PathLike[str]) -> None:
        """As :meth:`check_digest`, of a file, which is read if these tracks say of which one they are; OSError too."""
        if self.sha256 is not None:
            self.check_digest(digest_of(path))

    def check_digest(self, sha256: str) -> None:
        """Raises ValueError if these tracks say of which file they are, and it has another SHA-256."""
        if self.sha256 not in (None, sha256):
            raise ValueError(
                f"the tracks are those of another video, or it was changed since: its SHA-256 was {self.sha256}, got "
                f"{sha256}"
            )

    def to_json(self) -> str:
        """The one canonical text: a line for each track, keys in a fixed order; equal tracks have equal texts."""
        seconds = ",".join(map(_number, np.round(self.seconds, 6).tolist()))
        digest = "" if self.sha256 is None else f'"sha256":"{self.sha256}",'
        lines = [
            f'{{"format":"{FORMAT}","version":{VERSION},"width":{self.width},"height":{self.height},'
            f'"frames":{self.frame_count},{digest}"seconds":[{seconds}],"tracks":['
        ]
        ordered = sorted(self.tracks, key=lambda track: track.id)
        lines += [_track_text(track) + ("," if track is not ordered[-1] else "") for track in ordered]
        return "\n".join([*lines, "]}", ""])

    @classmethod
    def from_json(cls, text: str) -> VideoTracks:
        """Reads what :meth:`to_json` wrote, or what somebody made of it.

        Raises:
            ValueError: it is no such text; the message says where.
        """
        if len(text) > MAX_BYTES:
            raise ValueError(f"a file of tracks may have up to {MAX_BYTES} bytes, got {len(text)}")
        try:
            data = json.loads(text, object_pairs_hook=no_repeats, parse_constant=_refuse_constant)
        except RecursionError:
            raise ValueError("a file of tracks is nested too deeply") from None
        except ValueError as error:
            raise ValueError(f"a file of tracks must be JSON: {error}") from None
        _check_keys(data, _HEAD, "a file of tracks", _MAY)
        if data["format"] != FORMAT or type(data["version"]) is not int or data["version"] != VERSION:
            raise ValueError(
                f"must be {FORMAT!r}, version {VERSION}, got {data['format']!r:.60}, {data['version']!r:.20}"
            )
        width, height = (_whole(data[name], name, 1, MAX_SIDE) for name in ("width", "height"))
        frames = _whole(data["frames"], "frames", 1, MAX_FRAMES)
        seconds = _numbers(data["seconds"], "seconds")
        if len(seconds) != frames:
            raise ValueError(f"seconds must be one for each of the {frames} frames, got {len(seconds)}")
        listed = data["tracks"]
        if not isinstance(listed, list) or len(listed) > MAX_TRACKS:
            raise ValueError(f"tracks must be a list of at most {MAX_TRACKS}")
        tracks, room = [], MAX_BOXES
        for number, item in enumerate(listed):
            tracks.append(_read_track(item, f"tracks[{number}]", frames, room))
            room -= len(tracks[-1].boxes)
        ordered = tuple(sorted(tracks, key=lambda track: track.id))
        return cls(width, height, np.array(seconds), ordered, data.get("sha256"))

    @classmethod
    def read(cls, path: Path) -> VideoTracks:
        """Reads a file.

        Raises:
            OSError: it cannot be read, or is larger than 64 MiB.
            ValueError: it holds no tracks; the message names the file.
        """
        try:
            return cls.from_json(read_regular_file(path, MAX_BYTES).decode("utf-8-sig"))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None


def is_track_file(start: bytes) -> bool:
    """Whether a file that begins so is one of tracks, rather than of boxes in pictures."""
    return FORMAT.encode() in start[:256]


def _track_text(track: Track) -> str:
    """A line; boxes that lie straight between the ones before and after, and were not seen, are left out."""
    rows = [
        f"[{track.first + number}," + ",".join(map(_number, track.boxes[number].tolist())) + _sure(track, number)
        for number in needed_frames(track).tolist()
    ]
    spared = "true" if track.spared else "false"
    return f'{{"id":{track.id},"spared":{spared},"area":"{track.area}","boxes":[{",".join(rows)}]}}'


def _sure(track: Track, number: int) -> str:
    score = track.scores[number]
    return f",{'null' if math.isnan(score) else _number(float(score))},{_number(float(track.turns[number]))}]"


def needed_frames(track: Track) -> NDArray[np.int64]:
    """The numbers of the frames whose boxes the others do not tell."""
    count = len(track.boxes)
    numbers = np.flatnonzero(~np.isnan(track.scores) | np.isin(np.arange(count), (0, count - 1)))
    while True:
        boxes, turns = boxes_between(numbers, track.boxes[numbers], track.turns[numbers])
        wrong = np.flatnonzero((boxes != track.boxes).any(axis=1) | (turns != track.turns))
        if not len(wrong):
            return numbers
        numbers = np.union1d(numbers, wrong)


def boxes_between(
    numbers: NDArray[np.int64], boxes: NDArray[np.float64], turns: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Boxes and turns of all frames from the first to the last of some, straight between them; rounded."""
    every = np.arange(numbers[0], numbers[-1] + 1)
    lines = [np.interp(every, numbers, boxes[:, part]) for part in range(4)]
    unwrapped = np.interp(every, numbers, np.unwrap(turns, period=360))
    filled = np.asarray(np.round(np.stack(lines, axis=1), 1), np.float64)
    turned: NDArray[np.float64] = 180 - (180 - np.round(unwrapped)) % 360
    filled[numbers - numbers[0]], turned[numbers - numbers[0]] = boxes, turns
    return filled, turned


def _read_track(item: Any, name: str, frames: int, room: int) -> Track:
    _check_keys(item, _TRACK, name)
    if not isinstance(item["spared"], bool):
        raise ValueError(f"{name}.spared must be true or false, got {item['spared']!r:.60}")
    if item["area"] not in ("head", "face"):
        raise ValueError(f'{name}.area must be "head" or "face", got {item["area"]!r:.60}')
    number = _whole(item["id"], f"{name}.id", 0, 2**31 - 1)
    rows = item["boxes"]
    if not isinstance(rows, list) or not rows:
        raise ValueError(f"{name}.boxes must be a list of at least one box")
    read = [_read_row(row, f"{name}.boxes[{place}]", frames) for place, row in enumerate(rows)]
    numbers = np.array([row[0] for row in read], np.int64)
    if (np.diff(numbers) <= 0).any():
        raise ValueError(f"{name}.boxes must ascend by their frames")
    if numbers[-1] - numbers[0] >= room:
        raise ValueError(f"tracks must have at most {MAX_BOXES} frames together")
    values = np.array([row[1:] for row in read], np.float64)
    boxes, turns = boxes_between(numbers, values[:, :4], values[:, 5])
    scores = np.full(len(boxes), np.nan)
    scores[numbers - numbers[0]] = values[:, 4]
    return Track(int(numbers[0]), boxes, scores, turns, number, item["spared"], item["area"])


def _read_row(row: Any, name: str, frames: int) -> tuple[float, ...]:
    """Frame, x, y, width, height, score and turn; score null and turn 0 where they are missing."""
    if not isinstance(row, list) or not 5 <= len(row) <= 7:
        raise ValueError(f"{name} must be [frame, x, y, width, height, score, turn], got {row!r:.60}")
    frame = _whole(row[0], f"{name}: the frame", 0, frames - 1)
    x, y, width, height = _numbers(row[1:5], name)
    if max(abs(x), abs(y)) > _FAR or not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise ValueError(f"{name} must have a place within {_FAR:.0f} pixels and sides over 0, got {row!r:.60}")
    score = math.nan if len(row) < 6 or row[5] is None else _numbers([row[5]], name)[0]
    turn = _numbers([row[6]], name)[0] if len(row) == 7 else 0.0
    if score < 0 or score > 1 or not -180 < turn <= 180:
        raise ValueError(f"{name} must have a score of 0 to 1 or null, and a turn over -180 up to 180, got {row!r:.60}")
    return (frame, x, y, width, height, score, turn)


def _check_keys(data: Any, expected: Sequence[str], name: str, possible: Sequence[str] = ()) -> None:
    if not isinstance(data, dict):
        raise ValueError(f"{name} must be an object, got {data!r:.60}")
    missing, unknown = sorted(set(expected) - set(data)), sorted(set(data) - set(expected) - set(possible))
    if missing or unknown:
        raise ValueError(
            f"{name} must have {', '.join(expected)}; missing: {', '.join(missing) or 'none'}, "
            f"unknown: {', '.join(unknown)[:60] or 'none'}"
        )


def _whole(value: Any, name: str, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}, got {value!r:.60}")
    return value


def _numbers(values: Any, name: str) -> list[float]:
    if not isinstance(values, list):
        raise ValueError(f"{name} must be a list of numbers, got {values!r:.60}")
    for value in values:
        if type(value) not in (int, float) or not abs(value) <= 1e12:
            raise ValueError(f"{name} must hold numbers, got {value!r:.60}")
    return [float(value) for value in values]


def _number(value: float) -> str:
    """The shortest text of a number: 12, not 12.0."""
    return str(int(value)) if value == int(value) else repr(value)


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is no number")
