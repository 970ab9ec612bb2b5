"""The protocols of protections: any, reversible ones, and those that learn.

Images are as for :func:`fastperturb.perturb`; faces are those of the clear image.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from .. import Face, Record, Region
from ..checks import Image
from ..recipients import Recipients


@runtime_checkable
class Protection(Protocol):
    """Something that hides faces. It may be pickled, and used by several threads.

    Attributes:
        name: all of its parameters, to print: "permutation, 8 cells", "mosaic, 16 px"; no two share it.
        family: what it has in common with the same protection at other strengths: one curve of a diagram.
        order: its place within the family; what hides more has more. Only the order means something.
        label: what stands at the point of the curve: "8 cells", "16 px", "0.1"; empty where there is one point.
        reversible: whether a key holder gets the original back, bit for bit.
    """

    @property
    def name(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def order(self) -> float: ...
    @property
    def label(self) -> str: ...
    @property
    def reversible(self) -> bool: ...

    def protect(self, image: Image, faces: Sequence[Face], *, seed: int) -> Image:
        """Hides the faces of an image.

        Args:
            image: as for :func:`fastperturb.perturb`; it is not changed.
            faces: of this image; those that do not touch it are left out, and without any the image stays clear.
            seed: of all that is random. The same gives the same result, another an unrelated one (another nonce). Two
                images share nothing under one seed.

        Returns:
            A new array of the same shape and dtype, equal to the image outside of :meth:`regions`.

        Raises:
            ValueError: the protection does not fit the faces (no landmarks, say).
        """

    def view(self, protected: Image, faces: Sequence[Face]) -> Image:
        """What a reader without a key best makes of it: for permutations the Lanczos view, else ``protected``."""

    def regions(self, faces: Sequence[Face], shape: tuple[int, ...]) -> list[Region]:
        """Where an image of ``shape`` is changed; a pixel of several belongs to one as :func:`perturb` says."""


@runtime_checkable
class ReversibleProtection(Protection, Protocol):
    """A protection that is an ordinary perturbation: :func:`fastperturb.restore` undoes it."""

    def perturb(
        self,
        image: Image,
        faces: Sequence[Face],
        key: Recipients,
        *,
        reproducible: bool = False,
        surroundings: bool = False,
        metadata: bytes | None = None,
    ) -> tuple[Image, Record]:
        """Hides the faces as :func:`fastperturb.perturb` does, whose options these are.

        Raises:
            NoFaceFound: no face touches the image.
        """


@runtime_checkable
class FittedProtection(Protection, Protocol):
    """A protection that learns from faces: those of the training split, never those it is measured on."""

    @property
    def fitted(self) -> bool:
        """Whether it has; until then :meth:`Protection.protect` raises a ValueError."""

    def fit(self, images: Iterable[Image], faces: Iterable[Sequence[Face]]) -> None:
        """Learns from faces.

        Args:
            images: clear ones; each is looked at once.
            faces: for each image its faces.

        Raises:
            ValueError: not one face touches its image, or the two are not equally many.
            MissingExtra: a package is needed to learn.
        """

    @property
    def fingerprint(self) -> str:
        """Short, and another for anything else learnt; empty before."""

    def to_bytes(self) -> bytes:
        """What was learnt, as a file that the protection's text can name.

        Raises:
            ValueError: nothing was learnt yet.
        """
