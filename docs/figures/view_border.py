"""The border's tables in docs/detection.md: ``python docs/figures/view_border.py [--every 2] [--attack]``.

Faces that detectors find through the view (Lanczos) where the outer means hold outside the outer windows' centres, and
where the interpolation goes on as if they were repeated. ``--attack``: whom the nearest view names instead. Needs
tests/fetch_data.py.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import fastperturb as fp
from fastperturb.faces import make_detector
from fastperturb.faces.union import overlap

TESTS = Path(__file__).parents[2] / "tests"
Image = NDArray[np.uint8]
Matrix = NDArray[np.float64]
LONGEST = 640
IOU = 0.5


def att(every: int) -> Iterator[Image]:
    """AT&T faces, 184 x 224."""
    from photographs import att_faces

    for path in att_faces()[::every]:
        yield np.asarray(cv2.resize(cv2.imread(str(path)), (184, 224), interpolation=cv2.INTER_CUBIC), np.uint8)


def photographs() -> Iterator[Image]:
    """The test photographs, with a longer side of at most 640 pixels."""
    import photographs as found

    for photograph in found.photographs():
        image = photograph.read()
        image = image[..., :3] if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
        scale = min(1.0, LONGEST / max(image.shape[:2]))
        yield np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def hits(faces: list[fp.Region], found: list[fp.Face]) -> list[bool]:
    """Which of the regions a detector found."""
    return [any(overlap(face, item.region) >= IOU for item in found) for face in faces]


def attack(cells: int, border: Any) -> tuple[float, float]:
    """Share of AT&T's odd pictures whose nearest even one is of the same person: views known, and clear ones known."""
    views: list[Matrix] = []
    clear: list[Matrix] = []
    for image in att(1):
        faces = fp.locate(image)
        region = faces[0].region if faces else fp.Region(30, 50, 124, 160)
        shown = fp.view(image, region, fp.Strength(cells=cells), interpolation="lanczos", border=border)
        part = region.clipped(*image.shape[:2])
        for to, pixels in ((views, shown[part]), (clear, image[part])):
            to.append(cv2.resize(pixels, (24, 28), interpolation=cv2.INTER_AREA).astype(np.float64).ravel())
    odd, people = np.array(views[1::2]), np.repeat(np.arange(40), 5)
    distances = [((odd[:, None] - np.array(known[::2])) ** 2).sum(axis=2) for known in (views, clear)]
    views_known, clear_known = (float(np.mean(people[near.argmin(axis=1)] == people)) for near in distances)
    return views_known, clear_known


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=2, help="of how many AT&T faces one is looked at")
    parser.add_argument("--detectors", default="yunet,centerface,dlib-hog")
    parser.add_argument("--cells", type=int, nargs="+", default=[5, 6, 8, 10, 12])
    parser.add_argument("--attack", action="store_true")
    options = parser.parse_args()
    sys.path[:0] = [str(TESTS), str(TESTS / "helpers")]
    if options.attack:
        for cells in options.cells:
            print(cells, "cells:", {border: attack(cells, border) for border in ("hold", "replicate")}, flush=True)
        return
    detectors: dict[str, Any] = {name: make_detector(name) for name in options.detectors.split(",")}
    for name, images in (("AT&T", att(options.every)), ("photographs", photographs())):
        known = []
        for image in images:
            faces = [face.region for face in fp.locate(image) if face.score >= 0.8]
            if faces:
                known.append((image, faces))
        for cells in options.cells:
            for label, detector in detectors.items():
                held: list[bool] = []
                repeated: list[bool] = []
                for image, faces in known:
                    for border, to in (("hold", held), ("replicate", repeated)):
                        shown = fp.view(image, faces, fp.Strength(cells=cells), interpolation="lanczos", border=border)  # type: ignore[arg-type]
                        to += hits(faces, detector.detect(shown))
                gained = sum(b and not a for a, b in zip(held, repeated, strict=True))
                lost = sum(a and not b for a, b in zip(held, repeated, strict=True))
                print(
                    f"{name} cells {cells:2d} {label:10} of {len(held)}: hold {np.mean(held):.3f}, "
                    f"replicate {np.mean(repeated):.3f}, gained {gained}, lost {lost}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
