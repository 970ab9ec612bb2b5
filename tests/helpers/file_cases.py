"""What tests of files share: random pictures, how other programs write them, and bombs."""

import io
import struct

import numpy as np
import tifffile
from PIL import ImageCms

from fastperturb.files import FORMATS, read_image
from fastperturb.files.icc import colours_alone

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
COLOURS = colours_alone(SRGB, "RGB ")
"""What is kept of it."""
LOSSLESS = [suffix for suffix, name in FORMATS.items() if name != "JPEG"]


def noise(*shape, dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(image, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, image, **options)
    return buffer.getvalue()


def opened(tmp_path, data, name="file"):
    path = tmp_path / name
    path.write_bytes(data)
    return read_image(path)


def table_profile(points):
    """An RGB profile that is one large table (lut16Type) of ``points`` cubed colours: 3 x 2 bytes each."""
    grid = np.stack(np.meshgrid(*[np.linspace(0, 65_535, points)] * 3, indexing="ij"), -1).astype(">u2")
    ramp = np.tile(np.array([0, 65_535], ">u2"), 3).tobytes()
    matrix = np.array([[65_536, 0, 0], [0, 65_536, 0], [0, 0, 65_536]], ">i4").tobytes()
    body = b"mft2" + bytes(4) + bytes((3, 3, points, 0)) + matrix + struct.pack(">HH", 2, 2)
    body += ramp + grid.tobytes() + ramp
    return profile_of({b"A2B0": body}, version=2)


def profile_of(tags, *, version=4, space=b"RGB ", tail=b""):
    """An ICC profile of these tags; ``tail`` stands behind its end."""
    head = bytes(8) + bytes((version, 0x30, 0, 0)) + b"mntr" + space + b"XYZ " + struct.pack(">6H", 2024, 5, 6, 7, 8, 9)
    head += b"acsp" + b"APPL" + bytes(4) + b"SECRmodl" + bytes(8) + bytes(4) + SRGB[68:80] + b"MINE" + bytes(44)
    start, body, table = 132 + 12 * len(tags), b"", struct.pack(">I", len(tags))
    for name, content in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    return struct.pack(">I", start + len(body)) + head[4:] + table + body + tail


def segment(marker, body):
    """A segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg_of_scans(scans, side=400):
    """A progressive JPEG whose scans each pass over all of its side x side grey pixels; some 50 bytes for each."""
    blocks = (side // 8) ** 2
    one_code = bytes((1, *[0] * 15))
    bits = "".join("0" + "1" * 14 for _ in range(blocks // 32_767 + 1))
    bits += "1" * (-len(bits) % 8)
    skipped = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)).replace(b"\xff", b"\xff\0")
    parts = [
        b"\xff\xd8",
        segment(0xDB, b"\0" + bytes([1] * 64)),
        segment(0xC2, struct.pack(">BHHB", 8, side, side, 1) + b"\1\x11\0"),
        segment(0xC4, b"\0" + one_code + b"\0"),
        segment(0xC4, b"\x10" + one_code + b"\xe0"),
        segment(0xDA, b"\1\1\0\0\0\1") + bytes(blocks // 8 + 1),
    ]
    return b"".join([*parts, *[segment(0xDA, b"\1\1\0\1\x3f\x0d") + skipped] * (scans - 1), b"\xff\xd9"])


RGB, GREY, RGBA = noise(40, 61, 3), noise(40, 61), noise(40, 61, 4)


RGB16, GREY16, RGBA16 = (
    noise(40, 61, 3, dtype=np.uint16),
    noise(40, 61, dtype=np.uint16),
    noise(40, 61, 4, dtype=np.uint16),
)
