"""Odd but sound files of kinds that were once read wrong: EXIF types, BMP masks, TIFF compressions, tiles, offsets."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from file_cases import segment
from raw_files import GREY_8, exif_of, grey_png, grey_tags, png_head, png_of, png_pixels, tiff_of

import fastperturb as fp
from fastperturb.errors import ImageFileError
from fastperturb.files import png, reading

LYING = np.zeros((8, 16, 3), np.uint8)
UPRIGHT = (16, 8)


def raw_profile(exif, kind=b"exif", keyword=b"exif", compress=True):
    text = b"\n%s\n%8d\n" % (kind, len(exif)) + b"\n".join(
        exif.hex().encode()[i : i + 72] for i in range(0, 2 * len(exif), 72)
    )
    head = b"Raw profile type " + keyword + b"\0"
    return (b"zTXt", head + b"\0" + zlib.compress(text)) if compress else (b"tEXt", head + text)


def holders(exif):
    """Files that hold this EXIF block, each where its format has a place for it."""
    jpeg = cv2.imencode(".jpg", LYING)[1].tobytes()
    webp = cv2.imencode(".webp", LYING, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
    flat = cv2.imencode(".png", LYING)[1].tobytes()
    yield "jpeg", jpeg[:2] + segment(0xE1, b"Exif\0\0" + exif) + jpeg[2:]
    yield (
        "second block of a jpeg",
        jpeg[:2] + segment(0xE1, b"Exif\0\0II*\0") + segment(0xE1, b"Exif\0\0" + exif) + jpeg[2:],
    )
    for name, block in (("", exif), (" with its prefix", b"Exif\0\0" + exif)):
        body = b"VP8X" + struct.pack("<I", 10) + bytes((8, 0, 0, 0, 15, 0, 0, 7, 0, 0)) + webp[12:]
        body += b"EXIF" + struct.pack("<I", len(block)) + block + bytes(len(block) % 2)
        yield f"webp{name}", b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body
        yield f"png{name}", flat[:33] + png.chunk(b"eXIf", block) + flat[33:]
        yield f"text of a png{name}", flat[:33] + png.chunk(*raw_profile(block)) + flat[33:]
    yield "plain text of a png", flat[:33] + png.chunk(*raw_profile(exif, compress=False)) + flat[33:]
    yield "APP1 of a png", flat[:33] + png.chunk(*raw_profile(b"Exif\0\0" + exif, b"APP1", b"APP1")) + flat[33:]
    yield "png, behind its pixels", flat[:-12] + png.chunk(b"eXIf", exif) + flat[-12:]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", [1, 3, 4, 6, 8, 9, 13])
@pytest.mark.parametrize("count", [1, 3])
def test_orientation_is_applied_whatever_type_it_has_and_wherever_it_stands(order, kind, count):
    for name, data in holders(exif_of(kind, 6, order, count=count, before=2)):
        assert reading.decode(data).pixels.shape[:2] == UPRIGHT, name


@pytest.mark.parametrize("order", "<>")
def test_what_is_no_orientation_is_none(order):
    for exif in (exif_of(3, 0, order), exif_of(4, 9, order), exif_of(9, -6, order), exif_of(3, 6, order)[:19], b"II"):
        for name, data in holders(exif):
            assert reading.decode(data).pixels.shape == LYING.shape, name


KNOWN = {
    1: lambda data: data,
    8: zlib.compress,
    32946: zlib.compress,
    7: lambda _: cv2.imencode(".jpg", GREY_8)[1].tobytes(),
}
UNKNOWN = [
    2,
    3,
    4,
    6,
    9,
    32771,
    32809,
    32895,
    32909,
    34661,
    34676,
    34677,
    34712,
    34887,
    34892,
    34925,
    34926,
    34933,
    34934,
]
UNKNOWN += [50000, 50001, 50002, 52546, 65000]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("tiled", [False, True])
def test_compressions_that_opencv_lacks_are_named_and_never_black(order, big, tiled):
    place = 16 if big else 8
    for compression in UNKNOWN:
        tags = grey_tags(600, place, t259=(3, [compression]))
        if tiled:
            tags = {tag: value for tag, value in tags.items() if tag not in (273, 278, 279)}
            tags |= {322: (3, [32]), 323: (3, [32]), 324: (4, [place]), 325: (4, [600])}
        with pytest.raises(ImageFileError, match=f"not supported: a TIFF of compression {compression};"):
            reading.decode(tiff_of(tags, bytes(GREY_8.tobytes()), order, big))
    for compression, encode in KNOWN.items():
        data = encode(GREY_8.tobytes())
        found = reading.decode(tiff_of(grey_tags(len(data), place, t259=(3, [compression])), data, order, big)).pixels
        assert found.shape == GREY_8.shape
        assert np.abs(found.astype(int) - GREY_8).max() <= (60 if compression == 7 else 0)
        assert found.any()


def test_a_predictor_that_is_not_of_whole_numbers_is_named():
    data = zlib.compress(GREY_8.tobytes())
    for predictor in (0, 3, 4):
        with pytest.raises(ImageFileError, match="predicted"):
            reading.decode(tiff_of(grey_tags(len(data), t259=(3, [8]), t317=(3, [predictor])), data))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 2**64 - 1, 2**64 - 2, 2**32])
def test_offsets_of_a_big_tiff_that_lead_nowhere_are_damage(order, number):
    mark = (b"II" if order == "<" else b"MM") + struct.pack(order + "H", 43)
    with pytest.raises(ImageFileError, match="damaged"):
        reading.decode(mark + struct.pack(order + "HHQ", 8, 0, number))
    data = GREY_8.tobytes()
    for tag in (273, 279, 34675, 65111, 258):
        whole = tiff_of(grey_tags(600, 16) | {tag: (16, [number])}, data, order, big=True)
        try:
            reading.decode(whole)
        except ImageFileError:
            continue
        assert tag in (34675, 65111)
    twice = tiff_of(grey_tags(600, 16) | {34675: (16, [number] * 3)}, data, order, big=True)
    assert np.array_equal(reading.decode(twice).pixels, GREY_8)


def test_strips_that_are_too_short_for_plain_pixels_are_damage_and_never_black():
    data = GREY_8.tobytes()
    rows = {278: (3, [5]), 273: (4, [8, 158, 308, 458])}
    assert np.array_equal(reading.decode(tiff_of(grey_tags(600) | rows | {279: (4, [150] * 4)}, data)).pixels, GREY_8)
    for sizes in ([10] * 4, [150, 150, 149, 150], [150] * 3):
        with pytest.raises(ImageFileError, match="damaged"):
            reading.decode(tiff_of(grey_tags(600) | rows | {279: (4, sizes)}, data))
    for size in (0, 10, 600):  # of one strip decoders know the size
        assert np.array_equal(reading.decode(tiff_of(grey_tags(size), data)).pixels, GREY_8)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("side", [16, 32, 48, 80, 112])
@pytest.mark.parametrize("kind", ["grey", "white is 0", "palette", "rgb", "rgba", "planes"])
def test_plain_tiles_of_any_size_are_read(order, side, kind):
    rng = np.random.default_rng(side)
    height, width = 70, 90
    samples = {"rgb": 3, "planes": 3, "rgba": 4}.get(kind, 1)
    image = rng.integers(0, 256, (height, width, samples), np.uint8)
    down, across = -(-height // side), -(-width // side)
    whole = np.zeros((down * side, across * side, samples), np.uint8)
    whole[:height, :width] = image
    planes = np.moveaxis(whole, 2, 0)[..., None] if kind == "planes" else whole[None]
    tiles = []
    for plane in planes:
        for y in range(0, down * side, side):
            tiles += [plane[y : y + side, x : x + side] for x in range(0, across * side, side)]
    size = tiles[0].size
    tags = {256: (3, [width]), 257: (3, [height]), 258: (3, [8] * samples), 259: (3, [1]), 277: (3, [samples])}
    tags |= {262: (3, [{"white is 0": 0, "palette": 3}.get(kind, 1 if samples == 1 else 2)])}
    tags |= {284: (3, [2 if kind == "planes" else 1]), 322: (3, [side]), 323: (3, [side])}
    tags |= {324: (4, [8 + size * i for i in range(len(tiles))]), 325: (4, [size] * len(tiles))}
    colours = rng.integers(0, 256, (3, 256)).astype(np.uint16) * 257
    tags |= {320: (3, colours.ravel().tolist())} if kind == "palette" else {}
    tags |= {338: (3, [2])} if kind == "rgba" else {}
    right = {"grey": image[..., 0], "white is 0": 255 - image[..., 0]}
    right["palette"] = (colours // 257).astype(np.uint8).T[image[..., 0]]
    data = tiff_of(tags, b"".join(tile.tobytes() for tile in tiles), order)
    assert np.array_equal(reading.decode(data).pixels, right.get(kind, image))
    turned = tiff_of(tags | {274: (3, [6])}, b"".join(tile.tobytes() for tile in tiles), order)
    assert np.array_equal(reading.decode(turned).pixels, np.rot90(right.get(kind, image), -1))


def test_extra_samples_that_say_nothing_are_taken_as_alpha():
    image = np.random.default_rng(1).integers(0, 256, (20, 30, 4), np.uint8)
    tags = grey_tags(2400, t258=(3, [8] * 4), t262=(3, [2]), t277=(3, [4]))
    for extra in ({}, {338: (3, [0])}, {338: (3, [2])}):
        assert np.array_equal(reading.decode(tiff_of(tags | extra, image.tobytes())).pixels, image)


def test_junk_between_the_segments_of_a_jpeg_is_skipped_as_decoders_do():
    data = cv2.imencode(".jpg", GREY_8)[1].tobytes()
    clean = reading.decode(data).pixels
    length = struct.unpack_from(">H", data, 4)[0]
    for junk in (b"\0", b"junk", b"\xff\xff\xff", b"\xff\0\xff\0x", bytes(5000)):
        place = 4 + length  # behind the first segment
        assert np.array_equal(reading.decode(data[:place] + junk + data[place:]).pixels, clean)
    hidden = segment(0xE1, b"Exif\0\0" + exif_of(3, 6))
    assert reading.decode(data[:place] + b"junk" + hidden + data[place:]).pixels.shape == (30, 20)


def test_chunks_that_pixels_need_are_checked():
    head, pixels = png_head(30, 20), png_pixels(GREY_8)
    half = pixels[1][: len(pixels[1]) // 2]
    split = png_of(head, (b"IDAT", half), (b"IDAT", pixels[1][len(half) :]))
    assert np.array_equal(reading.decode(split).pixels, GREY_8)
    for chunks in (
        (head, (b"IDAT", half), (b"tEXt", b"k\0v"), (b"IDAT", pixels[1][len(half) :])),
        (head, (b"ABCD", b""), pixels),
        (head, (b"tRNS", b"\0\1"), (b"tRNS", b"\0\2"), pixels),
        (head, head, pixels),
    ):
        data = png_of(*chunks)
        if chunks[1][0] == b"tRNS":
            assert reading.decode(data).pixels.shape == (20, 30, 4)
            continue
        with pytest.raises(ImageFileError, match="damaged"):
            reading.decode(data)


def test_what_a_png_says_beside_its_pixels_does_not_change_them():
    plain = reading.decode(grey_png()).pixels
    extra = [(b"gAMA", struct.pack(">I", 45_455)), (b"sBIT", b"\4"), (b"bKGD", b"\0\7"), (b"pHYs", bytes(9))]
    extra += [(b"tIME", bytes(7)), (b"zTXt", b"k\0\0" + zlib.compress(b"text")), (b"prIV", b"x" * 99)]
    assert np.array_equal(reading.decode(grey_png(*extra)).pixels, plain)
    assert fp.mse(plain, GREY_8) == 0
