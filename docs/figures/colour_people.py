"""Makes people in colour out of photographs: ``python docs/figures/colour_people.py FOLDER``, for ``folder:FOLDER``.

No set of colour photographs with identities installs from a package. These are pseudo-identities: each face of the test
photographs (``python tests/fetch_data.py``) stands for a person, and eight variations of it in light, colour, pose and
compression for that person's pictures. Other pictures of a person differ by far more: recognition comes out too high.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import fastperturb as fp
from fastperturb.files import write_image

sys.path.append(str(Path(__file__).parents[2] / "tests" / "helpers"))
from photographs import photographs

VARIATIONS = 8
LEAST = 60  # pixels across a face's box
SIDE = 240
SHOWN = 1.9  # of the box's longer side
TURN, LEAN, SHIFT, ZOOM = 8.0, 0.06, 0.05, 0.08
"""Degrees; how far a corner moves, how far the face does, how much larger or smaller it is, in parts of the side."""
LIGHT, SLOPE, TINT = 0.3, 0.35, 0.12
"""Gain, how much lighter one side is than the other, and gain of a channel: at most, as parts of 1."""
QUALITY = (60, 95)
AGAIN = {
    "32bit.png",
    "obama2.jpg",
    "obama3.jpg",
    "obama_partial_face.jpg",
    "obama_partial_face2.jpg",
    "single_face.jpg",
}
"""Photographs of men who are in another one."""


def faces_of(image: Any) -> list[fp.Face]:
    """Upright faces that are large enough."""
    found = fp.locate(image)
    return [face for face in found if min(face.region.width, face.region.height) >= LEAST and not face.turn]


def crop(image: Any, face: fp.Face, rng: np.random.Generator) -> Any:
    """(SIDE, SIDE, 3): the face and what surrounds it, turned, leant, shifted and zoomed by chance."""
    box = face.region
    half = SHOWN * max(box.width, box.height) / 2 * (1 + rng.uniform(-ZOOM, ZOOM))
    middle = np.array([box.x + box.width / 2, box.y + box.height / 2]) + rng.uniform(-SHIFT, SHIFT, 2) * 2 * half
    angle = np.deg2rad(rng.uniform(-TURN, TURN))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    leant = corners + rng.uniform(-LEAN, LEAN, (4, 2)) * 2 * half
    source = (leant @ turn.T + middle).astype(np.float32)
    goal = np.array([(0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE)], np.float32)
    matrix = cv2.getPerspectiveTransform(source, goal)
    return cv2.warpPerspective(image, matrix, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT_101)


def lit(image: Any, rng: np.random.Generator) -> Any:
    """Lighter or darker, from one side, in another colour, and through JPEG."""
    slope = 1 + rng.uniform(-SLOPE, SLOPE) * np.linspace(-1, 1, SIDE)[:, None]
    gain = (1 + rng.uniform(-LIGHT, LIGHT)) * (1 + rng.uniform(-TINT, TINT, 3))
    shown = np.clip(image * slope * gain, 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", shown[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*QUALITY))])
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])


def main() -> None:
    """Writes a folder for each face."""
    folder, people = Path(sys.argv[1]), 0
    for photograph in photographs():
        image = photograph.read()
        if image.ndim == 2 or photograph.path.name in AGAIN:
            continue
        image = np.ascontiguousarray(image[..., :3])
        for face in faces_of(image):
            own = folder / f"face{people:02}"
            own.mkdir(parents=True, exist_ok=True)
            rng = np.random.default_rng(people)
            for number in range(VARIATIONS):
                write_image(own / f"{number}.png", lit(crop(image, face, rng), rng))
            people += 1
    print(f"{people} faces, {VARIATIONS} variations of each")


if __name__ == "__main__":
    main()
