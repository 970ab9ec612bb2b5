"""Image files to arrays: the structure is checked here, the pixels are decoded by OpenCV.

The content decides what a file is, not its name. RGB in memory, grey stays grey, alpha and 16 bits are kept.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .._optional import import_opencv
from ..bounded_files import read_file_or_pipe, read_regular_file
from ..checks import Image
from ..errors import ImageFileError, RecordError
from ..record import FORMAT, Record
from . import bitmap, heif, jpeg, png, tiff, webp
from .exif import turn_upright
from .header import Bytes, Header, damaged, unsupported
from .icc import colours_alone
from .record_chunk import RECORD_TEXT as RECORD_TEXT  # who reads texts needs it

MAX_PIXELS = 2**28
MAX_FILE_BYTES = 2**31 - 1  # what OpenCV can be given
_OTHERS = {
    b"GIF8": "GIF",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"%PDF": "PDF",
    b"v/1\x01": "OpenEXR",
    b"8BPS": "Photoshop",
}


_CONTAINERS = {b"qt  ": "QuickTime video", b"crx ": "Canon CR3"}


@dataclass(frozen=True, slots=True)
class Picture:
    """What is kept of an image file.

    Attributes:
        pixels: (height, width), (height, width, 3) RGB or (height, width, 4) RGBA; uint8 or uint16; upright.
        icc: the ICC profile that says what its colours mean, made anew without anything else; ``None`` without one.
        format: what the file was: "PNG", "JPEG", "WebP", "TIFF", "BMP", "PGM", "PPM" or "HEIF", which AVIF is, too.
        texts: what this package wrote into the file, by keyword.
        notes: what is lost of the file beside metadata, and what will look different.
    """

    pixels: Image
    icc: bytes | None = None
    format: str = "PNG"
    texts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_image(path: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> Picture:
    """Reads a PNG, JPEG, WebP, TIFF, BMP, PGM or PPM file; with the extra ``heif``, HEIC and AVIF too.

    EXIF orientation is applied; an ICC profile is kept; all other metadata stays behind. Palettes are resolved to RGB,
    grey with alpha becomes RGBA, 1, 2 and 4 bit grey becomes 8 bit.

    Args:
        path: the file; what is in it decides the format, whatever its name says.
        max_pixels: the most pixels (height x width) to decode, against files that are small on disk and huge in memory.

    Returns:
        The picture.

    Raises:
        OSError: the file cannot be opened or read.
        ImageFileError: it is none of these formats, is damaged or cut short, has too many pixels, or is of a kind that
            would not be read right (animated, several pages, CMYK, floating point and so on).
        MissingExtra: OpenCV cannot be imported; or it is HEIC or AVIF, and the extra ``heif`` is not installed.
    """
    data = read_bytes(Path(path))
    try:
        return decode(data, max_pixels=max_pixels)
    except ImageFileError as error:
        raise ImageFileError(f"{os.fspath(path)}: {error}") from None


def read_bytes(path: Path) -> bytes:
    """All of a file that could be an image, or of a pipe."""
    try:
        return read_file_or_pipe(path, MAX_FILE_BYTES)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise ImageFileError(f"{path}: {error.strerror}") from None
        raise


def decode(data: Bytes, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """As :func:`read_image`, from the bytes of a file."""
    header = read_header(data)
    header.check_size(max_pixels)
    pixels = _decode_pixels(data if header.rewrite is None else header.rewrite(), header)
    icc = None if header.icc is None else colours_alone(header.icc, "GRAY" if pixels.ndim == 2 else "RGB ")
    return Picture(pixels, icc, header.format, dict(header.texts), header.notes)


def read_header(data: Bytes) -> Header:
    """The structure of a file, checked from its start to its end without decoding pixels."""
    start = bytes(data[:12])
    if start.startswith(png.SIGNATURE):
        return png.read_header(data)
    if start.startswith(jpeg.SIGNATURE):
        return jpeg.read_header(data)
    if webp.is_webp(start):
        return webp.read_header(data)
    if start[:4] in tiff.SIGNATURES:
        return tiff.read_header(data)
    if start[:2] == b"BM" and len(data) > 26:
        return bitmap.read_bmp_header(data)
    if bitmap.is_netpbm(start):
        return bitmap.read_netpbm_header(data)
    if not data:
        raise damaged("the file is empty")
    other = next((name for magic, name in _OTHERS.items() if start.startswith(magic)), None)
    if heif.is_heif(start):
        return heif.read_header(data)
    if start[4:8] == b"ftyp":
        other = _CONTAINERS.get(start[8:12], "MP4 video")
    if other:
        raise unsupported(f"{other}; PNG, JPEG, WebP, TIFF, BMP, PGM and PPM are")
    raise ImageFileError("not an image: PNG, JPEG, WebP, TIFF, BMP, PGM and PPM can be read")


def starts_as_image(start: bytes) -> bool:
    """Whether the first 32 bytes of a file are those of an image, of a format that can be read or of another.

    Netpbm files and documents are not known by so little.
    """
    if start.startswith((png.SIGNATURE, jpeg.SIGNATURE, *tiff.SIGNATURES)) or webp.is_webp(start):
        return True
    if start[:2] == b"BM":
        return start[14:18] in bitmap.BMP_HEADERS
    if start[4:8] == b"ftyp":
        return heif.is_heif(start)
    return start.startswith(tuple(magic for magic in _OTHERS if magic not in (b"%PDF", b"\xff\x0a")))


def _decode_pixels(data: Bytes, header: Header) -> Image:
    if header.decode is not None:
        stored = header.decode(data)
        _check_decoded(stored, header)
        return turn_upright(stored, header.orientation)
    cv2 = import_opencv()
    try:
        stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise damaged(f"OpenCV cannot decode it: {error.err or error}") from None
    if stored is None:
        raise damaged("OpenCV cannot decode its pixels")
    if stored.ndim == 3 and stored.shape[2] == 1:
        stored = stored[..., 0]
    _check_decoded(stored, header)
    if stored.ndim == 3:
        swap = cv2.COLOR_BGRA2RGBA if stored.shape[2] == 4 else cv2.COLOR_BGR2RGB
        stored = cv2.cvtColor(stored, swap)
    if header.transparent_grey is not None:
        opaque = np.where(stored == header.transparent_grey, 0, np.iinfo(stored.dtype).max).astype(stored.dtype)
        stored = np.dstack((stored, stored, stored, opaque))
    return turn_upright(stored, header.orientation)


def _check_decoded(pixels: Image, header: Header) -> None:
    """What the codec gave must be what the file's structure promises; else something was lost on the way."""
    if pixels.shape[:2] != (header.height, header.width):
        raise damaged(
            f"it says {header.width} x {header.height} pixels and holds {pixels.shape[1]} x {pixels.shape[0]}"
        )
    if pixels.dtype != (np.uint16 if header.bits == 16 else np.uint8):
        raise unsupported(f"samples of {header.bits} bits that OpenCV decodes to {pixels.dtype}")
    if header.alpha and (pixels.ndim != 3 or pixels.shape[2] != 4):
        raise unsupported("transparency that OpenCV would drop")
    if header.grey is not None and header.grey != (pixels.ndim == 2):
        raise unsupported(f"a {'grey' if header.grey else 'colour'} image that OpenCV decodes to shape {pixels.shape}")


def record_beside(path: Path) -> Path:
    """Where the record of an image lies if it is not inside: NAME.json, NAME being the whole file name."""
    return path.with_name(path.name + ".json")


def seals_beside(path: Path) -> Path:
    """Where the seals of an image lie if they are not in its record: NAME.seal, NAME being the whole file name."""
    return path.with_name(path.name + ".seal")


def read_record(path: str | os.PathLike[str]) -> Record:
    """Reads the record of a perturbed image file: from inside it, else from NAME.json beside it.

    Seals that are not in the record are read from NAME.seal. If there is no such file, the record comes without them
    (``record.missing`` says which), and restoring says so.

    Args:
        path: the image file, such as ``photo.png``; beside it would be ``photo.png.json`` and ``photo.png.seal``.

    Raises:
        OSError: the file cannot be read.
        ImageFileError: it is no sound image file.
        RecordError: there is no record, or what stands in its place is none: a pipe, a folder, a file of others; or
            NAME.seal holds other seals than the record's.
    """
    path = Path(path)
    try:
        texts = read_header(read_bytes(path)).texts
    except ImageFileError as error:
        raise ImageFileError(f"{path}: {error}") from None
    record = find_record(path, texts)
    if record is None:
        raise RecordError(f"{path}: no record inside, and no {record_beside(path).name} beside it")
    return record


def find_record(path: Path, texts: Mapping[str, str]) -> Record | None:
    """As :func:`read_record`, of a file whose texts have been read; ``None`` if there is nothing that could be one."""
    record = find_record_alone(path, texts)
    return record if record is None else with_seals_beside(path, record)


def find_record_alone(path: Path, texts: Mapping[str, str]) -> Record | None:
    """As :func:`find_record`, without seals that are not in the record."""
    inside = texts.get(RECORD_TEXT)
    try:
        return _read_record_beside(path) if inside is None else Record.from_json(inside)
    except RecordError as error:
        raise RecordError(f"{path if inside is not None else record_beside(path)}: {error}") from None


def with_seals_beside(path: Path, record: Record) -> Record:
    """The record of an image with its seals out of NAME.seal, if any are to be there and there is such a file.

    Raises:
        RecordError: NAME.seal holds other seals than the record's.
    """
    if not record.missing:
        return record
    try:
        seals = _read_beside(path, ".seal", MAX_FILE_BYTES)
        return record if seals is None else record.with_beside(seals)
    except RecordError as error:
        raise RecordError(f"{seals_beside(path)}: {error}") from None


def is_of_others(path: Path) -> bool:
    """Whether NAME.json beside an image is some other program's, as photo services write them; not a damaged record."""
    try:
        data = _read_beside(path, ".json", MAX_FILE_BYTES)
    except RecordError:
        return False
    return data is not None and data.strip() != b"" and FORMAT.encode() not in data


def has_record_beside(path: Path) -> bool:
    """Whether a sound record lies beside an image, and not a file of some other program or none."""
    try:
        return _read_record_beside(path) is not None
    except (OSError, RecordError):
        return False


def _read_record_beside(path: Path) -> Record | None:
    data = _read_beside(path, ".json", MAX_FILE_BYTES)
    return None if data is None else Record.from_json(data)


def _read_beside(path: Path, suffix: str, most: int) -> bytes | None:
    try:
        return read_regular_file(f"{path}{suffix}", most)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENAMETOOLONG):
            return None  # such a name can have no file
        raise RecordError(error.strerror or str(error)) from None
