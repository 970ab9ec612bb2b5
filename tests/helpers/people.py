"""Made-up people for tests of recognition: a face is a smooth pattern of its person, in some light and with noise."""

from functools import partial

import cv2
import numpy as np

import fastperturb as fp
from fastperturb.evaluation.datasets import DataSet, Sample
from fastperturb.evaluation.recognition import GallerySplit, make_subjects

BOX = fp.Region(12, 10, 40, 48)
FACE = fp.Face(BOX)


def draw_image(person, number):
    """(72, 64), uint8: the same background for all, the pattern in the box."""
    pattern = np.random.default_rng([1, person]).normal(0, 1, (6, 5))
    face = cv2.resize(pattern, (BOX.width, BOX.height), interpolation=cv2.INTER_CUBIC) * 40 + 128
    rng = np.random.default_rng([2, person, number])
    image = np.full((72, 64), 128.0)
    image[BOX.y : BOX.y + BOX.height, BOX.x : BOX.x + BOX.width] = face * rng.uniform(0.9, 1.1)
    return np.clip(image + rng.normal(0, 6, image.shape), 0, 255).astype(np.uint8)


def make_people(people=8, images=6):
    """A data set of ``people`` times ``images``."""
    samples = [
        Sample(f"p{person}/{number}", f"p{person}", partial(draw_image, person, number))
        for person in range(people)
        for number in range(images)
    ]
    return DataSet("made-up people", tuple(samples))


def make_split(dataset=None, enrolled=3):
    """The first images enrolled, the others looked up."""
    samples = (make_people() if dataset is None else dataset).samples
    subjects = make_subjects(samples, {sample.name: [FACE] for sample in samples})
    first = [subject for subject in subjects if int(subject.name.split("/")[1]) < enrolled]
    return GallerySplit(first, [subject for subject in subjects if subject not in first])
