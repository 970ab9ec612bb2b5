"""The other streams of a video: packets of sound and subtitles are copied as they are, all else is left out by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import VideoFileError
from .headers import bare_header
from .reading import is_picture

_KINDS = {"video": "video", "audio": "sound", "subtitle": "subtitles", "data": "data", "attachment": "attached file"}

_NEEDED = ("filename", "mimetype", "language")
"""Texts of a stream that are kept; titles, names of devices and dates are not."""


@dataclass(slots=True)
class OtherStreams:
    """What becomes of the streams besides the one that is protected.

    Attributes:
        copied: those whose packets are copied.
        left_out: what the others are, for the user to know.
        in_the_clear: those of ``copied`` that hold pictures, which nothing protects.
        chapters: whether there are chapters, which are copied into all formats that hold any.
    """

    copied: list[Any] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    in_the_clear: list[str] = field(default_factory=list)
    chapters: bool = False


def sort_streams(container: Any, main: Any, *, audio: bool = True, keep: Sequence[int] = ()) -> OtherStreams:
    """Which streams are copied.

    Args:
        container: PyAV's, open for reading.
        main: the stream that is protected.
        audio: whether sound is kept.
        keep: numbers of streams that are copied though they would be left out: data, other videos, attached files.

    Raises:
        VideoFileError: there is no stream of such a number.
    """
    numbers = {stream.index for stream in container.streams}
    for number in keep:
        if number not in numbers:
            raise VideoFileError(f"there is no stream {number} to keep, streams are 0 to {max(numbers)}")
    found = OtherStreams(chapters=bool(container.chapters()))
    for stream in container.streams:
        if stream.index == main.index or (found.chapters and _is_chapter_track(stream)):
            continue
        wanted = (stream.type == "audio" and audio) or stream.type == "subtitle" or stream.index in keep
        if not wanted:
            found.left_out.append(describe_stream(stream))
            continue
        found.copied.append(stream)
        if stream.type == "video":
            found.in_the_clear.append(describe_stream(stream))
    return found


def _is_chapter_track(stream: Any) -> bool:
    """Whether a stream is how MP4 and QuickTime hold chapters: FFmpeg reads them out of it and discards its packets."""
    return bool(stream.type == "data" and stream.discard.name == "all")


def describe_stream(stream: Any) -> str:
    """A few words on a stream."""
    kind = _KINDS.get(stream.type, stream.type or "unknown")
    if stream.type == "video" and is_picture(stream):
        kind = "cover picture"
    name = codec_name(stream)
    return f"stream {stream.index}, {kind}" + (f" ({name})" if name else "")


def codec_name(stream: Any) -> str:
    """The name of a stream's codec, not of one of its decoders; empty where nobody knows."""
    context = stream.codec_context
    if context is None or context.codec is None:
        return str(getattr(stream, "name", "") or "")
    return str(getattr(context.codec, "canonical_name", None) or context.name)


def can_hold(output: Any, stream: Any) -> bool:
    """Whether an output's format has a place for a stream, as far as PyAV knows."""
    if stream.type == "data":
        return output.format.name in ("mp4", "mov")  # lists of codecs have none of data
    names = {codec_name(stream)} - {""}
    if stream.codec_context is not None and stream.codec_context.codec is not None:
        names.add(stream.codec_context.codec.name)  # dvdsub is listed, dvd_subtitle is not
    return stream.type == "attachment" or not names or bool(names & output.supported_codecs)


def add_copies(output: Any, streams: Sequence[Any]) -> dict[int, Any]:
    """Makes streams in an output for those that are copied, by their number in the input.

    Their headers say what a decoder needs and no more: comments, titles and cover pictures in them are left out.

    Raises:
        VideoFileError: the format cannot hold one of them.
    """
    copies = {}
    for stream in streams:
        name = codec_name(stream)
        if not can_hold(output, stream):
            kind = output.format.name.split(",")[0]
            other = ".mp4 and .mov" if stream.type == "data" else ".mkv"
            raise VideoFileError(f"{kind} cannot hold {describe_stream(stream)}; {other} can")
        try:
            copy = output.add_stream_from_template(stream)
            if stream.type != "attachment" and copy.codec_context is not None:
                header = bytes(copy.codec_context.extradata or b"")
                bare = bare_header(name, header)
                if bare != header:  # an empty header is not the same as none
                    copy.codec_context.extradata = bare or None
        except (ValueError, NotImplementedError, RuntimeError) as error:
            raise VideoFileError(f"{describe_stream(stream)} cannot be copied: {error}") from None
        copy.metadata.clear()
        copy.metadata.update({name: stream.metadata[name] for name in _NEEDED if name in stream.metadata})
        copy.time_base = stream.time_base
        copy.disposition = stream.disposition
        copies[stream.index] = copy
    return copies
