"""Measures the quality of protected images: PSNR and SSIM in frame and region, and the quality of the face.

Face quality is meant as FaceQnet's: how well a recogniser could use the face, 0 to 1. No package index has its weights:
a user brings them, and else a stand-in scores, which is named as such.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .. import Face, Region, psnr, ssim
from ..errors import ModelError
from ..faces import YuNet, grow_region
from ..faces.onnx_model import OnnxModel
from ..faces.pixels import check_visible, rgb8_copy

Image = NDArray[Any]
_SIDE = 224
_OVERLAP = 0.3
_AROUND = 0.5  # of the face's size, on each side, for a detector to see it in


@dataclass(frozen=True, slots=True)
class Quality:
    """How far a protected image is from the clear one.

    Attributes:
        psnr: dB over the whole frame; infinite if nothing changed.
        ssim: over the whole frame; NaN for an image smaller than SSIM's window.
        psnr_face: dB inside the regions; NaN without any.
        ssim_face: of the windows with their centres inside the regions; NaN where there is none.
    """

    psnr: float
    ssim: float
    psnr_face: float
    ssim_face: float


def measure_quality(clear: Image, shown: Image, regions: Iterable[Region]) -> Quality:
    """PSNR and SSIM in the frame and inside regions, with the package's own settings (docs/metrics.md).

    Args:
        clear: the original; float32 is taken to be on a scale from 0 to 1.
        shown: what became of it.
        regions: where faces are.

    Raises:
        TypeError, ValueError: as :func:`fastperturb.psnr`.
    """
    scale = 1.0 if clear.dtype == np.float32 else None
    where = [region for region in regions if _touches(region, clear.shape)]
    frame = psnr(clear, shown, data_range=scale)
    inside = psnr(clear, shown, data_range=scale, region=where) if where else math.nan
    return Quality(frame, _ssim(clear, shown, scale, None), inside, _ssim(clear, shown, scale, where))


def _ssim(clear: Image, shown: Image, scale: float | None, where: list[Region] | None) -> float:
    if where == [] or min(clear.shape[:2]) < 11:
        return math.nan
    try:
        return ssim(clear, shown, data_range=scale, region=where)
    except ValueError as error:
        if "region must hold" in str(error):
            return math.nan
        raise


def _touches(region: Region, shape: tuple[int, ...]) -> bool:
    rows, columns = region.clipped(shape[0], shape[1])
    return bool(rows.start < rows.stop and columns.start < columns.stop)


@runtime_checkable
class FaceQuality(Protocol):
    """Scores a face."""

    @property
    def name(self) -> str:
        """Who scores, to print."""

    def score(self, image: Image, face: Face) -> float:
        """How good the face is, 0 to 1.

        Args:
            image: clear or protected.
            face: where it is, in the clear image.
        """


class FaceQnet:
    """FaceQnet with a user's weights, or any model of its form.

    Hernandez-Ortega, Galbally, Fierrez, Haraksim, Beslay, "FaceQnet: Quality Assessment for Face Recognition based on
    Deep Learning", International Conference on Biometrics (2019).

    The form: ONNX, one input (1, 224, 224, 3) or (1, 3, 224, 224), the face's box resampled without its aspect, samples
    from 0 to 255 as float32 and nothing subtracted; one output of one number, which is cut to 0 to 1. Its authors read
    images by OpenCV, so that blue comes first, and crop by MTCNN; we take the face's box. Their Keras file becomes such
    a model by tf2onnx.

    Args:
        model: path of the ONNX file.
        channels: "bgr", as its authors have it, or "rgb".

    Raises:
        MissingExtra: ONNX Runtime is not installed (extra ``onnx``).
        ModelError: the model is of another form.
    """

    def __init__(self, model: str | os.PathLike[str], channels: Literal["bgr", "rgb"] = "bgr") -> None:
        if channels not in ("bgr", "rgb"):
            raise ValueError(f"channels must be 'bgr' or 'rgb', got {channels!r}")
        self._model = OnnxModel(model)
        slot, self._dtype = self._model.image_input()
        self._last = len(slot.shape) == 4 and slot.shape[3] == 3
        planes = (slot.shape[1:3] if self._last else slot.shape[2:4]) if len(slot.shape) == 4 else ()
        if any(side not in (None, _SIDE) for side in planes) or not (self._last or slot.shape[1:2] == (3,)):
            raise ModelError(
                f"{model}: a model of FaceQnet's form takes (1, {_SIDE}, {_SIDE}, 3) or (1, 3, {_SIDE}, {_SIDE}), "
                f"got {slot.shape}"
            )
        self._bgr = channels == "bgr"
        self.model = Path(model)
        self._predict(np.zeros((_SIDE, _SIDE, 3), np.uint8))

    @property
    def name(self) -> str:
        return f"FaceQnet ({self.model.name})"

    def score(self, image: Image, face: Face) -> float:
        """The model's number, cut to 0 to 1; 0 for a face outside of the image.

        Raises:
            TypeError, ValueError: not an image that faces can be seen in.
        """
        check_visible(image)
        part = face.region.clipped(*image.shape[:2])
        if 0 in image[part].shape:
            return 0.0
        return min(1.0, max(0.0, self._predict(rgb8_copy(image[part], _SIDE, _SIDE))))

    def _predict(self, pixels: NDArray[np.uint8]) -> float:
        batch = np.array(pixels[..., ::-1] if self._bgr else pixels, self._dtype)[None]
        outputs = self._model.run(batch if self._last else np.ascontiguousarray(batch.transpose(0, 3, 1, 2)))
        if len(outputs) != 1 or outputs[0].size != 1:
            shapes = ", ".join(str(output.shape) for output in outputs)
            raise ModelError(f"{self.model}: a model of FaceQnet's form gives one number, got {shapes}")
        return float(outputs[0].reshape(()))


class StandInFaceQuality:
    """Not FaceQnet: YuNet's score of the face, where it still finds it, and 0 where it does not.

    It says how much a face still looks like one, not how well it could be recognised, and only orders protections.
    """

    def __init__(self) -> None:
        self._detector = YuNet(threshold=0.02)

    @property
    def name(self) -> str:
        return "stand-in for FaceQnet: YuNet's score"

    def score(self, image: Image, face: Face) -> float:
        """The best score of a face that overlaps by 0.3 or more of the union with where it was; 0 if there is none.

        Raises:
            TypeError, ValueError: not an image that faces can be seen in.
        """
        part = grow_region(face.region, _AROUND, "box").clipped(*image.shape[:2])
        if 0 in image[part].shape:
            return 0.0
        found = self._detector.detect(np.ascontiguousarray(image[part]))
        left, top = part[1].start, part[0].start
        return max(
            (one.score for one in found if _overlap(one.region, face.region, left, top) >= _OVERLAP), default=0.0
        )


def _overlap(one: Region, other: Region, left: int, top: int) -> float:
    """Intersection over union of two boxes, the first moved by (left, top)."""
    x, y = one.x + left, one.y + top
    width = min(x + one.width, other.x + other.width) - max(x, other.x)
    height = min(y + one.height, other.y + other.height) - max(y, other.y)
    shared = max(0, width) * max(0, height)
    return shared / (one.width * one.height + other.width * other.height - shared)
