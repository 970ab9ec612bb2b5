"""What tests of detection runs share: squares for faces, a detector that sees bright ones, a study of them."""

import numpy as np

import fastperturb as fp
from fastperturb.evaluation import (
    ALL_FACES,
    DetectionStudy,
    Truth,
    TruthBox,
    detection_table,
    run_detection,
)
from fastperturb.evaluation.datasets import Sample
from fastperturb.protections import Clear, Permutation

BOX = TruthBox(10, 10, 20, 24)


class Bright:
    """Finds the bright square, as long as it is whole: its rows and columns over 200."""

    def __init__(self, *, fails_on=None):
        self.fails_on, self.looks = fails_on, 0

    def __repr__(self):
        return "Bright()"

    def detect(self, image):
        self.looks += 1
        if self.fails_on is not None and image[0, 0, 0] == self.fails_on:
            raise RuntimeError("out of\nmemory")
        rows, columns = np.nonzero(image[..., 0] > 200)
        if len(rows) < 300:
            return []
        left, top = int(columns.min()), int(rows.min())
        region = fp.Region(left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top)
        return [fp.Face(region, 0.9)]


def scene(number):
    image = np.random.default_rng(number).integers(0, 60, (50, 60, 3), np.uint8)
    image[10:34, 10:30] = 255
    image[10:34:2, 10:30] = 170
    image[0, 0] = number
    return image


def samples(count=3):
    return [Sample(f"{n}.png", None, lambda n=n: scene(n)) for n in range(count)]


TRUTH = Truth({f"{n}.png": (BOX,) for n in range(3)}, "by hand")
WINDOWS = Permutation(fp.Strength(window=5))
PROTECTIONS = {"clear": Clear(), "window 5": WINDOWS}
CLEAR, HIDDEN = ("clear", "direct"), ("window 5", "direct")


def run(detector=None, *, protections=PROTECTIONS, readings=("direct",), truth=TRUTH, given=None, seed=0, **more):
    class Whole(Bright):
        def detect(self, image):
            self.looks += 1
            found = image[10:34, 10:30, 0]
            return [fp.Face(fp.Region(10, 10, 20, 24), 0.9)] if (found[1::2] == 255).all() else []

    study = DetectionStudy({"whole": detector or Whole()}, protections, readings, seed)
    return run_detection(given or samples(), truth, study, **more)


def only_clear():
    return {"clear": Clear()}


def recall(result, row):
    rows = detection_table(result, ALL_FACES, resamples=0).rows
    return next(each.scores.recall for each in rows if (each.task.protection, each.task.reading) == row)
