"""Images and records on disk: read what cameras and people have, write lossless files that are whole or absent.

OpenCV is imported when the first file is read or written.
"""

from .exact_file import bring_back_whole_file, keep_whole_file
from .jpeg_protecting import perturb_jpeg, restore_jpeg
from .metadata import choose, put_back, read_metadata, to_seal
from .metadata_choice import parse_keep
from .metadata_sealed import pack_sealed, unpack_sealed
from .reading import MAX_PIXELS, Picture, read_image, read_record
from .writing import FORMATS, write_image

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "Picture",
    "bring_back_whole_file",
    "choose",
    "keep_whole_file",
    "pack_sealed",
    "parse_keep",
    "perturb_jpeg",
    "put_back",
    "read_image",
    "read_metadata",
    "read_record",
    "restore_jpeg",
    "to_seal",
    "unpack_sealed",
    "write_image",
]
