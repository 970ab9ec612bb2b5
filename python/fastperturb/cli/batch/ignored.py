"""Files of a folder that are not taken for images; those that may show faces all the same are named."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

FIRST = 3
"""How many are named."""
NOTABLE = frozenset(
    (
        *(".mp4", ".m4v", ".mov", ".qt", ".avi", ".mkv", ".webm", ".wmv", ".asf", ".flv", ".3gp", ".3g2", ".mts"),
        *(".m2ts", ".mpg", ".mpeg", ".m2v", ".vob", ".ogv", ".mxf", ".insv", ".lrv"),
        *(".pdf", ".svg", ".eps", ".ps", ".ai", ".djvu", ".xps", ".epub"),
        *(".doc", ".docx", ".odt", ".ppt", ".pptx", ".odp", ".pages", ".xls", ".xlsx", ".ods", ".rtf"),
        *(".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", ".cbz", ".cbr"),
    )
)
"""Extensions of videos, documents and archives, which may hold photographs."""


@dataclass(slots=True)
class Ignored:
    """What was left out of the folders.

    Attributes:
        count: all of them, links to folders too.
        notable: those that may show faces.
        first: the first few of these.
    """

    count: int = 0
    notable: int = 0
    first: list[Path] = field(default_factory=list)

    def add(self, path: Path) -> None:
        """One more."""
        self.count += 1
        if path.suffix.lower() in NOTABLE:
            self.notable += 1
            if len(self.first) < FIRST:
                self.first.append(path)

    def told(self) -> str:
        """The end of the summary's line, empty if there is nothing to say."""
        if not self.count:
            return ""
        text = f"; {self.count} other {'file' if self.count == 1 else 'files'} ignored"
        if self.notable:
            text += ", which may show faces: " if self.notable == self.count else ", of which these may show faces: "
            text += ", ".join(map(str, self.first))
        if self.notable > len(self.first):
            text += f" and {self.notable - len(self.first)} more"
        return text
