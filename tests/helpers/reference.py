"""A second implementation of docs/format.md: slow, obvious, NumPy and the standard library only.

It shares no line with the package and imports nothing of it. Arrays are changed in place.
"""

import hashlib
import struct

import numpy as np
from reference_gmac import gmac


def chacha20_block(key: bytes, counter: int, nonce: bytes) -> bytes:
    """RFC 8439, section 2.3."""
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *struct.unpack("<8L", key), counter]
    start += struct.unpack("<3L", nonce)
    x = list(start)

    def quarter(a, b, c, d):
        for into, add, rotated, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[into] = (x[into] + x[add]) & 0xFFFFFFFF
            mixed = x[rotated] ^ x[into]
            x[rotated] = (mixed << by | mixed >> (32 - by)) & 0xFFFFFFFF

    for _ in range(10):
        for column in range(4):
            quarter(column, column + 4, column + 8, column + 12)
        for diagonal in range(4):
            quarter(diagonal, (diagonal + 1) % 4 + 4, (diagonal + 2) % 4 + 8, (diagonal + 3) % 4 + 12)
    return struct.pack("<16L", *((a + b) & 0xFFFFFFFF for a, b in zip(x, start, strict=True)))


def owners(height: int, width: int, regions: list[dict]) -> np.ndarray:
    """For each pixel the index of the region that owns it, or -1."""
    owner = np.full((height, width), -1)
    ys, xs = np.mgrid[:height, :width]
    for index, r in enumerate(regions):
        i, j = xs - r["x"], ys - r["y"]
        w, h = r["width"], r["height"]
        covered = (i >= 0) & (i < w) & (j >= 0) & (j < h)
        if r["shape"] == "ellipse":
            if max(w, h) > 20_000:  # whose squares need more than 64 bits
                i, j = i.astype(object), j.astype(object)
            covered &= ((2 * i + 1 - w) * h) ** 2 + ((2 * j + 1 - h) * w) ** 2 <= (w * h) ** 2
        owner[covered] = index
    return owner


def windows(owner: np.ndarray, regions: list[dict], index: int) -> list[list[tuple[int, int]]]:
    """The owned pixels (y, x) of each window of one region."""
    height, width = owner.shape
    r = regions[index]
    left, top = max(r["x"], 0), max(r["y"], 0)
    right, bottom = min(r["x"] + r["width"], width), min(r["y"] + r["height"], height)
    side = r["window"]
    return [
        [
            (y, x)
            for y in range(y0, min(y0 + side, bottom))
            for x in range(x0, min(x0 + side, right))
            if owner[y, x] == index
        ]
        for y0 in range(top, bottom, side)
        for x0 in range(left, right, side)
    ]


def shares(sizes: list[int], pixels: int) -> list[int]:
    total, seen, given, carry, result = max(sum(sizes), 1), 0, 0, 0, []
    for size in sizes:
        seen += size
        through = pixels * seen // total
        want = carry + through - given
        given = through
        k = 0 if want < 2 else min(want, size if size >= 2 else 0)
        carry = want - k
        result.append(k)
    for w, size in enumerate(sizes):
        if carry == 0:
            break
        if size < 2 or result[w] + carry < 2:
            continue
        more = min(carry, size - result[w])
        result[w] += more
        carry -= more
    return result


def word_bits(size: int) -> int:
    return 16 if size <= 4096 else 32


def draws(subkey: bytes, region: int, window: int, size: int, count: int) -> list[int]:
    bits = word_bits(size)
    stream = b""

    def word(number):
        nonlocal stream
        first = number * bits // 8
        while len(stream) < first + bits // 8:
            stream += chacha20_block(subkey, len(stream) // 64, struct.pack("<3L", window, region, 0))
        return int.from_bytes(stream[first : first + bits // 8], "little")

    spare, result = count, []
    for i in range(count):
        s = size - i
        m = word(i) * s
        while m % 2**bits < 2**bits % s:
            m = word(spare) * s
            spare += 1
        result.append(m // 2**bits)
    return result


def cycle(subkey: bytes, region: int, window: int, size: int, count: int) -> list[int]:
    """The pixels p_0, p_1, ... of a window, in the order along which they move."""
    a = list(range(size))
    for i, r in enumerate(draws(subkey, region, window, size, count)):
        a[i], a[i + r] = a[i + r], a[i]
    return a[:count]


def permute(image: np.ndarray, regions: list[dict], subkey: bytes, inverse: bool = False) -> list[int]:
    owner = owners(*image.shape[:2], regions)
    moved = []
    for index, r in enumerate(regions):
        parts = windows(owner, regions, index)
        counts = shares([len(part) for part in parts], r["pixels"])
        for w, (part, count) in enumerate(zip(parts, counts, strict=True)):
            if count == 0:
                continue
            here = [part[p] for p in cycle(subkey, index, w, len(part), count)]
            there = here[1:] + here[:1]
            if inverse:
                here, there = there, here
            values = [image[position].copy() for position in here]
            for position, value in zip(there, values, strict=True):
                image[position] = value
        moved.append(sum(counts))
    return moved


def keyed(key: bytes, purpose: bytes, size: int, *parts: bytes) -> bytes:
    return hashlib.blake2b(b"".join(parts), key=key, person=purpose, digest_size=size).digest()


def header(nonce: bytes, image: np.ndarray, regions: list[dict]) -> bytes:
    code = {"uint8": 1, "uint16": 2, "float32": 3}[image.dtype.name]
    channels = image.shape[2] if image.ndim == 3 else 0
    data = b"fastperturb\x01" + nonce
    data += struct.pack("<QQIBI", image.shape[0], image.shape[1], channels, code, len(regions))
    for r in regions:
        data += struct.pack("<qqQQB", r["x"], r["y"], r["width"], r["height"], r["shape"] == "ellipse")
        data += struct.pack("<QQ", r["window"], r["pixels"])
    return data


def tag(key: bytes, head: bytes, moved: list[int], image: np.ndarray, regions: list[dict]) -> bytes:
    counts = [struct.pack("<Q", m) for m in moved]
    once = keyed(key, b"fastperturb tag", 32, head, *counts, keyed(key, b"fastperturb id", 8))
    pixels = b""
    for r in regions:
        box = image[max(r["y"], 0) : max(r["y"] + r["height"], 0), max(r["x"], 0) : max(r["x"] + r["width"], 0)]
        pixels += box.astype(box.dtype.newbyteorder("<")).tobytes()
    return gmac(once, bytes(12), pixels)


def reproducible_nonce(key: bytes, image: np.ndarray, regions: list[dict]) -> bytes:
    whole = image.astype(image.dtype.newbyteorder("<")).tobytes()
    return keyed(key, b"fastperturb once", 24, header(bytes(24), image, regions), whole)


def perturb(image: np.ndarray, regions: list[dict], key: bytes, nonce: bytes) -> tuple[np.ndarray, dict]:
    """The perturbed copy of an image, and its record as JSON would hold it."""
    hidden = image.copy()
    head = header(nonce, image, regions)
    moved = permute(hidden, regions, keyed(key, b"fastperturb perm", 32, head))
    record = {
        "format": "fastperturb-record",
        "version": 1,
        "key_id": keyed(key, b"fastperturb id", 8).hex(),
        "nonce": nonce.hex(),
        "shape": list(image.shape),
        "dtype": image.dtype.name,
        "regions": [{**r, "moved": m} for r, m in zip(regions, moved, strict=True)],
        "tag": tag(key, head, moved, hidden, regions).hex(),
    }
    return hidden, record
