"""Options for videos: codec, what else of the file is kept, and how often faces are looked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

from ...video import Coding, Rules
from ...video.encoders import CODECS
from .sections import option, shared

_SECTION = "Videos"


@dataclass(frozen=True, slots=True)
class VideoChoices:
    """What the options for videos say.

    Attributes:
        coding: codec and quality.
        audio: keep the sound.
        keep: numbers of streams to copy in the clear.
        every: frames after which one is looked at though nothing changed; None: as usual.
    """

    coding: Coding
    audio: bool
    keep: tuple[int, ...]
    every: int | None

    def rules(self, threshold: float | None) -> Rules:
        """How faces are followed, with the lowest score of a face where one was asked for."""
        return follow_rules(self.every, threshold)

    def identity(self) -> list[Any]:
        """What decides what a video becomes, as JSON can hold it."""
        return [self.coding.codec, self.coding.lossless, self.coding.quality, self.audio, self.keep, self.every]


def follow_rules(every: int | None, threshold: float | None) -> Rules:
    """The rules that options mean; what was not asked for is as usual."""
    given: dict[str, Any] = {"every": every, "threshold": threshold}
    return Rules(**{name: value for name, value in given.items() if value is not None})


def _build(
    codec: str, lossless: bool, quality: int | None, no_audio: bool, keep: tuple[int, ...], every: int | None
) -> VideoChoices:
    return VideoChoices(Coding(codec=codec, lossless=lossless, quality=quality), not no_audio, keep, every)


NO_AUDIO = option(
    "--no-audio", is_flag=True, section=_SECTION, help="Leave the sound out: a voice names a person as a face does."
)
EVERY = option(
    "--every",
    type=click.IntRange(1, 1000),
    metavar="N",
    section=_SECTION,
    help="Look for faces in every N-th frame at least; 1 is slowest and surest. Where the picture changes they are "
    "looked for sooner.  [default: 5]",
)
every_option = shared("every", lambda every: every, EVERY)
video_options = shared(
    "video",
    _build,
    option(
        "--codec",
        type=click.Choice(["auto", "input", *CODECS]),
        default="auto",
        section=_SECTION,
        help="auto: by the kind of file, H.264 or for more than 8 bits HEVC; in WebM VP9 or AV1; GIF in GIF; with "
        "--lossless FFV1 in .mkv, else H.264. input: that of the video.  [default: auto]",
    ),
    option(
        "--lossless",
        is_flag=True,
        section=_SECTION,
        help="Keep every sample outside the faces exactly: FFV1 in .mkv, H.264 at qp 0 in .mp4. Windows need it.",
    ),
    option(
        "--quality",
        type=click.IntRange(0, 63),
        metavar="CRF",
        section=_SECTION,
        help="Constant rate factor of the codec; smaller is better and larger.  [default: 20 for H.264]",
    ),
    NO_AUDIO,
    option(
        "--keep-stream",
        "keep",
        type=click.IntRange(0),
        multiple=True,
        metavar="N",
        section=_SECTION,
        help="Copy stream N in the clear: another video, a cover picture, data such as GPS. Else they are left out.",
    ),
    EVERY,
)
