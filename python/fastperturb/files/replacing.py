"""Another record in the place of one: of a file that is there already, whose pixels stay as they are."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from ..errors import ImageFileError, RecordError
from ..record import Record
from . import jpeg, png, webp
from .header import Bytes
from .metadata import choose, read_metadata
from .metadata_choice import CHOICES
from .reading import decode, read_bytes, read_header, read_record, record_beside, seals_beside
from .record_chunk import RECORD_TEXT
from .together import write_together
from .writing import encode


def replace_record(path: str | os.PathLike[str], record: Record) -> None:
    """Puts another record of the same image in the place of the one that is inside a file or in NAME.json beside it.

    In PNG, WebP and JPEG nothing but the record changes; TIFF is written anew with the same pixels. Seals that lie
    beside are written anew where the record has them at hand, and NAME.seal goes where it held the old record's seals
    and none is left for it.

    Args:
        path: the image file.
        record: of version 2, of the same shape and dtype.

    Raises:
        ImageFileError: it is no sound image file, or a link to one.
        RecordError: there is no record of version 2 to be replaced, or it is another picture's.
        OSError: the files cannot be written; all are what they were.
    """
    path = Path(path)
    if path.is_symlink():
        raise ImageFileError(f"{path}: it is a link, and the file that it leads to would stay as it is: name that file")
    data = read_bytes(path)
    try:
        inside = RECORD_TEXT in read_header(data).texts
        files = [(path, with_record(data, record), _mode(path))] if inside else [_beside(path, record)]
    except ImageFileError as error:
        raise ImageFileError(f"{path}: {error}") from None
    old = read_record(path)
    files = [*_seals(path, record), *files]
    write_together(files)
    if _has_seals_beside(old) and not record.places_beside:
        seals_beside(path).unlink()


def _has_seals_beside(record: Record) -> bool:
    """Whether NAME.seal is this record's: one of another picture, which lay there before, is kept."""
    return record.places_beside and not record.missing


def _beside(path: Path, record: Record) -> tuple[Path, list[Bytes], int]:
    place = record_beside(path)
    if not place.is_file():
        raise RecordError(f"{path}: no record inside, and no {place.name} beside it")
    return place, [record.to_json(indent=1).encode("ascii"), b"\n"], _mode(place)


def with_record(data: Bytes, record: Any) -> list[Bytes]:
    """The bytes of a file with another record in the place of the one inside it; pixels as for :func:`replace_record`.

    Args:
        data: a file with a record inside.
        record: of version 2.

    Raises:
        ImageFileError: it is no sound image file.
    """
    header = read_header(data)
    body = record.to_bytes()
    if header.format == "PNG":
        return png.with_record(data, body)
    if header.format == "WebP":
        return webp.with_record(data, body)
    if header.format == "JPEG":
        return jpeg.with_record(data, record)
    picture = decode(data, max_pixels=header.width * header.height)
    texts = {**header.texts, RECORD_TEXT: record.to_json()}
    kept = choose(read_metadata(data), frozenset(CHOICES))
    return encode(picture.pixels, header.format, icc=picture.icc, texts=texts, blocks=kept)


def _seals(path: Path, record: Record) -> list[tuple[Path, list[Bytes], int]]:
    if record.missing or not record.places_beside:
        return []
    return [(seals_beside(path), [record.beside_bytes()], 0o600)]


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
