"""HEIC and AVIF: read, never written. libheif decodes HEIC (pillow-heif), libavif AVIF (Pillow); the extra ``heif``.

ISO/IEC 23008-12. Of a file's pictures the primary one is read. Auxiliary ones (gain maps, depth, mattes), thumbnails
and further pictures, which may show the face, and moving parts are left out for good, and that is said. What turns and
mirrors a picture (``irot``, ``imir``) libheif applies, and Pillow puts into the EXIF of an AVIF.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np

from .._optional import import_extra
from ..checks import Image
from .exif import exif_orientation
from .header import Bytes, Header, damaged, unsupported
from .metadata_blocks import EXIF_PREFIX, XMP_KEYWORD, Chunk

EXTRA = "heif"
BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif")
SEQUENCES = (b"msf1", b"hevc", b"hevx", b"avis")
_MOST_BLOCK = 2**20
_PRIMARIES, _TRANSFERS = {1, 2}, {1, 2, 6, 13, 14, 15}
"""Of colours as they are without a profile (ITU-T H.273); what else there is looks wrong without one."""
_MODES = {"L": 1, "RGB": 3, "RGBA": 4, "L;16": 1, "RGB;16": 3, "RGBA;16": 4}


def is_heif(start: bytes) -> bool:
    """Whether the first 12 bytes of a file are those of a HEIC or AVIF picture or sequence."""
    return start[4:8] == b"ftyp" and start[8:12] in (*BRANDS, *SEQUENCES)


def read_header(data: Bytes) -> Header:
    """Size, kind and notes of a picture; nothing is decoded.

    Raises:
        ImageFileError: a sequence, damaged, or a kind of pixel that would be changed.
        MissingExtra: the extra ``heif`` is not installed.
    """
    start = bytes(data[:12])
    if start[8:12] in SEQUENCES:
        raise unsupported("an animated HEIF or AVIF; only its first frame would be protected")
    return _avif_header(data) if is_avif(data) else _heic_header(data)


def is_avif(data: Bytes) -> bool:
    """Whether one of the brands of the file is AVIF's."""
    size = min(int.from_bytes(bytes(data[:4]), "big"), 512)
    return b"avif" in [bytes(data[place : place + 4]) for place in (8, *range(16, size, 4))]


def decode_pixels(data: Bytes) -> Image:
    """The primary picture: (height, width), (height, width, 3) or (height, width, 4); uint8 or uint16.

    Samples of 10 and 12 bits are spread over 16.

    Raises:
        ImageFileError: damaged.
    """
    try:
        if is_avif(data):
            with _open_avif(data) as image:
                pixels: Image = np.array(image)
                return pixels
        picture = _open_heic(data)
        return np.array(picture)
    except _ERRORS as error:
        raise _undecoded(error) from None


_ERRORS = (ValueError, RuntimeError, OSError, EOFError, SyntaxError, struct.error, AttributeError, IndexError, KeyError)


def _undecoded(error: BaseException) -> Exception:
    return damaged(f"its pictures cannot be decoded: {error}")


def _open_heic(data: Bytes) -> Any:
    pillow_heif = import_extra("pillow_heif", EXTRA)
    found = pillow_heif.open_heif(io.BytesIO(bytes(data)), convert_hdr_to_8bit=False)
    return found[found.primary_index]


def _open_avif(data: Bytes) -> Any:
    plugin = import_extra("PIL.AvifImagePlugin", EXTRA)  # not Image.open, which warns of what check_size refuses
    return plugin.AvifImageFile(io.BytesIO(bytes(data)))


def _heic_header(data: Bytes) -> Header:
    pillow_heif = import_extra("pillow_heif", EXTRA)
    try:
        found = pillow_heif.open_heif(io.BytesIO(bytes(data)), convert_hdr_to_8bit=False)
        picture = found[found.primary_index]
        info, mode, size = dict(picture.info), str(picture.mode), picture.size
        count = len(found)
    except _ERRORS as error:
        raise _undecoded(error) from None
    if mode not in _MODES:
        raise unsupported(f"HEIC of {mode} pixels")
    notes = _colour_notes(info)
    bits = int(info.get("bit_depth") or 8)
    if bits > 8:
        notes.append(f"{bits} bits a sample: kept in PNG and TIFF of 16 bits")
    aux = [str(kind) for kind in info.get("aux") or {}]
    if any("gainmap" in kind for kind in aux):
        notes.append("its gain map is left out for good: on HDR screens it looks flatter")
    elif aux:
        notes.append("auxiliary pictures are left out for good")
    if info.get("depth_images"):
        notes.append("its depth map is left out for good")
    if info.get("thumbnails"):
        notes.append("its thumbnail is left out for good")
    if count > 1:
        notes.append(f"{count - 1} further pictures are left out for good")
    notes += _large_blocks(info)
    return _header(size, mode, info, tuple(notes), 1)


def _avif_header(data: Bytes) -> Header:
    try:
        with _open_avif(data) as image:
            info, mode, size = dict(image.info), str(image.mode), image.size
            frames = int(getattr(image, "n_frames", 1))
    except _ERRORS as error:
        raise _undecoded(error) from None
    if frames > 1:
        raise unsupported("an animated AVIF; only its first frame would be protected")
    if mode not in _MODES:
        raise unsupported(f"AVIF of {mode} pixels")
    note = "AVIF is read with 8 bits a sample; gain maps, depth and further pictures are left out for good"
    return _header(size, mode, info, (note, *_large_blocks(info)))


def _header(
    size: tuple[int, int], mode: str, info: dict[str, Any], notes: tuple[str, ...], orientation: int | None = None
) -> Header:
    channels = _MODES[mode]
    icc = info.get("icc_profile")
    return Header(
        "HEIF",
        *size,
        bits=16 if mode.endswith(";16") else 8,
        alpha=channels == 4,
        grey=channels == 1,
        orientation=exif_orientation(info.get("exif") or b"") if orientation is None else orientation,
        icc=bytes(icc) if icc else None,
        notes=notes,
        decode=decode_pixels,
    )


def _large_blocks(info: dict[str, Any]) -> list[str]:
    """What is said of blocks of metadata that are not taken."""
    long = [name.upper() for name in ("exif", "xmp") if len(info.get(name) or b"") > _MOST_BLOCK]
    return [f"its {name}, more than {_MOST_BLOCK} bytes, are left out for good" for name in long]


def _colour_notes(info: dict[str, Any]) -> list[str]:
    colours = info.get("nclx_profile") or {}
    if info.get("icc_profile") or not colours:
        return []
    primaries, transfer = int(colours.get("color_primaries", 1)), int(colours.get("transfer_characteristics", 13))
    if primaries in _PRIMARIES and transfer in _TRANSFERS:
        return []
    return [f"its colours (primaries {primaries}, transfer {transfer}) have no profile: they will look different"]


def metadata_chunks(data: Bytes) -> list[Chunk]:
    """EXIF, XMP and the profile as the chunks that a PNG has for them.

    Raises:
        ImageFileError: damaged.
        MissingExtra: the extra ``heif`` is not installed.
    """
    try:
        if is_avif(data):
            with _open_avif(data) as image:
                info = dict(image.info)
        else:
            info = dict(_open_heic(data).info)
    except _ERRORS as error:
        raise _undecoded(error) from None
    chunks: list[Chunk] = []
    if info.get("icc_profile"):
        chunks.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(bytes(info["icc_profile"]))))
    exif = bytes(info.get("exif") or b"").removeprefix(EXIF_PREFIX)
    if 8 < len(exif) <= _MOST_BLOCK:
        chunks.append((b"eXIf", exif))
    xmp = info.get("xmp") or b""
    xmp = xmp.encode() if isinstance(xmp, str) else bytes(xmp)
    if 0 < len(xmp) <= _MOST_BLOCK:
        chunks.append((b"iTXt", XMP_KEYWORD + bytes(5) + xmp))
    return chunks
