"""Record version 2's ownership, windows and arrangement: slow, obvious, plain Python; imports nothing of the package.

Regions are dictionaries as in ``reference.py``, which has what version 2 shares with version 1: shares and draws.
"""

import numpy as np
import reference

MIN_RIM = 3


def depth(offset: int, length: int) -> int:
    """How far pixel number ``offset`` of a side of ``length`` pixels lies from its middle, squared, in 2**-30."""
    return ((2 * offset + 1 - length) ** 2 << 30) // length**2


def covers(region: dict, y: int, x: int) -> bool:
    w, h = region["width"], region["height"]
    i, j = x - region["x"], y - region["y"]
    if not (0 <= i < w and 0 <= j < h):
        return False
    return region["shape"] == "box" or ((2 * i + 1 - w) * h) ** 2 + ((2 * j + 1 - h) * w) ** 2 <= (w * h) ** 2


def owners(height: int, width: int, regions: list[dict]) -> np.ndarray:
    """For each pixel the index of the region in which it lies deepest, of several the first; -1 for none."""
    owner = np.full((height, width), -1)
    for y in range(height):
        for x in range(width):
            depths = [
                (depth(x - r["x"], r["width"]) + depth(y - r["y"], r["height"]), index)
                for index, r in enumerate(regions)
                if covers(r, y, x)
            ]
            if depths:
                owner[y, x] = deepest(depths)
    return owner


def deepest(depths: list[tuple[int, int]]) -> int:
    """Of (depth, index), the index with the least depth, of equal depths the first."""
    return min(depths)[1]


def cuts(length: int, window: int) -> list[range]:
    """The windows along a side; a rim narrower than MIN_RIM joins the window before it."""
    starts = list(range(0, length, window))
    if len(starts) > 1 and length - starts[-1] < min(MIN_RIM, window):
        starts.pop()
    return [range(start, end) for start, end in zip(starts, [*starts[1:], length], strict=True)]


def windows(owner: np.ndarray, regions: list[dict], index: int) -> list[list[tuple[int, int]]]:
    """The owned pixels (y, x) of each window of one region."""
    height, width = owner.shape
    r = regions[index]
    left, top = max(r["x"], 0), max(r["y"], 0)
    right, bottom = min(r["x"] + r["width"], width), min(r["y"] + r["height"], height)
    return [
        [(top + j, left + i) for j in rows for i in columns if owner[top + j, left + i] == index]
        for rows in cuts(bottom - top, r["window"])
        for columns in cuts(right - left, r["window"])
    ]


def permute(image: np.ndarray, regions: list[dict], keys: list[bytes], inverse: bool = False) -> list[int]:
    """Moves the pixels of an array in place and says how many of each region were drawn."""
    owner = owners(*image.shape[:2], regions)
    drawn = []
    for index, (region, key) in enumerate(zip(regions, keys, strict=True)):
        parts = windows(owner, regions, index)
        counts = reference.shares([len(part) for part in parts], region["pixels"])
        for number, (part, count) in enumerate(zip(parts, counts, strict=True)):
            places = reference.cycle(key, index, number, len(part), count)
            here, there = [part[place] for place in places], [part[place] for place in sorted(places)]
            if inverse:
                here, there = there, here
            values = [image[position].copy() for position in here]
            for position, value in zip(there, values, strict=True):
                image[position] = value
        drawn.append(sum(counts))
    return drawn
