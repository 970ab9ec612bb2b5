"""Cuts between scenes, and what has changed since a frame: both by small copies of the frames.

A cut is a jump of the colours, or of the picture by far more than it moves anyway, that is still there frames later: a
flash of light, after which the scene goes on, is none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._optional import import_opencv
from ..checks import Image
from ..faces.tilt import Box, halved_copies

QUICK = 640  # the longer side of the copy that quick looks are at
_TILE = 8  # pixels of that copy to one of the copy that cuts and changes are told by
_BINS = 6  # of each colour
_JUMP = 0.5  # share of the pixels with other colours that is a cut by itself
_STEP = 0.12  # share that is a cut if the picture jumps too
_MOVED = 14.0  # levels of 255, mean over the picture
_TIMES = 3.0  # as much as it moved lately
_LATELY = 8  # frames
LOOK_AHEAD = 2  # frames after which a flash must be over
_CHANGED = 8.0  # levels of 255, mean over a tile


class Picture:
    """A frame with the copies of it that several looks need, each made once.

    Args:
        image: RGB, uint8; it must not change.
    """

    def __init__(self, image: Image) -> None:
        self.image = image
        self.seen: list[Box] = []
        """The faces that trails have in it."""
        self.begun: dict[str, Future[Any]] = {}
        """Looks at it that another thread has begun, by their names."""

    def forget(self) -> None:
        """Lets go of the larger copies, which are made anew if it is looked at again, and of looks nobody asked for."""
        for name in ("quick", "halves"):
            self.__dict__.pop(name, None)
        for future in self.begun.values():
            future.cancel()
        self.begun.clear()

    @cached_property
    def quick(self) -> Image:
        """The copy that quick looks are at."""
        return _reduced(self.image, min(1.0, QUICK / max(self.image.shape[:2])))

    @cached_property
    def halves(self) -> list[Image]:
        """Copies of half the size of the one before, for crops of large faces."""
        return list(halved_copies(self.image))

    @cached_property
    def small(self) -> Image:
        """RGB, a pixel for each tile."""
        return _reduced(self.quick, 1 / _TILE)

    @cached_property
    def tiles(self) -> NDArray[np.float32]:
        """How light the tiles are: (rows, columns), by which :func:`changed_tiles` compares frames."""
        cv2 = import_opencv()
        grey: NDArray[np.float32] = cv2.cvtColor(self.small, cv2.COLOR_RGB2GRAY).astype(np.float32)
        return grey

    @cached_property
    def colours(self) -> NDArray[np.float32]:
        """Shares of all tiles, by colour."""
        counts = import_opencv().calcHist([self.small], [0, 1, 2], None, [_BINS] * 3, [0, 256] * 3)
        return np.asarray(counts.ravel() / np.float32(counts.sum()))


class SceneFrame(NamedTuple):
    """A frame, and whether a scene begins with it."""

    number: int
    seconds: float
    picture: Picture
    cut: bool


def with_cuts(frames: Iterable[tuple[int, float, Image]]) -> Iterator[SceneFrame]:
    """The frames, two frames late, with the cuts between them; the first frame is no cut.

    A frame that is like none before is a cut if two frames later nothing is as it was.

    Args:
        frames: (index, seconds, image); images RGB, uint8, all of one size.
    """
    kept: deque[tuple[int, float, Picture]] = deque()
    lately: deque[float] = deque(maxlen=_LATELY)
    before: Picture | None = None
    for index, seconds, image in frames:
        kept.append((index, seconds, Picture(image)))
        if len(kept) > LOOK_AHEAD:
            before = yield from _next(kept, before, lately)
    while kept:
        before = yield from _next(kept, before, lately)


def _next(
    kept: deque[tuple[int, float, Picture]], before: Picture | None, lately: deque[float]
) -> Generator[SceneFrame, None, Picture]:
    """The first of some frames; gives the picture that the next one is compared with."""
    number, seconds, picture = kept.popleft()
    if before is None or not _is_cut(before, picture, lately):
        if before is not None:
            lately.append(_moved(before, picture))
        yield SceneFrame(number, seconds, picture, False)
        return picture
    cut = not kept or _is_cut(before, kept[-1][2], lately)
    if cut:
        lately.clear()
    yield SceneFrame(number, seconds, picture, cut)
    return picture if cut else before  # after a flash the scene goes on


def _moved(one: Picture, other: Picture) -> float:
    return float(np.abs(one.tiles - other.tiles).mean())


def _is_cut(before: Picture, after: Picture, lately: deque[float]) -> bool:
    other_colours = 1.0 - float(np.minimum(before.colours, after.colours).sum())
    if other_colours >= _JUMP:
        return True
    usual = float(np.median(lately)) if lately else 0.0
    return other_colours >= _STEP and _moved(before, after) >= max(_MOVED, _TIMES * usual)


def changed_tiles(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which tiles of two frames of one size differ by more than noise."""
    return np.asarray(np.abs(one - other) >= _CHANGED)


def _reduced(image: Image, scale: float) -> Image:
    """A copy of so many times the size, each pixel the mean of those it stands for."""
    if scale >= 1:
        return image
    cv2 = import_opencv()
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
