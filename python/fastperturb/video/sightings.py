"""The sightings of one face, six numbers each: a scene of an hour has a hundred thousand."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, MutableSequence
from typing import cast, overload

from ..faces.tilt import Box
from .detecting import Seen

_NUMBERS = 6  # of a box, and the score


class Sightings(MutableSequence[Seen]):
    """A list of sightings, in 48 bytes each; landmarks are left out, which nobody needs any more."""

    def __init__(self, seen: Iterable[Seen] = ()) -> None:
        self._numbers = array("d")
        self.extend(seen)

    def __len__(self) -> int:
        return len(self._numbers) // _NUMBERS

    def __repr__(self) -> str:
        return f"<{len(self)} sightings>"

    @overload
    def __getitem__(self, index: int) -> Seen: ...

    @overload
    def __getitem__(self, index: slice) -> list[Seen]: ...

    def __getitem__(self, index: int | slice) -> Seen | list[Seen]:
        """One of them, or a list of some."""
        if isinstance(index, slice):
            return [self._at(number) for number in range(*index.indices(len(self)))]
        return self._at(range(len(self))[index])

    def __setitem__(self, index: int | slice, value: Seen | Iterable[Seen]) -> None:
        """Replaces one of them; slices must keep their length."""
        places = range(len(self))[index] if isinstance(index, slice) else [range(len(self))[index]]
        values = cast("list[Seen]", list(value) if isinstance(index, slice) else [value])
        for place, seen in zip(places, values, strict=True):
            self._numbers[_NUMBERS * place : _NUMBERS * (place + 1)] = _as_numbers(seen)

    def __delitem__(self, index: int | slice) -> None:
        """Sightings are never taken back."""
        raise TypeError("sightings cannot be deleted")

    def insert(self, index: int, value: Seen) -> None:
        """Puts one before another."""
        place = _NUMBERS * range(len(self) + 1)[index]
        self._numbers[place:place] = _as_numbers(value)

    @property
    def scores(self) -> list[float]:
        """Of all of them."""
        return self._numbers[_NUMBERS - 1 :: _NUMBERS].tolist()

    @property
    def boxes(self) -> list[Box]:
        """Of all of them."""
        return [seen.box for seen in self]

    def _at(self, number: int) -> Seen:
        *box, score = self._numbers[_NUMBERS * number : _NUMBERS * (number + 1)]
        return Seen(Box(*box), score)


def _as_numbers(seen: Seen) -> array[float]:
    return array("d", (*seen.box, seen.score))
