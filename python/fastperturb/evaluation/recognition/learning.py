"""What recognisers and restorers that are networks share: torch, seeded and on one thread, so that bits repeat."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..._optional import import_extra

EXTRA = "train"


@contextmanager
def seeded_torch(seed: int) -> Iterator[Any]:
    """Torch, its draws made from ``seed`` and its sums on one thread; both are put back afterwards.

    Raises:
        MissingExtra: torch is not installed.
    """
    torch = import_extra("torch", EXTRA)
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        try:
            yield torch
        finally:
            torch.set_num_threads(threads)


def descend(torch: Any, network: Any, rate: float, steps: int) -> Iterator[Any]:
    """Yields what takes a loss, once a step: AdamW (Loshchilov, Hutter 2019), its rate in one cycle (Smith 2018)."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=rate, total_steps=steps)

    def step(loss: Any) -> None:
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()

    network.train()
    for _ in range(steps):
        yield step
    network.eval()
