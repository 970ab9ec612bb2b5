"""What ``restore`` does to a video: the original file, named as it was, or the frames of windows."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import FastperturbError, RecordError, Tampered, UnknownOrigin, VideoFileError
from ...face_key import FaceKey
from ...files.partial import PartialFile
from ...key import Key
from ...video.restoring import RestoredVideo, has_sealed, restore_video, same_original
from ...video_names import ORIGINALS
from .job import not_tried
from .live import Live
from .paths import Source
from .progress import Outcome
from .writer import Writer

ANYONE = "restored; anyone who has the public key can have sealed it"


@dataclass(frozen=True, slots=True)
class VideoRestoring:
    """What is done to one video, from any thread.

    Attributes:
        key: opens sealed files.
        on_no_record: "fail", "skip" or "copy".
        writer: knows where results go.
        live: progress and Ctrl-C.
        origin: "any"; or "key", for what cannot be anyone's alone, which no video is.
        faces: numbers of the regions that are to come back alone, which a video has not.
        no_verify: whether pictures that were changed come back as well as can be; videos never do.
    """

    key: Key | FaceKey
    on_no_record: str
    writer: Writer
    live: Live
    origin: str = "any"
    faces: tuple[int, ...] = ()
    no_verify: bool = False

    def __call__(self, source: Source) -> Outcome:
        """Restores one video; raises what :func:`fastperturb.video.restore_video` raises."""
        place = self.writer.targets.path_for(source)
        if not isinstance(self.key, Key):
            raise RecordError("a face key opens a face of a picture; a video needs the key itself")
        if self.faces:
            raise VideoFileError("a video comes back as a whole, with every face: no --face; nothing written")
        sealed = has_sealed(source.path)
        if sealed and self.origin == "key":
            raise UnknownOrigin(
                "anyone who has the public key can have sealed it, for sealed files of videos do not tell by whom; "
                "nothing is restored with --origin key"
            )
        if self.writer.job.dry_run:
            return not_tried(source)
        if not sealed:
            return self._without_record(source, place)
        with self.live.one:
            self.live.check()
            before = self._done_before(source, place)
            if before is not None:
                return before
            place.parent.mkdir(parents=True, exist_ok=True)
            found = self._restore(source.path, place, self.key)
        facts: dict[str, Any] = {"exact": found.exact, "bytes": found.bytes, "verified": True, "origin": "anyone"}
        facts |= {"bytes_in": source.path.stat().st_size, "bytes_out": found.bytes}
        facts["left_out"] = list(found.left_out)
        if not found.left_out:
            return Outcome(source.path, "restored", found.path, ANYONE, facts, cause=ANYONE)
        said = f"{ANYONE}; left out: " + "; ".join(found.left_out)
        return Outcome(source.path, "restored", found.path, said, facts)

    def _restore(self, path: Path, place: Path, key: Key) -> RestoredVideo:
        job = self.writer.job
        how: dict[str, Any] = {"overwrite": job.force, "rename": not self.writer.targets.is_file}
        try:
            return restore_video(path, place, key, progress=self.live.watch(path), max_pixels=job.max_pixels, **how)
        except Tampered as error:
            if self.no_verify:
                raise Tampered(f"{error}; --no-verify is for pictures alone") from None
            raise

    def _done_before(self, source: Source, place: Path) -> Outcome | None:
        """What to say of a video whose original is there, None if it is to be made."""
        if self.writer.job.force or not isinstance(self.key, Key):
            return None
        suffixes = {place.suffix} if self.writer.targets.is_file else ORIGINALS | {place.suffix}
        there = [place.with_suffix(suffix) for suffix in sorted(suffixes)]
        for path in there:
            if not path.is_file() or path.samefile(source.path):
                continue
            try:
                if same_original(source.path, self.key, path):
                    return Outcome(source.path, "unchanged", path)
            except FastperturbError:
                return None  # said where it is restored
        return None

    def _without_record(self, source: Source, place: Path) -> Outcome:
        what = f"no sealed original inside, and no {source.path.name}.age beside it"
        if self.on_no_record == "copy":
            self._copy(source.path, place)
            return Outcome(source.path, "copied", place, f"{what}; copied as it is")
        if self.on_no_record == "skip":
            return Outcome(source.path, "skipped", message=f"{what}; skipped")
        return Outcome(source.path, "no record", message=f"{what}; nothing written", facts={"error": "RecordError"})

    def _copy(self, path: Path, place: Path) -> None:
        """Copies a file, whole or not at all, and no more open than it is."""
        if os.path.lexists(place) and not self.writer.job.force:
            raise FileExistsError(17, "File exists", str(place))
        place.parent.mkdir(parents=True, exist_ok=True)
        with PartialFile(place, os.stat(path).st_mode & 0o666) as copy:  # noqa: PTH116
            shutil.copyfile(path, copy.path)
            copy.sync()
            copy.publish(self.writer.job.force)
