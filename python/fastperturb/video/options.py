"""What is asked for of a protected video, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..files import MAX_PIXELS
from .encoders import Coding
from .rules import Rules
from .track_file import VideoTracks

LONGEST = 1280
"""Longer side of the pictures in which faces are looked for, in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoOptions:
    """How a video is protected, besides what is shown.

    Attributes:
        coding: codec and quality.
        audio: keep the sound. A voice names a person as a face does.
        keep: numbers of streams that are copied though they would be left out.
        seal: where the sealed file goes: "beside" (NAME.age), or "inside", which Matroska and WebM alone can; None:
            inside where that is possible.
        rules: how faces are looked for and followed; None: as usual.
        area: what the regions of faces hide: the head, or brow to chin.
        longest: longer side of the pictures in which they are looked for, in pixels.
        max_pixels: the most pixels of a frame; videos with larger ones are refused.
        texts: texts that the file carries.
    """

    coding: Coding = field(default_factory=Coding)
    audio: bool = True
    keep: tuple[int, ...] = ()
    seal: Literal["inside", "beside"] | None = None
    rules: Rules | None = None
    area: Literal["head", "face"] = "head"
    longest: int = LONGEST
    max_pixels: int = MAX_PIXELS
    texts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.seal not in (None, "inside", "beside"):
            raise ValueError(f"seal must be inside, beside or None, got {self.seal!r}")
        if self.longest < 64:
            raise ValueError(f"longest must be at least 64, got {self.longest}")
        if self.max_pixels < 1:
            raise ValueError(f"max_pixels must be at least 1, got {self.max_pixels}")


@dataclass(slots=True)
class VideoReport:
    """What was done to a video.

    Attributes:
        frames: how many there are.
        covered: how many of them have a region.
        tracks: how many faces were followed and hidden.
        codec: that the result is written with.
        sealed: the file that brings the original back; the result itself if it is inside; None if nothing does.
        left_out: streams that the result lacks, in words.
        notes: what else to know, in words: damage, streams in the clear, times that were made up.
        followed: the tracks that were found; None where they were given.
    """

    frames: int = 0
    covered: int = 0
    tracks: int = 0
    codec: str = ""
    sealed: Path | None = None
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    followed: VideoTracks | None = None
