"""Deliberate misreadings of docs/format-2.md, for the slow reference: who owns what, windows, residuals."""

import struct

import numpy as np
import reference
import reference_record as form
import reference_residuals as residuals
import reference_seal as seal
import reference_v2 as areas

right = {
    name: getattr(module, name)
    for module, names in {
        areas: ["covers", "windows", "cuts"],
        reference: ["cycle"],
        residuals: ["guess", "channel_value"],
        seal: ["unpack_seal"],
    }.items()
    for name in names
}


def wrap64(number):
    return (number + 2**63) % 2**64 - 2**63


def covers_in(kind):
    """Ellipses whose two sides are computed in another kind of number."""

    def covers(region, y, x):
        w, h = region["width"], region["height"]
        i, j = x - region["x"], y - region["y"]
        if region["shape"] == "box" or not (0 <= i < w and 0 <= j < h):
            return right["covers"](region, y, x)
        return kind(kind(((2 * i + 1 - w) * h) ** 2) + kind(((2 * j + 1 - h) * w) ** 2)) <= kind((w * h) ** 2)

    return covers


def covers_whole_pixels(region, y, x):
    """Ellipses around the corner of a pixel instead of its middle."""
    w, h = region["width"], region["height"]
    i, j = x - region["x"], y - region["y"]
    inside = 0 <= i < w and 0 <= j < h
    return inside and (region["shape"] == "box" or ((2 * i - w) * h) ** 2 + ((2 * j - h) * w) ** 2 <= (w * h) ** 2)


def deepest_of_clipped(height, width, regions):
    """Depths that are counted in the part of the box that is in the image."""
    cut = []
    for r in regions:
        h, w = form.clipped(r, [height, width])
        cut.append({**r, "x": max(r["x"], 0), "y": max(r["y"], 0), "width": w, "height": h, "whole": r})
    owner = np.full((height, width), -1)
    for y, x in np.ndindex(height, width):
        inside = [i for i, r in enumerate(cut) if right["covers"](r["whole"], y, x)]
        depths = [(*depth_of(cut[i], y, x), i) for i in inside]
        if depths:
            owner[y, x] = min(depths)[1]
    return owner


def depth_of(r, y, x):
    return (areas.depth(x - r["x"], r["width"]) + areas.depth(y - r["y"], r["height"]),)


def cuts_of(least):
    """Windows along a side whose rims are of so many pixels at least."""
    return lambda length, window: [
        range(start, end)
        for count in [max(1, length // window + (length % window >= least))]
        for start, end in [(i * window, length if i == count - 1 else (i + 1) * window) for i in range(count)]
    ]


def rims_dropped(length, window):
    whole = right["cuts"](length, window)
    return [*whole[:-1], range(whole[-1].start, min(whole[-1].start + window, length))]


def windows_of_unclipped(owner, regions, index):
    """Windows that start at the corner of the box, be it outside the image."""
    height, width = owner.shape
    r = regions[index]
    return [
        [(y, x) for y in ys for x in xs if 0 <= y < height and 0 <= x < width and owner[y, x] == index]
        for ys in moved(areas.cuts(r["height"], r["window"]), r["y"])
        for xs in moved(areas.cuts(r["width"], r["window"]), r["x"])
        if any(0 <= y < height for y in ys) and any(0 <= x < width for x in xs)
    ]


def moved(ranges, by):
    return [range(part.start + by, part.stop + by) for part in ranges if part.stop - part.start < 10**6]


def windows_by_columns(owner, regions, index):
    return sorted(right["windows"](owner, regions, index), key=lambda part: (part[:1] or [(0, 0)])[0][::-1])


def windows_that_own(owner, regions, index):
    return [part for part in right["windows"](owner, regions, index) if part]


def pixels_by_columns(owner, regions, index):
    return [sorted(part, key=lambda place: place[::-1]) for part in right["windows"](owner, regions, index)]


def shares_once(sizes, pixels):
    """What the first pass gives."""
    total, seen, given, carry, result = max(sum(sizes), 1), 0, 0, 0, []
    for size in sizes:
        seen += size
        through = pixels * seen // total
        want, given = carry + through - given, through
        k = 0 if want < 2 else min(want, size if size >= 2 else 0)
        carry = want - k
        result.append(k)
    return result


def cycle_of(region=lambda index: index, window=lambda number: number):
    return lambda key, index, number, size, count: right["cycle"](key, region(index), window(number), size, count)


def draws_by_remainder(key, region, window, size, count):
    """Draws that are never rejected."""
    bits = reference.word_bits(size)
    blocks = range(count * bits // 512 + 1)
    stream = b"".join(reference.chacha20_block(key, i, struct.pack("<3L", window, region, 0)) for i in blocks)
    words = np.frombuffer(stream, f"<u{bits // 8}")
    return [int(words[i]) * (size - i) >> bits for i in range(count)]


def tags_by_columns(image, owned):
    return np.swapaxes(image, 0, 1)[np.swapaxes(owned, 0, 1)].tobytes()


def neighbours_outside(plain, image, owned):
    """Residuals whose neighbours are what the image shows where the region does not own them."""
    whole = residuals.bits_of(image).copy()

    def guess(values, y, x):
        extended = dict(values)
        for place in ((y, x - 1), (y - 1, x), (y - 1, x - 1)):
            if place not in values and min(place) >= 0 and not owned[place]:
                extended[place] = int(whole[place][0])
        return right["guess"](extended, y, x)

    old, residuals.guess = residuals.guess, guess
    try:
        right["unpack_seal"](plain, image, owned)
    finally:
        residuals.guess = old


def with_rows_joined(values, y, x):
    """The left neighbour of a row's first pixel is the last one of the row before."""
    rows = [place for place in values if place[0] == y - 1]
    extended = dict(values)
    if x == 0 and rows:
        extended[y, -1] = values[max(rows)]
    return right["guess"](extended, y, x)


AREAS = {
    "ellipses in signed 64 bits": [(areas, "covers", covers_in(wrap64))],
    "ellipses in unsigned 64 bits": [(areas, "covers", covers_in(lambda number: number % 2**64))],
    "ellipses around corners of pixels": [(areas, "covers", covers_whole_pixels)],
    "depths in the clipped box": [(areas, "owners", deepest_of_clipped)],
    "depths in 64 bits": [(areas, "depth", lambda c, n: (((2 * c + 1 - n) ** 2 << 30) % 2**64) // n**2)],
    "depths in 2^-20": [(areas, "depth", lambda c, n: ((2 * c + 1 - n) ** 2 << 20) // n**2)],
    "depths rounded to the nearest": [(areas, "depth", lambda c, n: (((2 * c + 1 - n) ** 2 << 31) // n**2 + 1) // 2)],
    "depths by offsets from corners": [(areas, "depth", lambda c, n: ((2 * c - n) ** 2 << 30) // n**2)],
    "depths without squares": [(areas, "depth", lambda c, n: (abs(2 * c + 1 - n) << 30) // n)],
    "the shallowest owns": [(areas, "deepest", lambda depths: max((d, -i) for d, i in depths)[1] * -1)],
    "rims of 2 pixels": [(areas, "cuts", cuts_of(2))],
    "rims of 4 pixels and more": [(areas, "cuts", cuts_of(4))],
    "rims left out": [(areas, "cuts", rims_dropped)],
    "rims of 3 alone where there is one window": [(areas, "cuts", lambda n, w: right["cuts"](n, w) if n >= 3 else [])],
    "windows from the unclipped corner": [(areas, "windows", windows_of_unclipped)],
    "windows column by column": [(areas, "windows", windows_by_columns)],
    "windows that own nothing not counted": [(areas, "windows", windows_that_own)],
    "pixels of windows column by column": [(areas, "windows", pixels_by_columns)],
    "one pass of shares": [(reference, "shares", shares_once)],
    "nonces without the region": [(reference, "cycle", cycle_of(region=lambda index: 0))],
    "nonces without the window": [(reference, "cycle", cycle_of(window=lambda number: 0))],
    "nonces from window 1": [(reference, "cycle", cycle_of(window=lambda number: number + 1))],
    "words of 16 bits for all windows": [(reference, "word_bits", lambda size: 16)],
    "words of 32 bits for all windows": [(reference, "word_bits", lambda size: 32)],
    "words of 32 bits from 4,096 pixels": [(reference, "word_bits", lambda size: 16 if size < 4096 else 32)],
    "draws never rejected": [(reference, "draws", draws_by_remainder)],
    "tags column by column": [(seal, "pixels_of", tags_by_columns)],
    "neighbours that the region does not own": [(seal, "unpack_seal", neighbours_outside)],
    "rows joined": [(residuals, "guess", with_rows_joined)],
    "all channels signed": [
        (residuals, "channel_value", lambda value, bits, difference: residuals.centred(value, bits))
    ],
    "differences not reduced": [
        (residuals, "channel_value", lambda value, bits, d: value if d else right["channel_value"](value, bits, d))
    ],
}
