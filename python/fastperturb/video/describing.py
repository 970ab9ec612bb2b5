"""What a video file is, in words: its kind, its streams, and what brings the original back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..errors import RecordError
from ..files import MAX_PIXELS
from .reading import open_video
from .restoring import sealed_content
from .sealed_file import sealed_beside
from .sound import codec_name, describe_stream, sort_streams


@dataclass(slots=True)
class VideoFacts:
    """What there is to know of a video file without decoding it.

    Attributes:
        format: of the file, as FFmpeg names it.
        codec: of its pictures.
        pixels: format of their samples.
        width: as they are stored.
        height: as they are stored.
        frames: how many, where the file says so.
        seconds: how long, where the file says so.
        rate: frames a second, on average.
        copied: streams that would be copied, in words.
        left_out: streams that would be left out, in words.
        texts: that the file carries.
        sealed: where what brings the original back is: "inside", the name of the file beside, or None.
        recipients: how many can open it.
    """

    format: str = ""
    codec: str = ""
    pixels: str = ""
    width: int = 0
    height: int = 0
    frames: int | None = None
    seconds: float | None = None
    rate: float = 0.0
    copied: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    sealed: str | None = None
    recipients: int = 0


def describe_video(path: Path, max_pixels: int = MAX_PIXELS) -> VideoFacts:
    """Reads what a video file says of itself.

    Raises:
        VideoFileError: it is no video, or its frames have more pixels than ``max_pixels``.
        OSError: it cannot be read.
    """
    with open_video(path, max_pixels) as video:
        stream = video.stream
        others = sort_streams(video.container, stream)
        facts = VideoFacts(
            format=video.container.format.name.split(",")[0],
            codec=codec_name(stream),
            pixels=str(stream.codec_context.pix_fmt),
            width=stream.codec_context.width,
            height=stream.codec_context.height,
            frames=video.expected,
            seconds=video.seconds,
            rate=float(video.rate),
            copied=[describe_stream(item) for item in others.copied],
            left_out=others.left_out,
            texts={name.lower(): text for name, text in video.container.metadata.items()},
        )
    facts.sealed, facts.recipients = _sealed(path)
    return facts


def _sealed(path: Path) -> tuple[str | None, int]:
    """Where the sealed file is, and for how many recipients: lines of its header that begin with ``-> X25519``."""
    beside = sealed_beside(path)
    try:
        with sealed_content(path) as sealed:
            head = sealed.read(16_384)
            inside = not hasattr(sealed, "name")
    except RecordError:
        return None, 0
    lines = head.split(b"\n--- ")[0].split(b"\n")
    return ("inside" if inside else beside.name), sum(line.startswith(b"-> X25519 ") for line in lines)
