"""Arrays to image files: lossless, with the record inside or beside, whole or not at all.

PNG settings are chosen for speed; docs/command-line.md has the measurements.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .._optional import import_opencv
from ..checks import Image, check_image
from ..errors import ImageFileError, LossyFormat
from ..record import Record
from . import jpeg, png, png_pixels, tiff, webp
from .atomic import write_atomically
from .header import Bytes, unsupported
from .icc import colours_alone
from .metadata_blocks import NOTHING, Blocks
from .reading import has_record_beside, is_of_others, record_beside, seals_beside
from .record_chunk import RECORD_TEXT
from .together import write_together

JPEG_QUALITY = 95
FORMATS = {
    ".png": "PNG",
    ".webp": "WebP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".ppm": "PPM",
    ".pgm": "PGM",
    ".pnm": "PNM",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    **dict.fromkeys((".jpe", ".jfif", ".jif", ".jfi", ".pjpeg", ".pjp", ".insp"), "JPEG"),
}
"""Formats that can be written, by extension; all but JPEG keep every pixel."""

INSIDE = frozenset(("PNG", "WebP", "TIFF"))
"""Formats that hold a record; those of the others lie beside."""
TEXTS = INSIDE | {"JPEG"}
"""Formats that hold a short text."""

_GREY, _RGB, _RGBA = 1, 3, 4
_KINDS = {  # channels, and whether 16 bits too
    "PNG": ({_GREY, _RGB, _RGBA}, True),
    "TIFF": ({_GREY, _RGB, _RGBA}, True),
    "WebP": ({_RGB, _RGBA}, False),  # grey would come back as RGB
    "BMP": ({_GREY, _RGB}, False),
    "PPM": ({_RGB}, True),
    "PGM": ({_GREY}, True),
    "PNM": ({_GREY, _RGB}, True),
    "JPEG": ({_GREY, _RGB}, False),
}
_NAMES = {_GREY: "grey", _RGB: "RGB", _RGBA: "RGBA"}


def write_image(
    path: str | os.PathLike[str],
    image: Image,
    record: Record | None = None,
    *,
    icc: bytes | None = None,
    allow_lossy: bool = False,
    inside: bool = True,
    metadata: Blocks = NOTHING,
) -> None:
    """Writes an image file in the format that its extension names, replacing what is there only when all is written.

    Args:
        path: ends in .png, .webp (always lossless), .tif, .tiff, .bmp, .ppm, .pgm, .pnm, .jpg, .jpeg or
            another name of JPEGs.
        image: (height, width), (height, width, 3) RGB or (height, width, 4) RGBA; uint8 or uint16.
        record: what ``perturb`` gave with the image; it goes inside PNG, WebP and TIFF, else to NAME.json beside it.
            Seals go along with it, those beside to NAME.seal.
        icc: the ICC profile of the original, of which the colours are kept and nothing else; formats without a place
            for it, and images that it does not fit (a grey profile of an RGB image), go without.
        allow_lossy: let a record whose regions are not all sealed go to a JPEG; its pixels change, so that they can
            never be restored exactly. Sealed regions can, out of a JPEG too.
        inside: ``False`` puts the record beside in any case.
        metadata: what :func:`choose` or :func:`put_back` gave; formats without a place for it go without.

    Raises:
        LossyFormat: ``record`` is given, a region of it is not sealed, and the format is JPEG.
        ImageFileError: an extension that names no format, or an image that the format cannot hold as it is.
        TypeError, ValueError: the image is of another shape or dtype, or the record of another image.
        OSError: the file cannot be written; it and the record beside it are what they were.
        MissingExtra: OpenCV cannot be imported.
    """
    path = Path(path)
    texts = {}
    try:
        name = format_for(path)
        if record is not None:
            _check_record(image, record, name, allow_lossy)
            if inside and name in INSIDE:
                texts[RECORD_TEXT] = record.to_json()
        parts = encode(image, name, icc=icc, texts=texts, blocks=metadata)
    except ImageFileError as error:
        raise type(error)(f"{path}: {error}") from None
    beside = record if record is not None and not texts else None
    write_file(path, parts, beside, overwrite=True, seals=b"" if record is None else record.beside_bytes())


def write_file(
    path: Path,
    parts: list[Bytes],
    beside: Record | None,
    *,
    overwrite: bool,
    cached: bool = True,
    mode: int = 0o666,
    seals: bytes = b"",
) -> None:
    """Writes an encoded image, record and seals beside it: these first, for an image without them would be lost.

    Args:
        path: of the image.
        parts: its bytes.
        beside: the record, if it is to lie beside.
        overwrite: whether an image that is there may be replaced. If none is, a record that lies there all the same is
            of a run that was killed, and makes way; anything else of that name does not, and seals never do: their
            picture may have been published. Another program's file in the place of the record always stays.
        cached: leave what was written in the system's memory too, for who reads it soon.
        mode: who may read and write image and record, as far as the process's umask allows it.
        seals: the content of NAME.seal, which only its owner may read and write; empty for no such file.

    Raises:
        FileExistsError: something is there and may not be replaced.
        OSError: not written; image and record are what they were.
    """
    if beside is None and not seals:
        write_atomically(path, parts, overwrite=overwrite, cached=cached, mode=mode)
        return
    files: list[tuple[Path, list[Bytes], int]] = []
    if seals:
        files.append((seals_beside(path), [seals], 0o600))
    if beside is not None:
        if overwrite and is_of_others(path):
            raise FileExistsError(17, "File of another program", os.fspath(record_beside(path)))
        files.append((record_beside(path), [beside.to_json(indent=1).encode("ascii"), b"\n"], mode))
    new: list[Path] = []
    if not overwrite:
        for taken in (path, *(place for place, _, _ in files)):
            killed = beside is not None and taken == record_beside(path) and has_record_beside(path)
            if killed:
                continue
            if os.path.lexists(taken):
                raise FileExistsError(17, "File exists", os.fspath(taken))
            new.append(taken)
    write_together([*files, (path, parts, mode)], overwrite=overwrite, cached=cached, new=new)


def remove_record_beside(path: Path) -> None:
    """Removes the record beside an image that has been replaced by one without; other programs' files stay."""
    if has_record_beside(path):
        record_beside(path).unlink(missing_ok=True)


def format_for(path: Path) -> str:
    """The format that a file name asks for.

    Raises:
        ImageFileError: none of :data:`FORMATS`.
    """
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        raise unsupported(f"writing to {path.suffix or 'a name without extension'}; {', '.join(FORMATS)} are") from None


def encode(
    image: Image,
    name: str,
    *,
    icc: bytes | None = None,
    texts: Mapping[str, str] | None = None,
    blocks: Blocks = NOTHING,
) -> list[Bytes]:
    """The parts of a file in the format ``name``, to be written one after the other.

    Args:
        image: as for :func:`write_image`.
        name: one of the values of :data:`FORMATS`.
        icc: as for :func:`write_image`.
        texts: by keyword, ASCII; formats that are not in :data:`TEXTS` go without, JPEG holds 65,000 characters.
        blocks: metadata; these formats, too, go without.
    """
    check_image(image)
    channels = 1 if image.ndim == 2 else image.shape[2]
    if image.ndim == 3 and channels < 3:
        raise ValueError(f"image must be (height, width), (height, width, 3) or (height, width, 4), got {image.shape}")
    if image.dtype == np.float32:
        raise TypeError("image must be uint8 or uint16 to be written to a file, got float32")
    kinds, deep = _KINDS[name]
    if channels not in kinds:
        raise unsupported(f"{name} of {_NAMES[channels]} pixels; PNG keeps them")
    if image.dtype == np.uint16 and not deep:
        raise unsupported(f"{name} of 16 bits; PNG keeps them")
    if name == "WebP" and max(image.shape[:2]) > webp.MAX_SIDE:
        raise unsupported(f"WebP of more than {webp.MAX_SIDE} pixels a side, got {image.shape[1]} x {image.shape[0]}")
    profile = None if icc is None else colours_alone(icc, "GRAY" if channels == _GREY else "RGB ")
    texts = texts or {}
    if name == "PNG":
        return png.with_chunks(_encode_png(image, channels), profile, texts, blocks)
    data = _encode_pixels(image, name, channels)
    if name == "WebP":
        return webp.with_chunks(data, profile, texts, blocks)
    if name == "TIFF":
        return tiff.with_tags(data, profile, texts, channels == _RGBA, blocks)
    if name == "JPEG":
        return jpeg.with_segments(data, profile, texts, blocks)
    return [data]


def _encode_png(image: Image, channels: int) -> list[Bytes]:
    isal_zlib = png_pixels.import_isal()
    return [_encode_pixels(image, "PNG", channels)] if isal_zlib is None else png_pixels.encode(image, isal_zlib)


def _encode_pixels(image: Image, name: str, channels: int) -> memoryview:
    cv2 = import_opencv()
    options = {
        # Without a level OpenCV takes level 1 and the "sub" filter for every row; with one it tries all filters.
        "PNG": [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE],
        "WebP": [cv2.IMWRITE_WEBP_QUALITY, 101],  # above 100 is lossless
        "JPEG": [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY],
    }
    extension = {"PNM": ".pgm" if channels == _GREY else ".ppm", "JPEG": ".jpg", "TIFF": ".tiff"}
    pixels = np.ascontiguousarray(image)
    if channels != _GREY:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA if channels == _RGBA else cv2.COLOR_RGB2BGR)
    try:
        done, data = cv2.imencode(extension.get(name, f".{name.lower()}"), pixels, options.get(name, []))
    except cv2.error as error:
        raise ImageFileError(f"OpenCV cannot encode it as {name}: {error.err or error}") from None
    if not done:
        raise ImageFileError(f"OpenCV cannot encode it as {name}")
    if name == "WebP" and channels == _RGBA:
        back = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
        if back is None or back.shape != pixels.shape or not np.array_equal(back, pixels):
            raise unsupported("WebP of these pixels, since it drops the colours of transparent ones; PNG keeps them")
    return memoryview(data).cast("B") if data.ndim == 1 else memoryview(data.reshape(-1))


def _check_record(image: Image, record: Record, name: str, allow_lossy: bool) -> None:
    if not isinstance(record, Record):
        raise TypeError(f"record must be a Record, got {type(record).__name__}")
    check_image(image)
    if record.shape != image.shape or record.dtype != image.dtype.name:
        raise ValueError(
            f"record must be of the image: it is of shape {record.shape} and dtype {record.dtype}, "
            f"got shape {image.shape} and dtype {image.dtype}"
        )
    if name == "JPEG" and not allow_lossy and not record.sealed:
        raise LossyFormat("JPEG changes pixels, so that the original could not be restored; write PNG, WebP or TIFF")
