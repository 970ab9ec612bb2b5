"""What this installation can do on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from . import _core
from .threads import available_cpus


@dataclass(frozen=True, slots=True)
class Info:
    """What :func:`info` tells.

    Attributes:
        version: of the package.
        instruction_set: the build of the hot loops that is in use.
        instruction_sets: those that this processor can run, best first; the environment variable ``FASTPERTURB_ISA``
            names the one to use.
        threads: how many ``threads=None`` means: one for each processor that this process may use.
    """

    version: str
    instruction_set: str
    instruction_sets: tuple[str, ...]
    threads: int


def info() -> Info:
    """The version, the instruction sets and the threads: what to put into a report of a fault or of a speed.

    Raises:
        ValueError: ``FASTPERTURB_ISA`` names none of the instruction sets that this processor can run.
    """
    return Info(_core.__version__, _core.isa(), tuple(_core.available_isas()), available_cpus())
