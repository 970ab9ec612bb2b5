"""How many threads: what a caller may ask for, and what the machine, its affinity and its container allow."""

from __future__ import annotations

import os
from pathlib import Path

from .checks import whole

CGROUP_LIMIT = Path("/sys/fs/cgroup/cpu.max")


def available_cpus() -> int:
    """How many processors this process may use: its affinity, and its container's quota rounded up, where there are.

    The quota is that of control groups version 2 (``cpu.max``). ``OMP_NUM_THREADS`` is not read: ``threads=`` decides.
    """
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = CGROUP_LIMIT.read_text(encoding="ascii").split()
        return max(1, min(cpus, -(-int(quota) // int(period))))
    except (OSError, ValueError):  # no such file, or "max": no limit
        return cpus


def check_threads(threads: int | None) -> int:
    """A thread count: ``None`` means one for every processor that this process may use.

    Raises:
        TypeError: not a whole number.
        ValueError: under 1 or over 1024.
    """
    if threads is None:
        return available_cpus()
    number = whole("threads", threads, "a whole number or None")
    if not 1 <= number <= 1024:
        raise ValueError(f"threads must be 1 to 1024, or None for all processors, got {number}")
    return number
