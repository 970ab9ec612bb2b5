"""Single frames of videos for the review: any of them, decoded on demand, within bounds of time and memory."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._optional import import_opencv
from ...checks import Image
from ...errors import VideoFileError
from ...region import Region
from ...video.contact_sheet import picture_of
from ...video.protecting import quarters_of
from ...video.reading import import_av, open_video
from ..problems import Problem
from .clips import Clip

LEAST_SIDE, MOST_SIDE = 64, 2048
_KEPT_BYTES = 48 * 2**20
_QUALITY = 85
_AHEAD = 300
"""So many frames are decoded one after the other; to reach others it is jumped."""
_BACK = (0.0, 2.0, 10.0)
"""Seconds before a frame to which it is jumped, one after the other, until a frame comes that is not after it."""
_MOST_SECONDS = 15.0


class Frames:
    """Shows frames of a review's videos. One video is open at a time; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._player: tuple[int, _Player] | None = None
        self._copies: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()

    def close(self) -> None:
        """Closes the video that is open."""
        with self._lock:
            self._drop()

    def copy(self, clip: Clip, frame: int, side: int, region: Region | None = None) -> bytes:
        """A JPEG of a frame, upright, with a longer side of up to ``side`` pixels; or of the surroundings of a region.

        Args:
            clip: a video whose tracks are known.
            frame: the frame's number.
            side: 64 to 2048 pixels; of no matter with a region.
            region: what to show, as a contact sheet does; None for all of the frame.

        Raises:
            Problem: it cannot be read, or not in time; asked again, it goes on from where it was.
        """
        key = (clip.number, frame, side, region)
        with self._lock:
            if key in self._copies:
                self._copies.move_to_end(key)
                return self._copies[key]
            try:
                player = self._open(clip)
                decoded = player.at(frame)
                pixels, scale = _pixels(decoded, player.quarters, side)
            except (OSError, VideoFileError) as error:
                self._drop()
                raise Problem("not-found", f"the video cannot be read: {error}") from None
            except Problem:
                raise
            except BaseException:
                self._drop()
                raise
            data = _jpeg(pixels if region is None else picture_of(pixels, region, (scale, scale)))
            self._copies[key] = data
            while sum(map(len, self._copies.values())) > _KEPT_BYTES:
                self._copies.popitem(last=False)
            return data

    def _open(self, clip: Clip) -> _Player:
        if self._player is None or self._player[0] != clip.number:
            self._drop()
            seconds = np.zeros(0) if clip.found is None else clip.found.seconds
            self._player = clip.number, _Player(clip.path, seconds)
        return self._player[1]

    def _drop(self) -> None:
        if self._player is not None:
            self._player[1].close()
        self._player = None


class _Player:
    """An open video that goes to any frame; by its time, or where frames have none, one by one from the beginning."""

    def __init__(self, path: Path, seconds: NDArray[np.float64]) -> None:
        self._path, self._seconds = path, seconds
        self._stack = ExitStack()
        self._index = -1
        self._frame: Any = None
        self._jumps = True  # until a jump led nowhere
        self.quarters = _turn_of(path)
        """Turns anticlockwise that bring every frame upright."""
        self._begin()

    def close(self) -> None:
        """Closes it."""
        self._frame = None
        self._stack.close()

    def at(self, index: int) -> Any:
        """The decoded frame of a number; raises Problem if there is none, or it takes too long."""
        if index == self._index and self._frame is not None:
            return self._frame
        if not self._index < index <= self._index + (_AHEAD if self._jumps else index):
            self._jumps = self._jumps and self._jump(index)
            if index <= self._index:
                if self._index == index:
                    return self._frame
                self._begin()
        until = time.monotonic() + _MOST_SECONDS
        while self._index < index:
            frame = next(self._frames, None)
            if frame is None:
                self._begin()
                raise Problem("not-found", f"frame {index} of the video cannot be decoded")
            number = self._number(frame)
            self._index = self._index + 1 if number is None else number
            self._frame = frame
            if time.monotonic() > until:
                raise Problem("timeout", f"frame {index} is far from where frames can be reached; ask again")
        return self._frame

    def _begin(self) -> None:
        self.close()
        self._stack = ExitStack()
        self._source = self._stack.enter_context(open_video(self._path))
        self._frames: Iterator[Any] = self._source.frames()
        self._index = -1

    def _jump(self, index: int) -> bool:
        """Jumps to a frame at or before one; False if that cannot be: then it is decoded on from some frame before."""
        av = import_av()
        stream = self._source.stream
        for back in _BACK:
            ticks = round((self._seconds[index] - back) / float(stream.time_base))
            try:
                self._source.container.seek(ticks, stream=stream, backward=True)
                self._frames = self._source.frames()
                frame = next(self._frames, None)
            except av.error.FFmpegError:
                break
            number = None if frame is None else self._number(frame)
            if number is not None and number <= index:
                self._index, self._frame = number, frame
                return True
        self._begin()
        return False

    def _number(self, frame: Any) -> int | None:
        """The number of a frame by its time; None if it has none, or one that no frame had."""
        if frame.pts is None:
            return None
        seconds = float(frame.pts * self._source.stream.time_base)
        number = int(np.searchsorted(self._seconds, seconds - 2e-6))
        if number < len(self._seconds) and abs(self._seconds[number] - seconds) <= 2e-6:
            return number
        return None


def _turn_of(path: Path) -> int:
    """The turn of a video: that of its first frame, as for who looked for faces."""
    with open_video(path) as source:
        first = next(source.frames(), None)
        return 0 if first is None else quarters_of(first)


def _pixels(frame: Any, quarters: int, side: int) -> tuple[Image, float]:
    """A frame, upright, reduced; and pixels of the video to one of these."""
    scale = max(1.0, max(frame.width, frame.height) / side)
    small = (max(1, round(frame.width / scale)), max(1, round(frame.height / scale)))
    reduced = frame.reformat(*small, format="rgb24", interpolation="AREA" if scale > 1 else "POINT")
    return np.ascontiguousarray(np.rot90(reduced.to_ndarray(), quarters)), scale


def _jpeg(pixels: Image) -> bytes:
    cv2 = import_opencv()
    _, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(data.tobytes())
