"""How large a pool of Ray actors may be and how many processors an actor counts for, so that jobs make progress.

An actor holds its processors as long as the job runs. If a pool holds all, what reads its input and writes its output
never starts, and Ray waits for ever. So the actors count for less than a processor each where it is needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..._optional import import_extra


def pool_options(workers: int | tuple[int, int] = 1, *, num_cpus: float | None = None) -> dict[str, Any]:
    """The arguments of ``Dataset.map_batches`` for a pool that leaves a processor to reading and writing.

    Ray must have been started, since the processors are those of the nodes that are there now.

    Args:
        workers: how many actors, not more than the cluster has processors, or the (least, most) of them. Ray adds
            actors above the least only as far as other work keeps its share, so that the most may be any number.
        num_cpus: processors that Ray counts for an actor; ``None`` for the most that leave one free, at most 1. A
            number is taken as it is, with any ``workers``: for a cluster that grows by itself.

    Returns:
        ``compute`` and ``num_cpus``.

    Raises:
        TypeError, ValueError: ``workers`` or ``num_cpus`` is not as said above; nothing has been started.
        MissingExtra: Ray is not installed.
    """
    least, most = _bounds(workers)
    if num_cpus is None:
        here = cluster_processors()
        if least > here:
            raise ValueError(
                f"workers must be at most {here}, the processors of this cluster, got {least}; "
                "num_cpus=1 takes any number, for a cluster that grows by itself"
            )
        num_cpus = processors_for_an_actor(_processors(), least)
    elif isinstance(num_cpus, bool) or not isinstance(num_cpus, (int, float)) or not 0 <= num_cpus < math.inf:
        raise ValueError(f"num_cpus must be a number of at least 0, or None, got {num_cpus!r}")
    strategy = import_extra("ray.data", "ray").ActorPoolStrategy
    return {"compute": strategy(min_size=least, max_size=most), "num_cpus": num_cpus}


def processors_for_an_actor(nodes: Sequence[float], workers: int) -> float:
    """The most processors, at most 1, of which ``workers`` actors cannot take so many that no node has one left.

    A node of c processors has less than one left when it holds more than (c - 1) / share actors. However the actors are
    placed, one node is free if together the nodes would need more actors than there are to be filled.

    Args:
        nodes: the processors of each node.
        workers: how many actors.

    Returns:
        1, 1/2, 1/3 and so on; 0 if no node has more than one processor and the actors are as many as the nodes.
    """
    if not any(node > 1 for node in nodes):
        return 1.0 if workers < sum(node >= 1 for node in nodes) else 0.0
    parts = 1
    while sum(math.floor((node - 1) * parts) + 1 for node in nodes if node >= 1) <= workers:
        parts += 1
    return 1 / parts


def cluster_processors() -> int:
    """The processors of all nodes, at least 1."""
    return max(1, math.floor(sum(_processors())))


def _bounds(workers: Any) -> tuple[int, int]:
    size = workers if isinstance(workers, tuple) else (workers, workers)
    if len(size) != 2 or not all(isinstance(one, int) and not isinstance(one, bool) for one in size):
        raise TypeError(f"workers must be a whole number or two of them, (least, most), got {workers!r}")
    if not 1 <= size[0] <= size[1]:
        raise ValueError(f"workers must be at least 1, and the least not above the most, got {workers!r}")
    return size


def _processors() -> list[float]:
    """The processors of each node that is alive."""
    ray = import_extra("ray", "ray")
    if not ray.is_initialized():
        raise ValueError("Ray must have been started, so that its processors can be counted: call ray.init() first")
    return [float(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
