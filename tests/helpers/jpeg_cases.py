"""JPEGs of every kind that is kept in its coefficients: samplings, modes, sizes, orientations."""

import io
import struct

import cv2
import numpy as np
from file_cases import saved, segment
from PIL import Image

import fastperturb as fp
from fastperturb import _core

SAMPLINGS = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}
MODES = {
    "baseline": {},
    "optimised": {"optimize": True},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_blocks": 3},
    "progressive with restarts": {"progressive": True, "restart_marker_blocks": 2},
}
KEY = fp.Key(bytes(range(32)))
FACE = fp.Region(60, 50, 48, 56)
SURROGATE = fp.Surrogate(tone="around")


def picture(height=181, width=203, seed=0):
    """Smooth colours with some noise, sides that no MCU divides."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((height, width))
    base = np.stack([120 + 90 * np.sin(x / 17), 110 + 80 * np.cos(y / 13), 128 + 70 * np.sin((x + y) / 23)], 2)
    return np.clip(base + rng.normal(0, 6, base.shape), 0, 255).astype(np.uint8)


def jpeg(pixels=None, *, sampling="4:2:0", mode="baseline", grey=False, quality=85, **options):
    """A JPEG that Pillow writes."""
    image = Image.fromarray(picture() if pixels is None else pixels)
    settings = {**MODES[mode], **options}
    if not grey:
        settings["subsampling"] = SAMPLINGS[sampling]
    return saved(image.convert("L") if grey else image, "JPEG", quality=quality, **settings)


def jpeg_440(pixels=None, *, progressive=0, factor=None):
    """A JPEG of another sampling, by OpenCV; 4:4:0 if none is named."""
    factor = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440 if factor is None else factor
    options = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor, cv2.IMWRITE_JPEG_PROGRESSIVE, progressive]
    shown = picture() if pixels is None else pixels
    return cv2.imencode(".jpg", shown[..., ::-1], options)[1].tobytes()


def exif(orientation, *, thumbnail=b""):
    """An EXIF segment; a thumbnail would be in its second directory."""
    first = struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, 274, 3, 1, orientation, 0, 26 if thumbnail else 0)
    second = b""
    if thumbnail:
        second = struct.pack("<HHHIIHHIII", 2, 513, 4, 1, 56, 514, 4, 1, len(thumbnail), 0)
    return segment(0xE1, b"Exif\0\0" + first + second + thumbnail)


def turned(data, orientation):
    """A JPEG with an orientation."""
    return data[:2] + exif(orientation) + data[2:]


EVERY = {
    **{f"{s}, {m}": jpeg(sampling=s, mode=m) for s in SAMPLINGS for m in MODES},
    **{f"grey, {m}": jpeg(mode=m, grey=True) for m in MODES},
    "4:4:0": jpeg_440(),
    "4:4:0, progressive": jpeg_440(progressive=1),
    "4:1:1": jpeg_440(factor=cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411),
}


def coefficients(data):
    """(rows, columns, blocks, 64) of a JPEG."""
    return _core.JpegFrame(data).decode(data)


def decoded(data):
    """Pixels as Pillow shows them, not turned."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image).astype(np.int16)


def segments_of(data):
    """(marker, body) of the segments before the first scan."""
    found, at = [], 2
    while data[at + 1] != 0xDA:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        found.append((data[at + 1], data[at + 4 : at + 2 + length]))
        at += 2 + length
    return found


def with_coefficients(data, mcus):
    """The same JPEG with other coefficients, and Huffman tables that suit them."""
    head = b"".join(segment(marker, body) for marker, body in segments_of(data) if marker not in (0xC4, 0xDD))
    return data[:2] + head + _core.JpegFrame(data).encode(mcus)
