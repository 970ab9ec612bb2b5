"""Headers of copied streams without what they say besides: comments, titles, places, cover pictures, paths of files.

A decoder needs what codecs put before their first packet. Some have a place for texts and pictures there, which no
player needs: these are left out. What the packets themselves hold is copied as it is.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence

_XIPH = {"vorbis": (b"\x01vorbis", b"\x03vorbis", 30), "theora": (b"\x80theora", b"\x81theora", 42)}
"""Beginnings of the first and the second header, and the length of the first."""
_FLAC_MARK = b"fLaC"
_FLAC_FIRST = 34
_SPEEX_FIRST = 80
_SPEEX_VERSION = slice(8, 28)
_ASS_INFO = (
    *("scripttype", "playresx", "playresy", "layoutresx", "layoutresy", "wrapstyle", "scaledborderandshadow"),
    *("ycbcr matrix", "timer", "collisions", "playdepth", "kerning"),
)
_ASS_VALUE = re.compile(r"[\w.+ -]{0,24}", re.ASCII)
_ASS_STYLES = ("v4+ styles", "v4 styles", "v4++ styles")
_VOBSUB = (
    *("size", "org", "scale", "alpha", "smooth", "fadein/out", "align", "time offset", "forced subs", "palette"),
    "custom colors",
)
_CSS_COMMENT = re.compile(r"/\*.*?(\*/|\Z)", re.DOTALL)


def bare_header(codec: str, header: bytes) -> bytes:
    """What a decoder needs of a header.

    Args:
        codec: FFmpeg's name of it.
        header: FFmpeg's extradata.

    Returns:
        The header without texts and pictures; unchanged for codecs whose headers have no place for them.

    Raises:
        ValueError: it is not built as the codec's headers are, so that nobody can tell what is in it.
    """
    bare = _BARE.get(codec)
    return header if bare is None or not header else bare(header)


def _xiph(codec: str) -> Callable[[bytes], bytes]:
    first_mark, second_mark, size = _XIPH[codec]

    def bare(header: bytes) -> bytes:
        parts = _split_xiph(header, size)
        if not parts[0].startswith(first_mark):
            raise ValueError(f"its headers are not those of {codec}")
        end = b"\x01" if codec == "vorbis" else b""  # the framing bit
        parts[1] = second_mark + struct.pack("<II", 0, 0) + end
        return b"\x02" + b"".join(_laced(len(part)) for part in parts[:2]) + b"".join(parts)

    return bare


def _split_xiph(header: bytes, first: int) -> list[bytes]:
    """The three headers, as Ogg and AVI have them with their lengths before each, or laced as Matroska has them."""
    if int.from_bytes(header[:2], "big") == first:
        found, at = [], 0
        for _ in range(3):
            size = int.from_bytes(header[at : at + 2], "big")
            found.append(header[at + 2 : at + 2 + size])
            at += 2 + size
        whole = at <= len(header)
    else:
        sizes, at = [], 1
        for _ in range(2):
            size = 0
            while header[at : at + 1] == b"\xff":
                size, at = size + 255, at + 1
            sizes.append(size + int.from_bytes(header[at : at + 1], "big"))
            at += 1
        middle, last = at + sizes[0], at + sum(sizes)
        found = [header[at:middle], header[middle:last], header[last:]]
        whole = header[0] == 2 and last < len(header)
    if not whole:
        raise ValueError("its three headers cannot be told apart")
    return found


def _laced(size: int) -> bytes:
    return b"\xff" * (size // 255) + bytes((size % 255,))


def _flac(header: bytes) -> bytes:
    start = 8 if header.startswith(_FLAC_MARK) else 0  # the mark, and the head of the first block
    return header[start : start + _FLAC_FIRST]


def _opus(header: bytes) -> bytes:
    if len(header) < 19 or not header[18]:
        return header[:19]
    return header[: 21 + header[9]]  # a mapping of channels


def _speex(header: bytes) -> bytes:
    bare = bytearray(header[:_SPEEX_FIRST])
    bare[_SPEEX_VERSION] = bytes(len(bare[_SPEEX_VERSION]))
    return bytes(bare)


def _ass(header: bytes) -> bytes:
    """How large the script is, its styles, and the order of fields in events."""
    found: list[str] = []
    section = ""
    for line in _lines(header):
        if line.startswith("["):
            section = line.strip("[]").lower()
            if section in ("script info", "events", *_ASS_STYLES):
                found += ["", line] if found else [line]
            continue
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if not colon:
            continue
        if (
            (section == "script info" and name in _ASS_INFO and _ASS_VALUE.fullmatch(value))
            or (section in _ASS_STYLES and name in ("format", "style"))
            or (section == "events" and name == "format")
        ):
            found.append(line)
    return _joined(found)


def _web_vtt(header: bytes) -> bytes:
    """Regions, and styles without comments."""
    kept = ["WEBVTT"]
    for block in re.split(r"\n{2,}", "\n".join(_lines(header)).rstrip()):
        kind = block.split("\n", 1)[0].strip()
        if kind == "REGION":
            kept.append(block)
        elif kind == "STYLE":
            kept.append(_CSS_COMMENT.sub("", block))
    return "\n\n".join(kept).encode() + b"\n"


def _vob_sub(header: bytes) -> bytes:
    """Size, place and colours: no comments, no names of languages, no index."""
    return _joined([line for line in _lines(header) if line.partition(":")[0].strip().lower() in _VOBSUB], "\n")


def _lines(header: bytes) -> list[str]:
    text = header.decode("utf-8", "replace").lstrip("\ufeff").rstrip("\0")
    return [line.rstrip() for line in re.split(r"\r\n|\r|\n", text)]


def _joined(lines: Sequence[str], end: str = "\r\n") -> bytes:
    return "".join(line + end for line in lines).encode()


_BARE: dict[str, Callable[[bytes], bytes]] = {
    **{codec: _xiph(codec) for codec in _XIPH},
    "flac": _flac,
    "opus": _opus,
    "speex": _speex,
    **dict.fromkeys(("ass", "ssa"), _ass),
    "webvtt": _web_vtt,
    **dict.fromkeys(("dvd_subtitle", "dvdsub"), _vob_sub),
    **dict.fromkeys(("subrip", "srt", "text"), lambda _header: b""),  # they have none
}
