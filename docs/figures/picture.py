"""Draws docs/figures/picture.png, the picture of the README: ``python docs/figures/picture.py``.

NASA's portrait of Eileen Collins (public domain, from scikit-image): before, surrogate, camouflage, windows.
"""

from pathlib import Path

import cv2
import numpy as np
from skimage.data import astronaut

import fastperturb as fp

SIDE = 232


def main() -> None:
    """Writes the picture, and says whether each protected portrait gives the original back."""
    image, key = astronaut(), fp.Key(bytes(range(32)))
    faces = fp.locate(image)
    shown = [image]
    for protection in (fp.Surrogate(tone="around"), fp.Camouflage(), fp.Strength()):
        hidden, record = fp.perturb(image, faces, key, protection, reproducible=True)
        if not np.array_equal(fp.restore(hidden, record, key), image):
            raise SystemExit(f"{protection} does not give the original back")
        shown.append(hidden)
    crops = [cv2.resize(picture[:320, 60:380], (SIDE, SIDE), interpolation=cv2.INTER_AREA) for picture in shown]
    path = Path(__file__).with_name("picture.png")
    gap = np.full((SIDE, 6, 3), 255, np.uint8)
    row = [crops[0], *(part for crop in crops[1:] for part in (gap, crop))]
    cv2.imwrite(str(path), cv2.cvtColor(np.hstack(row), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(f"{path.name}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
