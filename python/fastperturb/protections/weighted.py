"""A permutation of a fixed number of pixels, in the windows to which eigenfaces are most sensitive.

By the distance law (docs/distance.md) a moved pixel changes the squared error of its window by twice the window's
variance. Weighted by the mean squared eigenface over the window, that is what a moved pixel does to a projection on the
eigenfaces. So the windows with the largest product move all of their pixels, until the number is spent. The variance of
a window survives the permutation: which windows were chosen tells nobody more than the protected image does.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import Face, Region, Strength
from ..array_files import load_arrays
from ..checks import Image
from ..errors import ModelError
from ..faces.model_files import read_model
from .area import AS_FOUND, Area, owned_parts
from .base import Description, describe
from .crops import collect_crops
from .mosaic_and_black import digest, peak
from .permutation import Grid, Permutation, Permuting
from .window_size import EIGHTHS, WindowSize, cut_windows

_SIZE = 64
_COMPONENTS = 40
_FORMAT = "fastperturb-weights 1"
_LEAST_CUT = 2  # pixels of a box out of a window at the seam of two faces: one alone cannot move
_MOST_BYTES = 2**20


class Weighted(Permuting):
    """A permutation that moves a share of a face's pixels, all in the windows that count most.

    Where faces overlap, windows at the seam are cut into smaller ones that hold pixels of one face alone; what is left
    over, one to three pixels at a place, stays in the clear.

    Args:
        coverage: the share of a face's pixels that move, over 0 and up to 1.
        window_size: windows, each of which becomes a region of the record.
        area: what of a face is protected; boxes only.
    """

    def __init__(self, coverage: float = 0.5, window_size: WindowSize = EIGHTHS, area: Area = AS_FOUND) -> None:
        Strength(coverage=coverage)  # raises what there is to raise
        if area.shape == "ellipse":
            raise ValueError("windows become regions of their own: shape must be 'box', got 'ellipse'")
        self.coverage = coverage
        self.window_size = window_size
        self.area = area
        self._weights: NDArray[np.float32] | None = None
        self._source = ""

    @classmethod
    def load(
        cls, path: str | Path, coverage: float = 0.5, window_size: WindowSize = EIGHTHS, area: Area = AS_FOUND
    ) -> Weighted:
        """With the weights that :meth:`to_bytes` wrote.

        Raises:
            ModelError: no such file, or one of another kind.
        """
        loaded = cls(coverage, window_size, area)
        try:
            data = load_arrays(read_model(path), _MOST_BYTES)
            weights = data["weights"]
            if str(data["format"]) != _FORMAT or weights.shape != (_SIZE, _SIZE) or weights.dtype != np.float32:
                raise ValueError
        except (KeyError, ValueError) as error:
            if isinstance(error, ModelError):
                raise
            raise ModelError(f"{path}: not a file of weights: 'train --method weighted' writes one") from error
        loaded._weights, loaded._source = weights, f", {Path(path).name}"
        return loaded

    def describe(self) -> Description:
        """Ordered by the size of windows."""
        size, rest = self.window_size, f"{self.area.words}, coverage {self.coverage:g}"
        return describe("weighted", size.label, size.order, rest, unit=size.unit, source=self._source)

    def __repr__(self) -> str:
        """Says all that its results depend on: reproducible records are made of it."""
        return f"Weighted({self.name!r}, {self.fingerprint!r})"

    @property
    def fitted(self) -> bool:
        return self._weights is not None

    def fit(self, images: Iterable[Image], faces: Iterable[Sequence[Face]]) -> None:
        """Takes the mean squared of the first 40 eigenfaces (fewer of few faces), grey, 64 x 64, as weights."""
        crops = collect_crops(images, faces, self.area, _SIZE).mean(axis=3).reshape(-1, _SIZE * _SIZE)
        if len(crops) < 2:
            raise ValueError(f"images must show at least 2 faces for eigenfaces, got {len(crops)}")
        _, _, rows = np.linalg.svd(crops - crops.mean(axis=0), full_matrices=False)
        kept = rows[: min(_COMPONENTS, len(crops) - 1)]
        self._weights = np.square(kept).mean(axis=0).reshape(_SIZE, _SIZE).astype(np.float32)
        self._source = ""

    @property
    def fingerprint(self) -> str:
        return "" if self._weights is None else digest(self._weights.tobytes())

    def to_bytes(self) -> bytes:
        """The weights; NumPy's .npz."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, format=np.array(_FORMAT), weights=self._known())
        return buffer.getvalue()

    def grid(self, faces: Sequence[Face], image: Image) -> Grid:
        """Every chosen window as a region of one window.

        A window in which all colours are equal counts as the least; of the last one only a part may move.
        """
        grid: Grid = []
        for windows in self._windows(faces, image.shape):
            values, sizes = [], []
            for box, weight in windows:
                samples = image[box.clipped(*image.shape[:2])].astype(np.float64) / peak(image)
                sizes.append(box.width * box.height)
                values.append(weight * float(samples.reshape(sizes[-1], -1).var(axis=0).sum()))
            left = max(2, round(self.coverage * sum(sizes)))
            for index in np.argsort(-np.array(values), kind="stable"):
                pixels = min(left, sizes[index])
                if pixels >= 2:
                    grid.append((windows[index][0], Strength(window="region", pixels=pixels)))
                    left -= pixels
        return grid

    def view(self, protected: Image, faces: Sequence[Face]) -> Image:
        """The Lanczos view of whole faces: windows that did not move are as good as their means to a detector."""
        return Permutation(self.window_size.strength, self.area).view(protected, faces)

    def _windows(self, faces: Sequence[Face], shape: tuple[int, ...]) -> Iterable[list[tuple[Region, float]]]:
        """The windows of each face, as a permutation of its region has them, each with its weight.

        Where faces overlap, a window that several of them own is cut into boxes that one of them owns altogether.
        """
        weights = self._known()
        for whole, (rows, columns), mask in owned_parts(self.area.regions(faces, shape), shape):
            side = self.window_size.window_for(whole)
            found = []
            for top, bottom in cut_windows(rows, side):
                for left, right in cut_windows(columns, side):
                    own = mask[top - rows.start : bottom - rows.start, left - columns.start : right - columns.start]
                    for box in _owned_boxes(own, left, top):
                        found.append((box, _mean_weight(weights, box, whole)))
            yield found

    def _known(self) -> NDArray[np.float32]:
        if self._weights is None:
            raise ValueError("weighted has no weights yet: fit it, or name a file of them (weighted:weights=FILE)")
        return self._weights


def _mean_weight(weights: NDArray[np.float32], box: Region, whole: Region) -> float:
    """The mean of the weights that lie over a box of the whole face."""
    first_row, last_row = ((box.y - whole.y + part) * _SIZE / whole.height for part in (0, box.height))
    first, last = ((box.x - whole.x + part) * _SIZE / whole.width for part in (0, box.width))
    rows = slice(min(int(first_row), _SIZE - 1), max(int(first_row) + 1, round(last_row)))
    columns = slice(min(int(first), _SIZE - 1), max(int(first) + 1, round(last)))
    return float(weights[rows, columns].mean())


def _owned_boxes(own: NDArray[np.bool_], x: int, y: int) -> Iterator[Region]:
    """A window at a place, or what of it is owned in the halves of its longer side, in theirs, and so on."""
    height, width = own.shape
    if own.all():
        yield Region(x, y, width, height)
    elif own.any() and own.size >= 2 * _LEAST_CUT:
        across, down = (width // 2, height) if width > height else (width, height // 2)
        yield from _owned_boxes(own[:down, :across], x, y)
        yield from _owned_boxes(own[down % height :, across % width :], x + across % width, y + down % height)
