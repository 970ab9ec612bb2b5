"""Videos in, protected videos out, with the way back beside them or inside."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..bounded_files import digest_of
from ..errors import NoFaceFound, VideoFileError
from ..faces import Detector
from ..files import MAX_PIXELS
from ..files.partial import PartialFile
from ..files.together import publish_together, replaced
from ..protections.surrogate import Surrogate
from ..recipients import Recipients, check_recipients
from ..strength.strength import Strength
from .ahead import Ahead
from .encoders import Coding
from .finding import find_tracks
from .matroska import attach
from .memory import give_back
from .options import VideoOptions, VideoReport
from .painters import Painter, painter_for
from .passed import Passed
from .protecting import DECODED, Drawing, Progress, ReducedFrames, draw_video, each_told
from .reading import open_video
from .sealed_file import ORIGINAL, WINDOWS, Unsealed, Watch, seal, sealed_beside
from .sound import sort_streams
from .track_file import VideoTracks
from .tracks import Track
from .windows import WindowsPainter
from .writing import FORMATS, Target, rounded_times

MATROSKA = (".mkv", ".webm")
ATTACHED = "fastperturb.age"
"""Name of the sealed file in a Matroska video."""
MEDIA_TYPE = "application/age-encryption"


def follow_faces(
    path: str | os.PathLike[str],
    detector: Detector | None = None,
    options: VideoOptions | None = None,
    progress: Progress | None = None,
) -> tuple[list[Track], Passed]:
    """The first pass: looks for faces and follows them.

    Args:
        path: of the video.
        detector: finds faces in single pictures; None: YuNet, for faces turned by quarters too.
        options: ``rules``, ``area``, ``longest`` and ``max_pixels`` are looked at.
        progress: is told of each frame.

    Returns:
        The tracks, and what there is to know of the frames.

    Raises:
        VideoFileError: no frame can be read.
    """
    chosen = options or VideoOptions()
    with open_video(path, chosen.max_pixels) as source:
        digest = digest_of(path)
        frames = ReducedFrames(source, chosen.longest, None)
        with Ahead(frames, DECODED) as ready:
            told = each_told(ready, progress, source.expected)
            tracks = find_tracks(told, detector, scale=frames.scale, area=chosen.area, rules=chosen.rules)
    frames.passed.sha256 = digest
    return [frames.narrowed(track) for track in tracks], frames.passed


def perturb_video(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    key: Recipients | None,
    protection: Any = None,
    *,
    detector: Detector | None = None,
    tracks: VideoTracks | Iterable[Track] | None = None,
    options: VideoOptions | None = None,
    progress: Progress | None = None,
    overwrite: bool = False,
    allow_no_face: bool = False,
) -> VideoReport:
    """Hides the faces of a video.

    The result, and the sealed file beside it, are whole or absent.

    Args:
        source: the video; its file is not changed.
        target: where to; its extension says the kind: mp4, m4v, mov, mkv, webm, gif.
        key: who will be able to restore it, as for :func:`fastperturb.perturb`; None: nobody, for good.
        protection: a Surrogate, Camouflage, Mosaic, Blur or Black; or a Strength, for windows, which need a lossless
            coding; None: ``Surrogate(tone="around")``.
        detector: finds faces in single pictures; None: YuNet, for faces turned by quarters too.
        tracks: faces that were followed before, :func:`follow_faces`; None: they are looked for.
        options: all else.
        progress: is told what is being done, of how many frames; it may raise to stop.
        overwrite: replace what is there, NAME.age too where the result gets one.
        allow_no_face: write a video in which nothing is hidden all the same.

    Raises:
        NoFaceFound: no face to hide; nothing is written.
        VideoFileError: it cannot be read, or not be written like that.
        FileExistsError: the target is there, or NAME.age beside it, and must not be replaced; or NAME.age is there, and
            the result gets none.
        OSError: it cannot be read or written.
        TypeError, ValueError: an argument is not what it must be.
        MissingExtra: PyAV or pyrage is missing; the extra ``video`` brings them.
    """
    chosen = options or VideoOptions()
    place = Path(target)
    painter = _painter(protection, chosen.coding, key)
    _check_target(place, chosen, overwrite)
    _check_beside(place, key is not None and _lies_beside(place, chosen), overwrite)
    recipients = None if key is None else check_recipients(key)
    if tracks is None:
        found, passed = follow_faces(source, detector, chosen, progress)
    else:
        passed, found = _given_tracks(tracks, source, progress, chosen.max_pixels)
    hidden = [track for track in found if not track.spared]
    if not hidden and not allow_no_face:
        raise NoFaceFound("no face was found in any frame" if not found else "every face that was found is spared")
    give_back()
    work = _Work(Path(source), place, painter, chosen, progress)
    with ExitStack() as stack:
        mode = 0o666 if hidden else os.stat(source).st_mode & 0o666  # noqa: PTH116 - in the clear it is no more open
        partial = stack.enter_context(PartialFile(place, mode))
        report = work.draw(partial.path, hidden, passed)
        files = [partial]
        if recipients is not None:
            beside = work.seal(partial.path, recipients, stack)
            report.sealed = place if beside is None else beside.target
            files = [partial] if beside is None else [beside, partial]
        _publish(files, overwrite)
    if tracks is None:
        report.followed = VideoTracks(*passed.size, passed.seconds, tuple(found), passed.sha256)
    return report


def _given_tracks(
    tracks: VideoTracks | Iterable[Track], path: str | os.PathLike[str], progress: Progress | None, max_pixels: int
) -> tuple[Passed, list[Track]]:
    """The frames of a video, and tracks that somebody gave; raises VideoFileError where they are those of another."""
    if not isinstance(tracks, VideoTracks):
        return survey_frames(path, progress, max_pixels), list(tracks)
    try:
        tracks.check_file(path)
        passed = survey_frames(path, progress, max_pixels)
        tracks.check_video(*passed.size, passed.seconds)
    except ValueError as error:
        raise VideoFileError(str(error)) from None
    return passed, list(tracks.tracks)


def survey_frames(
    path: str | os.PathLike[str], progress: Progress | None = None, max_pixels: int = MAX_PIXELS
) -> Passed:
    """The times of all frames, without a look at the pictures."""
    with open_video(path, max_pixels) as source:
        frames = ReducedFrames(source, 64, progress)
        for _ in frames.ticks():
            pass
    return frames.passed


def _painter(protection: Any, coding: Coding, key: Recipients | None) -> Painter:
    if isinstance(protection, Strength):
        if not coding.lossless and key is not None:
            raise ValueError("windows come back out of a lossless video alone: --lossless, Coding(lossless=True)")
        return WindowsPainter(protection)
    return painter_for(Surrogate(tone="around") if protection is None else protection)


def _check_target(place: Path, options: VideoOptions, overwrite: bool) -> None:
    """Raises what there is to raise before hours of work."""
    suffix = place.suffix.lower()
    if suffix not in FORMATS:
        raise VideoFileError(f"videos are written as {', '.join(FORMATS)}, got {place.name}")
    if options.seal == "inside" and suffix not in MATROSKA:
        raise VideoFileError(f"{suffix} files hold no sealed file: beside, or .mkv")
    if not overwrite and os.path.lexists(place):
        raise FileExistsError(17, "File exists", os.fspath(place))


def _lies_beside(place: Path, options: VideoOptions) -> bool:
    """Whether what is sealed lies beside a result, and not inside."""
    return options.seal == "beside" or place.suffix.lower() not in MATROSKA


def _check_beside(place: Path, seals: bool, overwrite: bool) -> None:
    """Raises FileExistsError if NAME.age is there and would be lost unasked, or be taken for one of the new video.

    Nothing tells which video a sealed file is of: its own may have gone elsewhere, and it may be all that is left of an
    original. So none is removed, and one is replaced by another only.

    Args:
        place: of the result.
        seals: whether it gets a NAME.age.
        overwrite: whether what is there may be replaced.
    """
    sealed = sealed_beside(place)
    if (seals and overwrite) or not os.path.lexists(sealed):
        return
    why = "it may be all that is left of an original; --force replaces it"
    if not seals:
        why = f"it is not the sealed original of the new {place.name}, and would be taken for it; move it away"
    raise FileExistsError(17, f"File exists: {why}", os.fspath(sealed))


@dataclass(frozen=True, slots=True)
class _Work:
    """What is done with one video, once its faces are known."""

    source: Path
    place: Path
    painter: Painter
    options: VideoOptions
    progress: Progress | None

    def draw(self, partial: Path, tracks: Sequence[Track], passed: Passed) -> VideoReport:
        """The second pass."""
        options = self.options
        with open_video(self.source, self.options.max_pixels) as video:
            others = sort_streams(video.container, video.stream, audio=options.audio, keep=options.keep)
            target = Target(partial, self.place.suffix.lower(), options.coding, dict(options.texts))
            drawing = Drawing(tracks, self.painter, passed, others, self.progress)
            drawn = draw_video(video, target, drawing)
            rounded = rounded_times(target.suffix, passed.times, Fraction(video.stream.time_base))
        report = VideoReport(drawn.frames, drawn.covered, len(tracks), drawn.codec, left_out=others.left_out)
        report.notes += passed.notes
        if rounded:
            report.notes.append(rounded)
        if passed.quarters and target.suffix == ".gif":
            report.notes.append(".gif holds no turn: it shows the frames as they are stored, not upright")
        if target.suffix == ".gif" and others.chapters:
            report.left_out.append("chapters (.gif holds none)")
        if drawn.padded:
            report.notes.append(f"{drawn.codec} has even sides: a row or column was repeated")
        if drawn.opaque:
            report.notes.append(f"{drawn.codec} has no alpha channel: what was seen through shows its colour")
        if drawn.lost:
            packets = "a packet" if drawn.lost == 1 else f"{drawn.lost} packets"
            report.notes.append(f"{packets} of copied streams had damaged times, and could not be copied")
        report.notes += [f"{stream} is copied in the clear" for stream in others.in_the_clear]
        return report

    def seal(self, partial: Path, recipients: Recipients, stack: ExitStack) -> PartialFile | None:
        """Seals the original, or what restores windows; the file beside, or None where it was put inside."""
        if not _lies_beside(self.place, self.options):
            attach(partial, ATTACHED, MEDIA_TYPE, lambda file: self._fill(file, recipients))
            return None
        beside = stack.enter_context(PartialFile(sealed_beside(self.place)))
        with beside.path.open("wb") as file:
            self._fill(file, recipients)
        return beside

    def _fill(self, file: Any, recipients: Recipients) -> None:
        watch, suffix = bytes_watch(self.progress, "sealing"), self.source.suffix
        if isinstance(self.painter, WindowsPainter):
            data = self.painter.record.to_bytes()
            seal(io.BytesIO(data), file, recipients, Unsealed(WINDOWS, suffix, len(data)), watch)
            return
        with self.source.open("rb") as original:
            length = os.fstat(original.fileno()).st_size
            seal(original, file, recipients, Unsealed(ORIGINAL, suffix, length), watch)


def bytes_watch(progress: Progress | None, what: str) -> Watch | None:
    """Tells of bytes as of no frames, so that sealing can be stopped too."""
    if progress is None:
        return None

    def watch(_count: int) -> None:
        progress(what, 0, None)

    return watch


def _publish(files: Sequence[PartialFile], overwrite: bool) -> None:
    """Gives the files their names, all or none, the sealed one first: no result is ever without its way back."""
    for file in files:
        file.sync()
    place = files[-1].target
    if not overwrite and os.path.lexists(place):
        raise FileExistsError(17, "File exists", os.fspath(place))
    _check_beside(place, len(files) > 1, overwrite)  # others may have put it there since
    new = () if overwrite else [file.target for file in files]
    if not publish_together([(file.target, file) for file in files], overwrite=overwrite, new=new) and overwrite:
        raise replaced(place)
