"""Which file of a folder belongs to which original, by their names; a file that can be another's belongs to nobody."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import NamedTuple

from ...video_names import VIDEOS
from .paths import READABLE, Source
from .targets import Targets
from .video_names import is_video_name


class Partners(NamedTuple):
    """What was found of one original.

    Attributes:
        found: files that can be its own and no other original's, the likeliest first.
        shared: a file that can be of others as well.
        others: names of those.
    """

    found: list[Path]
    shared: Path | None = None
    others: tuple[str, ...] = ()


class _Names:
    """Names of the files of one place; those that are alike but for their last ending are found at once."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._by_stem: dict[str, list[str]] = {}
        for name in dict.fromkeys(names):
            self._by_stem.setdefault(PurePath(name).stem, []).append(name)

    def __contains__(self, name: str) -> bool:
        return name in self._by_stem.get(PurePath(name).stem, ())

    def __iter__(self) -> Iterator[str]:
        return (name for names in self._by_stem.values() for name in names)

    def keeping(self, name: str, endings: Collection[str]) -> list[str]:
        """Those that are ``name`` and one more ending."""
        return [other for other in self._by_stem.get(name, ()) if other != name and _ending(other) in endings]

    def alike(self, name: str, endings: Collection[str]) -> list[str]:
        """Those that are ``name`` with another ending."""
        found = self._by_stem.get(PurePath(name).stem, ())
        return [other for other in found if other != name and _ending(other) in endings]


class PartnerFinder:
    """Finds the files of a folder that belong to originals, from any thread; every folder is listed once.

    A file of the original's very name comes first, then one that keeps it (photo.jpg.png), then one of another ending
    (photo.png). A file that another original claims by a better right is that one's: photo.png is of photo.png, and of
    photo.jpg only where there is no such original.

    Args:
        folder: where to look.
        endings: of the files that can be partners, in small letters; others count only with the very name.
        named: what was named: files among it go to one place, whatever folders they are in.
        targets: where a run put its results, if that is known; then nothing is looked for elsewhere.
    """

    def __init__(
        self, folder: Path, endings: Collection[str], named: Sequence[Path] = (), targets: Targets | None = None
    ) -> None:
        self._folder = folder
        self._endings = frozenset(endings)
        self._named = [path for path in named if not path.is_dir()]
        self._targets = targets
        self._listed: dict[Path, _Names] = {}
        self._beside: dict[Path, _Names] = {}

    def find(self, source: Source) -> Partners:
        """The partners of an original."""
        originals = self._originals(source)
        kinds = VIDEOS if is_video_name(source.path) else READABLE
        rivals = originals.alike(source.relative.name, kinds)
        if self._targets is not None:
            return self._of_run(source, self._targets, rivals)
        place = self._folder / source.relative
        own, there = place.name, self._listing(place.parent)
        found = [place] if own in there else []
        for name in _newest_first(place.parent, there.keeping(own, self._endings)):
            if name not in originals:
                found.append(place.with_name(name))
        free = []
        for name in _newest_first(place.parent, there.alike(own, self._endings)):
            if name not in originals and (place.stem == own or place.stem not in originals):
                free.append(place.with_name(name))
        others = [other for other in rivals if other not in there and not there.keeping(other, self._endings)]
        if free and others:
            return Partners(found, free[0], tuple(others))
        return Partners(found + [path for path in free if path not in found])

    @staticmethod
    def _of_run(source: Source, targets: Targets, rivals: Sequence[str]) -> Partners:
        path, fallback = targets.path_for(source), targets.fallback_for(source)
        if path.is_file():
            return Partners([path])
        if fallback is None or not fallback.is_file():
            return Partners([])
        others = []
        for name in rivals:
            other = replace(source, path=source.path.with_name(name), relative=source.relative.with_name(name))
            if fallback in (targets.path_for(other), targets.fallback_for(other)):
                others.append(name)
        return Partners([], fallback, tuple(others)) if others else Partners([fallback])

    def _originals(self, source: Source) -> _Names:
        """Files beside an original, and those that were named with it."""
        folder = source.path.parent
        if source.path not in self._named:
            return self._listing(folder)
        if folder not in self._beside:
            names = (path.name for path in self._named)
            self._beside[folder] = _Names([*self._listing(folder), *names])
        return self._beside[folder]

    def _listing(self, folder: Path) -> _Names:
        if folder not in self._listed:
            try:
                with os.scandir(folder) as entries:
                    names = sorted(entry.name for entry in entries if _is_file(entry) and entry.name[0] != ".")
            except OSError:  # there is nothing, or nothing to be seen
                names = []
            self._listed[folder] = _Names(names)
        return self._listed[folder]


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link to itself
        return False


def _newest_first(folder: Path, names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: -(folder / name).stat().st_mtime_ns)


def _ending(name: str) -> str:
    return PurePath(name).suffix.lower()
