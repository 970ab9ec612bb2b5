"""What tests of the study share: patterns for people, detectors that need no model, a study of them."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

import fastperturb as fp
from fastperturb.evaluation.datasets import DataSet, Sample
from fastperturb.evaluation.recognition import make_recogniser
from fastperturb.evaluation.study import Study, StudyConfig
from fastperturb.evaluation.study.tasks import RecogniserFactory
from fastperturb.protections import parse_protection

HEIGHT, WIDTH = 72, 60
FACE = fp.Face(fp.Region(10, 12, 40, 48), 0.9, ((20.0, 28.0), (40.0, 28.0), (30.0, 38.0), (22.0, 48.0), (38.0, 48.0)))


def pattern(person, number):
    """A smooth pattern of a person, with a little of its own in each image."""
    own = np.random.default_rng([7, person]).normal(size=(6, 5))
    noise = np.random.default_rng([8, person, number]).normal(size=(6, 5)) * 0.15
    wide = np.kron(own + noise, np.ones((HEIGHT // 6, WIDTH // 5)))
    return np.clip(128 + 40 * wide, 0, 255).astype(np.uint8)


def tiny(people=4, images=4, name="patterns"):
    samples = [
        Sample(f"p{person}/{number}.png", f"p{person}", partial(pattern, person, number))
        for person in range(people)
        for number in range(images)
    ]
    return DataSet(name, tuple(samples))


@dataclass(frozen=True)
class Fixed:
    """Finds the face where it is, wherever it looks, if the image has any contrast there."""

    least: float = 5.0

    def detect(self, image):
        return [FACE] if image[20:50, 15:45].std() >= self.least else []


@dataclass(frozen=True)
class Fickle:
    """Throws where the corner, which no protection changes, is odd."""

    def detect(self, image):
        if image[0, 0] % 2:
            raise RuntimeError("not this one")
        return [FACE]


class Hopeless:
    """A recogniser that cannot."""

    name, metric, trained = "hopeless", "euclidean", False

    def fit(self, subjects):
        pass

    def embed(self, subjects):
        raise RuntimeError("cannot embed")


@dataclass(frozen=True)
class Judge:
    """Scores a face by its contrast."""

    name: str = "contrast"

    def score(self, image, face):
        return float(min(1.0, image[12:60, 10:50].std() / 128))


def make_study(protections=("permutation:cells=4", "mosaic:8"), recognisers=("eigenfaces",), **changes):
    config = StudyConfig(
        data="patterns",
        protections=protections,
        recognisers=recognisers,
        enrolled=2,
        resamples=40,
        attackers=("naive", "linker"),
    ).filled()
    made = [parse_protection(text) for text in config.protections]
    study = Study(
        config=config,
        dataset=tiny(),
        raw=tiny(),
        protections={protection.name: protection for protection in made},
        detectors={"fixed": Fixed(), "blind": Fixed(1e9)},
        recognisers={
            name: RecogniserFactory(partial(make_recogniser, name), (name,), make_recogniser(name).trained)
            for name in recognisers
        },
        locator=Fixed(),
        face_quality=Judge(),
    )
    return replace(study, **changes)
