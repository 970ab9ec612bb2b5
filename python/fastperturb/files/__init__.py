"""Images and records on disk: read what cameras and people have, write lossless files that are whole or absent.

OpenCV is imported when the first file is read or written.
"""

from .jpeg_protecting import perturb_jpeg, restore_jpeg
from .reading import MAX_PIXELS, Picture, read_image, read_record
from .writing import FORMATS, write_image

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "Picture",
    "perturb_jpeg",
    "read_image",
    "read_record",
    "restore_jpeg",
    "write_image",
]
