"""How hard to look for faces, in three words: fast, careful, everything; docs/faces.md has their recall and time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypeAlias, get_args

from ..checks import Image
from ..errors import MissingExtra
from ..region import Face
from .centerface import CenterFace
from .looks import Thorough
from .turned import AnyAngle
from .union import Union
from .yunet import YuNet

Find: TypeAlias = Literal["fast", "careful", "everything"]
"""Names of :func:`finder`'s presets."""

PRESETS: tuple[Find, ...] = get_args(Find)
_TURNED_PIXELS = {"fast": 300_000, "careful": 600_000, "everything": 1_200_000}
_CENTERFACE = 0.3  # the lowest score of CenterFace; at its own 0.35 it misses faces of 12 pixels
_MARGIN = {"fast": 0.0, "careful": 0.05, "everything": 0.05}  # around faces that are surely upright
_ENLARGE = {"fast": 1.0, "careful": 1.0, "everything": 2.0}  # tiles of the first detector


class _Detects(Protocol):
    def detect(self, image: Image, /) -> list[Face]: ...


def finder(
    find: Find = "careful",
    detectors: Mapping[str, _Detects] | _Detects | None = None,
    *,
    threshold: float | None = None,
    turned: Literal["no", "quarters", "diagonals"] | None = None,
) -> _Detects:
    """A detector that looks for faces as hard as a word says.

    - "fast": the image, and copies turned by quarters (:class:`AnyAngle`), with YuNet. What :func:`fastperturb.locate`
      does by default.
    - "careful": also tiles in the image's own size, mirrored rims (:class:`Thorough`), and copies turned by 45 degrees,
      of twice as many pixels; and CenterFace, upright, where its weights are installed (:class:`Union`).
    - "everything": YuNet's tiles twice as large as the image, turned copies of four times as many pixels as "fast", and
      always CenterFace.

    Of several detectors the first looks at turned copies, and decides how a face lies.

    Args:
        find: which of them.
        detectors: other detectors than the default: one, or several by name, whose faces are united.
        threshold: the lowest score of the default detectors; None for their own. Not read with ``detectors``.
        turned: which turned copies to look at; None is the preset's choice.

    Raises:
        TypeError: one of the detectors has no ``detect``.
        ValueError: an unknown word, or ``threshold`` out of range.
        MissingExtra: "everything" without ``detectors``, and the weights of CenterFace are not installed.
    """
    if find not in PRESETS:
        raise ValueError(f"find must be one of {', '.join(PRESETS)}, got {find!r}")
    if turned not in (None, "no", "quarters", "diagonals"):
        raise ValueError(f"turned must be 'no', 'quarters' or 'diagonals', got {turned!r}")
    several: Mapping[str, _Detects]
    if detectors is None:
        several = usual_detectors(find, {} if threshold is None else {"threshold": threshold})
    else:
        several = detectors if isinstance(detectors, Mapping) else {"": detectors}
    turned = turned or ("quarters" if find == "fast" else "diagonals")
    ways: dict[str, _Detects] = {}
    for name, detector in several.items():
        straight = detector if find == "fast" else _thorough(detector, find, first=not ways)
        ways[name] = straight
        if not ways.keys() - {name} and turned != "no":
            simple = None if straight is detector else detector
            diagonals = turned == "diagonals"
            ways[name] = AnyAngle(
                straight, diagonals=diagonals, max_pixels=_TURNED_PIXELS[find], simple=simple, margin=_MARGIN[find]
            )
    return next(iter(ways.values())) if len(ways) == 1 else Union(ways)


def _thorough(detector: _Detects, find: Find, *, first: bool) -> Thorough:
    """The closer look of a preset; others than the first detector look once at pictures that they enlarge."""
    if first or find == "everything":
        return Thorough(detector, enlarge=_ENLARGE[find] if first else 1.0)
    return Thorough(detector, itself=False)


def usual_detectors(find: Find, settings: Mapping[str, Any]) -> dict[str, _Detects]:
    """The preset's own detectors by name; ``settings`` go to each.

    Raises:
        MissingExtra: "everything", and the weights of CenterFace are not installed.
    """
    found: dict[str, _Detects] = {"yunet": YuNet(**settings)}
    if find != "fast":
        try:
            found["centerface"] = CenterFace(**{"threshold": _CENTERFACE, **settings})
        except MissingExtra:
            if find == "everything":
                raise
    return found
