"""The tracks of a review's videos: one JSON file each, as 'perturb --boxes' reads it, in a folder beside the boxes."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from ...files.atomic import write_atomically
from ...server.review.clips import Clip
from ...server.review.items import FileChanged
from ...video.track_file import VideoTracks

_SUFFIX = ".tracks.json"
_Facts = tuple[int, int, int] | None


class TrackFiles:
    """Where they are; one for each review.

    Args:
        boxes: the file of boxes: of ``photos.boxes.jsonl`` the folder is ``photos.tracks``.
    """

    def __init__(self, boxes: Path) -> None:
        self._beside = boxes.parent
        stem = boxes.name.removesuffix(boxes.suffix).removesuffix(".boxes")
        self._folder = f"{stem}.tracks"
        self._seen: dict[int, _Facts] = {}

    def name_of(self, clip: Clip) -> str:
        """What the file of boxes calls the tracks of a video: a path from its own folder."""
        return (PurePosixPath(self._folder) / f"{clip.name}{_SUFFIX}").as_posix()

    def path_of(self, clip: Clip) -> Path:
        """The file of a video's tracks."""
        return self._beside / self.name_of(clip)

    def read(self, clip: Clip) -> VideoTracks | None:
        """The tracks that are saved; None if there are none.

        Raises:
            OSError: they cannot be read.
            ValueError: the file holds something else.
        """
        path = self.path_of(clip)
        self._seen[clip.number] = facts = _facts(path)
        return None if facts is None else VideoTracks.read(path)

    def write(self, clip: Clip, overwrite: bool) -> None:
        """Writes the tracks of a video, whole or not at all; old ones of another content are kept as ``NAME.old``.

        Raises:
            FileChanged: somebody else wrote them since, and ``overwrite`` does not say that they may go.
            OSError: they cannot be written.
        """
        if clip.found is None:
            return
        path = self.path_of(clip)
        facts = _facts(path)
        if clip.remade and facts is not None:
            path.replace(path.with_name(path.name + ".old"))
        elif not overwrite and facts != self._seen.get(clip.number):
            raise FileChanged(f"{path} was changed by another program since")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, [clip.found.to_json().encode("ascii")])
        clip.unsaved = clip.remade = False
        self._seen[clip.number] = _facts(path)


def _facts(path: Path) -> _Facts:
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    return facts.st_ino, facts.st_size, facts.st_mtime_ns
