"""That attackers choose by images they were not fitted on, try every nonce where it counts, and look where they say."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from people import FACE, draw_image, make_people, make_split

import fastperturb as fp
from fastperturb.evaluation.recognition import (
    AttackBench,
    Fisherfaces,
    GallerySplit,
    LocalHistograms,
    PairBench,
    make_subjects,
)
from fastperturb.evaluation.recognition.region_recognisers import Colours, Levels, Surroundings
from fastperturb.protections import parse_protection


class ByHeart:
    """Names everybody in the pictures that it was fitted on, however they are read, and nobody in others."""

    name, metric, trained = "by heart", "euclidean", True

    def fit(self, subjects):
        self.known = {subject.name: int(subject.person[1:]) for subject in subjects}

    def embed(self, subjects):
        rng = np.random.default_rng(5)
        return np.array(
            [np.eye(8)[self.known[one.name]] if one.name in self.known else rng.random(8) for one in subjects]
        )


@pytest.mark.parametrize("attacker", ["parrot", "cleaner"])
def test_who_was_fitted_on_a_picture_is_not_asked_about_it(attacker):
    (result,) = AttackBench(ByHeart(), make_split()).run(parse_protection("permutation:window=6"), (attacker,))
    assert len(result.tried) > 1
    assert max(result.tried.values()) < 0.5
    assert result.identification.rank1.value < 0.5


@pytest.mark.parametrize("make", [ByHeart, Fisherfaces])
@pytest.mark.parametrize("attacker", ["parrot", "cleaner"])
def test_too_few_pictures_to_try_anything_leave_the_last_reading(make, attacker):
    split = make_split(make_people(8, 3), enrolled=1)
    if make is Fisherfaces:  # which needs two pictures of somebody
        split = make_split(make_people(8, 4), enrolled=2)
    (result,) = AttackBench(make(), split).run(parse_protection("mosaic:6"), (attacker,))
    assert result.tried == {}


class Counting:
    """A protection, and with which seeds pictures were protected."""

    def __init__(self, protection):
        self.protection, self.name, self.seeds = protection, protection.name, {}
        self.regions, self.view = protection.regions, protection.view

    def protect(self, image, faces, *, seed):
        self.seeds.setdefault(image.tobytes(), set()).add(seed)
        return self.protection.protect(image, faces, seed=seed)


def framed(side, person, number):
    image = np.full((side, side), 128, np.uint8)
    image[5:77, 9:73] = draw_image(person, number)
    return image


@pytest.mark.parametrize("side", [80, 900])
def test_nonces_are_tried_whatever_share_of_the_frame_a_face_has(side):
    region = replace(FACE.region, x=FACE.region.x + 9, y=FACE.region.y + 5)
    samples = [
        replace(sample, read=partial(framed, side, *map(int, sample.name[1:].split("/"))))
        for sample in make_people(4, 4).samples
    ]
    subjects = make_subjects(samples, {sample.name: [fp.Face(region)] for sample in samples})
    split = GallerySplit(
        [one for one in subjects if one.name[-1] in "01"], [one for one in subjects if one.name[-1] in "23"]
    )
    counting = Counting(parse_protection("permutation:cells=6"))
    AttackBench(LocalHistograms(), split).run(counting, ("parrot",), draws=4)
    enrolled = [counting.seeds[subject.clear().tobytes()] for subject in split.gallery]
    assert min(map(len, enrolled)) >= 4


@pytest.mark.parametrize("kind", [Levels, Colours, Surroundings])
def test_who_looks_at_regions_is_told_them_in_pairs_too(kind):
    seen = []

    class Looks(kind):
        def embed(self, subjects):
            shown = list(subjects)
            seen.append({bool(one.regions(one.shown().shape, everybody=True)) for one in shown})
            return super().embed(shown)

    samples = make_people(3, 2).samples
    one, two, three = (
        [subject] for subject in make_subjects(samples, {sample.name: [FACE] for sample in samples})[::2]
    )
    again = make_subjects(samples, {sample.name: [FACE] for sample in samples})[1::2]
    pairs = [(one[0], again[0]), (two[0], again[1]), (one[0], again[1]), (two[0], three[0])]
    bench = PairBench(Looks(), pairs)
    for protection, clear in (("black", [kind.sees_inside]), ("black:grow=head", [True] * kind.sees_inside)):
        seen.clear()
        bench.run(parse_protection(protection))
        assert seen == [{True}, *({told} for told in clear), {True}]  # the second pictures, the first, clear and not
