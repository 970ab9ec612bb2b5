"""From strengths to windows and numbers of pixels, for the regions of one image."""

from __future__ import annotations

from collections.abc import Sequence

from .. import _core
from ..checks import Image
from ..errors import NoFaceFound
from ..record import MAX_REGIONS, CoreRegion, core_region
from ..region import Region
from . import distance_law as distance
from .strength import Strength, common_target, list_strengths


def resolve(
    image: Image,
    regions: tuple[Region, ...],
    strength: Strength | Sequence[Strength],
    numbers: Sequence[int] | None = None,
) -> tuple[list[CoreRegion], float | None]:
    """The window and the number of pixels of each region, out of the strengths that were asked for.

    Args:
        image: a checked image.
        regions: where.
        strength: one for all regions, or one for each.
        numbers: what errors call the regions, as the caller numbered them.

    Returns:
        The regions as the core takes them, and the squared error to come to if the strengths name a target.
    """
    if not regions:
        raise NoFaceFound("regions must name at least one region, got none: there is nothing to protect")
    if len(regions) > MAX_REGIONS:
        raise ValueError(f"regions must be at most {MAX_REGIONS}, got {len(regions)}")
    strengths = list_strengths(strength, len(regions))
    blank = [core_region(region, s.window_for(region), 0) for region, s in zip(regions, strengths, strict=True)]
    target = common_target(strengths)
    goal = None if target is None else distance.squared_error(target, image)
    all_owned = _core.owned_pixels(image.shape[0], image.shape[1], blank, 2)
    solved = all_owned if target is None or goal is None else distance.solve(image, blank, target, goal)
    core, some = [], False
    for index, owned in enumerate(all_owned):
        try:
            pixels = solved[index] if target is not None else strengths[index].pixels_for(owned) if owned else 0
        except ValueError as error:
            raise ValueError(f"regions[{numbers[index] if numbers else index}]: {error}") from None
        if owned < 2:
            pixels = 0  # nothing, or a single pixel that has nowhere to go
        elif pixels < 2:
            name = f"regions[{numbers[index] if numbers else index}]"
            raise ValueError(f"{name} must move at least 2 of its {owned} pixels, got {pixels}")
        core.append(blank[index]._replace(pixels=pixels))
        some = some or pixels > 0
    if not some:
        raise ValueError(f"a region must own at least 2 pixels, or nothing can move; got {max(all_owned)} at most")
    return core, goal
