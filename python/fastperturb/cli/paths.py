"""Which files come in, and where each goes: folders are walked in order and mirrored, no two files go to one place.

Names are looked at folder by folder, so that memory does not grow with the number of images.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import click

from ..files import FORMATS

READABLE = frozenset((*FORMATS, ".jpe", ".jfif"))
"""Extensions of the files in a folder that are taken for images; a file that is named itself always is."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file to work on.

    Attributes:
        path: of the file.
        relative: where it lies within what was named, and so within the output folder.
        problem: why it cannot be worked on, as far as that is known from its name alone.
    """

    path: Path
    relative: PurePath
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """What the inputs hold: how many images, and how many files that are not taken for such."""

    images: int
    others: int


class Inputs:
    """The files and folders that were named, without the output folder if it lies within one of them."""

    def __init__(self, named: Sequence[Path], output: Path | None = None) -> None:
        self.named = named
        self._output = None if output is None else output.resolve()
        folders: dict[str, Path] = {}
        for path in named if output is not None else ():
            if path.is_dir() and path.resolve() == self._output:
                raise click.UsageError(f"the output folder is the input folder {path}; choose another")
            if path.is_dir() and folders.setdefault(path.resolve().name, path) is not path:
                twin = folders[path.resolve().name]
                raise click.UsageError(f"{twin} and {path} would both be written to {path.resolve().name}")
        self._others = 0

    @property
    def is_one_file(self) -> bool:
        """Whether one file was named, and no folder."""
        return len(self.named) == 1 and not self.named[0].is_dir()

    def __iter__(self) -> Iterator[Source]:
        """The files in order: as named, and by name within folders."""
        self._others = 0
        for path in self.named:
            if path.is_dir():
                inner = PurePath() if len(self.named) == 1 else PurePath(path.resolve().name)
                yield from self._walk(path, inner)
            else:
                yield Source(path, PurePath(path.name), self._problem_of(path))

    def survey(self, targets: Targets | None = None) -> Survey:
        """Counts, and makes sure that no two files would be written to one place.

        Raises:
            click.UsageError: two would.
        """
        images = 0
        named: dict[PurePath, Source] = {}
        within: dict[PurePath, Source] = {}
        folder = PurePath()
        for source in self:
            images += 1
            if targets is None:
                continue
            if source.relative.parent != folder:
                folder, within = source.relative.parent, {}
            target = targets.relative_for(source)
            twin = (within if folder.parts else named).setdefault(target, source)
            if twin is not source:
                raise click.UsageError(
                    f"{twin.path} and {source.path} would both be written to {target}; "
                    "--full-names keeps them apart (photo.jpg.png) if their extensions differ"
                )
        return Survey(images, self._others)

    def _walk(self, folder: Path, inner: PurePath) -> Iterator[Source]:
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield Source(folder, inner, f"the folder cannot be read: {error.strerror}")
            return
        folders = []
        for entry in entries:  # files first, so that all of a folder's come one after the other
            place = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                folders.append(place)
            elif entry.name.startswith(".") or place.suffix.lower() not in READABLE or not entry.is_file():
                self._others += not entry.name.endswith(".json")
            else:
                yield Source(place, inner / entry.name)
        for place in folders:
            if self._output is None or place.resolve() != self._output:
                yield from self._walk(place, inner / place.name)

    @staticmethod
    def _problem_of(path: Path) -> str | None:
        if not path.exists():
            return "no such file or folder"
        return None if path.is_file() else "not a file or folder"


class Targets:
    """Where each source goes.

    Args:
        output: what ``-o`` says. One file goes to it if its extension is one of an image and it is no folder;
            everything else goes into it as a folder.
        inputs: what comes in.
        suffix: extension of what is written into a folder, with its dot.
        full_names: keep the old extension too: photo.jpg.png.
    """

    def __init__(self, output: Path, inputs: Inputs, suffix: str, full_names: bool) -> None:
        self.output = output
        self.suffix = suffix
        self.full_names = full_names
        self.is_file = inputs.is_one_file and output.suffix.lower() in FORMATS and not output.is_dir()
        if not self.is_file and output.exists() and not output.is_dir():
            raise click.UsageError(f"the output for more than one file must be a folder, and {output} is a file")
        if not self.is_file and output.suffix.lower() in FORMATS and not output.is_dir():
            raise click.UsageError(f"the output for more than one file must be a folder, got the file name {output}")

    def relative_for(self, source: Source) -> PurePath:
        """The place of a result within the output folder."""
        if self.full_names:
            return source.relative.with_name(source.relative.name + self.suffix)
        return source.relative.with_suffix(self.suffix) if source.relative.name else source.relative

    def path_for(self, source: Source) -> Path:
        """The path of a result."""
        return self.output if self.is_file else self.output / self.relative_for(source)
