"""Eigenfaces and the Euclidean threshold, on people made of random patterns; against the plain definitions."""

import math
import sys

import numpy as np
import pytest

import fastperturb as fp

PEOPLE, EACH = 8, 6


@pytest.fixture(scope="module")
def faces():
    """48 grey images of 20 x 16, six of each of eight people, and who they show."""
    rng = np.random.default_rng(11)
    people = rng.normal(128, 30, (PEOPLE, 1, 20, 16))
    images = people + rng.normal(0, 22, (PEOPLE, EACH, 20, 16))
    return np.clip(images, 0, 255).astype(np.uint8).reshape(-1, 20, 16), np.repeat(np.arange(PEOPLE), EACH)


@pytest.fixture(scope="module")
def threshold(faces):
    return fp.strength.fit_threshold(*faces, components=12)


def test_eigenfaces_are_the_singular_vectors_of_the_difference_matrix(faces, threshold):
    rows = faces[0].reshape(48, -1).astype(float)
    _, singular, vectors = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    components = threshold.components.reshape(12, -1)
    assert np.allclose(threshold.mean.reshape(-1), rows.mean(axis=0))
    assert np.allclose(components @ components.T, np.eye(12), atol=1e-5)
    assert np.allclose(abs((components * vectors[:12]).sum(axis=1)), 1, atol=1e-5)
    assert np.allclose(threshold.variances, singular[:12] ** 2 / 47)
    assert threshold.kept == pytest.approx((singular[:12] ** 2).sum() / (singular**2).sum())
    assert (np.take_along_axis(components, abs(components).argmax(axis=1)[:, None], axis=1) > 0).all()


def test_theta_is_the_longest_right_link(faces, threshold):
    images, labels = faces
    points = threshold.project(images)
    away = np.linalg.norm(points[:, None] - points[None], axis=2)
    right, wrong = [], []
    for i, name in enumerate(labels):
        others = np.delete(np.arange(48), i)
        nearest = others[away[i, others].argmin()]
        (right if labels[nearest] == name else wrong).append(away[i, nearest])
    assert threshold.theta == pytest.approx(max(right), rel=1e-5)
    assert threshold.recognition == len(right) / 48
    assert threshold.error == sum(distance <= max(right) for distance in wrong) / 48
    same = labels[:, None] == labels[None]
    above = np.triu(np.ones((48, 48), bool), 1)
    assert np.allclose(np.sort(threshold.within), np.sort(away[same & above]), rtol=1e-5)
    assert np.allclose(np.sort(threshold.between), np.sort(away[~same & above]), rtol=1e-5)
    impostors = np.where(same, np.inf, away).min(axis=1)
    assert threshold.false_acceptance == np.mean(impostors <= threshold.theta * (1 + 1e-9))


def test_wrong_links_cost_what_they_are():
    """On a line: A at 0 and 10, B at 13 and 50, C at 52. A's 10 and B's 13 are nearer to each other."""
    line = np.array([0, 10, 13, 50, 52], np.uint8).reshape(5, 1, 1) * np.ones((1, 2, 2), np.uint8)
    threshold = fp.strength.fit_threshold(line, ["A", "A", "B", "B", "C"])
    assert threshold.theta == pytest.approx(20.0)
    assert (threshold.recognition, threshold.error, threshold.false_acceptance) == (0.2, 0.8, 0.8)
    assert len(threshold.components) == 1
    assert (threshold.nearest_own[4], threshold.nearest_other[4]) == (math.inf, pytest.approx(4.0))


def test_without_labels_theta_is_a_promise(faces):
    images, _ = faces
    threshold = fp.strength.fit_threshold(images, components=47)
    assert not threshold.labelled
    assert threshold.error <= 0.05
    assert threshold.within.size == 0
    assert np.mean(threshold.nearest_other / 2 < threshold.theta) == threshold.error
    points = threshold.project(images)
    rng = np.random.default_rng(2)
    for index in np.flatnonzero(threshold.nearest_other / 2 >= threshold.theta):
        step = rng.normal(size=points.shape[1])
        moved = points[index] + step / np.linalg.norm(step) * threshold.theta * 0.999
        assert np.linalg.norm(points - moved, axis=1).argmin() == index


def test_a_projection_only_shortens_what_a_perturbation_moves(faces, threshold, key):
    image = faces[0][0]
    strength = threshold.strength(image, (0, 0, 16, 20), window="region")
    assert strength == fp.Strength(window="region", distance=threshold.theta)
    hidden, _ = fp.perturb(image, (0, 0, 16, 20), key, fp.Strength(window="region", distance=300.0))
    before, after = threshold.project([image, hidden])
    assert np.linalg.norm(after - before) < np.linalg.norm(image.astype(float) - hidden)


def test_larger_faces_get_the_same_mean_square(threshold):
    image = np.zeros((100, 100, 3), np.uint8)
    strength = threshold.strength(image, [(10, 10, 40, 32), fp.Region(90, 60, 20, 20)], cells=6)
    samples = 3 * (40 * 32 + 10 * 20)
    assert strength.distance == pytest.approx(threshold.theta * math.sqrt(samples / 320))
    assert strength.cells == 6
    with pytest.raises(ValueError, match="image must be uint8 as the images fitted, got uint16"):
        threshold.strength(image.astype(np.uint16), (0, 0, 10, 10))


def test_it_saves_and_loads(threshold, faces, tmp_path):
    path = tmp_path / "faces.threshold"
    threshold.save(path)
    loaded = fp.strength.Threshold.load(path)
    for name in threshold.__dataclass_fields__:
        assert np.array_equal(getattr(loaded, name), getattr(threshold, name)), name
        assert type(getattr(loaded, name)) is type(getattr(threshold, name)), name
    assert str(loaded) == str(threshold)
    assert np.array_equal(loaded.project(faces[0]), threshold.project(faces[0]))


def test_other_files_are_refused(tmp_path):
    texts = tmp_path / "text.npz"
    texts.write_text("hello")
    arrays = tmp_path / "arrays.npz"
    np.savez(arrays, format="something else")
    lacking = tmp_path / "lacking.npz"
    np.savez(lacking, format="fastperturb-threshold 1", theta=3.0)
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, format=np.array([{}], object))
    single = tmp_path / "single.npy"
    np.save(single, np.zeros(3))
    empty = tmp_path / "empty.npz"
    empty.write_bytes(b"")
    for path in (texts, arrays, lacking, pickled, single, empty):
        with pytest.raises(ValueError, match=f"{path.name}: not a threshold file"):
            fp.strength.Threshold.load(path)
    with pytest.raises(FileNotFoundError):
        fp.strength.Threshold.load(tmp_path / "absent.npz")


def test_it_explains_itself(threshold, faces):
    assert f"theta = {threshold.theta:.5g}" in str(threshold)
    assert "48 images of 20 x 16 uint8, 12 eigenfaces that keep" in str(threshold)
    assert f"{100 * threshold.recognition:.1f} % are named rightly" in str(threshold)
    assert "stays nearest to itself for" in str(fp.strength.fit_threshold(faces[0]))


def test_it_plots(threshold, faces, tmp_path):
    pytest.importorskip("matplotlib")
    for fitted in (threshold, fp.strength.fit_threshold(faces[0][:3], components=2)):
        figure = fitted.plot()
        pictures, histogram = figure.axes[:-1], figure.axes[-1]
        assert len(pictures) == min(7, 1 + len(fitted.components))
        assert any(f"theta = {fitted.theta:.5g}" in text.get_text() for text in histogram.get_legend().get_texts())
        figure.savefig(tmp_path / "plot.png")
        assert (tmp_path / "plot.png").stat().st_size > 10_000


def test_plotting_says_which_extra_it_needs(threshold, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(fp.errors.MissingExtra, match=r"pip install 'fastperturb\[plot\]'"):
        threshold.plot()


def test_colour_and_floats_can_be_fitted(faces):
    colour = np.stack([faces[0], faces[0][::-1], faces[0]], axis=-1)
    threshold = fp.strength.fit_threshold(list(colour.astype(np.float32)), faces[1].tolist(), 5)
    assert threshold.mean.shape == (20, 16, 3)
    assert threshold.components.shape == (5, 20, 16, 3)
    assert threshold.dtype == "float32"


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"images": []}, ValueError, "images must be at least one"),
        ({"images": [np.zeros((2, 2), np.uint8)]}, ValueError, "images must be at least 2 to compare, got 1"),
        ({"images": [np.zeros((2, 2), np.uint8)] * 3, "labels": None}, ValueError, "images must differ"),
        ({"images": [np.zeros((2, 2))] * 3}, TypeError, r"images\[0\] must be uint8, uint16 or float32"),
        (
            {"images": [np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8)]},
            ValueError,
            r"got images\[1\] uint8 of shape",
        ),
        ({"labels": [1, 2]}, ValueError, "labels must have one entry for each of the 48 images, got 2"),
        ({"labels": list(range(48))}, ValueError, "labels must give some image a neighbour of the same person"),
        ({"components": 48}, ValueError, "components must be 1 to 47, one less than there are images, got 48"),
        ({"components": 0}, ValueError, "components must be 1 to 47"),
        ({"components": 2.5}, TypeError, "components must be a whole number or None, got 2.5"),
    ],
)
def test_bad_arguments(faces, change, error, message):
    arguments = {"images": faces[0], "labels": faces[1], **change}
    if "images" in change and "labels" not in change:
        arguments["labels"] = None
    with pytest.raises(error, match=message):
        fp.strength.fit_threshold(**arguments)


def test_only_what_was_fitted_can_be_projected(threshold):
    with pytest.raises(ValueError, match=r"images must be uint8 of shape \(20, 16\) as those fitted, got uint8"):
        threshold.project([np.zeros((16, 20), np.uint8)])
