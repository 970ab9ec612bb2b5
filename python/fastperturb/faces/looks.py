"""More looks with one detector: at tiles, for faces that are small in a large picture, and beyond the rim."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .._optional import import_opencv
from ..checks import Image
from ..region import Face, Region
from .boxes import covering_region, suppress
from .pixels import check_max_pixels, check_visible, reduced_copy, rgb8_copy

_OVERLAP = 0.3  # intersection over union above which two looks show one face
_SHARED = 128  # pixels that neighbouring tiles share: a face of up to that size is whole in one of them
_EDGE = 2  # pixels from a tile's border within which a box is cut off
_VISIBLE = 0.3  # of a box that must lie inside the image; less is what the mirror alone shows
_MAX_ENLARGE = 4.0
_RIM_PART = 8  # of a tile's pixels that the copy with mirrored rims has at most, without them
_FILLING = 1.999  # a little less than twofold, so that rounding up makes no second tile
_WORTH = 1.25  # enlarging by less shows nothing new


class _Detects(Protocol):
    def detect(self, image: Image, /) -> list[Face]: ...


@dataclass(frozen=True, slots=True)
class Thorough:
    """A detector that looks closer: at tiles of an image, and beyond its rim.

    **Tiles**, so that no face is too small: while a copy has more pixels than a tile, its tiles are looked at; the
    first copy is ``enlarge`` times as large as the image, each other half as large as the one before. Neighbours
    share 128 pixels, and a box cut off by a tile's border is left to the neighbour, or to the next copy. So a face is
    seen whole in some tile at 64 to 128 pixels, or at its own size times ``enlarge`` if that is less.

    **Rims**: of a face that the border cuts in two, half is left; with its reflection it looks like a face. So a copy
    of at most an eighth of a tile's pixels is looked at with a rim that mirrors it. Given are boxes that cross the
    border and of which at least three tenths lie inside; a face's whole reflection lies outside.

    Memory is bounded: the first copy is made tile by tile, and the second is a quarter of the image in 8 bits.

    Args:
        detector: what looks.
        pixels: of a tile, at least 262,144.
        enlarge: of the largest copy to the image, 1 to 4. Images smaller than a tile are enlarged to fill it, up to
            twofold, also at 1.
        rims: width of the mirrored rim to the image's shorter side, up to 0.5; 0 for none.
        fill: pixels that smaller images are enlarged to, at most ``pixels``; None for that.
        itself: whether to look at the image as it is too where one tile shows all of it, enlarged. A detector that
            finds faces of 10 pixels as well as large ones needs one look.

    Raises:
        TypeError: ``detector`` has no ``detect``.
        ValueError: ``pixels``, ``enlarge``, ``rims`` or ``fill`` out of range.
    """

    detector: _Detects
    pixels: int = 1_200_000
    enlarge: float = 1.0
    rims: float = 0.2
    fill: int | None = None
    itself: bool = True

    def __post_init__(self) -> None:
        check_detects(self.detector)
        check_max_pixels(self.pixels)
        least = (4 * _SHARED) ** 2
        if self.pixels is None or self.pixels < least:
            raise ValueError(f"pixels must be at least {least}, got {self.pixels!r}")
        if not 1 <= self.enlarge <= _MAX_ENLARGE:
            raise ValueError(f"enlarge must be 1 to {_MAX_ENLARGE:g}, got {self.enlarge!r}")
        if not 0 <= self.rims <= 0.5:
            raise ValueError(f"rims must be 0 to 0.5, got {self.rims!r}")
        if self.fill is not None and not 0 <= self.fill <= self.pixels:
            raise ValueError(f"fill must be None or 0 to pixels ({self.pixels}), got {self.fill!r}")

    def detect(self, image: Image, /) -> list[Face]:
        """The faces of an image, as :func:`fastperturb.locate` takes it; best score first.

        Raises:
            TypeError: another type or dtype.
            ValueError: another shape, or float values that are NaN or outside 0 to 1.
        """
        check_visible(image)
        found = list(self.detector.detect(image)) if self.itself or not self._fits_one_tile(image) else []
        for source, zoom in self._copies(image):
            found += self._in_tiles(source, zoom, image.shape)
        if self.rims:
            found += self._beyond(image)
        return distinct(found)

    def _zoom(self, image: Image) -> float:
        """Of the largest copy to the image."""
        fill = self.pixels if self.fill is None else self.fill
        filling = min(_FILLING, math.sqrt(fill / (image.shape[0] * image.shape[1])))
        return max(self.enlarge, filling if filling >= _WORTH else 1.0)

    def _fits_one_tile(self, image: Image) -> bool:
        """Whether one tile shows all of the image, enlarged; long images have several."""
        zoom = self._zoom(image)
        return zoom > 1 and len(list(_parts(image.shape, math.isqrt(self.pixels), zoom))) == 1

    def _copies(self, image: Image) -> Iterator[tuple[Image, float]]:
        """Images to cut tiles from, and how much larger the tiles are than their parts."""
        zoom, source = self._zoom(image), image
        if zoom > 1 and image.shape[0] * image.shape[1] * zoom * zoom <= self.pixels:
            yield source, zoom  # one tile, or a row of tiles of a long image
            return
        while source.shape[0] * source.shape[1] * zoom * zoom > self.pixels:
            yield source, zoom
            if zoom > 1:
                zoom = max(1.0, zoom / 2)
            else:
                source = rgb8_copy(source, max(1, source.shape[0] // 2), max(1, source.shape[1] // 2))

    def _in_tiles(self, source: Image, zoom: float, shape: tuple[int, ...]) -> Iterator[Face]:
        """What tiles of ``source``, a copy of an image of ``shape``, show when they are ``zoom`` times as large."""
        across, down = shape[1] / source.shape[1], shape[0] / source.shape[0]
        for rows, columns in _parts(source.shape, math.isqrt(self.pixels), zoom):
            part = source[rows, columns]
            high, wide = (max(1, round(side * zoom)) for side in part.shape[:2])
            tile = part if zoom == 1 else rgb8_copy(part, high, wide)
            cut = (rows.start > 0, rows.stop < source.shape[0], columns.start > 0, columns.stop < source.shape[1])
            corner = (columns.start * across, rows.start * down)
            step = (across * part.shape[1] / wide, down * part.shape[0] / high)
            for face in self.detector.detect(tile):
                if not _is_cut(face.region, tile.shape, cut):
                    yield moved(face, corner, step)

    def _beyond(self, image: Image) -> Iterator[Face]:
        """What a copy with mirrored rims shows across the border."""
        copy = reduced_copy(image, self.pixels // _RIM_PART)
        height, width = copy.shape[:2]
        rim = max(1, round(self.rims * min(height, width)))
        cv2 = import_opencv()
        shown: NDArray[np.uint8] = cv2.copyMakeBorder(copy, rim, rim, rim, rim, cv2.BORDER_REFLECT)
        across, down = image.shape[1] / width, image.shape[0] / height
        for face in self.detector.detect(shown):
            region = replace(face.region, x=face.region.x - rim, y=face.region.y - rim)
            if _crosses(region, height, width):
                yield moved(face, (-rim * across, -rim * down), (across, down))


def check_detects(detector: object) -> None:
    """Raises TypeError unless it has a method ``detect``."""
    if not callable(getattr(detector, "detect", None)):
        raise TypeError(f"detector must have a method detect(image), got {detector!r}")


def moved(face: Face, corner: tuple[float, float], step: tuple[float, float]) -> Face:
    """A face of a part of an image, in the image.

    Args:
        face: in pixels of the part.
        corner: where the part begins, x and y.
        step: pixels of the image to one of the part, across and down.
    """
    region = face.region
    box = (
        corner[0] + region.x * step[0],
        corner[1] + region.y * step[1],
        region.width * step[0],
        region.height * step[1],
    )
    points = tuple((corner[0] + x * step[0], corner[1] + y * step[1]) for x, y in face.landmarks)
    return replace(face, region=covering_region(*box, shape=region.shape), landmarks=points)


def distinct(faces: Sequence[Face]) -> list[Face]:
    """The faces of several looks, each once, best score first."""
    if len(faces) < 2:
        return list(faces)
    boxes = np.array([[f.region.x, f.region.y, f.region.width, f.region.height] for f in faces], float)
    return [faces[index] for index in suppress(boxes, np.array([f.score for f in faces]), _OVERLAP)]


def _parts(shape: tuple[int, ...], side: int, zoom: float) -> Iterator[tuple[slice, slice]]:
    """The parts of an image of ``shape`` that become tiles of ``side`` x ``side`` pixels, or less at the end."""
    length, shared = math.ceil(side / zoom), math.ceil(_SHARED / zoom)
    rows, columns = (list(_pieces(whole, length, shared)) for whole in shape[:2])
    return ((row, column) for row in rows for column in columns)


def _pieces(whole: int, length: int, shared: int) -> Iterator[slice]:
    """Pieces of up to ``length`` of a side, evenly spread, each sharing at least ``shared`` with the next."""
    count = max(1, math.ceil((whole - shared) / (length - shared)))
    length = min(length, whole)
    for index in range(count):
        start = round(index * (whole - length) / max(1, count - 1))
        yield slice(start, start + length)


def _is_cut(region: Region, shape: tuple[int, ...], cut: tuple[bool, bool, bool, bool]) -> bool:
    """Whether a box reaches a border (top, bottom, left, right) beyond which the image goes on."""
    top, bottom, left, right = cut
    return (
        (top and region.y < _EDGE)
        or (bottom and region.y + region.height > shape[0] - _EDGE)
        or (left and region.x < _EDGE)
        or (right and region.x + region.width > shape[1] - _EDGE)
    )


def _crosses(region: Region, height: int, width: int) -> bool:
    """Whether a box crosses the border of an image, with enough of it inside."""
    rows, columns = region.clipped(height, width)
    inside = (rows.stop - rows.start) * max(0, columns.stop - columns.start)
    whole = region.width * region.height
    return bool(_VISIBLE * whole <= inside < whole)
