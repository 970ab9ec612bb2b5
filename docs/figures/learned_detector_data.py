"""Trains a face detector on protected pictures and tests it on clear ones, and the other way round: docs/learning.md.

``python docs/figures/learned_detector_data.py [--draw N] [PROTECTION ...]``. Histograms of oriented gradients and a
linear filter, by dlib's trainer. Needs the extras ``evaluate`` and ``dlib``, and the AT&T faces (``python
tests/fetch_data.py``).
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

import fastperturb as fp
from fastperturb.evaluation import ImageFaces, TruthBox, score_detections
from fastperturb.evaluation.datasets import open_dataset
from fastperturb.evaluation.recognition import find_faces
from fastperturb.protections import parse_protection

PROTECTIONS = ("clear", "surrogate", "surrogate:around", "camouflage", "permutation:cells=8", "mosaic:cells=8", "black")
SIDE = 320  # of a picture
SIZES = 0.6, 0.9  # of the frame of 184 x 224 in it
FADE = 14  # pixels over which a frame goes over into what is behind it
TRAINED, TESTED = 4, 5  # pictures a person
EMPTY = 40  # pictures without a face among the tested
GROUNDS = ("brick", "chelsea", "coffee", "grass", "gravel", "page", "rocket", "text")
"""Pictures of scikit-image without faces. The upper half of each stands behind faces to train on, the lower to test."""
LEAST = -1.5  # the lowest score that counts towards average precision


class Picture(NamedTuple):
    """A face, if any, before a ground."""

    name: str
    person: str
    image: Any
    faces: tuple[fp.Face, ...]


def grounds(lower: bool) -> list[Any]:
    """Grey halves of pictures, each at least as large as a picture."""
    spec = find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("scikit-image is not installed")
    halves = []
    for name in GROUNDS:
        (path,) = Path(spec.submodule_search_locations[0], "data").glob(f"{name}.*")
        image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        middle = image.shape[0] // 2
        half = image[middle:] if lower else image[:middle]
        scale = max(1.0, (SIDE + 40) / min(half.shape))
        halves.append(cv2.resize(half, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    return halves


def ground(halves: list[Any], draws: Any) -> Any:
    """A part of one of them, by lot, mirrored or not."""
    half = halves[draws.integers(len(halves))]
    top, left = (int(draws.integers(side - SIDE + 1)) for side in half.shape)
    part = half[top : top + SIDE, left : left + SIDE]
    return np.ascontiguousarray(part[:, ::-1] if draws.integers(2) else part)


def place(sample: Any, face: fp.Face, behind: Any, draws: Any) -> Picture:
    """The frame of a face, smaller, faded into a ground."""
    scale = draws.uniform(*SIZES)
    frame = cv2.resize(sample.read(), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = frame.shape
    top, left = int(draws.integers(SIDE - height + 1)), int(draws.integers(SIDE - width + 1))
    down, across = (np.minimum(np.arange(side), np.arange(side)[::-1]) + 1 for side in (height, width))
    rim = np.minimum(down[:, np.newaxis], across)
    share = np.clip(rim / FADE, 0, 1)
    part = behind[top : top + height, left : left + width]
    part[:] = np.rint(share * frame + (1 - share) * part).astype(np.uint8)
    x, y, wide, high = (round(side * scale) for side in _sides(face.region))
    return Picture(sample.name, sample.person or "", behind, (fp.Face(fp.Region(left + x, top + y, wide, high)),))


def pictures(draw: int) -> tuple[list[Picture], list[Picture]]:
    """To train on, of 20 people, and to test on, of 20 others and of nobody."""
    samples = open_dataset("att").samples
    found: list[list[Picture]] = [[], []]
    for side, (first, count) in enumerate(((0, TRAINED), (20, TESTED))):
        chosen = [samples[10 * person + image] for person in range(first, first + 20) for image in range(count)]
        faces = find_faces(chosen)
        halves, draws = grounds(lower=side == 1), np.random.default_rng(side + 2 * draw)
        seen = [(one, faces[one.name][0]) for one in chosen if faces[one.name]]
        found[side] = [place(one, face, ground(halves, draws), draws) for one, face in seen]
        if side == 1:
            found[1] += [Picture(f"empty {number}", "", ground(halves, draws), ()) for number in range(EMPTY)]
    return found[0], found[1]


def protected(text: str, originals: list[Picture]) -> list[Picture]:
    """The same pictures, each under a key of its own."""
    protection = parse_protection(text)
    return [
        one._replace(image=protection.protect(one.image, one.faces, seed=seed)) if one.faces else one
        for seed, one in enumerate(originals)
    ]


def train(shown: list[Picture]) -> Any:
    """By dlib's trainer, on one processor."""
    dlib = importlib.import_module("dlib")
    options = dlib.simple_object_detector_training_options()
    options.add_left_right_image_flips, options.C, options.num_threads = True, 5, 1
    options.detection_window_size, options.be_verbose = 80 * 80, False
    boxes = [[_rectangle(dlib, face.region) for face in one.faces] for one in shown]
    learnt = dlib.train_simple_object_detector([one.image for one in shown], boxes, options)
    with tempfile.TemporaryDirectory() as folder:  # what gives scores, and not boxes alone, is read from a file
        path = str(Path(folder, "detector.svm"))
        learnt.save(path)
        return dlib.fhog_object_detector(path)


def _rectangle(dlib: Any, box: fp.Region) -> Any:
    return dlib.rectangle(box.x, box.y, box.x + box.width - 1, box.y + box.height - 1)


def look(detector: Any, shown: list[Picture]) -> list[ImageFaces]:
    """What it finds; scores are logistics of dlib's."""
    results = []
    for one in shown:
        boxes, scores, _ = detector.run(one.image, 0, LEAST)
        found = tuple(
            fp.Face(fp.Region(box.left(), box.top(), box.width(), box.height()), float(1 / (1 + np.exp(-score))))
            for box, score in zip(boxes, scores, strict=True)
        )
        truth = tuple(TruthBox(*_sides(face.region)) for face in one.faces)
        results.append(ImageFaces(one.name, found, truth, group=one.person))
    return results


def _sides(region: fp.Region) -> tuple[int, int, int, int]:
    return region.x, region.y, region.width, region.height


def told(detector: Any, shown: list[Picture]) -> str:
    """Average precision with its interval over people, and recall at dlib's zero."""
    results = look(detector, shown)
    scores = score_detections(results)
    low, high = scores.intervals["all-point"]
    at_zero = score_detections(
        [ImageFaces(one.name, tuple(f for f in one.found or () if f.score >= 0.5), one.truth) for one in results],
        resamples=0,
    )
    precision, recall = at_zero.precision or 0.0, at_zero.recall or 0.0
    average = scores.average_precision["all-point"] or 0.0
    return f"AP {average:.3f} ({low:.2f} to {high:.2f}), at 0 recall {recall:.2f}, precision {precision:.2f}"


def main() -> None:
    """Prints a line for each pair of what was trained on and tested on."""
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("protection", nargs="*", default=PROTECTIONS)
    parser.add_argument("--draw", type=int, default=0, help="of places, sizes and what is behind")
    given = parser.parse_args()
    learnt, tested = pictures(given.draw)
    print(f"{len(learnt)} pictures to train on, {len(tested)} to test on, {EMPTY} of them empty", flush=True)
    clear = train(learnt)
    for text in given.protection:
        hidden = protected(text, tested)
        start = time.process_time()
        detector = train(protected(text, learnt))
        seconds = time.process_time() - start
        print(f"trained on {text}, tested on clear: {told(detector, tested)}; {seconds:.0f} s to train", flush=True)
        print(f"trained on {text}, tested on {text}: {told(detector, hidden)}")
        print(f"trained on clear, tested on {text}: {told(clear, hidden)}", flush=True)


if __name__ == "__main__":
    main()
