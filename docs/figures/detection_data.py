"""Writes the images of docs/detection.md: ``python docs/figures/detection_data.py FOLDER``, after tests/fetch_data.py.

FOLDER/att: the 400 AT&T faces (credit: AT&T Laboratories Cambridge) enlarged to 184 x 224, a folder a person.
FOLDER/photographs: the photographs of tests/helpers/photographs.py, reduced to a longer side of 640 pixels at most.
"""

import sys
from pathlib import Path

import cv2

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "helpers"))

import photographs

LONGEST = 640


def main(folder: Path) -> None:
    """Writes both sets."""
    for path in photographs.att_faces():
        image = cv2.resize(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), (184, 224), interpolation=cv2.INTER_CUBIC)
        write(folder / "att" / path.parent.name / f"{path.stem}.png", image)
    for photograph in photographs.photographs():
        image = cv2.imread(str(photograph.path), cv2.IMREAD_COLOR)
        scale = min(1.0, LONGEST / max(image.shape[:2]))
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        write(folder / "photographs" / f"{photograph.path.stem}.png", image)


def write(path: Path, image: "cv2.typing.MatLike") -> None:
    """Writes a PNG file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), image):
        raise OSError(f"{path} cannot be written")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
