"""Errors as one line each, and lines that a terminal can show whatever a file is called."""

from __future__ import annotations

import sys

from ..errors import FastperturbError


def describe(error: BaseException) -> str:
    """One line about an error, without the name of its class unless nothing of ours foresaw it."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    text = " ".join(str(error).split())
    if isinstance(error, (FastperturbError, OSError, ValueError, TypeError)) and text:
        return text
    if isinstance(error, MemoryError):
        return "not enough memory"
    return f"unexpected {type(error).__name__}: {text}" if text else f"unexpected {type(error).__name__}"


def say(line: str) -> None:
    """A line on standard error."""
    sys.stderr.write(f"fastperturb: {printable(line)}\n")


def printable(text: str) -> str:
    """The text with control characters, line breaks and undecodable bytes of file names escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
