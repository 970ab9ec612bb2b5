"""Camouflage as the core does it: slow, obvious, NumPy and plain Python; imports nothing of the package."""

import struct

import numpy as np
from reference import chacha20_block

BLOCKS, PARTS = 48, 6


def ordered(values: np.ndarray) -> list[int]:
    """Whole numbers in the order of float32 values: -0 as 0, NaN last."""
    numbers = []
    for value in values.tolist():
        if value != value:
            numbers.append(2**32 - 1)
            continue
        (bits,) = struct.unpack("<I", struct.pack("<f", np.float32(value) + np.float32(0)))
        numbers.append(bits ^ 0xFFFFFFFF if bits >> 31 else bits | 1 << 31)
    return numbers


def luminance(pixels: np.ndarray) -> list[int]:
    """Of pixels (n, channels)."""
    real = pixels.dtype == np.float32
    x = pixels.astype(np.float64 if real else object)
    if pixels.shape[1] < 3:
        return ordered(pixels[:, 0]) if real else list(x[:, 0])
    weighed = 77 * x[:, 0] + 150 * x[:, 1] + 29 * x[:, 2]
    return ordered((weighed / 256).astype(np.float32)) if real else list(weighed)


def tint(pixels: np.ndarray) -> list[int]:
    real = pixels.dtype == np.float32
    x = pixels.astype(np.float64 if real else object)
    difference = x[:, 0] - x[:, 2]
    return ordered((difference / 2).astype(np.float32)) if real else list(difference)


def words(key: bytes):
    counter = 0
    while True:
        yield from struct.unpack("<16L", chacha20_block(key, counter, struct.pack("<3L", 0, 0, 1)))
        counter += 1


def below(stream, size: int) -> int:
    while True:
        product = next(stream) * size
        if product % 2**32 >= 2**32 % size:
            return product >> 32


def shuffle(members: list[int], stream) -> None:
    for i in range(len(members) - 1):
        j = i + below(stream, len(members) - i)
        members[i], members[j] = members[j], members[i]


def order(pixels: np.ndarray, labels: np.ndarray, key: bytes | None, colours: bool) -> list[int]:
    """The indices of pixels by label, then rank: ties by lot under a key, or else by the pixels' bytes."""
    stream, result = words(key) if key else None, []
    light = luminance(pixels)
    for label in sorted(set(labels.tolist())):
        ranked: list[int] = []
        levels: dict[int, list[int]] = {}
        for i in np.flatnonzero(labels == label).tolist():
            levels.setdefault(light[i], []).append(i)
        for level in sorted(levels):
            tied = levels[level]
            if stream:
                shuffle(tied, stream)
            else:
                tied.sort(key=lambda i: pixels[i].tobytes())
            ranked += tied
        result += by_tint(ranked, tint(pixels)) if colours else ranked
    return result


def by_tint(members: list[int], tints: list[int]) -> list[int]:
    rank, result = {member: i for i, member in enumerate(members)}, []
    for b in range(BLOCKS):
        block = members[len(members) * b // BLOCKS : len(members) * (b + 1) // BLOCKS]
        block = sorted(block, key=lambda i: tints[i])  # stable
        for part in range(PARTS):
            cut = block[len(block) * part // PARTS : len(block) * (part + 1) // PARTS]
            result += sorted(cut, key=lambda i: rank[i])
    return result


def match(crop, mask, ground, labels, key: bytes, colours: bool) -> np.ndarray:
    """The crop with its pixels where mask is set at the places of the ground that have their rank."""
    mask = np.ones(crop.shape[:2], bool) if mask is None else mask
    pixels = crop.reshape(*crop.shape[:2], -1)[mask]
    places = ground.reshape(*ground.shape[:2], -1)[mask]
    chosen = np.zeros(len(pixels), np.uint8) if labels is None else labels[mask]
    colours = colours and pixels.shape[1] > 2 and places.shape[1] > 2
    arranged = pixels.copy()
    arranged[order(places, chosen, key, colours)] = pixels[order(pixels, chosen, None, colours)]
    out = crop.copy()
    out.reshape(*crop.shape[:2], -1)[mask] = arranged
    return out
