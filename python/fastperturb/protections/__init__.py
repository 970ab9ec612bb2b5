"""Protections of faces, behind one protocol; see docs/protections.md."""

from .._renamed import old_names
from .area import Area
from .autoencoder import Autoencoder
from .base import AreaProtection, Description, ProtectionBase
from .blur_and_noise import Blur, Noise
from .camouflage import Camouflage
from .drawing import as_drawing
from .ksame import KSame
from .mosaic_and_black import Black, Clear, Mosaic
from .parsing import ProtectionInfo, list_protections, parse_protection
from .parts import Parts
from .permutation import Permutation
from .protocol import FittedProtection, Protection, ReversibleProtection
from .surrogate import Surrogate
from .template import Template
from .weighted import Weighted
from .window_size import WindowSize

__all__ = [
    "Area",
    "AreaProtection",
    "Autoencoder",
    "Black",
    "Blur",
    "Camouflage",
    "Clear",
    "Description",
    "FittedProtection",
    "KSame",
    "Mosaic",
    "Noise",
    "Parts",
    "Permutation",
    "Protection",
    "ProtectionBase",
    "ProtectionInfo",
    "ReversibleProtection",
    "Surrogate",
    "Template",
    "Weighted",
    "WindowSize",
    "as_drawing",
    "list_protections",
    "parse_protection",
]

__getattr__ = old_names(__name__, {"Grain": "WindowSize"})
