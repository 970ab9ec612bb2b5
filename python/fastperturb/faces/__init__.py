"""Finding faces: the Detector protocol, one file per detector, and regions made out of what was found.

Images are RGB or grey, pixels count from the top-left corner, ``x`` to the right and ``y`` down.
"""

from .boxes import HEAD, Margins, grow_region
from .detection import Detector, locate
from .landmarks import regions_from_landmarks
from .yunet import YuNet

__all__ = ["HEAD", "Detector", "Margins", "YuNet", "grow_region", "locate", "regions_from_landmarks"]
