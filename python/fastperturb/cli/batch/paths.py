"""Which files come in, and where each goes: folders are walked in order and mirrored, no two files go to one place.

Names are looked at folder by folder, so that memory does not grow with the number of images.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

import click

from ...bounded_files import read_start
from ...files import FORMATS
from ...files.reading import starts_as_image
from .ignored import Ignored
from .video_names import VIDEOS, can_read_videos, is_video_name

READABLE = frozenset((*FORMATS, ".jpe", ".jfif", ".jif", ".jfi", ".pjpeg", ".pjp", ".insp", ".dib", ".tf8", ".btf"))
"""Extensions of the files in a folder that are taken for images, whatever is in them.

Files of other extensions are, if they start as images do; a file that is named itself always is.
"""
_SUPPORTED = "PNG, JPEG, WebP, TIFF, BMP, PGM and PPM"
UNREADABLE = frozenset(
    (
        *(".gif", ".apng", ".heic", ".heif", ".hif", ".avif", ".jxl", ".jp2", ".j2k", ".jpx", ".jpf", ".mpo", ".jps"),
        *(".pbm", ".pam", ".pfm", ".tga", ".pcx", ".exr", ".hdr", ".psd", ".dng", ".raw", ".cr2", ".cr3", ".crw"),
        *(".nef", ".nrw", ".arw", ".srf", ".sr2", ".srw", ".orf", ".rw2", ".raf", ".pef", ".x3f", ".3fr", ".erf"),
        *(".kdc", ".dcr", ".mrw", ".rwl", ".iiq", ".gpr", ".fff", ".mef", ".mos", ".bay", ".jxr", ".wdp", ".hdp"),
        *(".jls", ".j2c", ".jpc", ".jpm", ".heics", ".heifs", ".avifs", ".avci", ".avcs", ".qoi", ".flif", ".psb"),
    )
)
"""Extensions of photographs that cannot be read; in a folder they are problems, not left out without a word."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file to work on.

    Attributes:
        path: of the file.
        relative: where it lies within what was named, and so within the output folder.
        problem: why it cannot be worked on, as far as that is known from its name alone.
        video: whether it is a video, for commands that take them.
    """

    path: Path
    relative: PurePath
    problem: str | None = None
    video: bool = False


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


@dataclass(frozen=True, slots=True)
class Survey:
    """What the inputs hold: how many images, and the files that are not taken for such."""

    images: int
    ignored: Ignored


class Inputs:
    """The files and folders that were named, without the output folder if it lies within one of them.

    With ``videos``, videos are taken too: those that are named, and those in folders if there is what reads them.
    """

    def __init__(self, named: Sequence[Path], output: Path | None = None, *, videos: bool = False) -> None:
        self.named = named
        self._videos = videos
        self._videos_within = videos and can_read_videos()
        self._output = None if output is None else output.resolve()
        folders: dict[str, Path] = {}
        for path in named if output is not None else ():
            if path.is_dir() and path.resolve() == self._output:
                raise click.UsageError(f"the output folder is the input folder {path}; choose another")
            if path.is_dir() and folders.setdefault(path.resolve().name, path) is not path:
                twin = folders[path.resolve().name]
                raise click.UsageError(f"{twin} and {path} would both be written to {path.resolve().name}")
        self._ignored = Ignored()
        self._clashes: dict[Path, str] = {}

    @property
    def is_one_file(self) -> bool:
        """Whether one file was named, and no folder."""
        return len(self.named) == 1 and not self.named[0].is_dir()

    def __iter__(self) -> Iterator[Source]:
        """The files in order: as named, and by name within folders."""
        self._ignored = Ignored()
        for source in self._sources():
            clash = self._clashes.get(source.path)
            yield source if clash is None else replace(source, problem=clash)

    def _sources(self) -> Iterator[Source]:
        for path in self.named:
            if path.is_dir():
                inner = PurePath() if len(self.named) == 1 else PurePath(path.resolve().name)
                yield from self._walk(path, inner, path.resolve())
            else:
                video = self._videos and is_video_name(path)
                yield Source(path, PurePath(path.name), self._problem_of(path), video)

    def survey(self, targets: Targets | None = None) -> Survey:
        """Counts, and finds files that would be written to one place: from now on these have a problem.

        What cannot be read takes no place from others, such as the raw file of a camera beside its JPEG.
        """
        self._clashes = {}
        images = 0
        named: dict[PurePath, Source] = {}
        within: dict[PurePath, Source] = {}
        folder = PurePath()
        for source in self:
            images += 1
            if targets is None or source.problem is not None:
                continue
            if source.relative.parent != folder:
                folder, within = source.relative.parent, {}
            target = targets.relative_for(source)
            twin = (within if folder.parts else named).setdefault(target, source)
            if twin is not source:
                problem = f"{twin.path} and {source.path} would both be written to {target}; " + _FULL_NAMES
                self._clashes[source.path] = problem
                self._clashes.setdefault(twin.path, problem)
        return Survey(images, self._ignored)

    def _walk(self, folder: Path, inner: PurePath, root: Path) -> Iterator[Source]:
        """The files of a folder, and of the folders in it, but for those that links lead to.

        A link within ``root``, the folder that was named, leads to what is on its way already; one out of it to what
        nobody named.
        """
        if self._output is not None and self._output in (real := folder.resolve(), *real.parents):
            return
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield Source(folder, inner, f"the folder cannot be read: {error.strerror}")
            return
        folders = []
        for entry in entries:  # files first, so that all of a folder's come one after the other
            place = Path(entry.path)
            outside = entry.is_symlink() and not self._leads_into(root, place)
            if _holds(entry.is_dir) and not entry.is_symlink():
                folders.append(place)
            elif _holds(entry.is_dir):
                if outside:
                    yield Source(place, inner / entry.name, _LEADS_OUT)
                else:
                    self._ignored.add(place)
            elif self._videos_within and is_video_name(place) and not entry.name.startswith("."):
                problem = _problem_within(entry, video=True)
                yield Source(place, inner / entry.name, _LEADS_OUT if outside else problem, video=True)
            elif not _is_image(entry):
                if not entry.name.endswith(_BESIDE):
                    self._ignored.add(place)
            else:
                yield Source(place, inner / entry.name, _LEADS_OUT if outside else _problem_within(entry))
        for place in folders:
            yield from self._walk(place, inner / place.name, root)

    def _leads_into(self, root: Path, link: Path) -> bool:
        """Whether a link leads to something within the folder that was named, to the output, or nowhere."""
        try:
            real = link.resolve(strict=True)
        except (OSError, RuntimeError):  # which is told otherwise
            return True
        within = (real, *real.parents)
        return root in within or (self._output is not None and self._output in within)

    @staticmethod
    def _problem_of(path: Path) -> str | None:
        if not path.exists():
            return "no such file or folder"
        return None if path.is_file() else "not a file or folder"


_FULL_NAMES = "--full-names keeps them apart (photo.jpg.png) if their extensions differ"
_BESIDE = (".json", ".seal", ".age")
"""Ends of the names of what lies beside pictures and belongs to them."""
_LEADS_OUT = "a link that leads out of the folder; name what it leads to, if that is meant"


def _is_image(entry: os.DirEntry[str]) -> bool:
    """Whether a file of a folder is to be taken for an image, by its extension or else by its first bytes."""
    if entry.name.startswith("."):
        return False
    if PurePath(entry.name).suffix.lower() in READABLE | UNREADABLE:
        return True
    if entry.name.endswith(".json") or not _holds(entry.is_file):
        return False
    try:
        return starts_as_image(read_start(entry.path, 32))
    except OSError:
        return False


def _holds(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except OSError:  # a link to itself, or to where we may not look
        return False


def _problem_within(entry: os.DirEntry[str], *, video: bool = False) -> str | None:
    """What is wrong with a file of a folder that has the name of an image, or of a video."""
    if not _holds(entry.is_file):
        return "a link that leads to no file" if entry.is_symlink() else "not a file"
    suffix = PurePath(entry.name).suffix
    if video:
        return None
    return f"not supported: {suffix}; {_SUPPORTED} are" if suffix.lower() in UNREADABLE else None


class Targets:
    """Where each source goes.

    Args:
        output: what ``-o`` says. One file goes to it if its extension is one of an image and it is no folder;
            everything else goes into it as a folder.
        inputs: what comes in.
        suffix: extension of what is written into a folder, with its dot.
        full_names: keep the old extension too: photo.jpg.png.
        videos: what videos become; None where there are none.
    """

    def __init__(
        self, output: Path, inputs: Inputs, suffix: str, full_names: bool, videos: VideoTargets | None = None
    ) -> None:
        self.output = output
        self._videos = videos
        self.suffix = suffix
        self.full_names = full_names
        video = videos is not None and inputs.is_one_file and is_video_name(inputs.named[0])
        named = videos.endings if videos is not None and video else FORMATS
        self.is_file = inputs.is_one_file and output.suffix.lower() in named and not output.is_dir()
        if not self.is_file and output.exists() and not output.is_dir():
            raise click.UsageError(f"the output for more than one file must be a folder, and {output} is a file")
        if not self.is_file and output.suffix.lower() in READABLE | UNREADABLE | VIDEOS and not output.is_dir():
            if inputs.is_one_file:
                raise click.UsageError(f"{output.suffix} cannot be written: {', '.join(named)} can, got {output}")
            raise click.UsageError(f"the output for more than one file must be a folder, got the file name {output}")

    def relative_for(self, source: Source) -> PurePath:
        """The place of a result within the output folder."""
        suffix = self._suffix_for(source)
        if self.full_names:
            return source.relative.with_name(source.relative.name + suffix)
        return source.relative.with_suffix(suffix) if source.relative.name else source.relative

    def _suffix_for(self, source: Source) -> str:
        return self._videos.suffix_for(source.path) if source.video and self._videos is not None else self.suffix

    def path_for(self, source: Source) -> Path:
        """The path of a result."""
        return self.output if self.is_file else self.output / self.relative_for(source)

    def fallback_for(self, source: Source) -> Path | None:
        """Where a result goes whose pixels the format cannot hold: to a PNG, unless the name was given."""
        path = self.path_for(source)
        return None if source.video or self.is_file or self.suffix == ".png" else path.with_suffix(".png")
