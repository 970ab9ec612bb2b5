"""A video is protected in two passes: faces are followed through all frames, then every frame is drawn over."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import chain
from typing import Any

import numpy as np

from ..checks import Image
from ..errors import VideoFileError
from .ahead import Ahead
from .canvas import Canvas, Spot
from .painters import Painter
from .passed import Passed
from .reading import FrameClock, VideoSource
from .sound import OtherStreams
from .tracks import Track, TrackRegion, regions_by_frame
from .writing import LazyWriter, Target

DECODED = 4
"""Frames that are decoded before their turn."""
Progress = Callable[[str, int, "int | None"], None]
"""Told what is being done, how many frames are, and how many there are where that is known; it may raise to stop."""


def shown_size(width: int, height: int, aspect: Fraction) -> tuple[int, int]:
    """The size of a picture whose samples have an aspect, width to height, as it is shown; no side is made shorter."""
    if aspect >= 1:
        return round(width * aspect), height
    return width, round(height / aspect)


def quarters_of(first: Any) -> int:
    """Turns anticlockwise that bring all stored frames upright, 0 to 3, by the display matrix of the first.

    Where the turn stands in the stream of pictures, only the frames that it stands at have a matrix: the others say
    nothing, and are turned as the first is.
    """
    return round(float(first.rotation) / 90) % 4


def _says_other_turn(frame: Any, quarters: int) -> bool:
    """Whether a frame has a matrix, and one with another turn."""
    if quarters_of(frame) == quarters:
        return False
    return any(data.type.name == "DISPLAYMATRIX" for data in frame.side_data)


class ReducedFrames:
    """The frames of a video as they are shown, upright and small, for a detector: ``(index, seconds, picture)``.

    Where samples are not square, pictures are wider or higher than what is stored, for faces to have their shape.

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
        self._quarters = quarters = quarters_of(self._first)
        stored = self._first.width, self._first.height
        shown = shown_size(*stored, source.sample_aspect)
        self.scale = max(1.0, max(shown) / longest)
        self._small = tuple(max(1, round(side / self.scale)) for side in shown)
        same = self._small == stored
        self._way = "POINT" if same else "AREA" if self.scale > 1 else "BILINEAR"
        order = -1 if quarters % 2 else 1
        self.passed = Passed(tick=float(source.stream.time_base), size=stored[::order], quarters=quarters)
        self.stretched = tuple(side / own for side, own in zip(shown[::order], stored[::order], strict=True))
        """Pixels of the shown picture to one of the upright video, across and down."""

    def __iter__(self) -> Iterator[tuple[int, float, Image]]:
        """Each frame once, in order of time."""
        for index, (ticks, frame) in enumerate(self.ticks()):
            yield index, ticks * self.passed.tick, self._reduced(frame)

    def some(self, wanted: Container[int]) -> Iterator[tuple[int, float, Image]]:
        """Those that are wanted, by their numbers."""
        for index, (ticks, frame) in enumerate(self.ticks()):
            if index in wanted:
                yield index, ticks * self.passed.tick, self._reduced(frame)

    def ticks(self) -> Iterator[tuple[int, Any]]:
        """The time of each frame and the frame, once."""
        clock = FrameClock(self._source.stream.time_base, self._source.rate)
        expected = self._source.expected
        for index, frame in enumerate(self._all()):
            ticks = clock.tick(frame.pts)
            self.passed.times.append(ticks)
            if len(self.passed.turned) < 2 and _says_other_turn(frame, self._quarters):
                self.passed.turned.append(index)
            if self._progress is not None:
                self._progress("looking for faces", index, expected)
            yield ticks, frame
        self.passed.made_up = clock.made_up
        self.passed.damage = self._source.damage.words or self._cut()

    def _cut(self) -> str:
        """What to say if the frames end well before the video does; a file that was cut may not tell otherwise."""
        times, lasts = self.passed.times, self._source.seconds
        ends = (times[-1] - min(0, times[0])) * self.passed.tick + 1 / float(self._source.rate)
        if lasts is None or lasts - ends < max(0.5, 0.1 * lasts):
            return ""
        return f"the file says that it lasts {lasts:.1f} s, and its pictures end after {ends:.1f} s"

    def _all(self) -> Iterator[Any]:
        first, self._first = self._first, None  # which would keep the decoder's buffers
        if first is not None:
            yield first
        del first
        yield from self._frames

    def narrowed(self, track: Track) -> Track:
        """A track of the shown pictures as it lies in the upright video."""
        across, down = self.stretched
        boxes = track.boxes / (across, down, across, down)
        return track if across == down == 1 else replace(track, boxes=np.round(boxes, 1))

    def _reduced(self, frame: Any) -> Image:
        small = frame.reformat(*self._small, format="rgb24", interpolation=self._way)
        return np.ascontiguousarray(np.rot90(small.to_ndarray(), self._quarters))


def each_told(
    frames: Iterable[tuple[int, float, Image]], progress: Progress | None, expected: int | None
) -> Iterator[tuple[int, float, Image]]:
    """Frames, each of which is told of, by the thread that takes them."""
    for item in frames:
        if progress is not None:
            progress("looking for faces", item[0], expected)
        yield item


@dataclass(slots=True)
class Drawn:
    """What the second pass did.

    Attributes:
        frames: how many were written.
        covered: how many of them had a region.
        codec: that they were written with.
        padded: whether a row or column was repeated to make odd sides even.
        opaque: whether something was seen through that is not any more.
        lost: packets of copied streams whose times no output can hold.
    """

    frames: int = 0
    covered: int = 0
    codec: str = ""
    padded: bool = False
    opaque: bool = False
    lost: int = 0


@dataclass(slots=True)
class Drawing:
    """What the second pass draws.

    Attributes:
        tracks: the faces; spared ones stay.
        painter: draws.
        passed: what the first pass found; this one has to see the same frames.
        others: what becomes of the other streams.
        progress: is told of each frame.
    """

    tracks: Sequence[Track]
    painter: Painter
    passed: Passed
    others: OtherStreams
    progress: Progress | None = None
    _regions: Iterator[list[TrackRegion]] = field(init=False)

    def __post_init__(self) -> None:
        self._regions = regions_by_frame(self.tracks, len(self.passed.times))

    def on(self, frame: Any) -> tuple[Canvas, bool]:
        """The next frame with its regions drawn over, and whether it has any."""
        spots = [Spot(item.track.id, item.region) for item in next(self._regions)]
        canvas = Canvas.of(frame, self.passed.quarters)
        self.painter.paint(canvas, spots)
        return canvas, bool(spots)

    def check_time(self, index: int, ticks: int) -> None:
        """Raises VideoFileError if this pass does not see what the first one saw."""
        times = self.passed.times
        if index >= len(times) or times[index] != ticks:
            raise VideoFileError(f"frame {index} did not decode as it did before: the file is damaged or changed")


def draw_video(source: VideoSource, target: Target, drawing: Drawing) -> Drawn:
    """Writes a video with all tracks drawn over that are not spared.

    Args:
        source: the video, opened anew.
        target: where to; the file that is there is overwritten.
        drawing: what to draw.

    Raises:
        VideoFileError: the file does not decode as before, or the output cannot be written.
        OSError: the disk is full, say.
    """
    drawn, clock = Drawn(), FrameClock(source.stream.time_base, source.rate)
    with LazyWriter(target, source, drawing.others.copied) as writer, begun(source, writer) as ready:
        for packet, frame in ready:
            if packet is not None:
                writer.copy(packet)
            if frame is not None:
                ticks = clock.tick(frame.pts)
                drawing.check_time(drawn.frames, ticks)
                canvas, covered = drawing.on(frame)
                drawn.covered += covered
                writer.write(canvas.frame, ticks)
                drawn.frames += 1
                if drawing.progress is not None:
                    drawing.progress("writing", drawn.frames, len(drawing.passed.times))
        if drawn.frames != len(drawing.passed.times):
            raise VideoFileError(
                f"{drawn.frames} frames were decoded where there were {len(drawing.passed.times)} before"
            )
        written = writer.finish()
    drawn.codec, drawn.padded, drawn.opaque = written.encoder.codec, written.encoder.pad, written.opaque
    drawn.lost = written.lost
    return drawn


def begun(source: VideoSource, writer: LazyWriter) -> Ahead[tuple[Any, Any]]:
    """Packets to copy, and frames, as they come: one of the two at a time, None for the other.

    The writer, which is begun with the first frame, takes what it has to know of the source before a thread reads on.
    """
    items, first = packets_and_frames(source, writer.copied), []
    for item in items:
        first.append(item)
        if item[1] is not None:
            writer.begin(item[1])
            break
    return Ahead(chain(first, items), DECODED)


def packets_and_frames(source: VideoSource, copied: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """As they come, one of the two at a time."""
    for packet in source.packets(tuple(copied)):
        if packet.stream.index == source.stream.index:  # that of the last, empty packet is not in it
            yield from ((None, frame) for frame in source.decode(packet))
        else:
            yield packet, None
    if source.damage.cut:
        yield from ((None, frame) for frame in source.flush())
