"""Which files come in: folders are walked in order, and no two files go to one place.

Names are looked at folder by folder, so that memory does not grow with the number of images.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import click

from ...bounded_files import read_start
from ...files.reading import starts_as_image
from ...files.returning import NAMES
from ..real_paths import real_path
from .ignored import Ignored
from .video_names import can_read_videos, is_video_name

if TYPE_CHECKING:
    from .targets import Targets

READABLE = NAMES
"""Extensions of the files in a folder that are taken for images, whatever is in them.

Files of other extensions are, if they start as images do; a file that is named itself always is.
"""
_SUPPORTED = "PNG, JPEG, WebP, TIFF, BMP, PGM, PPM, HEIC and AVIF"
UNREADABLE = frozenset(
    (
        *(".gif", ".apng", ".jxl", ".jp2", ".j2k", ".jpx", ".jpf", ".mpo", ".jps"),
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
        result: the name of its result, where that has one of its own.
        crowded: why its result cannot be a PNG instead, where its own format cannot hold it: another's may be there.
    """

    path: Path
    relative: PurePath
    problem: str | None = None
    video: bool = False
    result: str | None = None
    crowded: str | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """What the inputs hold: how many images, and the files that are not taken for such."""

    images: int
    ignored: Ignored


class Inputs:
    """The files and folders that were named, without the output folder if it lies within one of them.

    With ``videos``, videos are taken too: those that are named, and those in folders if there is what reads them;
    with ``tell_unread`` those that nothing reads are problems, else they are ignored. ``refuse`` says why a file is a
    problem, wherever it is, or None.
    """

    def __init__(
        self,
        named: Sequence[Path],
        output: Path | None = None,
        *,
        videos: bool = False,
        tell_unread: bool = False,
        refuse: Callable[[Path], str | None] = lambda path: None,
    ) -> None:
        self.named = named
        self._videos = videos
        self._refuse = refuse
        self._unread = tell_unread and not can_read_videos()
        self._videos_within = videos and (self._unread or can_read_videos())
        self._output = None if output is None else real_path(output)
        folders: dict[str, Path] = {}
        for path in named if output is not None else ():
            if path.is_dir() and real_path(path) == self._output:
                raise click.UsageError(f"the output folder is the input folder {path}; choose another")
            if path.is_dir() and folders.setdefault(real_path(path).name, path) is not path:
                twin = folders[real_path(path).name]
                raise click.UsageError(f"{twin} and {path} would both be written to {real_path(path).name}")
        self._ignored = Ignored()
        self._clashes: dict[Path, str] = {}
        self._crowded: dict[Path, str] = {}

    @property
    def is_one_file(self) -> bool:
        """Whether one file was named, and no folder."""
        return len(self.named) == 1 and not self.named[0].is_dir()

    def __iter__(self) -> Iterator[Source]:
        """The files in order: as named, and by name within folders."""
        self._ignored = Ignored()
        for source in self._sources():
            clash, crowded = self._clashes.get(source.path), self._crowded.get(source.path)
            if clash is not None or crowded is not None:
                source = replace(source, problem=clash or source.problem, crowded=crowded)
            yield source

    def _sources(self) -> Iterator[Source]:
        for path in self.named:
            if path.is_dir():
                inner = PurePath() if len(self.named) == 1 else PurePath(real_path(path).name)
                yield from self._walk(path, inner, real_path(path))
            else:
                video = self._videos and is_video_name(path)
                problem = self._problem_of(path) or (UNREAD if video and self._unread else self._refuse(path))
                yield Source(path, PurePath(path.name), problem, video)

    def survey(self, targets: Targets | None = None) -> Survey:
        """Counts, and finds files that would be written to one place: from now on these have a problem.

        What cannot be read takes no place from others, such as the raw file of a camera beside its JPEG. Whoever may
        need the place of a PNG that may be another's is told by :attr:`Source.crowded`.
        """
        self._clashes, self._crowded = {}, {}
        images = 0
        named: dict[Path, tuple[Source, bool]] = {}
        within: dict[Path, tuple[Source, bool]] = {}
        folder = PurePath()
        for source in self:
            images += 1
            if targets is None or source.problem is not None:
                continue
            if source.relative.parent != folder:
                folder, within = source.relative.parent, {}
            self._place(source, targets, within if folder.parts else named)
        return Survey(images, self._ignored)

    def _place(self, source: Source, targets: Targets, places: dict[Path, tuple[Source, bool]]) -> None:
        """Takes the places of a file: of its result, which must be its own, and of a PNG in its stead."""
        target, instead = targets.path_for(source), targets.fallback_for(source)
        twin, meant = places.setdefault(target, (source, True))
        if twin is not source and meant:
            place = targets.relative_for(source)
            problem = f"{twin.path} and {source.path} would both be written to {place}; " + _FULL_NAMES
            self._clashes[source.path] = problem
            self._clashes.setdefault(twin.path, problem)
        elif twin is not source:
            places[target] = (source, True)
            self._crowded[twin.path] = _crowded(target, source)
        if instead is not None:
            twin, meant = places.setdefault(instead, (source, False))
            if twin is not source:
                self._crowded[source.path] = _crowded(instead, twin)
                if not meant:
                    self._crowded.setdefault(twin.path, _crowded(instead, source))

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
                problem = _problem_within(entry, video=True) or (UNREAD if self._unread else None)
                yield Source(place, inner / entry.name, _LEADS_OUT if outside else problem, video=True)
            elif not entry.name.startswith(".") and (why := self._refuse(place)):
                yield Source(place, inner / entry.name, _LEADS_OUT if outside else why)
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


UNREAD = "a video, not reviewed here: the extra video is needed; pip install 'fastperturb[video]'"
"""Problem of a video where nothing reads it."""


def _crowded(place: Path, other: Source) -> str:
    return f"a PNG in its stead would be {place}, where that of {other.path} may go; " + _FULL_NAMES


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
