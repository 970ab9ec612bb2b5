"""Data sets of faces: the AT&T faces, folders, LFW; read lazily, split with a seed. See docs/attackers.md."""

from .att import undo_line_ends
from .opening import open_dataset
from .sample import DataSet, Pair, Pixels, Sample
from .splits import Split, split_by_image, split_by_person

__all__ = [
    "DataSet",
    "Pair",
    "Pixels",
    "Sample",
    "Split",
    "open_dataset",
    "split_by_image",
    "split_by_person",
    "undo_line_ends",
]
