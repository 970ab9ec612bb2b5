"""``perturb --keep`` and ``--drop-metadata``: what of a picture's metadata goes on in the clear, and what is sealed."""

from __future__ import annotations

from dataclasses import dataclass

from ...files.metadata_choice import CHOICES, DEFAULT_KEEP, UNNAMED, Keep, keep_text, parse_keep
from .sections import option, shared

_SECTION = "Metadata"


@dataclass(frozen=True, slots=True)
class MetadataChoices:
    """What becomes of metadata.

    Attributes:
        keep: what goes on in the clear.
        drop: seal nothing of them.
    """

    keep: Keep = DEFAULT_KEEP
    drop: bool = False

    def said(self) -> str | None:
        """What to tell of a choice that others will see; ``None`` for colours alone."""
        names = [name for name in CHOICES if name in self.keep - {"icc"}]
        return "in the clear, where a picture has it: " + "; ".join(CHOICES[name] for name in names) if names else None

    def identity(self) -> list[str | bool]:
        """All that results depend on."""
        return [keep_text(self.keep), self.drop]


def _build(kept: str, drop_metadata: bool) -> MetadataChoices:
    return MetadataChoices(parse_keep(kept), drop_metadata)


metadata_options = shared(
    "metadata",
    _build,
    option(
        "--keep",
        "kept",
        metavar="WHAT,...",
        default=keep_text(DEFAULT_KEEP),
        section=_SECTION,
        help=f"What stays in the clear: {', '.join(name for name in CHOICES if name not in UNNAMED)}; all of "
        f"these; {' and '.join(UNNAMED)}, which name people; none. Never pictures, serial numbers, maker notes.  "
        "[default: icc]",
    ),
    option(
        "--drop-metadata",
        is_flag=True,
        section=_SECTION,
        help="Do not seal names, times and metadata: they do not come back.",
    ),
)
