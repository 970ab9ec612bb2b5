"""Changing the regions of images so that the key's holder can undo it: one image, many images, and what anyone sees."""

from .batch import perturb_many, restore_many
from .block_view import view
from .changing_records import forget, rekey
from .sealed_metadata import open_metadata
from .single import permute, perturb, restore
from .verdicts import Verdicts, examine

__all__ = [
    "Verdicts",
    "examine",
    "forget",
    "open_metadata",
    "permute",
    "perturb",
    "perturb_many",
    "rekey",
    "restore",
    "restore_many",
    "view",
]
