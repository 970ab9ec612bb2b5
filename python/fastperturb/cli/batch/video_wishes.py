"""What is wished for of pictures and cannot be had of videos: refused by name, or told where it does no harm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import click
from click.core import ParameterSource

from ...errors import VideoFileError
from ..options.faces import Finder
from .paths import Source

KEEP_NOTE = "--keep is for pictures: titles, places and dates of videos are left out"
ARCHIVE_NOTE = "its sealed original lies beside it as NAME.age, for only Matroska and WebM hold one inside: keep both"


def refused_faces(finder: Finder) -> list[str]:
    """Why videos are refused, for options that say which regions there are; called while the command begins."""
    asked = click.get_current_context().get_parameter_source("shape") is ParameterSource.COMMANDLINE
    given = {
        "--grow": finder.grow != 0.0,
        "--features": finder.features,
        "--least": finder.least > 1,
        "--shape box": asked and finder.shape == "box",
    }
    names = [name for name, is_given in given.items() if is_given]
    return [f"videos have regions over the whole head: no {' and no '.join(names)}"] if names else []


def check_refused(lines: Iterable[str], finder: Finder, source: Source) -> None:
    """Raises VideoFileError if there is anything that a video is refused for, parts of it to be ignored too."""
    found = list(lines)
    if finder.ignored.find(source):
        found.append("in videos faces are looked for everywhere: no --ignore; --boxes can spare tracks")
    if found:
        raise VideoFileError("; ".join(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What ``perturb`` was told that videos cannot do, or not always.

    Attributes:
        faces: why videos are refused, :func:`refused_faces`.
        sealed: whether there is a way back that holds the original, and not a key alone.
        reproducible, exact_file, record_beside: the options.
        threshold: a file of a threshold was named.
        drop_metadata: nothing of them is to come back.
        keep: some metadata is to stay in the clear.
        inside: ``--seals inside`` was asked for.
        archive: it is asked for by ``--purpose archive``.
    """

    faces: tuple[str, ...]
    sealed: bool
    reproducible: bool
    exact_file: bool
    record_beside: bool
    threshold: bool
    drop_metadata: bool
    keep: bool
    inside: bool
    archive: bool

    def refused(self, suffix: str, beside: bool | None) -> list[str]:
        """Why a video is refused.

        Args:
            suffix: of the result.
            beside: whether what restores it lies beside; None: nothing does.
        """
        lines = list(self.faces)
        if self.threshold:
            lines.append("windows of videos take a window or cells, and a coverage: no --threshold")
        if self.reproducible:
            lines.append("what restores a video is sealed anew each time: no --reproducible")
        if beside and self.inside:
            lines.append(f"{suffix} files hold no sealed file, .mkv and .webm do: no --seals inside")
        if beside is False and self.record_beside:
            lines.append(f"what restores a {suffix} video lies inside: no --record-beside")
        if beside is not None and self.exact_file and not self.sealed:
            lines.append("windows of videos come back frame by frame, not as the file: no --exact-file")
        if beside is not None and self.drop_metadata and self.sealed:
            lines.append("the sealed original of a video holds all its metadata: no --drop-metadata")
        return lines

    def notes(self, beside: bool | None) -> list[str]:
        """What is not as it was wished for, and does no harm."""
        notes = [KEEP_NOTE] if self.keep else []
        return [*notes, ARCHIVE_NOTE] if beside and self.archive else notes
