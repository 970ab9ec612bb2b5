"""Standard output that takes any text, and standard error for ourselves, without what OpenCV's codecs print into it.

A damaged file is reported by us, once and by name; libpng and libjpeg would add lines that name no file.
"""

from __future__ import annotations

import contextlib
import os
import sys


def make_stdout_lenient() -> None:
    """Lets standard output escape the characters that its encoding does not have, as standard error always does."""
    with contextlib.suppress(AttributeError, OSError, ValueError):  # closed, or replaced by something else
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def separate_stderr() -> None:
    """Gives Python a standard error of its own and points the one of C libraries to nothing.

    Set OPENCV_LOG_LEVEL to see their messages. Does nothing where standard error is not descriptor 2 (in tests, say).
    """
    if "OPENCV_LOG_LEVEL" in os.environ:
        return
    try:
        if sys.stderr.fileno() != 2:
            return
    except (AttributeError, OSError, ValueError):
        return
    sys.stderr.flush()
    ours = os.dup(2)
    sys.stderr = open(ours, "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace")  # noqa: PTH123, SIM115
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    os.close(nothing)
