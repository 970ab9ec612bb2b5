"""What the region of a track tells of a person, beside that of a still: ``python docs/figures/track_leak.py``.

The 400 AT&T faces (tests/fetch_data.py), each shown still for 30 frames to a detector whose boxes jitter as YuNet's do
between frames of one scene (1 % of the size). The attacker knows the regions of all other pictures, and names the
person by the nearest one: sizes and places, of the still, or of the track with the mean of its places. Chance is 0.025.
"""

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fastperturb.faces import YuNet
from fastperturb.protections.rounding import round_face
from fastperturb.region import Region
from fastperturb.video.holding import hold_still

TESTS = Path(__file__).parents[2] / "tests"
FRAMES, JITTER, PAD = 30, 0.01, 40


def rank_one(features: Any, people: Any) -> float:
    """Share of pictures whose nearest other one shows the same person; ties count by their share."""
    scaled = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-9)
    away = np.square(scaled[:, None] - scaled[None]).sum(axis=2)
    np.fill_diagonal(away, np.inf)
    nearest = away <= away.min(axis=1, keepdims=True) + 1e-12
    same = people[:, None] == people[None]
    return float(((nearest & same).sum(axis=1) / nearest.sum(axis=1)).mean())


def main() -> None:
    """Measures and prints."""
    sys.path[:0] = [str(TESTS), str(TESTS / "helpers")]
    from photographs import att_faces

    detector, rng = YuNet(), np.random.default_rng(1)
    rows: dict[str, list[list[float]]] = {"box": [], "still": [], "track": [], "mean box of the track": []}
    people = []
    for number, path in enumerate(att_faces()):
        image = cv2.copyMakeBorder(cv2.imread(str(path), 0), *[PAD] * 4, cv2.BORDER_REPLICATE)
        found = detector.detect(cv2.resize(image, None, fx=2, fy=2))
        if not found:
            continue
        region = found[0].region
        box = np.array([region.x, region.y, region.width, region.height], np.float64)
        boxes = box + rng.normal(0, JITTER * region.width, (FRAMES, 4))
        held = hold_still(boxes, np.zeros(FRAMES), "head")
        still = round_face(Region(*(round(value) for value in boxes[0])))
        rows["box"].append(boxes[0].tolist())
        rows["still"].append([still.x, still.y, still.width, still.height])
        rows["track"].append([*held.corners.mean(axis=0).tolist(), held.width, held.height])
        rows["mean box of the track"].append(boxes.mean(axis=0).tolist())
        people.append(number // 10)
    for name, features in rows.items():
        print(f"{name}: rank-1 {rank_one(np.array(features), np.array(people)):.3f}, {len(people)} pictures")


if __name__ == "__main__":
    main()
