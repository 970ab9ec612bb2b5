"""The tables of turned faces in docs/faces.md: ``python docs/figures/turned_faces.py [--step 15] [--only ROW]``.

Every test photograph (tests/fetch_data.py) is turned in steps of 15 degrees; the faces that YuNet finds in the upright
one, turned along, are the truth. Detectors as they are stand beside AnyAngle around them.
"""

import argparse
import math
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

import fastperturb as fp
from fastperturb.faces import HEAD, AnyAngle, YuNet, finder, grow_region, locate, make_detector
from fastperturb.protections import Surrogate
from fastperturb.protections.area import owned_parts

TESTS = Path(__file__).parents[2] / "tests"
Matrix = NDArray[np.float64]
PIXELS = 1_200_000  # of a photograph before it is turned


class Tally:
    """What is counted of one detector."""

    def __init__(self) -> None:
        self.covered: dict[str, list[float]] = {"face": [], "box": [], "head": [], "face, by a surrogate": []}
        self.missed = self.extra = self.pictures = 0
        self.area: list[float] = []
        self.seconds = 0.0
        self.by_angle: dict[int, list[int]] = {}
        self.worst: list[tuple[float, str, int]] = []


class Truth(NamedTuple):
    """A reference face in a turned photograph: outlines of its box, the ellipse in it, and the head's ellipse."""

    outlines: dict[str, Matrix]
    centre: Matrix
    area: float


def turned(image: NDArray[np.uint8], degrees: int) -> tuple[NDArray[np.uint8], Matrix]:
    """The whole photograph turned clockwise, grey around it, and the matrix that takes points along."""
    height, width = image.shape[:2]
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    wide = math.ceil(abs(width * c) + abs(height * s) - 1e-9)
    high = math.ceil(abs(width * s) + abs(height * c) - 1e-9)
    turn = np.array([[c, -s], [s, c]])
    matrix = np.column_stack([turn, np.array([wide, high]) / 2 - turn @ [width / 2, height / 2]])
    places = matrix + np.column_stack([np.zeros((2, 2)), turn @ [0.5, 0.5] - 0.5])  # of pixel centres
    copy = cv2.warpAffine(image, places, (wide, high), borderMode=cv2.BORDER_CONSTANT, borderValue=(128, 128, 128))
    return np.asarray(copy, np.uint8), matrix


def truths(faces: list[fp.Face], matrix: Matrix) -> list[Truth]:
    """The reference faces after the turn."""
    found = []
    for face in faces:
        head = grow_region(face.region, HEAD)
        outlines = {"face": ellipse(face.region), "box": corners(face.region), "head": ellipse(head)}
        placed = {name: points @ matrix[:, :2].T + matrix[:, 2] for name, points in outlines.items()}
        found.append(Truth(placed, placed["box"].mean(axis=0), float(face.region.width * face.region.height)))
    return found


def ellipse(region: fp.Region) -> Matrix:
    """Points on the ellipse in a region."""
    angles = np.linspace(0, 2 * math.pi, 72, endpoint=False)
    middle, half = corners(region).mean(axis=0), np.array([region.width, region.height]) / 2
    return np.asarray(middle + np.stack([np.cos(angles), np.sin(angles)], axis=1) * half, np.float64)


def corners(region: fp.Region) -> Matrix:
    """The four corners of a region."""
    right, bottom = region.x + region.width, region.y + region.height
    return np.array([[region.x, region.y], [right, region.y], [right, bottom], [region.x, bottom]], np.float64)


def share(outline: Matrix, regions: list[fp.Region], shape: tuple[int, ...]) -> float:
    """How much of what an outline holds inside the image lies in one of the regions."""
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round((outline - 0.5) * 16).astype(np.int32)], 1, shift=4)
    all_of_it = np.count_nonzero(mask)
    for region in regions:
        mask[region.clipped(*shape[:2])] = 0
    return 1 - np.count_nonzero(mask) / all_of_it


def left_by_surrogates(outline: Matrix, found: list[fp.Face], shape: tuple[int, ...]) -> float:
    """How much of what an outline holds inside the image no surrogate over a found face's head hides."""
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round((outline - 0.5) * 16).astype(np.int32)], 1, shift=4)
    all_of_it = np.count_nonzero(mask)
    for _, part, owned in owned_parts(Surrogate().regions_for(found, shape), shape):
        mask[part][owned] = 0
    return np.count_nonzero(mask) / all_of_it


def finds(region: fp.Region, truth: Truth) -> bool:
    """Whether a region is meant for a face: it holds its centre and is 1/4 to 6 times as large as its box."""
    x, y = truth.centre
    inside = region.x <= x <= region.x + region.width and region.y <= y <= region.y + region.height
    return inside and truth.area / 4 <= region.width * region.height <= 6 * truth.area


def count(tally: Tally, name: str, degrees: int, detector: Any, image: NDArray[np.uint8], faces: list[fp.Face]) -> None:
    """Looks for the faces of a photograph turned by some degrees."""
    picture, matrix = turned(image, degrees)
    began = time.perf_counter()
    found = locate(picture, detector)
    tally.seconds += time.perf_counter() - began
    tally.pictures += 1
    regions = [face.region for face in found]
    heads = [grow_region(face.region, HEAD, turn=face.turn) for face in found]
    listed = truths(faces, matrix)
    for truth in listed:
        meant = [region for region in regions if finds(region, truth)]
        tally.by_angle.setdefault(degrees, []).append(bool(meant))
        if not meant:
            tally.missed += 1
            tally.worst.append((0.0, name, degrees))
            continue
        tally.area.append(min(region.width * region.height for region in meant) / truth.area)
        for kind, outline in truth.outlines.items():
            covered = share(outline, heads if kind == "head" else regions, picture.shape)
            tally.covered[kind].append(covered)
        tally.covered["face, by a surrogate"].append(
            1 - left_by_surrogates(truth.outlines["face"], found, picture.shape)
        )
        tally.worst.append((tally.covered["face"][-1], name, degrees))
    tally.extra += sum(not any(share(t.outlines["head"], [r], picture.shape) > 0.05 for t in listed) for r in regions)


def report(name: str, tally: Tally) -> None:
    """Rows of the tables."""
    faces = len(tally.worst)
    print(
        f"\n{name}: {tally.pictures} pictures, {faces} faces, {tally.seconds / tally.pictures * 1e3:.0f} ms a picture"
    )
    print(f"found {1 - tally.missed / faces:.3f}, missed {tally.missed}, false {tally.extra}")
    for kind, shares in tally.covered.items():
        values = np.array(shares)
        low = np.quantile(values, 0.05)
        print(
            f"covered, {kind}: mean {values.mean():.3f}, 5 % quantile {low:.3f}, least {values.min():.3f}, "
            f"under 0.9: {np.mean(values < 0.9):.3f}, under 0.99: {np.mean(values < 0.99):.3f}"
        )
    print(f"area of the region to the upright box: {np.mean(tally.area):.2f}")
    print("found by angle:", " ".join(f"{angle}:{np.mean(hits):.2f}" for angle, hits in tally.by_angle.items()))
    print("worst:", *sorted(tally.worst)[:8])


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=int, default=15, help="degrees")
    parser.add_argument("--detector", default="yunet", help="as for make_detector")
    parser.add_argument("--only", choices=["before", "after", "diagonals", "careful"], help="one of the rows")
    parser.add_argument("--pixels", type=int, default=PIXELS, help="of a photograph before it is turned")
    parser.add_argument("--every", type=int, default=1, help="of how many photographs one is looked at")
    options = parser.parse_args()
    sys.path[:0] = [str(TESTS), str(TESTS / "helpers")]
    from photographs import photographs

    detector = make_detector(options.detector)
    ways: dict[str, Any] = {
        "before": detector,
        "after": AnyAngle(detector),
        "diagonals": AnyAngle(detector, diagonals=True),
    }
    ways["careful"] = finder("careful")
    ways = {name: way for name, way in ways.items() if options.only in (None, name)}
    tallies = {name: Tally() for name in ways}
    for photograph in photographs()[:: options.every]:
        image = photograph.read()[..., :3] if photograph.read().ndim == 3 else photograph.read()
        scale = min(1.0, math.sqrt(options.pixels / (image.shape[0] * image.shape[1])))
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        faces = locate(image, YuNet())
        for degrees in range(0, 360, options.step):
            for name, way in ways.items():
                count(tallies[name], photograph.path.name, degrees, way, image, faces)
    for name, tally in tallies.items():
        report(name, tally)


if __name__ == "__main__":
    main()
