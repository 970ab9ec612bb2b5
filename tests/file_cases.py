"""What tests of files share: random pictures, and how other programs write them."""

import io

import numpy as np
import tifffile
from PIL import ImageCms

from fastperturb.files import FORMATS, read_image

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
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


RGB, GREY, RGBA = noise(40, 61, 3), noise(40, 61), noise(40, 61, 4)


RGB16, GREY16, RGBA16 = (
    noise(40, 61, 3, dtype=np.uint16),
    noise(40, 61, dtype=np.uint16),
    noise(40, 61, 4, dtype=np.uint16),
)
