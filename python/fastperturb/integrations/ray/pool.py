"""How many processors an actor of a pool may hold, so that reading and writing always find one.

Ray gives processors out and never takes them back from an actor. A pool that holds all of them leaves none for the
tasks that read its rows and write its results, and then nothing moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..._optional import import_extra

Workers = int | tuple[int, int]
_SHARES = (1.0, *(round(1 - step / 10, 1) for step in range(1, 10)), 0.05, 0.01)


def pool_options(workers: Workers = 1) -> dict[str, Any]:
    """What ``map_batches`` needs for a pool of actors that makes progress on the cluster that is there.

    ``rows.map_batches(PerturbImages, fn_constructor_args=(job,), **pool_options(2))`` is a pool of one's own.

    Args:
        workers: how many actors, or the (least, most) of them.

    Returns:
        ``compute``, the pool, and ``num_cpus``: 1 where that leaves a processor to the tasks around the pool wherever
        its actors are put, otherwise the largest share that does, and 0 where all machines have one processor only.

    Raises:
        TypeError, ValueError: ``workers`` is not as said above.
        MissingExtra: Ray is not installed.
    """
    least, most = _size(workers)
    ray, data = import_extra("ray", "ray"), import_extra("ray.data", "ray")
    if not ray.is_initialized():
        ray.init()
    processors = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
    pool = data.ActorPoolStrategy(min_size=least, max_size=most)
    return {"compute": pool, "num_cpus": share_of_processor(processors, most)}


def share_of_processor(processors: Sequence[int], actors: int) -> float:
    """The largest share of a processor for each actor that leaves a whole one free on some machine.

    However the actors are put on the machines, one with c processors has less than one free only if it holds more than
    (c - 1) / share of them; there are too few for all machines if ``actors`` is below the sum of these.

    Args:
        processors: of each machine; machines without any are left out, and the share is 1/2 if there are no others
            (a cluster that has yet to grow).
        actors: how many there will be at most.

    Returns:
        1 or less; 0 if no share is small enough, as with a machine of one processor.
    """
    machines = [count for count in processors if count > 0]
    if not machines:
        return 0.5
    for share in _SHARES:
        to_fill = sum(int((count - 1) / share + 1e-9) + 1 for count in machines)
        if actors < to_fill:
            return share
    return 0.0


def _size(workers: Workers) -> tuple[int, int]:
    size = workers if isinstance(workers, tuple) else (workers, workers)
    if len(size) != 2 or not all(isinstance(n, int) and not isinstance(n, bool) for n in size):
        raise TypeError(f"workers must be a whole number or two of them, (least, most), got {workers!r}")
    if not 1 <= size[0] <= size[1]:
        raise ValueError(f"workers must be 1 or more, the least first, got {workers!r}")
    return size
