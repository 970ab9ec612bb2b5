"""What YuNet's network gives, as boxes: the arithmetic of OpenCV's ``FaceDetectorYN``, for other engines.

Wu, Peng, Yu: "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 20 (2023).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._optional import import_opencv

STRIDES = (8, 16, 32)
MULTIPLE = 32
"""The sides that the network takes are multiples of it; an image is padded on the right and below."""


def decode(
    outputs: Mapping[str, NDArray[np.float32]], size: tuple[int, int], threshold: float, overlap: float, most: int
) -> list[list[float]]:
    """Faces in pixels of the network's input: box (x, y, width, height), five points (x, y), score; best first.

    Args:
        outputs: by name, such as "cls_8": (1, cells, numbers).
        size: (height, width) of the input.
        threshold: lowest score.
        overlap: intersection over union above which the lower score is dropped.
        most: faces to look at, best first.
    """
    scores = np.sqrt(_chances(outputs, "cls") * _chances(outputs, "obj"))
    kept = np.flatnonzero(scores > threshold)
    if not kept.size:
        return []
    parts, first = [], 0
    for stride in STRIDES:
        count = outputs[f"cls_{stride}"].shape[1]
        inside = kept[(kept >= first) & (kept < first + count)]
        if inside.size:
            parts.append(_faces(outputs, stride, inside - first, size[1] // stride, scores[inside]))
        first += count
    rows = np.concatenate(parts)
    rows = rows[np.isfinite(rows).all(axis=1) & (np.abs(rows[:, :4]).max(axis=1) < 2**31)]
    cv2 = import_opencv()
    boxes = np.trunc(rows[:, :4]).astype(int).tolist()
    kept = np.asarray(cv2.dnn.NMSBoxes(boxes, rows[:, 14].tolist(), threshold, overlap, 1.0, most), int).ravel()
    return rows[kept].tolist()  # type: ignore[no-any-return]


def _chances(outputs: Mapping[str, NDArray[np.float32]], kind: str) -> NDArray[np.float32]:
    """Those of the cells of all strides, 0 to 1."""
    chances = np.concatenate([outputs[f"{kind}_{stride}"][0, :, 0] for stride in STRIDES])
    clipped: NDArray[np.float32] = np.minimum(np.maximum(chances, 0), 1)
    return clipped


def _faces(
    outputs: Mapping[str, NDArray[np.float32]], stride: int, kept: NDArray[Any], columns: int, scores: NDArray[Any]
) -> NDArray[np.float32]:
    cells = np.stack([kept % columns, kept // columns], axis=1).astype(np.float32)
    box, points = outputs[f"bbox_{stride}"][0, kept], outputs[f"kps_{stride}"][0, kept]
    centre = (cells + box[:, :2]) * stride
    sides = np.exp(np.minimum(box[:, 2:], 20)) * stride
    landmarks = (points.reshape(-1, 5, 2) + cells[:, None]) * stride
    return np.concatenate(
        [centre - sides / 2, sides, landmarks.reshape(-1, 10), scores[:, None]], axis=1, dtype=np.float32
    )
