"""A video is protected in two passes: faces are followed through all frames, then every frame is drawn over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ..checks import Image
from ..errors import VideoFileError
from ..region import Region
from .canvas import Canvas, Spot
from .painters import Painter
from .reading import FrameClock, VideoSource
from .sound import OtherStreams
from .writing import Target, VideoWriter

Progress = Callable[[str, int, "int | None"], None]
"""Told what is being done, how many frames are, and how many there are where that is known; it may raise to stop."""


class FollowedFace(Protocol):
    """What is needed of a track."""

    @property
    def spared(self) -> bool:
        """Whether it is left as it is, because somebody said so."""

    def region(self, frame_index: int) -> Region | None:
        """Where the face is in a frame, in pixels of the upright picture; None where it is not."""


@dataclass(slots=True)
class Passed:
    """What a pass over a video found.

    Attributes:
        times: of each frame, in the stream's ticks.
        made_up: how many frames had no time, or one that was not after the one before.
        damage: what could not be read, in words.
        size: width and height of the upright picture.
        sizes: of all decoded frames; more than one where it changes within the file.
    """

    times: list[int] = field(default_factory=list)
    made_up: int = 0
    damage: str = ""
    size: tuple[int, int] = (0, 0)


def quarters_of(frame: Any) -> int:
    """Turns anticlockwise that bring a stored frame upright, 0 to 3, by its display matrix."""
    return round(frame.rotation / 90) % 4


class ReducedFrames:
    """The frames of a video, upright and small, for a detector: ``(index, seconds, picture)``.

    Args:
        source: the video.
        longest: the longer side of the pictures, in pixels; they are never enlarged.
        progress: is told of each frame.
    """

    def __init__(self, source: VideoSource, longest: int, progress: Progress | None) -> None:
        self._frames = source.frames()
        self._source, self._progress = source, progress
        self._first = next(self._frames, None)
        if self._first is None:
            why = source.damage.words
            raise VideoFileError("no frame of it can be decoded" + (f": {why}" if why else ""))
        self._quarters = quarters_of(self._first)
        width, height = self._first.width, self._first.height
        self.scale = max(1.0, max(width, height) / longest)
        self._small = (max(1, round(width / self.scale)), max(1, round(height / self.scale)))
        self.passed = Passed(size=(height, width) if self._quarters % 2 else (width, height))

    def __iter__(self) -> Iterator[tuple[int, float, Image]]:
        """Each frame once, in order of time."""
        clock = FrameClock(self._source.stream.time_base, self._source.rate)
        base, expected = float(self._source.stream.time_base), self._source.expected
        for index, frame in enumerate(self._all()):
            ticks = clock.tick(frame.pts)
            self.passed.times.append(ticks)
            if self._progress is not None:
                self._progress("looking for faces", index, expected)
            yield index, ticks * base, self._reduced(frame)
        self.passed.made_up = clock.made_up
        self.passed.damage = self._source.damage.words

    def _all(self) -> Iterator[Any]:
        yield self._first
        yield from self._frames

    def _reduced(self, frame: Any) -> Image:
        small = frame.reformat(*self._small, format="rgb24", interpolation="AREA" if self.scale > 2 else "BILINEAR")
        return np.ascontiguousarray(np.rot90(small.to_ndarray(), self._quarters))


@dataclass(slots=True)
class Drawn:
    """What the second pass did.

    Attributes:
        frames: how many were written.
        covered: how many of them had a region.
        codec: that they were written with.
        padded: whether a row or column was repeated to make odd sides even.
    """

    frames: int = 0
    covered: int = 0
    codec: str = ""
    padded: bool = False


def draw_video(
    source: VideoSource,
    target: Target,
    tracks: Sequence[FollowedFace],
    painter: Painter,
    passed: Passed,
    others: OtherStreams,
    progress: Progress | None,
) -> Drawn:
    """Writes a video with all tracks drawn over that are not spared.

    Args:
        source: the video, opened anew.
        target: where to; the file that is there is overwritten.
        tracks: the faces.
        painter: draws.
        passed: what the first pass found; this one has to see the same frames.
        others: what becomes of the other streams.
        progress: is told of each frame.

    Raises:
        VideoFileError: the file does not decode as before, or the output cannot be written.
        OSError: the disk is full, say.
    """
    drawn, clock = Drawn(), FrameClock(source.stream.time_base, source.rate)
    writer: VideoWriter | None = None
    early: list[Any] = []
    index = 0
    try:
        for packet, frames in _packets_and_frames(source, others):
            if packet is not None and writer is None:
                early.append(packet)
            elif packet is not None and writer is not None:
                writer.copy(packet)
            for frame in frames:
                if writer is None:
                    writer = VideoWriter(target, source, frame, others.copied)
                    for kept in early:
                        writer.copy(kept)
                ticks = clock.tick(frame.pts)
                if index >= len(passed.times) or passed.times[index] != ticks:
                    raise VideoFileError(
                        f"frame {index} did not decode as it did before: the file is damaged or changed"
                    )
                spots = spots_of(tracks, index)
                canvas = Canvas.of(frame, quarters_of(frame))
                if spots:
                    painter.paint(canvas, spots)
                    drawn.covered += 1
                writer.write(canvas.frame, ticks)
                index += 1
                if progress is not None:
                    progress("writing", index, len(passed.times))
        if writer is None or index != len(passed.times):
            raise VideoFileError(f"{index} frames were decoded where there were {len(passed.times)} before")
        writer.close()
    except BaseException:
        if writer is not None:
            writer.__exit__(VideoFileError, None, None)
        raise
    drawn.frames, drawn.codec, drawn.padded = index, writer.encoder.codec, writer.encoder.pad
    return drawn


def spots_of(tracks: Sequence[FollowedFace], index: int) -> list[Spot]:
    """The regions of a frame, by number of their tracks."""
    found = [(number, track.region(index)) for number, track in enumerate(tracks) if not track.spared]
    return [Spot(number, region) for number, region in found if region is not None]


def _packets_and_frames(source: VideoSource, others: OtherStreams) -> Iterator[tuple[Any, list[Any]]]:
    """Packets to copy, and frames, as they come: one of the two at a time."""
    for packet in source.packets(tuple(others.copied)):
        if packet.stream_index == source.stream.index:
            yield None, source.decode(packet)
        else:
            yield packet, []
    if source.damage.cut:
        yield None, source.flush()
