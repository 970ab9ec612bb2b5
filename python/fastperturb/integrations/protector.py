"""What every integration does with one image: find its faces or take given boxes, protect, and say what no face means.

Images are NumPy arrays (height, width) or (height, width, channels); boxes are in pixels, x to the right, y down.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .. import Detector, Face, Key, NoFaceFound, Record, Region, Strength, locate, perturb
from ..checks import check_image
from ..faces import AnyAngle, Margins, grow_region, make_detector
from ..perturbation.format_v2 import SealOptions
from ..perturbation.sealing import Sealing, draw_and_seal
from ..protections import Black, ReversibleProtection, as_drawing
from ..recipients import Recipient, check_recipients
from .key_places import Holder, KeysLike, load_keys
from .methods import (
    DEFAULT,
    Method,
    ProtectionLike,
    check_sealed,
    has_own_area,
    make_method,
    plain_protection,
    read_plain_protection,
    shows_the_same,
)

Image: TypeAlias = NDArray[Any]
NoFace: TypeAlias = Literal["raise", "whole", "pass"]
_WHEN_TWICE = "a second protection would take its place, and nobody could restore then"


class ProtectedAnew(UserWarning):
    """A transform will show every picture in another way each time; several protections of one tell more than one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceOptions:
    """How faces are found and protected; the same for all integrations.

    Attributes:
        protection: what is done to faces: text as for the command line's ``--protect`` ("surrogate", "mosaic:8",
            "windows:cells=4"), a :class:`fastperturb.Strength`, or a protection. ``None`` is the command line's
            default, "surrogate:tone=around": a drawn face over the head, with the original sealed into the record; but
            windows for the regions of a :class:`fastperturb.integrations.sklearn.FacePerturber`.
        detector: what finds faces where no boxes are given: an object, or text for
            :func:`fastperturb.faces.make_detector`; ``None`` is YuNet. What text or ``None`` names finds faces at any
            angle (:class:`fastperturb.faces.AnyAngle`); an object is taken as it is.
        threshold: the lowest score of a face, 0 to 1; ``None`` is the detector's own.
        grow: margins around each face or given box, as for :func:`fastperturb.locate`; not for surrogate and
            camouflage, which cover the head by themselves.
        shape: "box" or "ellipse"; ``None`` keeps what the detector or the box has; not for these two either.
        no_face: what to do with an image without one: "raise" :class:`fastperturb.NoFaceFound`, protect the "whole"
            image as one region (in black, where the protection covers heads alone), or "pass" it on in the clear,
            without a record.
        reproducible: whether the same image gives the same result each time, at every epoch, fit and retry. True and
            False are as for :func:`fastperturb.perturb`; ``None`` is True where every recipient is a secret key, and
            False with a public key, to which nothing can be reproduced.

    Raises:
        TypeError, ValueError: an option is not as said above, or ``grow`` or ``shape`` does not fit ``protection``.
    """

    protection: ProtectionLike | None = None
    detector: str | Detector | None = None
    threshold: float | None = None
    grow: Margins = 0.0
    shape: Literal["box", "ellipse"] | None = None
    no_face: NoFace = "raise"
    reproducible: bool | None = None

    def __post_init__(self) -> None:
        if self.no_face not in ("raise", "whole", "pass"):
            raise ValueError(f"no_face must be 'raise', 'whole' or 'pass', got {self.no_face!r}")
        if self.reproducible not in (None, True, False):
            raise TypeError(f"reproducible must be True, False or None, got {self.reproducible!r}")
        if isinstance(self.grow, list):  # as JSON has it
            object.__setattr__(self, "grow", tuple(self.grow))
        # What is misspelt is told of here, not by the first image.
        if isinstance(self.detector, str):
            make_detector(self.detector)
        if self.protection is not None:
            self.make_method(DEFAULT)

    def make_method(self, default: str) -> Method:
        """What hides faces, ready for use.

        Args:
            default: what ``None`` stands for.

        Raises:
            ValueError: ``grow`` or ``shape`` does not fit it.
        """
        protection = default if self.protection is None else self.protection
        method = make_method(protection)
        if has_own_area(method) and (np.any(self.grow) or self.shape is not None):
            raise ValueError(
                f"grow and shape are not for {protection!r}, which covers the rounded head by itself; "
                "protection='windows' takes them"
            )
        return method

    def to_dict(self) -> dict[str, Any]:
        """The options as plain values; a detector or a protection that is an object stays one."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["protection"] = plain_protection(self.protection)
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FaceOptions:
        """Reads what :meth:`to_dict` gave."""
        return cls(**{**values, "protection": read_plain_protection(values.get("protection"))})


class Protector:
    """Protects images, one call each; may be used by many threads and pickled.

    A pickle holds where secret keys are, not the keys, and reads them again where it is unpickled. Only if a ``Key``
    object was given does it hold the secret, and is to be kept like one.

    Args:
        key: who will be able to restore, one or several up to 16: a Key, a PublicKey, a :class:`KeyPlace`, the path of
            a file of either kind of key, or ``None`` for the environment variable FASTPERTURB_KEY.
        options: how faces are found and protected.
        beside: keep seals out of records, to be stored apart: ``record.beside_bytes()``.
        default: the protection where the options name none.

    Raises:
        OSError, KeyError, ValueError: a key cannot be read; there are more than 16, or one twice; reproducible with a
            public key; seals beside of windows, which have none.
        TypeError: a key of another kind, as a FaceKey.
    """

    def __init__(
        self,
        key: KeysLike = None,
        options: FaceOptions = FaceOptions(),
        *,
        beside: bool = False,
        default: str = DEFAULT,
    ) -> None:
        self.options, self._default, self._beside = options, default, beside
        named = options.detector
        self._detector = AnyAngle(make_detector(named)) if isinstance(named, str) else named
        self._method = options.make_method(default)
        self._recipients, self._holders = load_keys(key)
        secret = all(isinstance(item, Key) for item in self._recipients)
        self._reproducible = secret if options.reproducible is None else options.reproducible
        check_recipients(self._recipients, reproducible=self._reproducible)
        if beside:
            check_sealed(self._method, self._named)

    @property
    def recipients(self) -> tuple[Recipient, ...]:
        """The keys of all who will be able to restore."""
        return self._recipients

    @property
    def holders(self) -> tuple[Holder, ...]:
        """The same as a pickle holds them: the places of secret keys, with their ids, unless objects were given."""
        return self._holders

    @property
    def secret_key(self) -> Key | None:
        """The first recipient that is a secret key, which restores what was protected."""
        return next((item for item in self._recipients if isinstance(item, Key)), None)

    @property
    def reproducible(self) -> bool:
        """Whether the same image gives the same result each time."""
        return self._reproducible

    @property
    def method(self) -> Method:
        """What is done to faces."""
        return self._method

    def __repr__(self) -> str:
        return f"Protector({list(self._recipients)!r}, {self.options!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _make, (self._holders, self.options, self._beside, self._default)

    @property
    def _named(self) -> Any:
        return self._default if self.options.protection is None else self.options.protection

    def warn_if_anew(self) -> None:
        """For transforms that run anew each epoch: warns where each time would show something else of one picture."""
        if self.options.reproducible is None and not self._reproducible and not shows_the_same(self._method):
            warnings.warn(
                f"{self._named!r} to a public key shows a picture in another way each time, and several "
                "ways tell more than one: protect the data set once (fastperturb.integrations.once) and train from "
                "that, or say reproducible=False if this is meant",
                ProtectedAnew,
                stacklevel=3,
            )

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
        check_image(image)
        o = self.options
        found: list[Any] = [] if boxes is not None else list(self.find(image))
        regions = found if boxes is None else [grow_region(box, o.grow, o.shape) for box in boxes]
        if regions:
            return self._hide(image, regions, self._method, surroundings)
        if o.no_face == "raise":
            where = "found" if boxes is None else "given"
            raise NoFaceFound(f"no face {where}; no_face='whole' protects such images as a whole")
        if o.no_face == "pass":
            return np.array(image), None
        whole = Region(0, 0, image.shape[1], image.shape[0])
        return self._hide(image, [whole], _covering(self._method, whole, image.shape), surroundings)

    def _hide(self, image: Image, regions: list[Any], method: Method, surroundings: bool) -> tuple[Image, Record]:
        """Hides the regions: the one place of all integrations that does something to pixels."""
        how: dict[str, Any] = {"reproducible": self._reproducible, "surroundings": surroundings}
        if isinstance(method, ReversibleProtection):
            faces = [item if isinstance(item, Face) else Face(item) for item in regions]
            keys: Any = self._recipients
            return method.perturb(image, faces, keys, **how)
        if isinstance(method, Strength) or not self._beside:
            return perturb(image, regions, self._recipients, method, **how)
        sealing = Sealing(**how, options=SealOptions(beside=True))
        return draw_and_seal(image, regions, self._recipients, as_drawing(method), None, sealing)


def _make(holders: Any, options: FaceOptions, beside: bool, default: str) -> Protector:
    return Protector(holders, options, beside=beside, default=default)


def _covering(method: Method, whole: Region, shape: tuple[int, ...]) -> Method:
    """The method, if it covers all of an image as one region, or else black: corners must not stay in the clear."""
    if isinstance(method, Strength):
        return method
    if isinstance(method, ReversibleProtection):
        by_landmarks = getattr(method, "features", False)  # which no image without a face has
        regions = () if by_landmarks else tuple(method.regions([Face(whole)], shape))
    else:
        regions = as_drawing(method).regions_for([whole], shape)
    full = (slice(0, shape[0]), slice(0, shape[1]))
    return method if any(r.shape == "box" and r.clipped(*shape[:2]) == full for r in regions) else Black()


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
