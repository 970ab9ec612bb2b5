"""Videos that go out: frames with the times, colours and turn of the input's, copied streams beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import VideoFileError
from ..threads import available_cpus
from .encoders import Coding, Encoder, choose_encoder, hdr_options
from .palettes import Palettes
from .planes import layout_of, planar_name, planes_of
from .reading import VideoSource, import_av
from .sound import add_copies, codec_name

FORMATS = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".webm": "webm",
    ".gif": "gif",
}
"""Extensions of videos that can be written, and FFmpeg's name of each kind."""
_COARSE = {".mkv": (1000, "milliseconds"), ".webm": (1000, "milliseconds"), ".gif": (100, "hundredths of a second")}
"""Kinds of files whose times are counted in so many parts of a second, whatever the input counted in."""
_SLICES = 4
"""Most threads of x264, and so slices of a frame."""
_INTERLACED = 1 << 29 | 1 << 18  # AV_CODEC_FLAG_INTERLACED_ME, _DCT


@dataclass(frozen=True, slots=True)
class Target:
    """Where a video goes, and how.

    Attributes:
        path: where the bytes are written.
        suffix: of the name that the file will have, a key of :data:`FORMATS`.
        coding: what is asked for.
        texts: texts that the file carries.
    """

    path: Path
    suffix: str
    coding: Coding
    texts: dict[str, str]


class VideoWriter:
    """An output that is begun with the first frame, since that says what the others are like.

    Args:
        target: where to.
        source: the input.
        first: its first frame, as it was decoded.
        copied: streams whose packets will come.

    Raises:
        VideoFileError: what is asked for cannot be written.
        OSError: the file cannot be.
    """

    def __init__(self, target: Target, source: VideoSource, first: Any, copied: Sequence[Any]) -> None:
        av = import_av()
        layout = layout_of(planar_name(first.format.name))
        size = (first.width, first.height)
        self.encoder = choose_encoder(target.coding, layout, size, codec_name(source.stream), target.suffix)
        exact = target.coding.lossless or self.encoder.codec == "ffv1"
        self._size, self._exact_format = size, layout.name if exact else ""
        kept = self.encoder.pixels == "pal8" or "a" in layout_of(planar_name(self.encoder.pixels)).roles
        self._flat = not kept
        self.opaque = source.hidden_alpha and "a" not in layout.roles
        """Whether something was, or may have been, seen through in the input, and is not in the output."""
        self._palettes = Palettes(dithered=codec_name(source.stream) != "gif")
        options = {"movflags": "+faststart+use_metadata_tags"} if target.suffix in (".mp4", ".m4v", ".mov") else {}
        kind = FORMATS[target.suffix]
        self._container = av.open(f"file:{target.path}", "w", format=kind, container_options=options)
        try:
            self._container.metadata.update(target.texts)
            self._stream = self._add_stream(self.encoder, source, first)
            self._copies = add_copies(self._container, copied)
            chapters = source.container.chapters()
            if chapters and kind in ("mp4", "mov", "matroska", "webm"):
                self._container.set_chapters(chapters)
            self._container.start_encoding()
        except BaseException as error:
            self.abandon()
            if isinstance(error, (av.error.FFmpegError, ValueError)) and not isinstance(error, OSError):
                raise VideoFileError(f"it cannot be written: {error}") from None
            raise
        self.frames = 0
        self.lost = 0
        """Copied packets that the output cannot hold: their times are not after those before them."""

    def _add_stream(self, encoder: Encoder, source: VideoSource, first: Any) -> Any:
        """The encoded stream, with all that the input says of its frames."""
        rate = source.rate
        options = {**encoder.options, **hdr_options(first, encoder.codec)}
        stream = self._container.add_stream(encoder.name, rate=rate, options=options)
        pad = encoder.pad
        stream.width, stream.height = (side + (side % 2 if pad else 0) for side in self._size)
        stream.pix_fmt = encoder.pixels
        stream.time_base = source.stream.time_base
        context = stream.codec_context
        context.time_base = Fraction(source.stream.time_base)
        context.framerate = rate
        if source.stream.sample_aspect_ratio:
            context.sample_aspect_ratio = source.stream.sample_aspect_ratio
        context.color_range = 2 if first.format.name.startswith("yuvj") else first.color_range
        context.colorspace, context.color_primaries = first.colorspace, first.color_primaries
        context.color_trc = first.color_trc
        if first.interlaced_frame and encoder.codec == "h264" and not encoder.options.get("qp"):
            context.flags |= _INTERLACED
        context.thread_type = "SLICE" if encoder.codec == "h264" else "AUTO"  # threads by frames keep some more each
        if encoder.codec == "h264":
            context.thread_count = min(available_cpus(), _SLICES)
        if encoder.codec == "hevc":
            context.codec_tag = "hvc1"
        stream.disposition = source.stream.disposition  # or a copied video that has it would be the default one
        _copy_turn(first, stream)
        if source.stream.language:
            stream.metadata["language"] = source.stream.language
        return stream

    def write(self, frame: Any, pts: int) -> None:
        """Encodes a frame of :func:`.planes.as_planar`, which is shown at ``pts`` in the input's ticks.

        Raises:
            VideoFileError: its size is not that of the first, or its format is not, and nothing may be lost.
            OSError: the disk is full, say.
        """
        if (frame.width, frame.height) != self._size:
            had, got = f"{self._size[0]} x {self._size[1]}", f"{frame.width} x {frame.height}"
            raise VideoFileError(
                f"the size changes from {had} to {got} at frame {self.frames}, which no output can hold"
            )
        if self._exact_format and frame.format.name != self._exact_format:
            raise VideoFileError(
                f"the pixel format changes from {self._exact_format} to {frame.format.name} at frame {self.frames}, "
                "which no output can hold without loss"
            )
        layout = layout_of(frame.format.name)
        if self._flat and not self.opaque and "a" in layout.roles:
            self.opaque = bool(planes_of(frame)[layout.roles.index("a")].min() < (1 << layout.bits) - 1)
        ready = self._converted(frame)
        ready.pts, ready.time_base = pts, self._stream.codec_context.time_base
        ready.pict_type = 0
        self._mux(self._stream.encode(ready))
        self.frames += 1

    def copy(self, packet: Any) -> None:
        """Adds a packet of one of the copied streams."""
        if packet.size:
            packet.stream = self._copies[packet.stream_index]
            try:
                self._container.mux(packet)
            except import_av().error.ArgumentError:
                self.lost += 1
            except Exception as error:
                raise _as_told(error) from None

    def close(self) -> None:
        """Ends the file; raises OSError where that is not possible."""
        try:
            self._mux(self._stream.encode(None))
            self._container.close()
        except BaseException as error:
            self.abandon()
            raise _as_told(error) from None

    def abandon(self) -> None:
        """Closes what an error left open; the file is then of no use."""
        try:
            self._container.close()
        except Exception:  # the error that led here is the one to tell
            return

    def _mux(self, packets: Sequence[Any]) -> None:
        try:
            self._container.mux(packets)
        except Exception as error:
            raise _as_told(error) from None

    def _converted(self, frame: Any) -> Any:
        """The frame in the encoder's pixel format; exactly where the output is exact."""
        wanted = self.encoder.pixels
        if self.encoder.pad:
            frame = _padded(frame)
        if frame.format.name == wanted:
            return frame
        if wanted == "pal8":
            return self._palettes.apply(frame)
        return frame.reformat(format=wanted)


class LazyWriter:
    """A :class:`VideoWriter` that is made with the first frame; packets that come before wait for it.

    Args:
        target: where to.
        source: the input.
        copied: streams whose packets will come.
    """

    def __init__(self, target: Target, source: VideoSource, copied: Sequence[Any]) -> None:
        self._target, self._source, self.copied = target, source, copied
        self._writer: VideoWriter | None = None
        self._early: list[Any] = []

    def __enter__(self) -> LazyWriter:
        """Nothing is made yet."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        """Closes what an error left open."""
        if kind is not None and self._writer is not None:
            self._writer.abandon()

    def begin(self, first: Any) -> None:
        """Makes the writer, if that was not done; raises as it does."""
        if self._writer is None:
            self._writer = VideoWriter(self._target, self._source, first, self.copied)
            for packet in self._early:
                self._writer.copy(packet)
            self._early = []

    def copy(self, packet: Any) -> None:
        """As :meth:`VideoWriter.copy`."""
        if self._writer is None:
            self._early.append(packet)
        else:
            self._writer.copy(packet)

    def write(self, frame: Any, pts: int) -> None:
        """As :meth:`VideoWriter.write`, after :meth:`begin`."""
        assert self._writer is not None  # noqa: S101
        self._writer.write(frame, pts)

    def finish(self) -> VideoWriter:
        """Ends the file, after :meth:`begin`; what wrote it."""
        assert self._writer is not None  # noqa: S101
        self._writer.close()
        return self._writer


def rounded_times(suffix: str, times: Sequence[int], tick: Fraction) -> str:
    """What to say of a kind of file that cannot hold the times of all frames exactly; empty where it can.

    Args:
        suffix: of the output's name.
        times: of the frames, in ticks.
        tick: seconds.
    """
    parts, name = _COARSE.get(suffix, (1, ""))
    if not name or all((ticks * tick * parts).denominator == 1 for ticks in times):
        return ""
    return f"{suffix} counts {name}, to which times are rounded; .mp4 and .mov keep them"


def _copy_turn(first: Any, stream: Any) -> None:
    """The display matrix of the first frame, as it is."""
    for data in first.side_data:
        if data.type.name == "DISPLAYMATRIX":
            matrix = np.frombuffer(bytes(data), "<i4")[:9]
            stream.set_display_matrix([int(value) for value in matrix])


def _padded(frame: Any) -> Any:
    """The frame with its last row and column repeated, where it has an odd number of them."""
    av = import_av()
    wide = av.VideoFrame(frame.width + frame.width % 2, frame.height + frame.height % 2, frame.format.name)
    for source, target in zip(planes_of(frame), planes_of(wide), strict=True):
        height, width = source.shape
        target[:height, :width] = source
        target[height:, :width], target[:, width:] = source[-1:], target[:, width - 1 : width]
    wide.color_range, wide.colorspace = frame.color_range, frame.colorspace
    wide.color_primaries, wide.color_trc = frame.color_primaries, frame.color_trc
    return wide


def _as_told(error: BaseException) -> BaseException:
    """Errors of the system as Python has them, and FFmpeg's as ours, without the name of a hidden file."""
    if isinstance(error, OSError):
        return OSError(error.errno, error.strerror)
    if isinstance(error, import_av().error.FFmpegError):
        return VideoFileError(f"it cannot be written: {error.strerror}")
    return error
