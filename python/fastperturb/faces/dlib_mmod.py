"""dlib's convolutional face detector (extra ``dlib``), with the user's weights or those of face-recognition-models.

King: "Max-Margin Object Detection", 2015.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .._optional import import_extra
from ..checks import Image
from ..errors import ModelError
from ..region import Face
from .dlib_hog import check_doublings, dlib_faces
from .model_files import PerThread, packaged_model, read_model
from .pixels import check_max_pixels, check_visible, padded_copy, reduced_copy
from .yunet import check_threshold

FILE = "models/mmod_human_face_detector.dat"
ADVICE = "install it with: pip install 'fastperturb[dlib]'; or name the file, DlibMmod(model)"


class DlibMmod(PerThread):
    """Finds faces with dlib's max-margin network: slow without a GPU, good at odd poses; no landmarks.

    Accepts a file in the form of dlib's ``mmod_human_face_detector.dat``. Faces from about 80 pixels wide, from 40 with
    one doubling. The score is dlib's own, cut off at 1. May be used by many threads, and pickled.

    Args:
        model: path of the weights; None for those of the package face-recognition-models.
        threshold: the lowest score to give, 0 to 1.
        doublings: how often the image is doubled in size before looking, 0 to 3.
        max_pixels: how many pixels of an image to look at, before doubling; None for all.

    Raises:
        MissingExtra: dlib is not installed, or no ``model`` is named and its package is not.
        ModelError: the file is missing, or not such a model.
        ValueError: an argument out of range.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        threshold: float = 0.5,
        doublings: int = 0,
        max_pixels: int | None = 300_000,
    ) -> None:
        super().__init__()
        check_threshold(threshold)
        check_max_pixels(max_pixels)
        check_doublings(doublings)
        self.threshold = float(threshold)
        self.doublings = doublings
        self.max_pixels = max_pixels
        import_extra("dlib", "dlib")
        self.model = Path(model) if model is not None else packaged_model("face_recognition_models", FILE, ADVICE)
        self._own(self._load)

    def __repr__(self) -> str:
        settings = f"threshold={self.threshold}, doublings={self.doublings}, max_pixels={self.max_pixels}"
        return f"DlibMmod({str(self.model)!r}, {settings})"

    def detect(self, image: Image, /) -> list[Face]:
        """The faces of an image, as :func:`fastperturb.locate` takes it; best score first.

        Raises:
            TypeError: another type or dtype.
            ValueError: another shape, or float values that are NaN or outside 0 to 1.
        """
        check_visible(image)
        copy = reduced_copy(image, self.max_pixels)
        found = [
            item
            for item in self._own(self._load)(padded_copy(copy), self.doublings)
            if item.confidence >= self.threshold
        ]
        return dlib_faces([item.rect for item in found], [min(item.confidence, 1.0) for item in found], copy, image)

    def _load(self) -> Any:
        dlib = import_extra("dlib", "dlib")
        read_model(self.model)
        try:
            return dlib.cnn_face_detection_model_v1(str(self.model))
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[0]
            raise ModelError(
                f"{self.model}: must be a dlib MMOD face detector, got something else ({reason})"
            ) from error
