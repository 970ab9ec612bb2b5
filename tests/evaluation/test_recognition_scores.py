"""Identification and verification scores: hand-made cases, a slow NumPy reference, chance, intervals over people."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastperturb.evaluation.recognition import identify, verify, verify_all
from fastperturb.evaluation.recognition.matching_heads import measure_distances


def slow_ranks(distances, probes, enrolled):
    """Rank of the own person for each probe, people by their nearest image; distances all differ."""
    ranks = []
    for row, person in zip(distances, probes, strict=True):
        nearest = {who: min(d for d, name in zip(row, enrolled, strict=True) if name == who) for who in set(enrolled)}
        ranks.append(sorted(nearest, key=nearest.get).index(person) + 1)
    return np.array(ranks)


def slow_curve(genuine, impostors):
    """(false acceptance, true acceptance) at every threshold, each decided pair by pair."""
    points = [(0.0, 0.0)]
    for threshold in sorted({*genuine, *impostors}):
        false = sum(value <= threshold for value in impostors) / len(impostors)
        points.append((false, sum(value <= threshold for value in genuine) / len(genuine)))
    return points


def slow_equal_error(points):
    for (x0, y0), (x1, y1) in pairwise(points):
        before, after = x0 - (1 - y0), x1 - (1 - y1)
        if before <= 0 <= after:
            return x0 + (x1 - x0) * (-before / (after - before) if after > before else 0)
    raise AssertionError("the curve ends at (1, 1)")


def slow_acceptance(points, rate):
    place = max(i for i, (x, _) in enumerate(points) if x <= rate)
    (x0, y0), (x1, y1) = points[place], points[min(place + 1, len(points) - 1)]
    return y0 + (y1 - y0) * (rate - x0) / (x1 - x0) if x1 > x0 else y0


def test_by_hand():
    distances = np.array([[0.1, 0.9, 0.5, 0.8], [0.7, 0.6, 0.2, 0.9], [0.5, 0.4, 0.3, 0.6]])
    result = identify(distances, ["a", "a", "b"], ["a", "a", "b", "c"])
    assert result.rank1.value == pytest.approx(2 / 3)
    assert result.rank5.value == 1.0
    assert (result.chance1, result.chance5) == (pytest.approx(1 / 3), 1.0)
    assert (result.probes, result.people) == (3, 3)
    # Genuine 0.1, 0.9, 0.7, 0.6, 0.3; impostors 0.5, 0.8, 0.2, 0.9, 0.5, 0.4, 0.6.
    scores = verify_all(distances, ["a", "a", "b"], ["a", "a", "b", "c"])
    assert (scores.genuine, scores.impostors) == (5, 7)
    assert scores.tar[0.01].value == pytest.approx(1 / 5)


@given(st.integers(0, 10_000))
def test_against_the_slow_reference(seed):
    rng = np.random.default_rng(seed)
    people = [f"p{number}" for number in range(rng.integers(6, 9))]
    enrolled = people + list(rng.choice(people, rng.integers(0, 9)))
    probes = list(rng.choice(people, rng.integers(2, 12)))
    distances = rng.permutation(len(probes) * len(enrolled)).reshape(len(probes), -1) / 7
    if seed % 2:  # ties between pairs
        ties = np.round(distances)
    found = identify(distances, probes, enrolled)
    ranks = slow_ranks(distances, probes, enrolled)
    assert found.rank1.value == pytest.approx((ranks <= 1).mean())
    assert found.rank5.value == pytest.approx((ranks <= 5).mean())
    used = ties if seed % 2 else distances
    same = np.array([[a == b for b in enrolled] for a in probes])
    points = slow_curve(used[same], used[~same])
    scores = verify_all(used, probes, enrolled)
    assert scores.eer.value == pytest.approx(slow_equal_error(points))
    for rate in (1e-2, 1e-3):
        assert scores.tar[rate].value == pytest.approx(slow_acceptance(points, rate))
    for estimate in (found.rank1, found.rank5, scores.eer, *scores.tar.values()):
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_all_pairs_and_a_list_of_pairs_agree():
    rng = np.random.default_rng(0)
    probes, enrolled = ["a", "b", "c"], ["a", "b", "c", "a"]
    distances = rng.random((3, 4))
    matrix = verify_all(distances, probes, enrolled)
    pairs = verify(distances.ravel(), np.repeat(probes, 4), enrolled * 3)
    assert matrix.eer.value == pairs.eer.value
    assert {rate: item.value for rate, item in matrix.tar.items()} == {r: item.value for r, item in pairs.tar.items()}


def test_perfect_embeddings():
    people = [f"p{number}" for number in range(40) for _ in range(5)]
    points = np.repeat(np.eye(40), 5, axis=0)
    for metric in ("euclidean", "cosine"):
        distances = measure_distances(points, points, metric)
        found, scores = identify(distances, people, people), verify_all(distances, people, people)
        assert found.rank1.value == found.rank5.value == 1.0
        assert scores.eer.value == 0.0
        assert [item.value for item in scores.tar.values()] == [1.0, 1.0]
        assert found.rank1.low == pytest.approx(1 - 3 / 200)
        assert scores.eer.high == pytest.approx(3 / 200)


def test_random_embeddings_give_chance():
    rng = np.random.default_rng(5)
    people = [f"p{number}" for number in range(40) for _ in range(10)]
    distances = measure_distances(rng.normal(size=(400, 8)), rng.normal(size=(400, 8)), "euclidean")
    found, scores = identify(distances, people, people), verify_all(distances, people, people)
    assert found.rank1.low <= found.chance1 <= found.rank1.high
    assert found.rank5.low <= found.chance5 <= found.rank5.high
    assert scores.eer.value == pytest.approx(0.5, abs=0.03)
    assert scores.tar[0.01].value == pytest.approx(0.01, abs=0.01)


def test_equal_distances_give_exactly_chance():
    people = [f"p{number}" for number in range(10) for _ in range(3)]
    distances = np.zeros((30, 30))
    found, scores = identify(distances, people, people), verify_all(distances, people, people)
    assert found.rank1.value == pytest.approx(0.1)
    assert found.rank5.value == pytest.approx(0.5)
    assert scores.eer.value == pytest.approx(0.5)
    assert {rate: item.value for rate, item in scores.tar.items()} == pytest.approx({1e-2: 1e-2, 1e-3: 1e-3})


def test_the_interval_is_over_people():
    """People all of whose images fail alike are worth one observation each, not one an image."""
    people = [f"p{number}" for number in range(40) for _ in range(25)]
    right = np.repeat(np.arange(40) < 20, 25)
    columns = [f"p{number}" for number in range(40)]
    number = np.repeat(np.arange(40), 25)
    distances = np.ones((1000, 40))
    distances[np.arange(1000), np.where(right, number, (number + 1) % 40)] = 0
    rank1 = identify(distances, people, columns).rank1
    assert rank1.value == 0.5
    width = 2 * 1.96 * np.sqrt(0.25 / 40)  # of a binomial share of 40
    assert rank1.high - rank1.low == pytest.approx(width, rel=0.2)


def test_the_seed_decides():
    rng = np.random.default_rng(1)
    people = [f"p{number}" for number in range(20)]
    distances = rng.random((20, 20))
    assert verify_all(distances, people, people, 3) == verify_all(distances, people, people, 3)
    assert identify(distances, people, people, 3) == identify(distances, people, people, 3)


def test_many_impostors_are_drawn_from():
    rng = np.random.default_rng(2)
    people = [f"p{number}" for number in range(500)]
    distances = rng.random((500, 500)) + 0.5
    distances[np.arange(500), np.arange(500)] -= 0.5
    scores = verify_all(distances, people, people)
    assert scores.impostors == 500 * 499
    assert scores.eer.value == pytest.approx(0.25, abs=0.03)  # uniform from 0 to 1 and from 0.5 to 1.5


@pytest.mark.parametrize(
    ("distances", "probes", "enrolled", "message"),
    [
        (np.zeros((2, 2)), ["a", "z"], ["a", "b"], "probes must be of people who are enrolled, got z"),
        (np.zeros((2, 3)), ["a", "b"], ["a", "b"], r"of shape \(2, 2\), got shape \(2, 3\)"),
        (np.full((1, 1), np.nan), ["a"], ["a"], "distances must be finite"),
        (np.zeros((0, 1)), [], ["a"], "distances must be finite, of shape"),
    ],
)
def test_bad_matrices(distances, probes, enrolled, message):
    with pytest.raises(ValueError, match=message):
        identify(distances, probes, enrolled)


def test_bad_pairs():
    with pytest.raises(ValueError, match="pairs must be of one person and of two, got 2 and 0"):
        verify(np.zeros(2), ["a", "b"], ["a", "b"])
    with pytest.raises(ValueError, match="distances must be finite, one a pair"):
        verify(np.zeros(3), ["a", "b"], ["a", "b"])
    with pytest.raises(ValueError, match="metric must be 'euclidean', 'cosine' or 'masked'"):
        measure_distances(np.zeros((1, 2)), np.zeros((1, 2)), "manhattan")
    with pytest.raises(ValueError, match="same dimensions"):
        measure_distances(np.zeros((1, 2)), np.zeros((1, 3)), "cosine")
