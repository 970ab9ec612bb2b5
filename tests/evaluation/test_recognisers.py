"""Recognisers: what their embeddings keep apart, alignment, users' networks."""

import copy
import math
import pickle

import numpy as np
import onnx_models as models
import pytest
from onnx import TensorProto, helper
from people import BOX, FACE, make_people, make_split
from photographs import astronaut

import fastperturb as fp
from fastperturb.evaluation.datasets import Sample
from fastperturb.evaluation.recognition import (
    Eigenfaces,
    Fisherfaces,
    GallerySplit,
    LocalHistograms,
    OnnxEmbedding,
    Recogniser,
    identify,
    list_recognisers,
    make_recogniser,
    make_subjects,
)
from fastperturb.evaluation.recognition.alignment import TEMPLATE, crop_face, crop_matrix
from fastperturb.evaluation.recognition.matching_heads import measure_distances
from fastperturb.evaluation.recognition.registry import recogniser_settings
from fastperturb.protections import Permutation


def rank1(recogniser, split):
    distances = measure_distances(recogniser.embed(split.probes), recogniser.embed(split.gallery), recogniser.metric)
    people = [subject.person for subject in split.gallery]
    return identify(distances, [subject.person for subject in split.probes], people).rank1.value


@pytest.mark.parametrize("make", [Eigenfaces, Fisherfaces, LocalHistograms])
def test_people_are_told_apart(make):
    split, recogniser = make_split(), make()
    assert isinstance(recogniser, Recogniser)
    recogniser.fit(split.gallery)
    assert rank1(recogniser, split) >= 0.9
    again = pickle.loads(pickle.dumps(recogniser))  # noqa: S301
    np.testing.assert_array_equal(again.embed(split.probes), recogniser.embed(iter(split.probes)))


@pytest.mark.parametrize("make", [Eigenfaces, Fisherfaces, LocalHistograms])
def test_nothing_around_the_box_is_seen_and_nothing_inside_it_is_chance(make):
    split, recogniser = make_split(), make()
    recogniser.fit(split.gallery)

    def outside(image, subject):
        return np.where(inside(image, subject), image, np.random.default_rng(len(subject.name)).integers(0, 256))

    def inside(image, subject):
        mask = np.zeros(image.shape, bool)
        mask[subject.face.region.clipped(*image.shape)] = True
        return mask

    for subject in split.probes[:3]:
        other = subject.altered(lambda image, who: outside(image, who).astype(np.uint8))
        np.testing.assert_array_equal(recogniser.embed([other]), recogniser.embed([subject]))
    black = [
        subject.altered(lambda image, who: np.where(inside(image, who), 0, image).astype(np.uint8))
        for subject in split.gallery
    ]
    points = recogniser.embed(black)
    assert np.ptp(points, axis=0).max() == 0
    blind = make()
    blind.fit(black)
    assert np.ptp(blind.embed(split.probes), axis=0).max() == 0 or isinstance(blind, LocalHistograms)


def test_a_copy_fitted_anew_leaves_the_first_alone():
    split = make_split()
    for first in (Eigenfaces(), Fisherfaces()):
        first.fit(split.gallery)
        before = first.embed(split.probes)
        second = copy.copy(first)
        second.fit(split.gallery[:9])
        np.testing.assert_array_equal(first.embed(split.probes), before)
        assert second.embed(split.probes).shape != before.shape


def test_a_margin_shows_more():
    split = make_split()
    plain, wide = Eigenfaces(), Eigenfaces(margin=0.25)
    assert (plain.name, wide.name) == ("eigenfaces", "eigenfaces, margin 0.25")
    wide.fit(split.gallery)
    (subject,) = split.probes[:1]

    def darker(image, who):
        image = image.copy()
        image[:, :8] = 0
        return image

    assert (wide.embed([subject.altered(darker)]) != wide.embed([subject])).any()


def test_bad_use():
    split = make_split()
    with pytest.raises(ValueError, match="eigenfaces must be fitted before it embeds"):
        Eigenfaces().embed(split.probes)
    with pytest.raises(ValueError, match="at least 2 subjects, got 1"):
        Eigenfaces().fit(split.gallery[:1])
    with pytest.raises(ValueError, match="discriminants must see two people or more, one twice, got 1 of 3 images"):
        Fisherfaces().fit(split.gallery[:3])
    with pytest.raises(ValueError, match="margin must be 0 or more, got -1"):
        Eigenfaces(-1)
    with pytest.raises(ValueError, match="grid must be a whole number, 1 to 16, got 0"):
        LocalHistograms(0)
    with pytest.raises(ValueError, match="bins must be a whole number, 2 to 256, got 1"):
        LocalHistograms(2, 1)


def test_many_subjects_are_thinned_out(monkeypatch):
    monkeypatch.setattr("fastperturb.evaluation.recognition.pixel_recognisers._MOST_FITTED", 10)
    split, recogniser = make_split(), Eigenfaces()
    recogniser.fit(split.gallery)
    assert recogniser.embed(split.probes).shape[1] <= 9


def test_alignment_brings_landmarks_to_the_template():
    turn = np.deg2rad(25)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = (TEMPLATE * 90) @ rotation.T + (40, 55)
    face = fp.Face(fp.Region(0, 0, 10, 10), 1.0, tuple(map(tuple, points)))
    for side, margin in ((112, 0.0), (64, 0.25)):
        matrix = crop_matrix(face, side, margin)
        found = (points - 0.5) @ matrix[:, :2].T + matrix[:, 2] + 0.5
        np.testing.assert_allclose(found, (TEMPLATE + margin) / (1 + 2 * margin) * side)


@pytest.mark.parametrize("size", [0.3, 1.0, 3.0])
def test_a_crop_shows_the_same_at_every_size(size):
    """A smooth image, drawn at another size, gives the same crop: nothing is shifted where it is reduced first."""
    grid = np.arange(0.5, 400 * size) / size
    image = np.clip(128 + 60 * np.sin(grid[None] / 31) + 60 * np.cos(grid[:, None] / 23), 0, 255).astype(np.uint8)
    points = tuple((float(x) * size, float(y) * size) for x, y in TEMPLATE * 250 + (80, 60))
    crop = crop_face(image, fp.Face(fp.Region(0, 0, 10, 10), 1.0, points), 112).astype(float)
    there = (np.arange(112) + 0.5) / 112 * 250
    expected = 128 + 60 * np.sin((there[None] + 80) / 31) + 60 * np.cos((there[:, None] + 60) / 23)
    assert abs(crop - expected).max() < 4


def test_a_box_alone_is_enough_to_align():
    photograph = astronaut().read()
    (face,) = fp.locate(photograph)
    by_points, by_box = crop_matrix(face, 112), crop_matrix(fp.Face(face.region), 112)
    middle = np.array([face.region.x + face.region.width / 2, face.region.y + face.region.height / 2, 1])
    assert np.abs(by_points @ middle - by_box @ middle).max() < 12


@pytest.fixture
def network(tmp_path):
    """Embeds as the means of red, green and blue."""
    return models.save(
        tmp_path / "means.onnx",
        [helper.make_node("ReduceMean", ["images"], ["means"], axes=[2, 3], keepdims=0)],
        [models.image_input((112, 112))],
        [("means", TensorProto.FLOAT, [1, 3])],
    )


def colour(value):
    image = np.empty((72, 64, 3), np.uint8)
    image[...] = value
    return make_subjects([Sample("a", "p", lambda: image)], {"a": [FACE]})


def test_a_users_network(network):
    subjects = colour((255, 51, 0))
    np.testing.assert_allclose(OnnxEmbedding(network).embed(subjects), [[1, -0.6, -1]], atol=1e-4)
    raw = OnnxEmbedding(network, mean=0, scale=1, order="bgr", metric="euclidean")
    np.testing.assert_allclose(raw.embed(subjects), [[0, 51, 255]], atol=1e-2)
    assert raw.name == "ONNX means.onnx"
    made = make_recogniser(f"onnx={network}?mean=0&scale=255&order=bgr")
    np.testing.assert_allclose(pickle.loads(pickle.dumps(made)).embed(subjects), [[0, 0.2, 1]], atol=1e-4)  # noqa: S301


def test_networks_that_do_not_fit(tmp_path, network):
    last = models.save(
        tmp_path / "map.onnx",
        [helper.make_node("Identity", ["images"], ["same"])],
        [models.image_input((64, 64), last=True)],
        [("same", TensorProto.FLOAT, [1, 64, 64, 3])],
    )
    with pytest.raises(
        fp.errors.ModelError, match=r"must be one finite embedding, \(1, dimensions\), got \(1, 64, 64, 3\)"
    ):
        OnnxEmbedding(last).embed(colour(3))
    oblong = models.save(
        tmp_path / "oblong.onnx",
        [helper.make_node("Identity", ["images"], ["same"])],
        [models.image_input((64, 48))],
        [("same", TensorProto.FLOAT, [1, 3, 64, 48])],
    )
    with pytest.raises(fp.errors.ModelError, match=r"the input must be \(1, 3, side, side\) or"):
        OnnxEmbedding(oblong)
    for name, value in (("scale", 0.0), ("mean", float("nan")), ("margin", -1.0), ("order", "gbr"), ("metric", "x")):
        with pytest.raises(ValueError, match=f"{name} is out of range, got"):
            OnnxEmbedding(network, **{name: value})


def test_recognisers_by_name():
    listed = {item.name: item for item in list_recognisers()}
    built_in = {"dlib-resnet", "eigenfaces", "fisherfaces", "histograms", "levels", "colours", "surroundings"}
    assert set(listed) == built_in | {"convolutional", "onnx"}
    assert listed["eigenfaces"].missing is None
    assert make_recogniser("histograms?grid=2&bins=8").name == "histograms 2 x 2"
    assert make_recogniser("eigenfaces?margin=0.25").margin == 0.25
    for text, message in (
        ("facenet", "a recogniser must be one of dlib-resnet, eigenfaces"),
        ("onnx", "onnx=MODEL.onnx"),
        ("eigenfaces=x.onnx", "a model file goes with onnx and nothing else"),
        ("eigenfaces?size=3", "unexpected keyword argument 'size'"),
        ("eigenfaces?margin", "a setting must be NAME=VALUE, got 'margin'"),
    ):
        with pytest.raises(ValueError, match=message):
            make_recogniser(text)


def test_settings_of_a_recogniser_without_the_place_of_its_model():
    settings = ["mean=0", "scale=1"]
    for text in ("onnx=a/m.onnx?mean=0&scale=1", "onnx:b/m.onnx,mean=0,scale=1", "onnx:path=c.onnx,mean=0,scale=1"):
        assert recogniser_settings(text) == settings
    assert recogniser_settings("eigenfaces") == []


def test_values_know_a_person_again_wherever_the_pixels_went():
    """Nearest neighbour on histograms: what a computation beside it finds, in the clear and in one permuted window."""
    split, looker = make_split(make_people(12, 6)), LocalHistograms(1, 32)
    hide = Permutation(fp.Strength(window="region"))
    sides = [
        [one.altered(lambda image, who, seed=seed: hide.protect(image, (who.face,), seed=seed)) for one in side]
        for seed, side in enumerate((split.gallery, split.probes))
    ]
    assert (sides[1][0].shown() != split.probes[0].shown()).any()
    shares = [np.array([_shares_beside(one.shown()) for one in side]) for side in sides]
    hits = []
    for probe, subject in zip(shares[1], split.probes, strict=True):
        alike = [sum(math.sqrt(a * b) for a, b in zip(probe, known, strict=True)) for known in shares[0]]
        hits.append(split.gallery[int(np.argmax(alike))].person == subject.person)
    assert rank1(looker, GallerySplit(*sides)) == pytest.approx(np.mean(hits)) == pytest.approx(rank1(looker, split))
    assert np.mean(hits) > 4 / 12


def _shares_beside(image):
    values = [int(value) // 8 for row in image[BOX.y : BOX.y + BOX.height] for value in row[BOX.x : BOX.x + BOX.width]]
    return [values.count(level) / len(values) for level in range(32)]
