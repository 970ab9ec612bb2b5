"""Data sets: named images of people, each read when it is needed.

Arrays are uint8, grey (height, width) or RGB (height, width, 3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sample:
    """One image of a data set.

    Attributes:
        name: unique within the data set, the same on every machine: "s1/1.pgm".
        person: whom it shows; None where the data set does not say.
        read: gives the image, anew at each call; raises OSError or ``ImageFileError`` where it cannot. It can be
            pickled and called in any thread.
    """

    name: str
    person: str | None
    read: Callable[[], Pixels] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two samples, by name, that show one person or two.

    Attributes:
        first: name of a sample.
        second: name of another.
        same: whether both show one person.
        fold: number of the part of the list it stands in, from 0.
    """

    first: str
    second: str
    same: bool
    fold: int = 0


@dataclass(frozen=True, slots=True)
class DataSet:
    """Images of people.

    Attributes:
        name: to print: "AT&T, enlarged 2 times".
        samples: in a fixed order; no pixels are held.
        pairs: the verification list that comes with it, if one does.

    Raises:
        ValueError: two samples have one name.
    """

    name: str
    samples: Sequence[Sample] = field(repr=False)
    pairs: tuple[Pair, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for sample in self.samples:
            if sample.name in seen:
                raise ValueError(f"samples must have different names, got {sample.name} twice in {self.name}")
            seen.add(sample.name)

    @property
    def people(self) -> tuple[str, ...]:
        """The people in the order of their first samples; empty where the data set does not name them."""
        return tuple(dict.fromkeys(sample.person for sample in self.samples if sample.person is not None))
