"""Paths in jobs that travel: every machine must mean the same file, and nobody may write where nobody looks."""

from __future__ import annotations

import os
import re

# A scheme has two letters at least, as one is a drive of Windows; "://" further on is of schemes around it.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/|.*://", re.S)


def is_address(path: str) -> bool:
    """Whether a text is an address, such as ``cache::s3://bucket`` or ``file:/name``, and no path of this machine."""
    return bool(_SCHEME.match(path))


def absolute_path(path: str, what: str, advice: str) -> str:
    """The absolute path that all machines use, made where the job is.

    Args:
        path: absolute, or relative to the folder of this process.
        what: what it is, for the error.
        advice: what to do where it is on no file system.

    Raises:
        ValueError: it is an address, which a file system would take for a relative name.
    """
    if is_address(path):
        raise ValueError(f"{what} must be a path of a file system that all machines mount, got {path!r}; {advice}")
    return os.path.abspath(path)  # noqa: PTH100 Path keeps ".." and this must not


def check_absolute(path: str, what: str) -> None:
    """Stops where a path would mean another place on every machine.

    Raises:
        ValueError: it is relative, or an address.
    """
    if is_address(path) or not os.path.isabs(path):  # noqa: PTH117 RUF100
        raise ValueError(f"{what} must be an absolute path that all machines mount, got {path!r}")
