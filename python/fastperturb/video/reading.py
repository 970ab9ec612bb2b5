"""Videos that come in: opened without following anything out of the file, their frames decoded one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from .._optional import import_extra
from ..errors import VideoFileError
from ..files import MAX_PIXELS

EXTRA = "video"
DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,h264,hevc,obu,ivf,asf,flv,live_flv,mxf,ogg,m4v,"
    "gif,yuv4mpegpipe,nut,wtv,webp,webp_anim,apng,dv"
)
"""Kinds of files that are read: those that hold their frames, none that names other files or addresses."""
DEFAULT_RATE = Fraction(25)


def import_av() -> Any:
    """PyAV, its own messages silenced: what goes wrong is an error here, with the file's name.

    Raises:
        MissingExtra: it is not installed.
    """
    av = import_extra("av", EXTRA)
    av.logging.set_level(None)
    return av


@dataclass(slots=True)
class Damage:
    """What could not be read of a video.

    Attributes:
        packets: packets that the decoder refused; their frames are missing.
        corrupt: frames that the decoder calls damaged, and that are there all the same.
        cut: whether the file ends within its data.
    """

    packets: int = 0
    corrupt: int = 0
    cut: bool = False

    @property
    def words(self) -> str:
        """What to say of it; empty if all is whole."""
        parts = []
        if self.packets:
            parts.append(f"{self.packets} damaged packet{'s' * (self.packets > 1)} could not be decoded")
        if self.corrupt:
            parts.append(f"{self.corrupt} frame{'s are' if self.corrupt > 1 else ' is'} damaged")
        if self.cut:
            parts.append("the file ends too early")
        return ", ".join(parts)


@dataclass(slots=True)
class VideoSource:
    """A video that is open for reading; :func:`open_video` makes them.

    Attributes:
        path: of the file.
        container: PyAV's.
        stream: the video stream whose frames are worked on.
        max_pixels: the most pixels of a frame.
        damage: what could not be read so far.
    """

    path: Path
    container: Any
    stream: Any
    max_pixels: int = MAX_PIXELS
    damage: Damage = field(default_factory=Damage)

    @property
    def rate(self) -> Fraction:
        """Frames a second, on average; 25 where the file does not say."""
        for rate in (self.stream.average_rate, self.stream.guessed_rate, self.stream.base_rate):
            if rate and 0 < rate < 10_000:
                return Fraction(rate)
        return DEFAULT_RATE

    @property
    def sample_aspect(self) -> Fraction:
        """Width to height of a sample as it is shown; 1 where the file does not say, or says what nobody would show."""
        aspect = self.stream.sample_aspect_ratio
        return Fraction(aspect) if aspect and Fraction(1, 4) <= aspect <= 4 else Fraction(1)

    @property
    def hidden_alpha(self) -> bool:
        """Whether the file says that it has an alpha channel which FFmpeg's decoder leaves out: VP8 and VP9 in WebM."""
        return bool(self.stream.metadata.get("alpha_mode") == "1")

    @property
    def expected(self) -> int | None:
        """About how many frames there are, where the file says so."""
        if self.stream.frames > 0:
            return int(self.stream.frames)
        seconds = self.seconds
        return None if seconds is None else max(1, round(seconds * float(self.rate)))

    @property
    def seconds(self) -> float | None:
        """How long it lasts, where the file says so."""
        if self.stream.duration is not None and self.stream.time_base:
            return float(self.stream.duration * self.stream.time_base)
        return None if self.container.duration is None else self.container.duration / 1e6

    def packets(self, others: tuple[Any, ...] = ()) -> Iterator[Any]:
        """The packets of the stream and of ``others`` in the file's order, to the last that can be read."""
        av = import_av()
        try:
            yield from self.container.demux((self.stream, *others))
        except (av.error.InvalidDataError, av.error.EOFError):
            self.damage.cut = True
            return

    def decode(self, packet: Any) -> list[Any]:
        """The frames that a packet completes, in order of time; none if it is damaged, which is counted."""
        av = import_av()
        try:
            frames: list[Any] = packet.decode()
        except av.error.InvalidDataError:
            self.damage.packets += 1
            return []
        except (av.error.FFmpegError, ValueError) as error:
            raise VideoFileError(f"{self.stream.codec_context.name} cannot be decoded: {error}") from None
        for frame in frames:
            self.check_size(frame)
        self.damage.corrupt += sum(frame.is_corrupt for frame in frames)
        return frames

    def check_size(self, shown: Any) -> None:
        """Raises VideoFileError if a frame, or what a decoder expects, has more pixels than may be."""
        if shown.width * shown.height > self.max_pixels:
            raise VideoFileError(
                f"frames of {shown.width} x {shown.height} pixels are more than the limit of {self.max_pixels} "
                "(max_pixels)"
            )

    def flush(self) -> list[Any]:
        """The frames that the decoder still holds after a file that ends too early."""
        av = import_av()
        try:
            return list(self.stream.codec_context.decode(None))
        except av.error.FFmpegError:
            return []

    def frames(self) -> Iterator[Any]:
        """All frames, decoded, in order of time."""
        for packet in self.packets():
            yield from self.decode(packet)
        if self.damage.cut:
            yield from self.flush()


@contextmanager
def open_video(path: str | os.PathLike[str], max_pixels: int = MAX_PIXELS) -> Iterator[VideoSource]:
    """Opens a video; it is closed at the end of the block.

    Args:
        path: of the file, which must be a regular one.
        max_pixels: the most pixels of a frame.

    Raises:
        OSError: it cannot be opened.
        VideoFileError: it is no video, has no stream of moving pictures, or larger frames.
        MissingExtra: PyAV is not installed.
    """
    av = import_av()
    place = Path(path)
    if not place.is_file():
        raise VideoFileError("not a file") if place.exists() else FileNotFoundError(2, "No such file", str(place))
    options = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}
    try:
        container = av.open(f"file:{place.resolve()}", container_options=options, metadata_errors="replace")
    except av.error.FFmpegError as error:
        if isinstance(error, PermissionError):
            raise
        raise VideoFileError(f"it cannot be read as a video: {error.strerror}") from None
    with container:
        stream = choose_stream(container)
        stream.thread_type = "AUTO"
        source = VideoSource(place, container, stream, max_pixels)
        source.check_size(stream.codec_context)
        yield source


def choose_stream(container: Any) -> Any:
    """The stream of moving pictures that is worked on: the default one, else the first; cover art is none.

    Raises:
        VideoFileError: there is none.
    """
    moving = [stream for stream in container.streams.video if not is_picture(stream)]
    moving = [stream for stream in moving if stream.codec_context is not None and stream.codec_context.codec]
    if not moving:
        what = "cover art alone" if container.streams.video else "no video stream"
        raise VideoFileError(f"it has {what}: there are no moving pictures to protect")
    default = [stream for stream in moving if stream.disposition & 1]
    return (default or moving)[0]


def is_picture(stream: Any) -> bool:
    """Whether a video stream is a still picture that goes with the file: cover art, or thumbnails."""
    return bool(stream.disposition & (1024 | 2048 | 1048576))


class FrameClock:
    """The time of each frame: its own where it has one, else after the one before; strictly increasing.

    Args:
        time_base: seconds of a tick.
        rate: frames a second, for frames without a time.
    """

    def __init__(self, time_base: Fraction, rate: Fraction) -> None:
        self._step = max(1, round(1 / (rate * time_base)))
        self._last: int | None = None
        self.made_up = 0

    def tick(self, pts: int | None) -> int:
        """The time of the next frame, in ticks; :attr:`made_up` counts those that had to be changed."""
        last = self._last
        if pts is None or (last is not None and pts <= last):
            self.made_up += 1
            pts = 0 if last is None else last + (self._step if pts is None else 1)
        self._last = pts
        return pts
