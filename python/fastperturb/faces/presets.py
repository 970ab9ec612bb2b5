"""How hard to look for faces, in three words: fast, careful, everything; docs/faces.md has their recall and time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol, TypeAlias, get_args

from ..checks import Image
from ..region import Face
from .centerface import CenterFace
from .looks import Thorough
from .turned import AnyAngle
from .union import Union
from .yunet import YuNet

Find: TypeAlias = Literal["fast", "careful", "everything"]
"""Names of :func:`finder`'s presets."""

PRESETS: tuple[Find, ...] = get_args(Find)
_TURNED_PIXELS = {"fast": 300_000, "careful": 600_000, "everything": 2_400_000}


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

    - "fast": the image, and copies turned by quarters (:class:`AnyAngle`). What :func:`fastperturb.locate` does by
      default.
    - "careful": also tiles in the image's own size, mirrored rims (:class:`Thorough`), and copies turned by 45 degrees;
      of what is turned, twice as many pixels.
    - "everything": also tiles of twice the image's size, turned copies that are four times as large again and looked at
      in the same thorough way, and by default two detectors, YuNet and CenterFace, whose faces are united
      (:class:`Union`).

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
        kinds: dict[str, Callable[..., Any]] = {"yunet": YuNet}
        if find == "everything":
            kinds["centerface"] = CenterFace
        given = {} if threshold is None else {"threshold": threshold}
        several = {name: kind(**given) for name, kind in kinds.items()}
    else:
        several = detectors if isinstance(detectors, Mapping) else {"": detectors}
    ways = {name: _look(detector, find, turned) for name, detector in several.items()}
    return next(iter(ways.values())) if len(ways) == 1 else Union(ways)


def _look(detector: _Detects, find: Find, turned: str | None) -> _Detects:
    straight, simple = detector, None
    if find == "careful":
        straight, simple = Thorough(detector), detector
    elif find == "everything":
        straight, simple = Thorough(detector, enlarge=2.0), Thorough(detector)
    turned = turned or ("quarters" if find == "fast" else "diagonals")
    if turned == "no":
        return straight
    return AnyAngle(straight, diagonals=turned == "diagonals", max_pixels=_TURNED_PIXELS[find], simple=simple)
