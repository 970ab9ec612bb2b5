"""What every integration does with one image: find its faces or take given boxes, perturb, and say what no face means.

Images are NumPy arrays (height, width) or (height, width, channels); boxes are in pixels, x to the right, y down.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .. import Detector, Face, Key, NoFaceFound, Record, Region, Strength, locate, perturb
from ..faces import AnyAngle, Margins, grow_region, make_detector

Image: TypeAlias = NDArray[Any]
NoFace: TypeAlias = Literal["raise", "whole", "pass"]
KeyLike: TypeAlias = "Key | KeyPlace | str | os.PathLike[str] | None"
_WHEN_TWICE = "a second protection would take its place, and nobody could restore then"


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where each process finds the key, so that the key itself is never an argument, a pickle or a line of a log.

    Attributes:
        file: path of a key file on the machine that protects; ``None`` for the environment.
        variable: environment variable that holds the key's text, read if there is no ``file``.
        key_id: the public id that the key must have, so that a machine with another key stops instead of going on.
    """

    file: str | None = None
    variable: str = "FASTPERTURB_KEY"
    key_id: str | None = None

    def load(self) -> Key:
        """The key.

        Raises:
            OSError, KeyError, ValueError: it is not there, is not a key, or has another id; the key is never shown.
        """
        key = Key.from_environment(self.variable) if self.file is None else Key.from_file(self.file)
        if self.key_id is not None and key.id != self.key_id:
            place = self.variable if self.file is None else self.file
            raise ValueError(f"{place} must hold the key {self.key_id}, got the key {key.id}")
        return key


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceOptions:
    """How faces are found and protected; the same for all integrations.

    Attributes:
        strength: window and number of pixels.
        detector: what finds faces where no boxes are given: an object, or text for
            :func:`fastperturb.faces.make_detector`; ``None`` is YuNet. What text or ``None`` names finds faces at any
            angle (:class:`fastperturb.faces.AnyAngle`); an object is taken as it is.
        threshold: the lowest score of a face, 0 to 1; ``None`` is the detector's own.
        grow: margins around each face or given box, as for :func:`fastperturb.locate`.
        shape: "box" or "ellipse"; ``None`` keeps what the detector or the box has.
        no_face: what to do with an image without one: "raise" :class:`fastperturb.NoFaceFound`, protect the "whole"
            image as one region, or "pass" it on in the clear, without a record.
        reproducible: as for :func:`fastperturb.perturb`.

    Raises:
        TypeError, ValueError: ``strength``, ``detector`` or ``no_face`` is not as said above.
    """

    strength: Strength = Strength()
    detector: str | Detector | None = None
    threshold: float | None = None
    grow: Margins = 0.0
    shape: Literal["box", "ellipse"] | None = None
    no_face: NoFace = "raise"
    reproducible: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.strength, Strength):
            raise TypeError(f"strength must be a Strength, got {self.strength!r}")
        if self.no_face not in ("raise", "whole", "pass"):
            raise ValueError(f"no_face must be 'raise', 'whole' or 'pass', got {self.no_face!r}")
        if isinstance(self.grow, list):  # as JSON has it
            object.__setattr__(self, "grow", tuple(self.grow))
        if isinstance(self.detector, str):
            make_detector(self.detector)  # so that a misspelt one is told of here, not by the first image

    def to_dict(self) -> dict[str, Any]:
        """The options as plain values; a detector that is an object stays one."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["strength"] = _plain_protection(self.strength)
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FaceOptions:
        """Reads what :meth:`to_dict` gave."""
        return cls(**{**values, "strength": _read_protection(values.get("strength", {}))})


def _plain_protection(protection: Strength) -> dict[str, Any]:
    """What is done to faces as plain values, from which equal ones are known (caches, marks of rows) and made again."""
    return {name: value for name, value in asdict(protection).items() if value is not None}


def _read_protection(values: Mapping[str, Any]) -> Strength:
    """Reads what :func:`_plain_protection` gave."""
    return Strength(**values)


class Protector:
    """Protects images, one call each; may be used by many threads and pickled.

    A pickle holds where the key is, not the key, and reads it again where it is unpickled. Only if a ``Key`` object was
    given does it hold the secret, and is to be kept like one.

    Args:
        key: a key, or where it is: the path of a key file, a :class:`KeyPlace`, or ``None`` for the environment
            variable FASTPERTURB_KEY.
        options: how faces are found and protected.

    Raises:
        OSError, KeyError, ValueError: the key cannot be read.
    """

    def __init__(self, key: KeyLike = None, options: FaceOptions = FaceOptions()) -> None:
        self.options = options
        named = options.detector
        self._detector = AnyAngle(make_detector(named)) if isinstance(named, str) else named
        self._place: KeyPlace | None = None
        if isinstance(key, Key):
            self._key = key
            return
        place = key if isinstance(key, KeyPlace) else KeyPlace(None if key is None else os.fspath(key))
        self._key = place.load()
        self._place = replace(place, key_id=self._key.id)

    @property
    def key(self) -> Key:
        """The key."""
        return self._key

    @property
    def place(self) -> KeyPlace | None:
        """Where the key is, with its id; ``None`` if a ``Key`` object was given."""
        return self._place

    def __repr__(self) -> str:
        return f"Protector({self._key!r}, {self.options!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Protector, (self._key if self._place is None else self._place, self.options)

    def find(self, image: Image) -> list[Face]:
        """The faces of an image, as :func:`fastperturb.locate` gives them."""
        o = self.options
        return locate(image, self._detector, threshold=o.threshold, grow=o.grow, shape=o.shape)

    def __call__(
        self, image: Image, boxes: Iterable[Region] | None = None, *, surroundings: bool = False
    ) -> tuple[Image, Record | None]:
        """Protects one image.

        Args:
            image: as for :func:`fastperturb.perturb`; it is not changed.
            boxes: where the faces are, empty if there is none; ``None`` to look for them.
            surroundings: as for :func:`fastperturb.perturb`; for images that become files.

        Returns:
            The protected image and its record; a copy of the image and ``None`` where there is no face and ``no_face``
            lets it pass.

        Raises:
            NoFaceFound: there is none and ``no_face`` is "raise".
            TypeError, ValueError: the image or a box is not what :func:`fastperturb.perturb` takes.
        """
        o = self.options
        found: list[Any] = [] if boxes is not None else list(self.find(image))
        regions = found if boxes is None else [grow_region(box, o.grow, o.shape) for box in boxes]
        if not regions:
            if o.no_face == "raise":
                where = "found" if boxes is None else "given"
                raise NoFaceFound(f"no face {where}; no_face='whole' protects such images as a whole")
            if o.no_face == "pass":
                return np.array(image), None
            regions = [Region(0, 0, image.shape[1], image.shape[0], o.shape or "box")]
        return self._hide(image, regions, surroundings)

    def _hide(self, image: Image, regions: list[Any], surroundings: bool) -> tuple[Image, Record]:
        """Hides the regions: the one place of all integrations that does something to pixels.

        What else may hide a face enters here, in the check of ``FaceOptions.strength``, and, for everything that keeps
        or compares options, in :func:`_plain_protection` and :func:`_read_protection`.
        """
        o = self.options
        reproducible = o.reproducible
        return perturb(image, regions, self._key, o.strength, reproducible=reproducible, surroundings=surroundings)


def refuse_taken(names: Iterable[str], taken: Iterable[Any]) -> None:
    """Stops where a record or an error would silently replace what has its name.

    Args:
        names: of what is to be added.
        taken: names that are there.

    Raises:
        ValueError: one of ``names`` is there already.
    """
    there = sorted(set(names) & {name for name in taken if isinstance(name, str)})
    if there:
        raise ValueError(
            f"an entry {there[0]!r} is there already: {_WHEN_TWICE}; give it or the new one another name, "
            "or protect once"
        )
