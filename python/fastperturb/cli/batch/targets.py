"""Where each file that comes in goes to, and in which format: folders are mirrored."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

import click

from ...files import FORMATS
from ...video_names import VIDEOS
from .paths import READABLE, UNREADABLE, Inputs, Source
from .video_names import is_video_name


@dataclass(frozen=True, slots=True)
class VideoTargets:
    """What videos become.

    Attributes:
        endings: extensions that a result may be given.
        kept: extension of the result by that of the input; MP4 for others, the same if this is None.
    """

    endings: tuple[str, ...]
    kept: Mapping[str, str] | None = None

    def suffix_for(self, path: Path) -> str:
        """The extension of a result in a folder."""
        suffix = path.suffix.lower()
        return suffix if self.kept is None else self.kept.get(suffix, ".mp4")


SAME = ".same"


def _file_identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from all others, whatever its name."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


class Targets:
    """Where each source goes.

    Args:
        output: what ``-o`` says. One file goes to it if its extension is one of an image and it is no folder;
            everything else goes into it as a folder.
        inputs: what comes in.
        suffix: extension of what is written into a folder, with its dot; ".same" for each file's own, where that can be
            written, and .png otherwise.
        jpeg: whether a JPEG's own extension is one of these.
        full_names: keep the old extension too: photo.jpg.png.
        videos: what videos become; None where there are none.
    """

    def __init__(
        self,
        output: Path,
        inputs: Inputs,
        suffix: str,
        full_names: bool,
        videos: VideoTargets | None = None,
        *,
        jpeg: bool = True,
    ) -> None:
        self.output = output
        self._videos = videos
        self.suffix = suffix
        self.jpeg = jpeg
        self.full_names = full_names
        self._given = {identity for path in inputs.named if (identity := _file_identity(path))}
        video = videos is not None and inputs.is_one_file and is_video_name(inputs.named[0])
        named = videos.endings if videos is not None and video else FORMATS
        self.is_file = inputs.is_one_file and output.suffix.lower() in named and not output.is_dir()
        if not self.is_file and output.exists() and not output.is_dir():
            raise click.UsageError(f"the output for more than one file must be a folder, and {output} is a file")
        if not self.is_file and output.suffix.lower() in READABLE | UNREADABLE | VIDEOS and not output.is_dir():
            if inputs.is_one_file:
                raise click.UsageError(f"{output.suffix} cannot be written: {', '.join(named)} can, got {output}")
            raise click.UsageError(f"the output for more than one file must be a folder, got the file name {output}")

    def is_given(self, path: Path) -> bool:
        """Whether a path leads to a file that is itself an input, by its name."""
        return bool(self._given) and _file_identity(path) in self._given

    @property
    def keeps_formats(self) -> bool:
        """Whether files are to have the format that they came in."""
        return self.suffix == SAME and not self.is_file

    def relative_for(self, source: Source) -> PurePath:
        """The place of a result within the output folder."""
        if source.result is not None:
            own = source.relative.with_name(source.result)
            if self.suffix == SAME:
                return own
            return own.with_name(own.name + self.suffix) if self.full_names else own.with_suffix(self.suffix)
        suffix = self._suffix_for(source)
        if self.full_names and (self.suffix != SAME or source.video or suffix != source.relative.suffix):
            return source.relative.with_name(source.relative.name + suffix)
        return source.relative.with_suffix(suffix) if source.relative.name else source.relative

    def _suffix_for(self, source: Source) -> str:
        if source.video and self._videos is not None:
            return self._videos.suffix_for(source.path)
        if self.suffix != SAME:
            return self.suffix
        own = source.path.suffix
        if FORMATS.get(own.lower()) == "JPEG":
            return own if self.jpeg else ".png"
        return own if FORMATS.get(own.lower()) in ("PNG", "WebP", "TIFF") else ".png"

    def path_for(self, source: Source) -> Path:
        """The path of a result."""
        return self.output if self.is_file else self.output / self.relative_for(source)

    def fallback_for(self, source: Source) -> Path | None:
        """Where a result goes whose pixels the format cannot hold: to a PNG, unless the name was given."""
        path = self.path_for(source)
        if source.video or self.is_file or path.suffix.lower() == ".png":
            return None
        own = self.full_names and self.suffix == SAME  # then its extension is the file's own, and tells it from others
        return path.with_name(path.name + ".png") if own else path.with_suffix(".png")
