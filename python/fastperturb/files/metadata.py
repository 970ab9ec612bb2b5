"""Metadata of image files by choice: read what a file holds, choose what goes on, seal all of it, put it back.

Pictures inside metadata never go on, wherever they hide: what does is made anew of numbers, dates and short texts
(:mod:`.metadata_exif`, :mod:`.metadata_xmp`). docs/metadata.md has a table of what is kept where.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import RecordError
from . import bitmap, heif, jpeg, metadata_parts, png, tiff, webp
from .exif_tags import all_tags, upright, write_exif
from .header import Bytes
from .icc import colours_alone
from .metadata_blocks import EXIF_PREFIX as EXIF
from .metadata_blocks import XMP_KEYWORD, Blocks, Chunk
from .metadata_blocks import XMP_PREFIX as XMP
from .metadata_choice import Keep
from .metadata_exif import chosen_tags
from .metadata_jpeg import APP1, first_segment, join_segments, jpeg_parts, segments_profile, split_segments
from .metadata_sealed import SealedFile, check_name, fits
from .metadata_xmp import chosen_properties, upright_xmp, write_xmp

CHUNKED = ("PNG", "WebP")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file holds beside its pixels.

    Attributes:
        format: of the file, as in ``files.FORMATS``, or "HEIF".
        exif: its EXIF block, or of a TIFF all tags; empty without.
        xmp: its XMP packet; empty without.
        icc: its ICC profile; ``None`` without.
        parts: all of it in the form of the format: what is sealed.
        trailer: what stands behind the end of the picture.
    """

    format: str
    exif: bytes = field(default=b"", repr=False)
    xmp: bytes = field(default=b"", repr=False)
    icc: bytes | None = field(default=None, repr=False)
    parts: bytes = field(default=b"", repr=False)
    trailer: bytes = field(default=b"", repr=False)


def read_metadata(data: Bytes) -> Metadata:
    """What the bytes of a sound image file hold beside pixels.

    Args:
        data: of a file that ``read_image`` reads; of those formats that hold none, nothing comes out.

    Raises:
        ImageFileError: it is damaged.
    """
    start = bytes(data[:12])
    if start.startswith(jpeg.SIGNATURE):
        parts = jpeg_parts(data)
        return replace(_of_jpeg(join_segments(parts.segments)), trailer=parts.trailer)
    if start.startswith(png.SIGNATURE):
        chunks, trailer = metadata_parts.png_parts(data)
        return replace(_of_png(metadata_parts.join_chunks(chunks)), trailer=trailer)
    if webp.is_webp(start):
        chunks, trailer = metadata_parts.webp_parts(data)
        return replace(_of_webp(metadata_parts.join_chunks(chunks)), trailer=trailer)
    if heif.is_heif(start):
        return _of_png(metadata_parts.join_chunks(heif.metadata_chunks(data)), "HEIF")
    if start[:4] in tiff.SIGNATURES:
        return _of_tiff(write_exif(all_tags(data)))
    return Metadata(bitmap.format_of(start))


def _of_jpeg(raw: bytes) -> Metadata:
    segments = list(split_segments(raw))
    exif, xmp = first_segment(segments, APP1, EXIF), first_segment(segments, APP1, XMP)
    return Metadata("JPEG", exif or b"", xmp or b"", segments_profile(segments), raw)


def _of_png(raw: bytes, name: str = "PNG") -> Metadata:
    chunks = list(metadata_parts.split_chunks(raw, "PNG"))
    exif, xmp = metadata_parts.png_exif(chunks), metadata_parts.png_xmp(chunks)
    return Metadata(name, exif, xmp, metadata_parts.png_profile(chunks), raw)


def _of_webp(raw: bytes) -> Metadata:
    chunks = list(metadata_parts.split_chunks(raw, "WebP"))
    exif, xmp, icc = (metadata_parts.first_chunk(chunks, kind) for kind in (b"EXIF", b"XMP ", b"ICCP"))
    return Metadata("WebP", exif.removeprefix(EXIF), xmp, icc or None, raw)


def _of_tiff(exif: bytes) -> Metadata:
    tags = all_tags(exif).first
    xmp, icc = (tags[tag][2] if tag in tags else b"" for tag in (tiff.XMP_TAG, tiff.PROFILE_TAG))
    return Metadata("TIFF", exif, xmp, icc or None, exif)


def choose(metadata: Metadata, keep: Keep) -> Blocks:
    """What of a file goes on in the clear, for pixels that have been turned upright; its profile is another matter."""
    tags = chosen_tags(metadata.exif, keep)
    return Blocks(write_exif(tags), write_xmp(chosen_properties(metadata.xmp, keep)))


def to_seal(metadata: Metadata, *, name: str = "", changed: int | None = None, exact: bytes = b"") -> SealedFile:
    """What is sealed of a file: all of its metadata, kept or not, so that their order stays.

    If that is more than can be sealed, the trailer is left out for good; if it still is, the metadata are.

    Args:
        metadata: of the file.
        name: its name, without folders.
        changed: when it was changed, in nanoseconds since 1970.
        exact: what :func:`keep_whole_file` gave, which holds the metadata too.
    """
    if exact:
        return SealedFile(name, metadata.format, changed, exact=exact)
    sealed = SealedFile(name, metadata.format, changed, metadata.parts, metadata.trailer)
    for smaller in (sealed, replace(sealed, trailer=b""), replace(sealed, trailer=b"", parts=b"")):
        if fits(smaller):
            return smaller
    raise ValueError(f"name must fit into what can be sealed, got {len(name)} characters")


def lost(metadata: Metadata, sealed: SealedFile) -> tuple[str, ...]:
    """What of a file's metadata is more than can be sealed, so that it is left out for good, in words."""
    said = []
    if metadata.trailer and not sealed.trailer and not sealed.exact:
        said.append(f"what stands behind its picture, {len(metadata.trailer)} bytes, cannot be sealed")
    if metadata.parts and not sealed.parts and not sealed.exact:
        said.append(f"its metadata, {len(metadata.parts)} bytes, cannot be sealed")
    return tuple(f"{item}, for 16 MiB can: left out for good" for item in said)


def put_back(sealed: SealedFile, name: str, *, grey: bool) -> Blocks:
    """What of sealed metadata a file of pixels that stand upright is to have: all of it, but for the orientation.

    A file of another format gets EXIF, XMP and the profile, and nothing else.

    Args:
        sealed: hostile, out of a record.
        name: the format of the file that is written.
        grey: whether its pixels are.

    Raises:
        RecordError: it is no metadata of the format that it names.
    """
    found = sealed_metadata(sealed)
    space = "GRAY" if grey else "RGB "
    icc = found.icc if found.icc is not None and colours_alone(found.icc, space) is not None else None
    if found.format == name and name in CHUNKED:
        own = tuple(_upright_chunks(found, name, with_profile=icc is not None))
        return Blocks(own=own, trailer=found.trailer)
    exif = found.exif
    if found.format == "TIFF":
        tags = all_tags(exif)
        first = {tag: value for tag, value in tags.first.items() if tag not in (tiff.XMP_TAG, tiff.PROFILE_TAG)}
        exif = write_exif(replace(tags, first=first))
    return Blocks(upright(exif), upright_xmp(found.xmp), icc)


def _upright_chunks(found: Metadata, name: str, *, with_profile: bool) -> Iterator[Chunk]:
    """The chunks of a file of the same format; no profile that is of another kind of pixels than have come back."""
    for kind, body in metadata_parts.split_chunks(found.parts, name):
        if kind in (b"eXIf", b"EXIF"):
            yield kind, upright(body)
        elif kind == b"XMP " or (kind == b"iTXt" and body.startswith(XMP_KEYWORD)):
            yield kind, upright_xmp(body)
        elif with_profile or kind not in (b"iCCP", b"ICCP"):
            yield kind, body


def file_facts(path: Path) -> dict[str, Any]:
    """What :func:`to_seal` takes of a file beside its metadata: a name that can be sealed, and its time."""
    try:
        name = check_name(path.name)
    except ValueError:  # of signs that no file elsewhere can have
        name = ""
    return {"name": name, "changed": path.stat().st_mtime_ns}


def sealed_metadata(sealed: SealedFile) -> Metadata:
    """What was sealed of a file's metadata, read again.

    Raises:
        RecordError: it is not of the format that it names.
    """
    if sealed.format == "JPEG":
        found = _of_jpeg(sealed.parts)
    elif sealed.format in ("PNG", "HEIF"):
        found = _of_png(sealed.parts, sealed.format)
    elif sealed.format == "WebP":
        found = _of_webp(sealed.parts)
    elif sealed.format == "TIFF":
        found = _of_tiff(sealed.parts)
    elif sealed.parts:
        raise RecordError(f"the sealed metadata must be of a format that holds some, got {sealed.format!r}")
    else:
        found = Metadata(sealed.format)
    return replace(found, trailer=sealed.trailer)
