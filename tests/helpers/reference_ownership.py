"""Who owns a pixel in record version 2, after docs/format-2.md, pixel by pixel in Python's whole numbers."""

import numpy as np


def covers(region: dict, x: int, y: int) -> bool:
    column, row = x - region["x"], y - region["y"]
    width, height = region["width"], region["height"]
    if not (0 <= column < width and 0 <= row < height):
        return False
    if region["shape"] == 0:
        return True
    across, down = (2 * column + 1 - width) * height, (2 * row + 1 - height) * width
    return across * across + down * down <= (width * height) ** 2


def depth(region: dict, x: int, y: int) -> int:
    across, down = 2 * (x - region["x"]) + 1 - region["width"], 2 * (y - region["y"]) + 1 - region["height"]
    return (across**2 << 30) // region["width"] ** 2 + (down**2 << 30) // region["height"] ** 2


def is_deeper(this: int, other: int) -> bool:
    """Whether a later region takes a pixel from an earlier one."""
    return this < other


def owners(height: int, width: int, regions: list[dict]) -> np.ndarray:
    """For each pixel the index of the region that owns it, or -1."""
    owner = np.full((height, width), -1)
    for y in range(height):
        for x in range(width):
            best = None
            for index, region in enumerate(regions):
                if covers(region, x, y):
                    here = depth(region, x, y)
                    if best is None or is_deeper(here, best):
                        best, owner[y, x] = here, index
    return owner
