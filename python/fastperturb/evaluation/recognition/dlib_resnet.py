"""dlib's residual network (extra ``dlib``): 128 numbers a face, Euclidean; trained on 3 million clear faces.

King: "High Quality Face Recognition with Deep Metric Learning", 2017. dlib takes distances under 0.6 for one person.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import Region
from ..._optional import import_extra
from ...faces._models import PerThread, packaged_model, read_model
from .alignment import as_rgb
from .recogniser import Floats, Metric
from .subjects import Subject

PACKAGE = "face_recognition_models"
NETWORK = "models/dlib_face_recognition_resnet_model_v1.dat"
POINTS = "models/shape_predictor_5_face_landmarks.dat"
ADVICE = "install it with: pip install 'fastperturb[dlib]'"
CHIP = 150
_BATCH = 16
# dlib's points were trained on the square boxes of its own detector: against YuNet's box on the AT&T faces they have
# 1.04 of its width, and their centre lies 0.07 of its height lower.
_SIDE, _LOWER = 1.04, 0.07


class DlibResnet(PerThread):
    """Embeds faces with dlib's recognition network; may be pickled and used by many threads.

    Aligned by dlib's five points of the clear image, which are looked for once a sample. The crop shows a quarter of
    its size beyond the face on every side: hair, ears and background too.

    Raises:
        MissingExtra: dlib or the weights of face-recognition-models are not installed.
    """

    metric: Metric = "euclidean"
    trained = False

    def __init__(self) -> None:
        super().__init__()
        import_extra("dlib", "dlib")
        self.name = "dlib ResNet"
        self._files = tuple(packaged_model(PACKAGE, inside, ADVICE) for inside in (NETWORK, POINTS))
        self._points: dict[str, list[tuple[int, int]]] = {}

    def fit(self, subjects: Iterable[Subject]) -> None:
        """Nothing: it comes trained."""

    def embed(self, subjects: Iterable[Subject]) -> Floats:
        """The (subjects, 128) embeddings of what is shown."""
        network, _ = self._own(self._load)
        source = iter(subjects)
        rows: list[NDArray[Any]] = []
        while batch := [self._chip(subject) for subject in islice(source, _BATCH)]:
            rows.extend(np.array(row) for row in network.compute_face_descriptor(batch))
        return np.array(rows, np.float64).reshape(-1, 128)

    def _chip(self, subject: Subject) -> NDArray[np.uint8]:
        dlib = import_extra("dlib", "dlib")
        if subject.name not in self._points:
            _, predictor = self._own(self._load)
            found = predictor(as_rgb(subject.clear()), _square(subject.face.region, dlib))
            self._points[subject.name] = [(point.x, point.y) for point in found.parts()]
        points = [dlib.point(*point) for point in self._points[subject.name]]
        place = dlib.full_object_detection(_square(subject.face.region, dlib), points)
        return np.asarray(dlib.get_face_chip(as_rgb(subject.shown()), place, CHIP), np.uint8)

    def _load(self) -> tuple[Any, Any]:
        dlib = import_extra("dlib", "dlib")
        network, points = self._files
        read_model(network)
        return dlib.face_recognition_model_v1(str(network)), dlib.shape_predictor(str(points))


def _square(box: Region, dlib: Any) -> Any:
    """The rectangle of dlib for a box from brow to chin; its right and bottom are the last pixels inside."""
    side = _SIDE * box.width
    left = box.x + (box.width - side) / 2
    top = box.y + (0.5 + _LOWER) * box.height - side / 2
    return dlib.rectangle(round(left), round(top), round(left + side) - 1, round(top + side) - 1)
