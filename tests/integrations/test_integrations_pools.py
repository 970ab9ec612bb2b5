"""Pools of Ray actors: however they are placed, a node has a processor left for reading and writing."""

import itertools
from fractions import Fraction

import pytest

from fastperturb.integrations.ray.pools import pool_options, processors_for_an_actor

CLUSTERS = [nodes for count in (1, 2, 3) for nodes in itertools.combinations_with_replacement((0, 1, 2, 3, 8), count)]


def free_after_the_worst_placement(nodes, share, workers):
    """The most processors that a node has left when actors go where they block the most nodes, the easiest first."""
    left = sorted(Fraction(node) for node in nodes)
    for index in range(len(left)):
        while workers and left[index] >= max(1, share):
            left[index] -= share
            workers -= 1
            if not share:
                break
    return max(left)


@pytest.mark.parametrize("nodes", [nodes for nodes in CLUSTERS if sum(nodes)], ids=str)
def test_a_processor_is_left_and_no_larger_share_leaves_one(nodes):
    for workers in range(1, sum(nodes) + 1):
        share = processors_for_an_actor(nodes, workers)
        exact = Fraction(share).limit_denominator(1000)
        assert 0 <= share <= 1
        assert free_after_the_worst_placement(nodes, exact, workers) >= 1
        assert workers * exact <= sum(nodes)  # so that all can start
        if exact < 1:
            larger = Fraction(1) if exact == 0 else 1 / (1 / exact - 1)
            assert free_after_the_worst_placement(nodes, larger, workers) < 1


def test_shares():
    assert processors_for_an_actor([2], 1) == 1
    assert processors_for_an_actor([2], 2) == 0.5
    assert processors_for_an_actor([64], 63) == 1
    assert processors_for_an_actor([64], 64) == 0.5
    assert processors_for_an_actor([1], 1) == 0
    assert processors_for_an_actor([2, 2, 2, 2], 7) == 1
    assert processors_for_an_actor([2, 2, 2, 2], 8) == 0.5


@pytest.mark.parametrize("workers", [2.0, "2", True, (1, 2, 3), (1, None)])
def test_workers_of_another_type(workers):
    with pytest.raises(TypeError, match=r"workers must be a whole number or two of them, \(least, most\), got"):
        pool_options(workers)


@pytest.mark.parametrize("workers", [0, -1, (2, 1), (0, 4)])
def test_workers_that_are_no_pool(workers):
    with pytest.raises(ValueError, match="workers must be at least 1, and the least not above the most, got"):
        pool_options(workers)


@pytest.mark.parametrize("number", [-1, float("nan"), float("inf"), "1", True])
def test_processors_that_are_no_number(number):
    with pytest.raises(ValueError, match="num_cpus must be a number of at least 0, or None, got"):
        pool_options(1, num_cpus=number)
