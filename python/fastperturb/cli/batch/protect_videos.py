"""What ``perturb`` does to a video: its outcome, and whether that is there already."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import NoFaceFound, VideoFileError
from ...protections.method import Method
from ...recipients import Recipient
from ...strength.strength import Strength
from ...video import VideoOptions, VideoReport, perturb_video
from ...video.perturbing import MATROSKA
from ...video.reading import open_video
from ...video.sealed_file import sealed_beside
from ...video.track_file import VideoTracks
from ...video.tracks import Track
from ..options.faces import Finder
from ..options.video import VideoChoices
from .done_marks import COPIED, MARK_TEXT
from .job import not_tried
from .live import Live
from .paths import Source
from .progress import Outcome
from .video_wishes import Wishes, check_refused
from .writer import Writer


@dataclass(frozen=True, slots=True)
class VideoStep:
    """What is done to one video, from any thread.

    Attributes:
        recipients: who can restore it; None: nobody.
        method: what is shown.
        strength: of windows.
        finder: looks for faces, or has them.
        choices: the options for videos.
        on_no_face: "fail", "skip" or "copy".
        writer: knows where results go and which are there.
        live: progress and Ctrl-C.
        wishes: what videos may be refused for.
        followed: takes the tracks that are found, by video; None: nobody asks for them.
    """

    recipients: tuple[Recipient, ...] | None
    method: Method
    strength: Strength
    finder: Finder
    choices: VideoChoices
    on_no_face: str
    writer: Writer
    live: Live
    wishes: Wishes
    followed: dict[Path, VideoTracks] | None = None

    def __call__(self, source: Source) -> Outcome:
        """Protects one video; raises what :func:`fastperturb.video.perturb_video` raises."""
        place = self.writer.targets.path_for(source)
        check_refused(self.wishes.refused(place.suffix.lower(), self._beside(place)), self.finder, source)
        if self.writer.job.dry_run:
            return not_tried(source)
        mark = self.writer.marks.mark(source.path, [self.finder.identity(source), self.choices.identity()])
        marks = (mark, mark + COPIED) if self.on_no_face == "copy" else (mark,)
        done = self._done_before(source, place, marks)
        if done is not None:
            return done
        place.parent.mkdir(parents=True, exist_ok=True)
        with self.live.one:
            self.live.check()
            try:
                return self._protected(source, place, mark)
            except NoFaceFound as error:
                return self._without_face(source, place, mark + COPIED, str(error))

    def _beside(self, place: Path) -> bool | None:
        """Whether what restores a result lies beside it; None if nothing restores it."""
        return None if self.recipients is None else self.method.beside or place.suffix.lower() not in MATROSKA

    def _protected(self, source: Source, place: Path, mark: str) -> Outcome:
        if has_mark(source.path):
            raise VideoFileError("it is protected already; restore it first")
        tracks = None if self.finder.boxes is None else self.finder.boxes.tracks(source)
        if self.finder.boxes is not None and tracks is None:
            raise NoFaceFound("no boxes given")
        report = self._perturb(source, place, mark, tracks)
        if self.followed is not None and report.followed is not None:
            self.followed[source.path] = report.followed
        facts: dict[str, Any] = {"method": self.method.name, "frames": report.frames, "covered": report.covered}
        facts |= {"tracks": report.tracks, "codec": report.codec, "reversible": self.recipients is not None}
        facts["sealed"] = None if report.sealed is None else str(report.sealed)
        facts |= {"left_out": report.left_out, "notes": [*report.notes, *self.wishes.notes(self._beside(place))]}
        facts |= {"bytes_in": source.path.stat().st_size, "bytes_out": place.stat().st_size}
        facts["bytes_beside"] = 0 if report.sealed in (None, place) else report.sealed.stat().st_size
        said = list(report.notes)
        if report.left_out:
            said.append("left out: " + "; ".join(report.left_out))
        return Outcome(source.path, "perturbed", place, "; ".join(said) or None, facts)

    def _perturb(self, source: Source, place: Path, mark: str, tracks: VideoTracks | None) -> VideoReport:
        options = VideoOptions(
            coding=self.choices.coding,
            audio=self.choices.audio,
            keep=self.choices.keep,
            seal="beside" if self.method.beside or place.suffix.lower() not in MATROSKA else "inside",
            rules=self.choices.rules(self.finder.threshold),
            max_pixels=self.writer.job.max_pixels,
            area=getattr(self.method.protection, "area", "head") if self.method.has_own_area else "head",
            texts={MARK_TEXT: self.writer.marks.text(mark, np.frombuffer(os.urandom(16), np.uint8))},
        )
        return perturb_video(
            source.path,
            place,
            self.recipients,
            self.strength if self.method.protection is None else self.method.protection,
            detector=self.finder.detector,
            tracks=tracks,
            options=options,
            progress=self.live.watch(source.path),
            overwrite=self.writer.job.force,
        )

    def _without_face(self, source: Source, place: Path, mark: str, what: str) -> Outcome:
        if self.on_no_face == "skip":
            return Outcome(source.path, "skipped", message=f"{what}; skipped")
        if self.on_no_face == "copy":
            copy_clear(source, place, self, mark)
            return Outcome(source.path, "copied", place, f"{what}; copied in the clear")
        return Outcome(source.path, "no face", message=f"{what}; nothing written", facts={"error": "NoFaceFound"})

    def _done_before(self, source: Source, place: Path, marks: tuple[str, ...]) -> Outcome | None:
        """What to say of a video whose result is there, None if it is to be made."""
        if not os.path.lexists(place):
            return None
        if place.exists() and place.samefile(source.path):
            raise VideoFileError("the output would be the input itself")
        if self.writer.job.force:
            return None
        texts = read_texts(place)
        mark = self.writer.marks.match(texts.get(MARK_TEXT), place, source.path, marks)
        if mark is not None and (mark.endswith(COPIED) or not self._beside(place) or sealed_beside(place).is_file()):
            return Outcome(source.path, "unchanged", place)
        why = "is not the result of this input and these options"
        if mark is not None:
            why = f"its {sealed_beside(place).name} is missing"
        message = f"{place} exists, and {why}; --force writes it anew"
        return Outcome(source.path, "failed", message=message, facts={"error": "FileExistsError"})


def copy_clear(source: Source, place: Path, step: VideoStep, mark: str) -> None:
    """Writes a video without a face as the others are written, with all that is left out of them left out."""
    text = step.writer.marks.text(mark, np.frombuffer(os.urandom(16), np.uint8))
    choices = step.choices
    options = VideoOptions(
        coding=choices.coding,
        audio=choices.audio,
        keep=choices.keep,
        max_pixels=step.writer.job.max_pixels,
        texts={MARK_TEXT: text},
    )
    nothing: list[Track] = []
    perturb_video(
        source.path,
        place,
        None,
        tracks=nothing,
        options=options,
        progress=step.live.watch(source.path),
        overwrite=step.writer.job.force,
        allow_no_face=True,
    )


def read_texts(path: Path) -> Mapping[str, str]:
    """The texts that a video carries, by their names in small letters; none if it cannot be read."""
    try:
        with open_video(path) as video:
            return {name.lower(): text for name, text in video.container.metadata.items()}
    except (OSError, VideoFileError):
        return {}


def has_mark(path: Path) -> bool:
    """Whether a video was written by this program."""
    return MARK_TEXT in read_texts(path)
