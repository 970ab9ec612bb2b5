"""Memory between two passes: what the first one let go of goes back to the system before the second takes its own."""

from __future__ import annotations

import ctypes
import gc
import sys

from ..faces.engine import onnx_session


def give_back() -> None:
    """Drops networks, which are loaded anew when somebody looks again, and gives freed memory back.

    Where the C library is glibc, it keeps what is freed otherwise.
    """
    onnx_session.cache_clear()
    gc.collect()
    if not sys.platform.startswith("linux"):
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
