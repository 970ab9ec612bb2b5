"""Packages that are imported only when something needs them.

One place says how to get what is missing: the extra that installs it, or, for OpenCV, which of its builds to take.
"""

from __future__ import annotations

import importlib
import sys
from functools import cache
from types import ModuleType

from ._forks import apart_from_forks
from .errors import MissingExtra

_opencv: ModuleType | None = None  # once it is whole


def import_extra(module: str, extra: str) -> ModuleType:
    """Import ``module``, which ``pip install fastperturb[extra]`` installs.

    Args:
        module: the name to import, dotted or not.
        extra: the extra of this package that brings it.

    Returns:
        The module.

    Raises:
        MissingExtra: it is not installed, or fails to import; the message names the extra and the reason.
    """
    try:
        with apart_from_forks:
            return importlib.import_module(module)
    except ImportError as error:
        raise _missing(module, error, f"install it with: pip install 'fastperturb[{extra}]'") from error


def import_opencv() -> ModuleType:
    """Import ``cv2``, from whichever build of OpenCV is installed.

    Raises:
        MissingExtra: no OpenCV, or one that cannot load: the builds with windows need libGL, which servers lack.
    """
    global _opencv
    if _opencv is not None and sys.modules.get("cv2") is _opencv:
        return _opencv  # asked for a dozen times a picture
    try:
        with apart_from_forks:
            import cv2
    except ImportError as error:
        raise _missing("cv2", error, "install it with: pip install opencv-python-headless") from error
    _opencv = cv2
    return _opencv


def import_isal() -> ModuleType | None:
    """ISA-L's compressor of zlib streams, or ``None`` where it is not installed or does not load."""
    try:
        with apart_from_forks:
            from isal import isal_zlib
    except ImportError:
        return None
    module: ModuleType = isal_zlib
    return module


@cache
def import_igzip() -> ModuleType | None:
    """ISA-L's compressor of whole deflate streams, or ``None`` as above; asked for with every seal, so kept."""
    try:
        with apart_from_forks:
            from isal import igzip_lib
    except ImportError:
        return None
    module: ModuleType = igzip_lib
    return module


def _missing(module: str, error: ImportError, advice: str) -> MissingExtra:
    reason = f" ({error})" if str(error) else ""
    return MissingExtra(f"{module} cannot be imported{reason}; {advice}", name=module)
