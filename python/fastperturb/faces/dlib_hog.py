"""dlib's frontal face detector: histograms of oriented gradients and linear filters (extra ``dlib``).

Dalal, Triggs: "Histograms of Oriented Gradients for Human Detection", CVPR 2005; King, "Dlib-ml", JMLR 2009.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._optional import import_extra
from ..checks import Image
from ..region import Face
from .boxes import covering_region
from .model_files import PerThread
from .pixels import check_max_pixels, check_visible, reduced_copy
from .yunet import check_threshold

_LEAST = 0.05  # lower scores are not computed: dlib slows down to a crawl


class DlibHog(PerThread):
    """Finds upright frontal faces with dlib's HOG detector; no landmarks, no model file.

    Faces from 80 pixels wide, from 40 with one doubling. The score is the logistic of dlib's own (0.5 is dlib's zero,
    0.8 its 1.39): it ranks, and is no probability. May be used by many threads, and pickled.

    Args:
        threshold: the lowest score to give, 0 to 1; what is below 0.05 is never given.
        doublings: how often the image is doubled in size before looking, 0 to 3.
        max_pixels: how many pixels of an image to look at, before doubling; None for all.

    Raises:
        MissingExtra: dlib is not installed.
        ValueError: an argument out of range.
    """

    def __init__(self, *, threshold: float = 0.5, doublings: int = 1, max_pixels: int | None = 1_200_000) -> None:
        super().__init__()
        check_threshold(threshold)
        check_max_pixels(max_pixels)
        check_doublings(doublings)
        self.threshold = float(threshold)
        self.doublings = doublings
        self.max_pixels = max_pixels
        import_extra("dlib", "dlib")

    def __repr__(self) -> str:
        return f"DlibHog(threshold={self.threshold}, doublings={self.doublings}, max_pixels={self.max_pixels})"

    def detect(self, image: Image, /) -> list[Face]:
        """The faces of an image, as :func:`fastperturb.locate` takes it; best score first.

        Raises:
            TypeError: another type or dtype.
            ValueError: another shape, or float values that are NaN or outside 0 to 1.
        """
        check_visible(image)
        copy = reduced_copy(image, self.max_pixels)
        least = min(max(self.threshold, _LEAST), 1 - 1e-9)
        detector = self._own(import_extra("dlib", "dlib").get_frontal_face_detector)
        boxes, values, _ = detector.run(copy, self.doublings, math.log(least / (1 - least)))
        return dlib_faces(boxes, [1 / (1 + math.exp(-value)) for value in values], copy, image)


def check_doublings(doublings: int) -> None:
    """Raises ValueError unless ``doublings`` is 0 to 3."""
    if doublings not in (0, 1, 2, 3) or isinstance(doublings, bool):
        raise ValueError(f"doublings must be 0 to 3, got {doublings!r}")


def dlib_faces(boxes: Any, scores: list[float], copy: NDArray[np.uint8], image: Image) -> list[Face]:
    """Faces out of dlib's rectangles in a copy, whose right and bottom are the last pixel inside."""
    across, down = image.shape[1] / copy.shape[1], image.shape[0] / copy.shape[0]
    faces = []
    for box, score in zip(boxes, scores, strict=True):
        left, wide = box.left() * across, (box.right() + 1 - box.left()) * across
        top, high = box.top() * down, (box.bottom() + 1 - box.top()) * down
        faces.append(Face(covering_region(left, top, wide, high), round(score, 5)))
    return sorted(faces, key=lambda face: (-face.score, -face.region.width, face.region.y, face.region.x))
