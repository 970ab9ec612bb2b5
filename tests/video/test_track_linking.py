"""Which face is which: the least sum of costs, expected places, and what is too unlike to be the same face."""

import itertools
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastperturb.faces.tilt import Box
from fastperturb.video.detecting import Seen
from fastperturb.video.linking import Trail, box_distance, distances, match
from fastperturb.video.sightings import Sightings


def seen(x, y, size=40.0, score=0.9):
    return Seen(Box(x, y, size, size, 0.0), score)


def least_sum(costs):
    """As many pairs as there can be, then the least sum, by trying all."""
    rows, columns = costs.shape
    if rows > columns:
        return least_sum(costs.T)
    best = (0, math.inf)
    for chosen in itertools.permutations(range(columns), rows):
        finite = [costs[row, column] for row, column in enumerate(chosen) if math.isfinite(costs[row, column])]
        best = min(best, (-len(finite), sum(finite)))
    return best


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 2**32 - 1), st.floats(0, 0.9))
def test_pairs_have_the_least_sum_of_costs(rows, columns, seed, forbidden):
    rng = np.random.default_rng(seed)
    costs = rng.uniform(0, 2, (rows, columns))
    costs[rng.uniform(size=costs.shape) < forbidden] = math.inf
    pairs = match(costs)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    got = (-len(pairs), sum(costs[pair] for pair in pairs))
    assert got == pytest.approx(least_sum(costs) if rows and columns else (0, 0.0))


def test_greedy_would_have_been_wrong():
    """The nearest pair first leaves the other two without a partner."""
    assert match(np.array([[0.1, 0.2], [0.3, math.inf]])) == [(0, 1), (1, 0)]


def test_faces_are_expected_where_their_speed_takes_them():
    trail = Trail([0, 1, 2, 3], [seen(100 + 10 * i, 50) for i in range(4)])
    assert trail.expect(4).x == pytest.approx(140, abs=1)
    assert trail.expect(200).x == pytest.approx(130 + 80, abs=1)  # and they slow down
    backwards = Trail([10, 11, 12], [seen(100 + 10 * i, 50) for i in range(3)])
    assert backwards.expect(9).x == pytest.approx(90, abs=1)
    assert Trail([5], [seen(1, 2)]).expect(9) == seen(1, 2).box


def test_what_moves_on_at_its_speed_is_the_same_face_after_a_gap():
    trail = Trail([0, 1, 2, 3], [seen(100 + 10 * i, 50) for i in range(4)])
    found = distances([trail], [seen(130 + 300, 50), seen(130 + 80, 50), seen(130 - 120, 50)], 33)[0]
    assert found[0] < 0.1
    assert found[1] < 0.1
    assert found[2] == math.inf


def test_faces_of_other_sizes_are_others():
    one = Box(0, 0, 40, 40, 0)
    assert box_distance(one, Box(0, 0, 80, 80, 0), 1.0) == math.inf
    assert box_distance(one, Box(10, 0, 44, 44, 0), 1.0) == pytest.approx(10 / 42 + math.log(1.1))
    assert box_distance(one, Box(0, 0, 55, 55, 0), 1.0, larger=1.25) == math.inf


def test_a_trail_grows_at_both_ends():
    trail = Trail([5], [seen(1, 1)])
    trail.add(4, seen(0, 0))
    trail.add(6, seen(2, 2))
    assert list(trail.frames) == [4, 5, 6]
    assert [face.box.x for face in trail.seen] == [0, 1, 2]


@pytest.mark.parametrize(
    ("scores", "is_face"),
    [
        ([0.9, 0.3, 0.3, 0.3, 0.3], True),  # sure once
        ([0.65], True),
        ([0.55], False),
        ([0.7, 0.7, 0.4, 0.4], True),
        ([0.7, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4], False),
    ],
)
def test_a_trail_is_a_face_if_enough_of_it_was_seen(scores, is_face):
    trail = Trail(list(range(len(scores))), [seen(0, 0, score=score) for score in scores])
    assert trail.is_face(0.6) == is_face


def test_looks_in_vain_count_against_a_face():
    trail = Trail([0], [seen(0, 0, score=0.7)])
    for frame in (10, 20):
        trail.tried = 5
        trail.add(frame, seen(0, 0, score=0.7))
    assert trail.missed == 10
    assert not trail.is_face(0.6)
    trail.add(21, seen(0, 0, score=0.9))
    assert trail.is_face(0.6)


def test_an_hour_of_sightings_takes_little_memory():
    """90,000 frames: 5 MB a face, not 100."""
    face = Seen(Box(1.5, 2.5, 3.5, 4.5, -5.5), 0.75, ((1.0, 2.0),) * 5)
    tracemalloc.start()
    trail = Trail([0], [face])
    for frame in range(1, 20_000):
        trail.add(frame, face)
    used = tracemalloc.get_traced_memory()[0] / 20_000
    tracemalloc.stop()
    assert used < 70
    assert trail.seen[-1] == trail.seen[0] == face._replace(landmarks=())
    assert len(trail.seen[5:9]) == 4


def test_sightings_are_a_list_that_only_grows():
    ones = [Seen(Box(float(i), 1, 2, 3, 4), i / 10) for i in range(5)]
    found = Sightings(ones[1:3])
    found.insert(0, ones[0])
    found.append(ones[3])
    found += Sightings([ones[4]])
    assert list(found) == ones
    assert found[::-1] == ones[::-1]
    assert (found.scores, found.boxes) == ([i / 10 for i in range(5)], [one.box for one in ones])
    found[1], found[-1] = ones[4], ones[0]
    found[2:4] = [ones[1], ones[1]]
    assert list(found) == [ones[0], ones[4], ones[1], ones[1], ones[0]]
    with pytest.raises(IndexError):
        found[5]
    with pytest.raises(ValueError, match="zip"):
        found[1:3] = [ones[0]]
    with pytest.raises(TypeError, match="cannot be deleted"):
        del found[0]
