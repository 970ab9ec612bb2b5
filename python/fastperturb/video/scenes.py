"""Cuts between scenes, and what has changed since a frame: both by small copies of the frames.

A cut is a jump of the colours, or of the picture by far more than it moves anyway, that is still there frames later: a
flash of light, after which the scene goes on, is none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._optional import import_opencv
from ..checks import Image

_WIDE = 64  # pixels across the copy that scenes are told by
_BINS = 6  # of each colour
_JUMP = 0.5  # share of the pixels with other colours that is a cut by itself
_STEP = 0.12  # share that is a cut if the picture jumps too
_MOVED = 14.0  # levels of 255, mean over the picture
_TIMES = 3.0  # as much as it moved lately
_LATELY = 8  # frames
LOOK_AHEAD = 2  # frames after which a flash must be over

_TILE = 8  # pixels of a frame's copy to one of the copy that changes are told by
_CHANGED = 8.0  # levels of 255, mean over a tile
_LONGEST = 640


class SceneFrame(NamedTuple):
    """A frame, and whether a scene begins with it."""

    number: int
    seconds: float
    image: Image
    cut: bool


class _Look(NamedTuple):
    small: NDArray[np.float32]
    colours: NDArray[np.float32]  # shares of all pixels, by colour


def with_cuts(frames: Iterable[tuple[int, float, Image]]) -> Iterator[SceneFrame]:
    """The frames, two frames late, with the cuts between them; the first frame is no cut.

    A frame that is like none before is a cut if two frames later nothing is as it was.

    Args:
        frames: (index, seconds, image); images RGB, uint8, all of one size.
    """
    kept: deque[tuple[tuple[int, float, Image], _Look]] = deque()
    lately: deque[float] = deque(maxlen=_LATELY)
    before: _Look | None = None
    for frame in frames:
        kept.append((frame, _look(frame[2])))
        if len(kept) > LOOK_AHEAD:
            before = yield from _next(kept, before, lately)
    while kept:
        before = yield from _next(kept, before, lately)


def _next(
    kept: deque[tuple[tuple[int, float, Image], _Look]], before: _Look | None, lately: deque[float]
) -> Generator[SceneFrame, None, _Look]:
    frame, look = kept[0]
    kept.popleft()
    if before is None or not _is_cut(before, look, lately):
        if before is not None:
            lately.append(_moved(before, look))
        yield SceneFrame(*frame, False)
        return look
    cut = not kept or _is_cut(before, kept[-1][1], lately)
    if cut:
        lately.clear()
    yield SceneFrame(*frame, cut)
    return look if cut else before  # after a flash the scene goes on


def _look(image: Image) -> _Look:
    cv2 = import_opencv()
    height = max(1, round(image.shape[0] * _WIDE / image.shape[1]))
    small = cv2.resize(image, (_WIDE, min(4 * _WIDE, height)), interpolation=cv2.INTER_AREA)
    counts = cv2.calcHist([small], [0, 1, 2], None, [_BINS] * 3, [0, 256] * 3)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return _Look(grey, counts.ravel() / np.float32(counts.sum()))


def _moved(one: _Look, other: _Look) -> float:
    return float(np.abs(one.small - other.small).mean())


def _is_cut(before: _Look, after: _Look, lately: deque[float]) -> bool:
    other_colours = 1.0 - float(np.minimum(before.colours, after.colours).sum())
    if other_colours >= _JUMP:
        return True
    usual = float(np.median(lately)) if lately else 0.0
    return other_colours >= _STEP and _moved(before, after) >= max(_MOVED, _TIMES * usual)


def tile_means(image: Image) -> NDArray[np.float32]:
    """A grey copy of a frame, (rows, columns), by which :func:`changed_tiles` compares frames."""
    cv2 = import_opencv()
    height, width = image.shape[:2]
    scale = min(1.0, _LONGEST / max(height, width)) / _TILE
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    grey: NDArray[np.float32] = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return grey


def changed_tiles(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which tiles of two frames of one size differ by more than noise."""
    return np.asarray(np.abs(one - other) >= _CHANGED)
