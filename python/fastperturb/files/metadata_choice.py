"""What of a picture's metadata goes on in the clear, as its owner chooses, and what texts among it must look like."""

from __future__ import annotations

import re
from collections.abc import Iterable

Keep = frozenset[str]

CHOICES = {
    "date": "when it was taken",
    "place": "where: GPS position and direction, city and country",
    "camera": "maker, model, lens and exposure; no serial numbers",
    "pano": "the projection of a panorama (GPano)",
    "icc": "the colours of its ICC profile",
    "credit": "who made it and its licence",
    "names": "title, caption, keywords, and the names of people shown",
}
"""What can be kept, by name."""
UNNAMED = ("credit", "names")
"""What ``all`` does not mean, for it names people: it must be asked for by its own name."""
DEFAULT_KEEP: Keep = frozenset(("icc",))
MAX_WORD, MEAN_WORD = 100, 18
"""How long ASCII words of a kept text may be, at most and on average: longer ones can be a picture in letters."""
_CAMERA_TEXT = re.compile(r"[ -~]{1,64}")


def parse_keep(text: str) -> Keep:
    """What to keep, of a text like ``date,place``, ``all``, ``all,credit`` or ``none``.

    Raises:
        ValueError: a name that is none of :data:`CHOICES`, or ``none`` beside others.
    """
    names = [name.strip() for name in text.split(",")]
    if names == ["none"]:
        return frozenset()
    chosen: set[str] = set()
    for name in names:
        if name == "all":
            chosen.update(other for other in CHOICES if other not in UNNAMED)
        elif name in CHOICES:
            chosen.add(name)
        else:
            known = ", ".join(CHOICES)
            raise ValueError(f"keep must name some of {known}, or 'all', or be 'none' alone, got {name!r:.80}")
    return frozenset(chosen)


def keep_text(keep: Iterable[str]) -> str:
    """A choice as text that :func:`parse_keep` reads, the same for equal choices."""
    return ",".join(name for name in CHOICES if name in keep) or "none"


def check_keep(keep: Iterable[str]) -> Keep:
    """A choice of names, checked.

    Raises:
        ValueError: a name that is none of :data:`CHOICES`.
    """
    return parse_keep(",".join(keep)) if (keep := tuple(keep)) else frozenset()


def clean_text(text: str, most: int) -> str | None:
    """A text on one line without control characters; ``None`` if it is empty, too long, or has words as data have."""
    if len(text) > most:
        return None
    words = "".join(sign if sign.isprintable() else " " for sign in text).split()
    lengths = [len(word) for word in words if word.isascii()]
    if not words or max(lengths, default=0) > MAX_WORD or sum(lengths) > MEAN_WORD * len(lengths) + MAX_WORD:
        return None
    return " ".join(words)


def camera_text(text: str) -> str | None:
    """The name of a camera or lens: up to 64 ASCII characters on one line, or else ``None``."""
    line = text.strip()
    return line if _CAMERA_TEXT.fullmatch(line) and max(map(len, line.split()), default=0) <= 32 else None
