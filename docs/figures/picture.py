"""Draws docs/figures/picture.png, the picture of the README: ``python docs/figures/picture.py``.

NASA's portrait of Eileen Collins (public domain), as scikit-image ships it: before, protected, and the view of the
protected image, which anyone can compute without the key.
"""

from pathlib import Path

import cv2
import numpy as np
from skimage.data import astronaut

import fastperturb as fp

SIDE = 256
CAPTIONS = ("before", "protected", "its view")


def main() -> None:
    """Protects the portrait with a throw-away key and writes three panels side by side."""
    image = astronaut()[:SIDE, 96 : 96 + SIDE]
    faces = fp.locate(image)
    hidden, record = fp.perturb(image, faces, fp.Key.generate())
    band = np.full((24, 3 * SIDE, 3), 255, np.uint8)
    for column, caption in enumerate(CAPTIONS):
        place = (column * SIDE + 6, 17)
        cv2.putText(band, caption, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40, 40, 40), 1, cv2.LINE_AA)
    panels = np.vstack([np.hstack([image, hidden, fp.view(hidden, record)]), band])
    path = Path(__file__).with_name("picture.png")
    cv2.imwrite(str(path), cv2.cvtColor(panels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
