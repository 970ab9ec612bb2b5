"""Protections to compare, ours and those of others, behind one protocol; see docs/protections.md."""

from .area import Area
from .autoencoder import Autoencoder
from .filters import Blur, Noise
from .grain import Grain
from .ksame import KSame
from .parsing import ProtectionInfo, list_protections, parse_protection
from .parts import Parts
from .permutation import Permutation
from .protocol import FittedProtection, Protection, ReversibleProtection
from .simple import Black, Clear, Mosaic
from .weighted import Weighted

__all__ = [
    "Area",
    "Autoencoder",
    "Black",
    "Blur",
    "Clear",
    "FittedProtection",
    "Grain",
    "KSame",
    "Mosaic",
    "Noise",
    "Parts",
    "Permutation",
    "Protection",
    "ProtectionInfo",
    "ReversibleProtection",
    "Weighted",
    "list_protections",
    "parse_protection",
]
