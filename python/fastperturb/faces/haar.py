"""Haar cascades, by OpenCV 4's ``CascadeClassifier``; OpenCV 5 has neither the class nor the files.

Viola, Jones: "Rapid Object Detection Using a Boosted Cascade of Simple Features", CVPR 2001; Lienhart,
Maydt: "An Extended Set of Haar-like Features", ICIP 2002.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from .._optional import import_opencv
from ..checks import Image
from ..errors import MissingExtra, ModelError
from ..region import Face
from .boxes import covering_region
from .model_files import PerThread, read_model
from .pixels import check_max_pixels, check_visible, reduced_copy
from .yunet import check_threshold

_STEP = 1.1  # between the sizes that are looked for
_MOST = 10**6


class Haar(PerThread):
    """Finds upright frontal faces with one of OpenCV's Haar cascades; no landmarks.

    Accepts a cascade in OpenCV's XML form. The score is n / (n + 1), where n windows agreed on the face: it ranks, and
    is no probability. The default of 0.8 (n = 4) is OpenCV's own.

    May be used by many threads (each has its own classifier), and pickled.

    Args:
        model: path of a cascade; or the name of one that OpenCV brings, such as "frontalface_default" or
            "frontalface_alt2".
        threshold: the lowest score to give, 0 to 1.
        max_pixels: how many pixels of an image to look at; None for all.

    Raises:
        MissingExtra: OpenCV cannot be imported, or is version 5, which has no cascades.
        ModelError: the file is missing, or no cascade.
        ValueError: ``threshold`` or ``max_pixels`` out of range.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = "frontalface_default",
        *,
        threshold: float = 0.8,
        max_pixels: int | None = 1_200_000,
    ) -> None:
        super().__init__()
        check_threshold(threshold)
        check_max_pixels(max_pixels)
        cv2 = opencv_with_cascades()
        own = Path(cv2.data.haarcascades, f"haarcascade_{os.fspath(model)}.xml")
        self.model = own if own.is_file() else Path(model)
        self.threshold = float(threshold)
        self.max_pixels = max_pixels
        self._cascade = read_model(self.model).decode("utf-8", "replace")
        _load(self.model, self._cascade)

    def __repr__(self) -> str:
        name = self.model.stem.removeprefix("haarcascade_") if self._is_opencvs() else str(self.model)
        return f"Haar({name!r}, threshold={self.threshold}, max_pixels={self.max_pixels})"

    def detect(self, image: Image, /) -> list[Face]:
        """The faces of an image, as :func:`fastperturb.locate` takes it; best score first.

        Raises:
            TypeError: another type or dtype.
            ValueError: another shape, or float values that are NaN or outside 0 to 1.
        """
        check_visible(image)
        cv2 = import_opencv()
        copy = reduced_copy(image, self.max_pixels)
        classifier = self._own(lambda: _load(self.model, self._cascade))
        agreeing = self.threshold / (1 - self.threshold) if self.threshold < 1 else _MOST
        least = min(_MOST, max(1, math.ceil(agreeing - 1e-9) - 1))  # OpenCV wants more than this
        boxes, counts = classifier.detectMultiScale2(cv2.cvtColor(copy, cv2.COLOR_RGB2GRAY), _STEP, least)
        across, down = image.shape[1] / copy.shape[1], image.shape[0] / copy.shape[0]
        faces = [
            Face(covering_region(x * across, y * down, w * across, h * down), n / (n + 1))
            for (x, y, w, h), n in zip(np.asarray(boxes).tolist(), np.asarray(counts).ravel().tolist(), strict=True)
        ]
        # OpenCV's threads hand in their findings in any order.
        return sorted(faces, key=lambda face: (-face.score, -face.region.width, face.region.y, face.region.x))

    def _is_opencvs(self) -> bool:
        return self.model.parent == Path(import_opencv().data.haarcascades)


def opencv_with_cascades() -> Any:
    """OpenCV 4, or MissingExtra."""
    cv2 = import_opencv()
    if not hasattr(cv2, "CascadeClassifier"):
        raise MissingExtra(
            f"Haar cascades need OpenCV 4, got {cv2.__version__}; "
            "install it with: pip install 'opencv-python-headless>=4.9,<5'",
            name="cv2",
        )
    return cv2


def _load(path: Path, cascade: str) -> Any:
    cv2 = import_opencv()
    classifier = cv2.CascadeClassifier()
    storage = cv2.FileStorage()
    try:
        storage.open(cascade, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
        good = classifier.read(storage.getFirstTopLevelNode())
    except (cv2.error, SystemError):
        good = False
    if not good or classifier.empty():
        raise ModelError(f"{path}: must be a cascade in OpenCV's XML form, got something else")
    return classifier
