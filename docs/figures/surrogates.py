"""Draws docs/figures/surrogates.png: ``python docs/figures/surrogates.py``.

NASA's portrait of Eileen Collins (public domain), as scikit-image ships it: before, and under a surrogate in its three
tones and over the face alone; below, the portrait smaller, and turned.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from skimage.data import astronaut

import fastperturb as fp
from fastperturb.protections import Surrogate

SIDE = 170
CAPTIONS = {
    "before": None,
    "surrogate": Surrogate(),
    "tone around": Surrogate(tone="around"),
    "tone coarse": Surrogate(tone="coarse"),
    "area face": Surrogate(area="face"),
}
SMALL = (100, 60, 36)
"""Sides of the small portraits, of which a fifth is the face."""


def main() -> None:
    """Writes one row of large panels and one of small ones."""
    image = astronaut()[:280, 96:376]
    panels = [
        _captioned(cv2.resize(_shown(image, one), (SIDE, SIDE), interpolation=cv2.INTER_AREA), name)
        for name, one in CAPTIONS.items()
    ]
    row = np.full((SMALL[0] + 12, SIDE * len(panels), 3), 255, np.uint8)
    place = 6
    for tone in (None, "around"):
        for side in SMALL:
            small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
            shown = _shown(small, Surrogate(tone=tone), faces=_scaled(fp.locate(image), side / len(image)))
            row[6 : 6 + side, place : place + side] = shown
            place += side + 6
    for turn in (1, 2, 3):
        lying = np.ascontiguousarray(np.rot90(image, -turn))
        faces = [_turned(face, turn, len(image)) for face in fp.locate(image)]
        shown = _shown(lying, Surrogate(tone="around"), faces)
        row[6 : 6 + SMALL[0], place : place + SMALL[0]] = cv2.resize(shown, SMALL[:1] * 2, interpolation=cv2.INTER_AREA)
        place += SMALL[0] + 6
    path = Path(__file__).with_suffix(".png")
    sheet = cv2.cvtColor(np.vstack([np.hstack(panels), row]), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(path), sheet, [cv2.IMWRITE_PNG_COMPRESSION, 9])


def _shown(image: Any, protection: Surrogate | None, faces: list[fp.Face] | None = None) -> Any:
    if protection is None:
        return image
    return protection.protect(image, fp.locate(image) if faces is None else faces, seed=0)


def _scaled(faces: list[fp.Face], scale: float) -> list[fp.Face]:
    return [
        fp.Face(fp.Region(*(round(scale * v) for v in (f.region.x, f.region.y, f.region.width, f.region.height))))
        for f in faces
    ]


def _turned(face: fp.Face, turn: int, side: int) -> fp.Face:
    """A face of a square image after quarter turns clockwise."""
    box, marks = face.region, face.landmarks
    for _ in range(turn):
        box = fp.Region(side - box.y - box.height, box.x, box.height, box.width)
        marks = tuple((side - y, x) for x, y in marks)
    return fp.Face(box, face.score, marks)


def _captioned(panel: Any, caption: str) -> Any:
    band = np.full((22, panel.shape[1], 3), 255, np.uint8)
    cv2.putText(band, caption, (6, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (40, 40, 40), 1, cv2.LINE_AA)
    return np.vstack([panel, band])


if __name__ == "__main__":
    main()
