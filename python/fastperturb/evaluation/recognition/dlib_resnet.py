"""dlib's residual network (extra ``dlib``): 128 numbers a face, Euclidean; trained on 3 million clear faces.

King: "High Quality Face Recognition with Deep Metric Learning", 2017. dlib takes distances under 0.6 for one person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ... import Region
from ..._optional import import_extra
from ...errors import MissingExtra
from ...faces.model_files import PerThread, packaged_model, read_model
from ..bootstrap import Floats
from .alignment import as_rgb
from .dlib_graph import build_graph, read_layers
from .recogniser import Metric
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


Network: TypeAlias = Callable[[list[NDArray[np.uint8]]], list[NDArray[Any]]]
"""RGB chips of 150 x 150 to their embeddings."""


class _Points(NamedTuple):
    """The landmarks of one face, and in what they were found."""

    clear: Callable[[], Any]
    region: Region
    points: list[tuple[int, int]]


class DlibResnet(PerThread):
    """Embeds faces with dlib's recognition network; may be pickled and used by many threads.

    Aligned by dlib's five points of the clear image, which are looked for once a sample. The crop shows a quarter of
    its size beyond the face on every side: hair, ears and background too. ONNX Runtime computes the network, over
    twenty times faster than dlib and within 1e-6 of it, where it and onnx are installed (extra ``evaluate``).

    Args:
        fast: False leaves it to dlib; None takes what is there.

    Raises:
        MissingExtra: dlib or the weights of face-recognition-models are not installed; or ``fast`` is True and onnx or
            ONNX Runtime is not.
    """

    metric: Metric = "euclidean"
    trained = False

    def __init__(self, *, fast: bool | None = None) -> None:
        super().__init__()
        self._fast = _can_be_fast() if fast is None else fast
        if self._fast:
            import_extra("onnx", "evaluate")
            import_extra("onnxruntime", "evaluate")
        import_extra("dlib", "dlib")
        self.name = "dlib ResNet"
        self.models = tuple(packaged_model(PACKAGE, inside, ADVICE) for inside in (NETWORK, POINTS))
        self._points: dict[str, _Points] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_points": {}}  # what reads a sample need not be picklable

    def fit(self, subjects: Iterable[Subject]) -> None:
        """Nothing: it comes trained."""

    def embed(self, subjects: Iterable[Subject]) -> Floats:
        """The (subjects, 128) embeddings of what is shown."""
        network = self._own(self._load)[0]
        source = iter(subjects)
        rows: list[NDArray[Any]] = []
        while batch := [self._chip(subject) for subject in islice(source, _BATCH)]:
            rows.extend(network(batch))
        return np.array(rows, np.float64).reshape(-1, 128)

    def _chip(self, subject: Subject) -> NDArray[np.uint8]:
        dlib = import_extra("dlib", "dlib")
        square = _square(subject.face.region, dlib)
        known = self._points.get(subject.name)  # another data set may use the name, too
        if known is None or known.clear is not subject.clear or known.region != subject.face.region:
            _, predictor = self._own(self._load)
            found = [(point.x, point.y) for point in predictor(as_rgb(subject.clear()), square).parts()]
            known = self._points[subject.name] = _Points(subject.clear, subject.face.region, found)
        place = dlib.full_object_detection(square, [dlib.point(*point) for point in known.points])
        return np.asarray(dlib.get_face_chip(as_rgb(subject.shown()), place, CHIP), np.uint8)

    def _load(self) -> tuple[Network, Any]:
        dlib = import_extra("dlib", "dlib")
        network, points = self.models
        make = fast_network if self._fast else _slow_network
        return make(network), dlib.shape_predictor(str(points))


def _can_be_fast() -> bool:
    try:
        import_extra("onnx", "evaluate")
        import_extra("onnxruntime", "evaluate")
    except MissingExtra:
        return False
    return True


def fast_network(path: Path) -> Network:
    """What embeds chips by ONNX Runtime, on one processor."""
    runtime = import_extra("onnxruntime", "evaluate")
    options = runtime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised
    options.intra_op_num_threads = 1  # threads of its own would not live through a fork
    graph = build_graph(read_layers(read_model(path)))
    session = runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def embed(chips: list[NDArray[np.uint8]]) -> list[NDArray[Any]]:
        planes = np.stack(chips).transpose(0, 3, 1, 2).astype(np.float32)
        return list(session.run(None, {"chips": planes})[0])

    return embed


def _slow_network(path: Path) -> Network:
    """What embeds chips by dlib."""
    read_model(path)
    network = import_extra("dlib", "dlib").face_recognition_model_v1(str(path))

    def embed(chips: list[NDArray[np.uint8]]) -> list[NDArray[Any]]:
        return [np.array(row) for row in network.compute_face_descriptor(chips)]

    return embed


def _square(box: Region, dlib: Any) -> Any:
    """The rectangle of dlib for a box from brow to chin; its right and bottom are the last pixels inside."""
    side = _SIDE * box.width
    left = box.x + (box.width - side) / 2
    top = box.y + (0.5 + _LOWER) * box.height - side / 2
    return dlib.rectangle(round(left), round(top), round(left + side) - 1, round(top + side) - 1)
