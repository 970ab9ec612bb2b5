"""BMP files of every header, depth and mask: the colours that they say, alpha where it is one, the rest by name."""

import struct

import numpy as np
import pytest
from PIL import Image
from raw_files import bmp_of

from fastperturb.errors import ImageFileError
from fastperturb.files import reading

COLOURS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)


def packed_words(bits, shifts):
    """Colours cut to so many bits each and put at these places of a word; and what they should be read as."""
    levels = [COLOURS[..., c].astype(np.uint32) >> (8 - bits[c]) for c in range(3)]
    words = sum(level << shift for level, shift in zip(levels, shifts, strict=True))
    most = [(1 << b) - 1 for b in bits]
    read = np.stack([np.floor(level * 255.0 / m + 0.5) for level, m in zip(levels, most, strict=True)], -1)
    return words, read.astype(np.uint8), [m << shift for m, shift in zip(most, shifts, strict=True)]


@pytest.mark.parametrize("size", [40, 52, 56, 108, 124])
@pytest.mark.parametrize("upwards", [True, False])
@pytest.mark.parametrize(
    ("depth", "bits", "shifts"),
    [
        (32, (8, 8, 8), (16, 8, 0)),
        (32, (8, 8, 8), (0, 8, 16)),
        (32, (8, 8, 8), (24, 16, 8)),
        (32, (5, 6, 5), (0, 5, 11)),
        (16, (5, 6, 5), (11, 5, 0)),
        (16, (5, 5, 5), (10, 5, 0)),
        (16, (4, 4, 4), (8, 4, 0)),
        (16, (1, 8, 7), (0, 1, 9)),
    ],
)
def test_colours_of_a_bmp_are_those_of_its_masks(size, upwards, depth, bits, shifts):
    words, read, masks = packed_words(bits, shifts)
    pixels = reading.decode(bmp_of(words, depth, size=size, masks=masks, upwards=upwards)).pixels
    assert np.array_equal(pixels, read)


def test_a_bmp_without_masks_has_the_usual_ones_and_no_alpha():
    words, read, _ = packed_words((5, 5, 5), (10, 5, 0))
    assert np.array_equal(reading.decode(bmp_of(words, 16)).pixels, read)
    words, _, _ = packed_words((8, 8, 8), (16, 8, 0))
    assert np.array_equal(reading.decode(bmp_of(words, 32)).pixels, COLOURS)


@pytest.mark.parametrize(("size", "compression"), [(40, 6), (56, 3), (108, 3), (124, 3)])
def test_alpha_of_a_bmp_is_that_of_its_mask(size, compression):
    words, _, masks = packed_words((8, 8, 8), (16, 8, 0))
    alpha = np.arange(35, dtype=np.uint32).reshape(5, 7) * 7
    data = bmp_of(words | alpha << 24, 32, size=size, masks=[*masks, 0xFF000000], compression=compression)
    pixels = reading.decode(data).pixels
    assert np.array_equal(pixels[..., :3], COLOURS)
    assert np.array_equal(pixels[..., 3], alpha)


@pytest.mark.parametrize(
    ("masks", "depth"),
    [((255, 255, 255), 32), ((0, 0xFF00, 0xFF), 32), ((0xF0F, 0xF0, 0xF000), 16), ((0xFF0000, 0xFF00, 0xFF), 16)],
    ids=["overlap", "empty", "gap", "too wide"],
)
def test_masks_that_make_no_sense_are_damage(masks, depth):
    with pytest.raises(ImageFileError, match="masks of its colours"):
        reading.decode(bmp_of(COLOURS[..., 0].astype(np.uint32), depth, masks=masks))


def test_kinds_of_bmp_that_are_not_read_are_named():
    for depth, compression, size in ((8, 4, 40), (24, 3, 40), (32, 1, 40), (16, 3, 64)):
        data = bmp_of(COLOURS[..., 0].astype(np.uint32), 32, compression=compression, size=size, masks=[1, 2, 4])
        data = data[:28] + struct.pack("<H", depth) + data[30:]
        with pytest.raises(ImageFileError, match="not supported: a BMP of"):
            reading.decode(data)


def bmp_line(row, bits):
    if bits == 1:
        return np.packbits(row).tobytes()
    if bits == 4:
        return bytes((*(row[:-1:2] << 4 | row[1::2]), row[-1] << 4))  # of an odd width
    return row[..., ::-1].tobytes() if bits == 24 else row.tobytes()


@pytest.mark.parametrize("bits", [1, 4, 8, 24])
@pytest.mark.parametrize("size", [12, 40, 108, 124])
def test_palettes_and_plain_colours_are_read_with_headers_of_any_size(bits, size):
    mode = {1: "1", 4: "P", 8: "P", 24: "RGB"}[bits]
    image = Image.fromarray(COLOURS).convert(mode)
    pixels = np.array(image.convert("RGB"))
    rows = np.array(image).astype(np.uint8)
    if bits == 4:
        rows = rows % 16
        pixels = np.array(image.getpalette()).reshape(-1, 3)[rows].astype(np.uint8)
    lines = [bmp_line(row, bits) for row in rows[::-1]]
    body = b"".join(text + bytes(-len(text) % 4) for text in lines)
    entries = 0 if bits == 24 else 1 << bits
    palette = np.array([0] * 3 + [255] * 3 if bits == 1 else (image.getpalette() or [])[: 3 * entries], np.uint8)
    palette = np.resize(palette, (entries, 3))[:, ::-1] if entries else np.zeros((0, 3), np.uint8)
    listed = b"".join(bytes(row) + (b"" if size == 12 else b"\0") for row in palette.tolist())
    head = struct.pack("<IHHHH", 12, 7, 5, 1, bits)
    if size > 12:
        head = struct.pack("<IiiHHIIiiII", size, 7, 5, 1, bits, 0, len(body), 0, 0, 0, 0) + bytes(size - 40)
    start = 14 + len(head) + len(listed)
    data = b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + head + listed + body
    found = reading.decode(data).pixels
    assert np.array_equal(found if found.ndim == 3 else np.dstack([found] * 3), pixels)
