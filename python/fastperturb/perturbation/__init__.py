"""Changing the regions of images so that the key's holder can undo it: one image, many images, and what anyone sees."""

from .batch import perturb_many, restore_many
from .block_view import view
from .single import permute, perturb, restore

__all__ = ["permute", "perturb", "perturb_many", "restore", "restore_many", "view"]
