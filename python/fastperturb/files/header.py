"""What a reader must know of a file before and after it decodes the pixels: sizes, depth, orientation, ICC profile.

Each format's file fills in a :class:`Header` by walking its structure, and refuses what is damaged or would be lost.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined]  # what json itself reads strings with

from ..checks import Image
from ..errors import ImageFileError

Bytes = bytes | bytearray | memoryview

MAX_PROFILE_BYTES = 16 * 2**20
_BEFORE_STRING = re.compile(r'[ \t\n\r]*([{:,])[ \t\n\r]*"')
_LAST_BRACE = re.compile(r"[ \t\n\r]*\}[ \t\n\r]*")
_MAX_PAIRS = 20
KEYWORD_PREFIX = "fastperturb-"
"""What the keywords of this package's texts start with."""


@dataclass(frozen=True, slots=True)
class Header:
    """The structure of an image file, found sound.

    Attributes:
        format: name of the format, as in ``files.FORMATS``.
        width: in pixels, as stored, before the orientation is applied.
        height: likewise.
        bits: of a sample as decoded, 8 or 16.
        alpha: whether pixels have an alpha channel, so that decoding must give four channels.
        grey: whether decoding must give (height, width); ``None`` if only the palette can tell.
        orientation: EXIF orientation 1 to 8; 1 is upright.
        icc: the ICC profile.
        texts: what this package wrote into the file, by keyword.
        transparent_grey: the sample that a grey PNG calls transparent, at the depth that it is decoded to.
        tile: how many pixels the decoder holds at a time beside those of the picture, if more than these.
        rewrite: makes the file's bytes with what OpenCV reads wrongly put right, or does not need left out; ``None``
            for the file as it is. To be called once the size is found to be allowed.
        check_work: raises ImageFileError where decoding would go on for long after the last pixel; ``None`` where that
            cannot be. It takes as long as inflating, so it is for those who decode what strangers send.
        notes: what is lost of the file beside metadata, and what will look different; for its owner to hear.
        decode: gives the pixels, upright and as this header says; ``None`` where OpenCV does.
    """

    format: str
    width: int
    height: int
    bits: int = 8
    alpha: bool = False
    grey: bool | None = False
    orientation: int = 1
    icc: bytes | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    transparent_grey: int | None = None
    tile: int = 0
    rewrite: Callable[[], Bytes] | None = None
    check_work: Callable[[], None] | None = None
    notes: tuple[str, ...] = ()
    decode: Callable[[Bytes], Image] | None = None

    def check_size(self, max_pixels: int) -> None:
        """Raises ImageFileError if more than ``max_pixels`` would be decoded, in the picture or in one tile of it."""
        pixels = self.width * self.height
        if pixels > max_pixels:
            raise TooManyPixels(
                f"{self.width} x {self.height} pixels are more than the limit of {max_pixels} (max_pixels)"
            )
        if self.tile > max_pixels:
            raise TooManyPixels(f"tiles of {self.tile} pixels are more than the limit of {max_pixels} (max_pixels)")


class TooManyPixels(ImageFileError):
    """A picture that is sound, and larger than its reader allows."""


def pack_texts(texts: Mapping[str, str]) -> bytes:
    """Texts as one block of bytes, for formats that hold no texts by keyword; empty if there are none."""
    return json.dumps(dict(texts)).encode("ascii") if texts else b""


def unpack_texts(block: Bytes, texts: dict[str, str]) -> None:
    """Adds the texts of such a block to ``texts``; none if it is another program's.

    Raises:
        ImageFileError: as :func:`add_text`.
    """
    try:
        pairs = _pairs(str(block, "utf-8"))
    except ValueError:
        return
    for keyword, text in pairs:
        if keyword.startswith(KEYWORD_PREFIX):
            add_text(texts, keyword, text)


def _pairs(text: str) -> list[tuple[str, str]]:
    """A JSON object of strings, with all that it says twice. Nothing else is parsed: lists could fill the memory.

    Raises:
        ValueError: it is another kind of JSON, or none.
    """
    pairs: list[tuple[str, str]] = []
    position = 0
    while len(pairs) < _MAX_PAIRS:
        strings = []
        for sign in ("," if pairs else "{", ":"):
            match = _BEFORE_STRING.match(text, position)
            if match is None or match[1] != sign:
                raise ValueError
            string, position = scanstring(text, match.end())
            strings.append(string)
        pairs.append((strings[0], strings[1]))
        if (end := _LAST_BRACE.match(text, position)) is not None:
            if end.end() != len(text):
                raise ValueError
            return pairs
    raise ValueError


def add_text(texts: dict[str, str], keyword: str, text: str) -> None:
    """Adds a text to those of a file.

    Raises:
        ImageFileError: there is one by that keyword already, and nobody could tell which of them counts.
    """
    if keyword in texts:
        raise damaged(f"it holds two texts by the keyword {keyword!r:.80}")
    texts[keyword] = text


def damaged(what: str) -> ImageFileError:
    """The error of a file that is cut short or contradicts itself."""
    return ImageFileError(f"damaged: {what}")


def unsupported(what: str) -> ImageFileError:
    """The error of a file that is sound but would not be read right."""
    return ImageFileError(f"not supported: {what}")


def inflate(data: Bytes, most: int = MAX_PROFILE_BYTES) -> bytes | None:
    """Decompresses a zlib stream of a profile or text; ``None`` if it is damaged or has over ``most`` bytes."""
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(data, most)
    except zlib.error:
        return None
    return plain if stream.eof else None
