"""Labelled Faces in the Wild: its folders and its pairs files.

Huang, Ramesh, Berg, Learned-Miller: "Labeled Faces in the Wild", University of Massachusetts, 2007. The layout is
``NAME/NAME_0001.jpg``; of a pairs file the first line says how many folds and how many pairs of each kind a fold has.
"""

from __future__ import annotations

from pathlib import Path

from ...bounded_files import read_regular_text
from .sample import Pair

PAIRS = "pairs.txt"
_MAX_PAIRS_BYTES = 2**26


def find_pairs(folder: Path) -> Path | None:
    """The pairs file in or beside the folder of images; None if there is none."""
    return next((path for path in (folder / PAIRS, folder.parent / PAIRS) if path.is_file()), None)


def read_pairs(path: Path, suffix: str = ".jpg") -> tuple[Pair, ...]:
    """The pairs of a pairs file, sample names as in LFW's layout.

    Args:
        path: of the file.
        suffix: of the image files.

    Raises:
        OSError: it cannot be read.
        ValueError: a line that is no pair, or fewer pairs than the first line says; the message names the line.
    """
    lines = [line.split() for line in read_regular_text(path, _MAX_PAIRS_BYTES).splitlines()]
    try:
        folds, each = [int(word) for word in ([*lines[0], ""] if len(lines[0]) > 1 else ["1", *lines[0], ""])[:2]]
    except (IndexError, ValueError):
        raise ValueError(f"{path}: line 1 must be the number of folds and of pairs a fold") from None
    rows = [(number, words) for number, words in enumerate(lines[1:], 2) if words]
    if len(rows) != 2 * folds * each:
        raise ValueError(
            f"{path}: {folds} folds of {each} pairs of either kind are {2 * folds * each}, got {len(rows)}"
        )
    return tuple(
        _pair(words, place // (2 * each), f"{path}: line {rows[place][0]}", suffix)
        for place, (_, words) in enumerate(rows)
    )


def _pair(words: list[str], fold: int, where: str, suffix: str) -> Pair:
    numbers = words[1::2] if len(words) == 4 else words[1:]
    if len(words) not in (3, 4) or not all(number.isdigit() for number in numbers):
        raise ValueError(f"{where} must be 'NAME NUMBER NUMBER' or 'NAME NUMBER NAME NUMBER', got {' '.join(words)!r}")
    names = (words[0], words[0] if len(words) == 3 else words[2])
    first, second = (f"{name}/{name}_{int(number):04d}{suffix}" for name, number in zip(names, numbers, strict=True))
    return Pair(first, second, names[0] == names[1], fold)
