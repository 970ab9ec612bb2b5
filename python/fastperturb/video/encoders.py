"""How frames are encoded: which encoder, in which pixel format, with which options, and what HDR needs besides."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from typing import Any

from ..errors import VideoFileError
from .planes import Layout
from .reading import import_av

CODECS = {
    "h264": "libx264",
    "hevc": "libx265",
    "av1": "libsvtav1",
    "vp9": "libvpx-vp9",
    "ffv1": "ffv1",
    "gif": "gif",
}
"""Codecs that can be written, and FFmpeg's encoder of each."""
_QUALITY = {"h264": 20, "hevc": 22, "av1": 32, "vp9": 31}
"""Constant rate factors; smaller is better, and what is good differs by codec."""
_SPEED = {
    "h264": {"preset": "superfast", "mbtree": "1", "rc-lookahead": "10"},
    "hevc": {"preset": "superfast"},
    "av1": {"preset": "10"},
    "vp9": {"deadline": "realtime", "cpu-used": "6", "row-mt": "1", "b": "0"},
    "gif": {},
}
_EXACT = {
    "ffv1": {"level": "3", "slices": "4", "slicecrc": "1", "g": "1"},
    "h264": {"preset": "veryfast", "qp": "0"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """What is asked for of the output.

    Attributes:
        codec: one of :data:`CODECS`; "input" for that of the input; "auto": H.264, or HEVC for more than 8 bits; in
            WebM VP9, or AV1 for more than 8 bits; in GIF that; where lossless FFV1 in Matroska (mkv), else H.264.
        lossless: frames come out of the output exactly as they went in.
        quality: constant rate factor of the codec, smaller is better; None: a good one.
    """

    codec: str = "auto"
    lossless: bool = False
    quality: int | None = None

    def __post_init__(self) -> None:
        if self.codec not in ("auto", "input", *CODECS):
            raise ValueError(f"codec must be auto, input, {', '.join(CODECS)}, got {self.codec!r}")
        if self.lossless and self.codec not in ("auto", "input", *_EXACT):
            raise ValueError(f"lossless needs the codec {' or '.join(_EXACT)}, got {self.codec!r}")
        if self.quality is not None and not (type(self.quality) is int and 0 <= self.quality <= 63):
            raise ValueError(f"quality must be a whole number from 0 to 63, got {self.quality!r}")


@dataclass(frozen=True, slots=True)
class Encoder:
    """An encoder and what it is told.

    Attributes:
        name: FFmpeg's.
        codec: of :data:`CODECS`.
        pixels: name of the pixel format that it gets.
        options: by name.
        pad: whether odd sides have to be made even.
    """

    name: str
    codec: str
    pixels: str
    options: dict[str, str] = field(default_factory=dict)
    pad: bool = False


def choose_encoder(coding: Coding, layout: Layout, size: tuple[int, int], source: str, suffix: str) -> Encoder:
    """The encoder for frames.

    Args:
        coding: what is asked for.
        layout: of the frames.
        size: width and height.
        source: name of the input's codec.
        suffix: of the output's name, which says its kind.

    Raises:
        VideoFileError: no encoder here does that.
    """
    codec = _codec(coding, layout, source, suffix)
    if coding.lossless:
        return _exact(codec, layout, size)
    if codec == "ffv1":
        return _exact(codec, layout, size)
    name = _available(codec)
    deep = layout.bits > 8
    options = dict(_SPEED[codec])
    if codec == "gif":
        return Encoder(name, codec, "pal8")
    if codec == "hevc":
        options["x265-params"] = "log-level=none"
    if codec == "av1":
        os.environ.setdefault("SVT_LOG", "1")  # errors alone; it has no other way to be told
    options["crf"] = str(_QUALITY[codec] if coding.quality is None else coding.quality)
    pixels = "yuv420p10le" if deep and codec != "vp9" else "yuv420p"
    if deep and codec == "vp9":
        raise VideoFileError(f"vp9 is written with 8 bits, and the video has {layout.bits}; hevc and av1 keep 10")
    return Encoder(name, codec, pixels, options, pad=bool(size[0] % 2 or size[1] % 2))


def _codec(coding: Coding, layout: Layout, source: str, suffix: str) -> str:
    if coding.codec == "input":
        if source not in CODECS or (coding.lossless and source not in _EXACT):
            how = " without loss" if coding.lossless else ""
            raise VideoFileError(f"{source}, the input's codec, cannot be written{how} here; choose another")
        return source
    if coding.codec != "auto":
        return coding.codec
    if suffix == ".gif":
        return "gif"
    if coding.lossless:
        return "ffv1" if suffix == ".mkv" else "h264"
    if suffix == ".webm":
        return "av1" if layout.bits > 8 else "vp9"
    return "hevc" if layout.bits > 8 else "h264"


def _exact(codec: str, layout: Layout, size: tuple[int, int]) -> Encoder:
    """An encoder from which frames come back exactly.

    Raises:
        VideoFileError: it has not these samples.
    """
    name, pixels = _available(codec), layout.name
    if layout.rgb and layout.bits == 8:
        pixels = "bgra" if "a" in layout.roles else "bgr0"
        if codec == "h264":
            name = "libx264rgb"
    formats = {item.name for item in import_av().codec.Codec(name, "w").video_formats or ()}
    grey = codec == "h264" and layout.roles == "y"  # decoders show it as 4:2:0
    if pixels not in formats or grey:
        raise VideoFileError(f"{codec} cannot hold {pixels} without loss" + ("; ffv1 can" if codec != "ffv1" else ""))
    if codec == "h264" and (size[0] % layout.across or size[1] % layout.down):
        raise VideoFileError(f"h264 cannot hold {size[0]} x {size[1]} of {layout.name} without loss; ffv1 in .mkv can")
    return Encoder(name, codec, pixels, dict(_EXACT[codec]))


def _available(codec: str) -> str:
    name = CODECS[codec]
    if name not in import_av().codecs_available:
        raise VideoFileError(f"this build of PyAV has no encoder {name} for {codec}")
    return name


def hdr_options(frame: Any, codec: str) -> dict[str, str]:
    """Options that carry mastering display and content light levels of an HDR frame on, for encoders that take them."""
    display = content = None
    for data in frame.side_data:
        kind = data.type.name
        if kind == "MASTERING_DISPLAY_METADATA" and len(bytes(data)) >= 88:
            display = struct.unpack_from("<22i", bytes(data))
        elif kind == "CONTENT_LIGHT_LEVEL" and len(bytes(data)) >= 8:
            content = struct.unpack_from("<2I", bytes(data))
    if codec not in ("hevc", "h264") or (display is None and content is None):
        return {}
    words = []
    if display is not None and display[20] and display[21]:
        red, green, blue, white = (_point(display, 4 * index) for index in range(4))
        low, high = (round(10_000 * _ratio(display, at)) for at in (16, 18))
        name = "master-display" if codec == "hevc" else "mastering-display"
        words.append(f"{name}=G{green}B{blue}R{red}WP{white}L({high},{low})")
    if content is not None:
        words.append(f"{'max-cll' if codec == 'hevc' else 'cll'}={content[0]},{content[1]}")
    if codec == "hevc":
        words += ["hdr10=1", "repeat-headers=1", "log-level=none"]
    return {"x265-params" if codec == "hevc" else "x264-params": ":".join(words)} if words else {}


def _ratio(numbers: tuple[int, ...], at: int) -> float:
    return numbers[at] / numbers[at + 1] if numbers[at + 1] else 0.0


def _point(numbers: tuple[int, ...], at: int) -> str:
    """A place in the chromaticity diagram, in steps of 0.00002."""
    return f"({round(50_000 * _ratio(numbers, at))},{round(50_000 * _ratio(numbers, at + 2))})"
