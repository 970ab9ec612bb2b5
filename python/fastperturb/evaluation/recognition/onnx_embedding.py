"""A user's own recognition network, an ONNX file (extra ``onnx``); docs/attackers.md gives the exact form.

One input, an upright RGB crop of ArcFace's alignment, (1, 3, side, side) or (1, side, side, 3); one output of interest,
the embedding, (1, dimensions).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...faces.onnx_model import OnnxModel
from ..bootstrap import Floats
from .alignment import as_rgb, crop_face
from .recogniser import Metric
from .subjects import Subject

_USUAL_SIDE = 112


class OnnxEmbedding:
    """Embeds faces with a user's network; may be pickled and used by many threads.

    The input's values are (pixel - mean) / scale. ArcFace's networks want the defaults and the cosine.

    Args:
        path: of the model.
        mean: taken off each 8-bit sample.
        scale: by which it is divided then.
        order: of the channels, "rgb" or "bgr".
        metric: how its embeddings are to be compared.
        margin: how much more to show than ArcFace's crop, on each side, as a part of its side.

    Raises:
        MissingExtra: ONNX Runtime is not installed.
        ModelError: the file is missing, or no such model.
        ValueError: an argument out of range.
    """

    trained = False

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        mean: float = 127.5,
        scale: float = 127.5,
        order: Literal["rgb", "bgr"] = "rgb",
        metric: Metric = "cosine",
        margin: float = 0.0,
    ) -> None:
        for name, value, good in (
            ("scale", scale, np.isfinite(scale) and scale != 0),
            ("mean", mean, np.isfinite(mean)),
            ("margin", margin, np.isfinite(margin) and margin >= 0),
            ("order", order, order in ("rgb", "bgr")),
            ("metric", metric, metric in ("euclidean", "cosine")),
        ):
            if not good:
                raise ValueError(f"{name} is out of range, got {value!r}")
        self._model = OnnxModel(path)
        self.model = self._model.path
        self.name = f"ONNX {self._model.path.name}"
        self.metric: Metric = metric
        self._mean, self._scale, self._order, self._margin = mean, scale, order, margin
        slot, self._dtype = self._model.image_input()
        self._planar, self._side = _layout(slot.shape, str(self._model.path))

    def fit(self, subjects: Iterable[Subject]) -> None:
        """Nothing: it comes trained."""

    def embed(self, subjects: Iterable[Subject]) -> Floats:
        """The (subjects, dimensions) embeddings of what is shown.

        Raises:
            ModelError: the model fails, or gives something else than one finite vector.
        """
        rows = [self._embed_one(subject) for subject in subjects]
        return np.stack(rows) if rows else np.empty((0, 0))

    def _embed_one(self, subject: Subject) -> NDArray[np.float64]:
        crop = as_rgb(crop_face(subject.shown(), subject.face, self._side, self._margin))
        pixels: Any = crop if self._order == "rgb" else crop[..., ::-1]
        values = (pixels.astype(np.float32) - self._mean) / self._scale if self._dtype != np.uint8 else pixels
        if self._planar:
            values = values.transpose(2, 0, 1)
        first = self._model.run(np.ascontiguousarray(values[None], self._dtype))[0]
        row = np.asarray(first, np.float64)
        if row.ndim == 0 or row.size != row.shape[-1] or row.size < 2 or not np.isfinite(row).all():
            raise ModelError(
                f"{self._model.path}: the first output must be one finite embedding, (1, dimensions), got {row.shape}"
            )
        return row.reshape(-1)


def _layout(shape: tuple[int | None, ...], path: str) -> tuple[bool, int]:
    """Whether channels come first, and the side of the crop."""
    if len(shape) == 4 and shape[0] in (None, 1):
        for planar, channels, sides in ((True, shape[1], shape[2:]), (False, shape[3], shape[1:3])):
            given = {side for side in sides if side is not None}
            if channels == 3 and len(given) <= 1:
                return planar, given.pop() if given else _USUAL_SIDE
    raise ModelError(f"{path}: the input must be (1, 3, side, side) or (1, side, side, 3), got {shape}")
