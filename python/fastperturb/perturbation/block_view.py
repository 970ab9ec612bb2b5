"""The view: what everybody can read of an image, perturbed or not, without a key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from .. import _core
from ..checks import Image, check_image, target
from ..errors import NoFaceFound
from ..record import Record, core_region
from ..region import RegionLike, as_regions, check_touching, raster_order
from ..strength.strength import Strength, list_strengths

Interpolation: TypeAlias = Literal["mosaic", "linear", "cubic", "lanczos"]
Border: TypeAlias = Literal["hold", "replicate"]
_INTERPOLATIONS = {"mosaic": 0, "linear": 1, "cubic": 2, "lanczos": 3}


def view(
    image: Image,
    where: Record | RegionLike | Iterable[RegionLike],
    strength: Strength | Sequence[Strength] = Strength(),
    *,
    interpolation: Interpolation = "cubic",
    border: Border = "hold",
    out: Image | None = None,
) -> Image:
    """Replaces each window of each region by its mean, or by a smooth interpolation of the windows' means.

    Every window keeps its pixels when it is permuted, so it keeps its mean: the view of a perturbed image is the view
    of the original, bit for bit, for any key. It is also exactly what a perturbation can never hide.

    Args:
        image: as for :func:`perturb`; clear or perturbed.
        where: the record of a perturbation, or regions as for :func:`perturb`, in any order.
        strength: with regions: gives their windows (how many pixels move does not matter). Not read with a record.
        interpolation: "mosaic" shows the means as squares; "linear", "cubic" (Keys 1981, a = -0.75) and "lanczos" (four
            lobes) interpolate them between the windows' centres. Windows that own nothing count as their neighbours.
        border: outside the centres of the outer windows their mean holds ("hold", with which the figures of docs/ were
            made), or the interpolation goes on as if the outer means were repeated ("replicate"); detectors find a few
            faces more in that (docs/detection.md).
        out: where to write; ``out=image`` works in place.

    Returns:
        The view, of the image's shape and dtype; integers are rounded half up. Outside the regions it is the image.

    Raises:
        NoFaceFound: no regions.
        TypeError, ValueError: an argument is not as said above, or the record is of an image of another shape.
    """
    check_image(image)
    check_interpolation(interpolation)
    check_border(border)
    if isinstance(where, Record):
        if where.shape != image.shape:
            raise ValueError(f"the record is of an image of shape {where.shape}, got shape {image.shape}")
        core, version = where.core_regions(), where.version
    else:
        regions = as_regions(where)
        if not regions:
            raise NoFaceFound("regions must name at least one region, got none")
        strengths = list_strengths(strength, len(regions))
        check_touching(regions, image.shape)
        order = raster_order(regions)  # as perturb has them, for pixels that lie equally deep in several
        core = [core_region(regions[i], strengths[i].window_for(regions[i]), 0) for i in order]
        version = 2
    shown = target(image, out)
    _core.draw_view(shown, core, _INTERPOLATIONS[interpolation], version, border == "replicate")
    return shown


def check_interpolation(interpolation: Interpolation) -> None:
    """Raises ValueError unless ``interpolation`` is one that :func:`view` knows."""
    if interpolation not in _INTERPOLATIONS:
        raise ValueError(f"interpolation must be one of {', '.join(_INTERPOLATIONS)}, got {interpolation!r}")


def check_border(border: Border) -> None:
    """Raises ValueError unless ``border`` is one that :func:`view` knows."""
    if border not in ("hold", "replicate"):
        raise ValueError(f"border must be hold or replicate, got {border!r}")
