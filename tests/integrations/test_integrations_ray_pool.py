"""Pools of actors leave a processor to the tasks around them, wherever the actors are put."""

import itertools

import pytest

from fastperturb.integrations.ray.pool import share_of_processor


def worst_placing(machines, share, actors):
    """Puts actors so as to leave a whole processor on as few machines as possible; gives how many keep one."""
    left = actors
    free = 0
    for count in sorted(machines):
        needed, held = 0, 0.0
        while count - held >= 1 - 1e-9:
            needed, held = needed + 1, held + share
            if share == 0:
                break
        if share == 0 or needed > left or held > count + 1e-9:
            free += count >= 1
        else:
            left -= needed
    return free


def test_a_processor_is_left_wherever_the_actors_are():
    shares = set()
    for machines in itertools.chain.from_iterable(
        itertools.combinations_with_replacement((1, 2, 3, 8), n) for n in (1, 2, 3)
    ):
        for actors in range(1, sum(machines) + 4):
            share = share_of_processor(machines, actors)
            assert worst_placing(machines, share, actors) > 0, (machines, actors, share)
            shares.add(share)
    assert {0.0, 0.5, 1.0} <= shares


@pytest.mark.parametrize(
    ("machines", "actors", "share"),
    [
        ([2], 1, 1.0),
        ([2], 2, 0.5),
        ([2], 3, 0.3),
        ([2], 4, 0.2),
        ([16], 15, 1.0),
        ([16], 16, 0.9),
        ([16] * 16, 256, 0.9),
        ([1], 1, 0.0),
        ([1, 1, 1], 3, 0.0),
        ([1, 1, 1], 2, 1.0),
        ([0, 4], 4, 0.7),
        ([0], 9, 0.5),
        ([], 1, 0.5),
    ],
)
def test_shares(machines, actors, share):
    assert share_of_processor(machines, actors) == share
