"""The residuals of a seal, after docs/format-2.md, pixel by pixel in Python's whole numbers."""

import numpy as np

Values = dict[tuple[int, int], int]
"""The values of one channel where pixels are owned, by (y, x)."""


def bits_of(image: np.ndarray) -> np.ndarray:
    """Samples as whole numbers (height, width, channels); floats by their bits."""
    whole = image.view(np.uint32) if image.dtype == np.float32 else image
    return whole.reshape(*image.shape[:2], -1)


def is_difference(channel: int, channels: int) -> bool:
    return channels >= 3 and channel in (0, 2)


def centred(value: int, bits: int) -> int:
    """Two's complement."""
    value %= 2**bits
    return value - 2**bits if value >= 2 ** (bits - 1) else value


def channel_value(value: int, bits: int, difference: bool) -> int:
    return centred(value, bits) if difference else value % 2**bits


def guess(values: Values, y: int, x: int) -> int:
    left, above, corner = (values.get(p, 0) for p in ((y, x - 1), (y - 1, x), (y - 1, x - 1)))
    if corner >= max(left, above):
        return min(left, above)
    if corner <= min(left, above):
        return max(left, above)
    return left + above - corner


def fold(residual: int, bits: int) -> int:
    residual = centred(residual, bits)
    return 2 * residual if residual >= 0 else -2 * residual - 1


def unfold(folded: int) -> int:
    return folded // 2 if folded % 2 == 0 else -(folded + 1) // 2


def planes(size: int, channels: int) -> list[tuple[int, int]]:
    """(byte, channel) of each plane in order; byte 0 is the least significant."""
    return [(byte, channel) for byte in reversed(range(size)) for channel in range(channels)]


def encode(image: np.ndarray, owned: np.ndarray) -> bytes:
    samples, size = bits_of(image), image.itemsize
    channels = samples.shape[2]
    places = [(int(y), int(x)) for y, x in np.argwhere(owned)]
    folded = []
    for channel in range(channels):
        values: Values = {}
        for y, x in places:
            value = int(samples[y, x, channel])
            difference = is_difference(channel, channels)
            if difference:
                value -= int(samples[y, x, 1])
            values[y, x] = channel_value(value, 8 * size, difference)
        folded.append([fold(values[y, x] - guess(values, y, x), 8 * size) for y, x in places])
    return b"".join(
        bytes(number >> 8 * byte & 255 for number in folded[channel]) for byte, channel in planes(size, channels)
    )


def decode(data: bytes, image: np.ndarray, owned: np.ndarray) -> None:
    """Writes the owned pixels of an image."""
    samples, size = bits_of(image), image.itemsize
    channels = samples.shape[2]
    places = [(int(y), int(x)) for y, x in np.argwhere(owned)]
    order = planes(size, channels)
    folded = [[0] * len(places) for _ in range(channels)]
    for number, (byte, channel) in enumerate(order):
        for index, part in enumerate(data[number * len(places) : (number + 1) * len(places)]):
            folded[channel][index] |= part << 8 * byte
    values: list[Values] = [{} for _ in range(channels)]
    for index, (y, x) in enumerate(places):
        for channel in range(channels):
            value = guess(values[channel], y, x) + unfold(folded[channel][index])
            values[channel][y, x] = channel_value(value, 8 * size, is_difference(channel, channels))
        for channel in range(channels):
            value = values[channel][y, x]
            if is_difference(channel, channels):
                value += values[1][y, x]
            samples[y, x, channel] = value % 2 ** (8 * size)
