"""Videos back: the original file byte for byte out of its sealed file, or the frames of windows bit for bit."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..bounded_files import open_regular_file
from ..errors import RecordError, Tampered
from ..files import MAX_PIXELS
from ..files.partial import PartialFile
from ..key import Key
from .canvas import Canvas
from .encoders import Coding
from .matroska import find_attached
from .perturbing import ATTACHED, bytes_watch
from .protecting import Progress, begun
from .reading import FrameClock, VideoSource, import_av, open_video
from .sealed_file import HEADER, ORIGINAL, Nowhere, Unsealed, sealed_beside, unseal
from .sound import OtherStreams, can_hold, codec_name, describe_stream, sort_streams
from .windows import MAX_RECORD_BYTES, WindowsRecord, restore_frame
from .writing import FORMATS, LazyWriter, Target


@dataclass(frozen=True, slots=True)
class RestoredVideo:
    """What was brought back.

    Attributes:
        path: of the file.
        exact: "file": byte for byte; "frames": every frame bit for bit, in a new file.
        bytes: of the file.
        left_out: streams of the protected video that the file lacks, in words; none where it is the original.
    """

    path: Path
    exact: str
    bytes: int
    left_out: tuple[str, ...] = ()


@contextmanager
def sealed_content(path: Path) -> Iterator[Any]:
    """The sealed file of a video, to be read: the one inside, else the one beside, else the file itself if it is one.

    Raises:
        RecordError: there is none.
        OSError: it cannot be read.
    """
    with ExitStack() as stack:
        file = stack.enter_context(open_regular_file(path))
        if file.read(len(HEADER)) == HEADER:
            file.seek(0)
            yield file
            return
        inside = find_attached(file, ATTACHED)
        if inside is not None:
            yield inside
            return
        beside = sealed_beside(path)
        if not beside.is_file():
            raise RecordError(f"no sealed original inside, and no {beside.name} beside it")
        yield stack.enter_context(open_regular_file(beside))


def has_sealed(path: Path) -> bool:
    """Whether a sealed file belongs to a video."""
    try:
        with sealed_content(path):
            return True
    except (RecordError, OSError):
        return False


def check_sealed(path: str | os.PathLike[str], key: Key, progress: Progress | None = None) -> Unsealed:
    """Reads a sealed file to its end and keeps nothing: what it holds, and that it is whole.

    Raises:
        WrongKey, Tampered, RecordError, OSError: as :func:`restore_video`.
    """
    with sealed_content(Path(path)) as sealed:
        return unseal(sealed, Nowhere(), key, bytes_watch(progress, "checking"))


def restore_video(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    key: Key,
    *,
    progress: Progress | None = None,
    overwrite: bool = False,
    rename: bool = True,
    max_pixels: int = MAX_PIXELS,
) -> RestoredVideo:
    """Brings a video back.

    Args:
        source: the protected video, which has its sealed file inside or beside it as NAME.age; or a sealed file.
        target: where to. An extension that is not the original's is replaced by that, or refused without ``rename``; it
            stays where the original's is none of a video.
        key: the secret key that it was sealed to.
        progress: is told what is done; it may raise to stop.
        overwrite: replace what is there.
        rename: replace an extension that is not the original's.
        max_pixels: the most pixels of a frame of windows, which are decoded; the file of an original is not.

    Raises:
        ValueError: the extension is not the original's, and may not be replaced.
        RecordError: there is no sealed file, or it does not hold what it should.
        WrongKey: it was sealed to others.
        Tampered: it was changed or cut; or, of windows, a frame was.
        VideoFileError: the protected video cannot be read, or its frames are larger than they may be.
        FileExistsError: the target is there.
        OSError: a file cannot be read or written.
        MissingExtra: PyAV or pyrage is missing; the extra ``video`` brings them.
    """
    path, place = Path(source), Path(target)
    with PartialFile(place, mode=os.stat(path).st_mode & 0o666) as partial:  # noqa: PTH116
        with sealed_content(path) as sealed, partial.path.open("wb") as file:
            found = unseal(sealed, file, key, bytes_watch(progress, "opening"))
            file.truncate(found.length)
        exact, suffix = ("file", found.suffix) if found.kind == ORIGINAL else ("frames", _kind_of(path))
        partial.target = _with_suffix(place, suffix)
        if partial.target != place and not rename:
            raise ValueError(f"the original is a {suffix} file: name it {partial.target.name}, got {place.name}")
        left_out: tuple[str, ...] = ()
        if found.kind != ORIGINAL:
            record = _read_record(partial.path)
            left_out = _restore_windows(path, partial, record, progress, max_pixels)
        if not overwrite and os.path.lexists(partial.target):
            raise FileExistsError(17, "File exists", os.fspath(partial.target))
        partial.sync()
        length = partial.path.stat().st_size
        partial.publish(overwrite=overwrite)
    return RestoredVideo(partial.target, exact, length, left_out)


def _with_suffix(place: Path, suffix: str) -> Path:
    return place if not suffix or place.suffix.lower() == suffix else place.with_suffix(suffix)


def _read_record(path: Path) -> WindowsRecord:
    if path.stat().st_size > MAX_RECORD_BYTES:
        raise RecordError(f"what restores this video must have up to {MAX_RECORD_BYTES} bytes")
    return WindowsRecord.from_bytes(path.read_bytes())


def _kind_of(path: Path) -> str:
    """The extension, and so the kind, of what the frames of a video are written to."""
    return path.suffix.lower() if path.suffix.lower() in FORMATS else ".mkv"


def _other_streams(video: VideoSource, suffix: str) -> OtherStreams:
    """All streams but the video that comes back and the sealed file, which were copied as this one was written."""
    numbers = [stream.index for stream in video.container.streams]
    found, holdable = sort_streams(video.container, video.stream, keep=numbers), OtherStreams()
    with import_av().open(io.BytesIO(), "w", format=FORMATS[suffix]) as output:
        for stream in found.copied:
            if stream.type == "attachment" and stream.metadata.get("filename") == ATTACHED:
                continue
            if can_hold(output, stream):
                holdable.copied.append(stream)
            else:
                holdable.left_out.append(describe_stream(stream))
    return holdable


def _restore_windows(
    path: Path, partial: PartialFile, record: WindowsRecord, progress: Progress | None, max_pixels: int
) -> tuple[str, ...]:
    """Decodes a permuted video, brings every frame back, and encodes them without loss in the same codec.

    Returns:
        The streams that are left out.
    """
    suffix = _kind_of(path)
    index = 0
    with open_video(path, max_pixels) as video:
        others = _other_streams(video, suffix)
        coding = Coding(codec=codec_name(video.stream), lossless=True)
        clock = FrameClock(video.stream.time_base, video.rate)
        target = Target(partial.path, suffix, coding, {})
        with LazyWriter(target, video, others.copied) as writer, begun(video, writer) as ready:
            for packet, frame in ready:
                if packet is not None:
                    writer.copy(packet)
                if frame is not None:
                    canvas = Canvas.of(frame, 0)  # units are told by where they are stored
                    restore_frame(canvas, record, index)
                    writer.write(canvas.frame, clock.tick(frame.pts))
                    index += 1
                    if progress is not None:
                        progress("restoring", index, len(record.frames))
            if index != len(record.frames):
                raise Tampered(f"the video has {index} frames, and {len(record.frames)} were written")
            if lost := writer.finish().lost:
                raise Tampered(f"{lost} packets of copied streams have times that nobody wrote: the video was changed")
    return tuple(others.left_out)


def same_original(source: Path, key: Key, path: Path) -> bool:
    """Whether a file is the original of a protected video, byte for byte; raises as :func:`check_sealed`."""
    with sealed_content(source) as sealed, closing(_Compared(path)) as compared:
        found = unseal(sealed, compared, key)
        return found.kind == ORIGINAL and compared.equal_up_to(found.length)


class _Compared(io.RawIOBase):
    """Takes bytes, and finds out how many of the first of them are those of a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._size = path.stat().st_size
        self._equal = True
        self._at = 0
        self._file = open_regular_file(path)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
        super().close()

    def write(self, data: Any) -> int:
        """Compares them with what comes next in the file, as far as that goes."""
        count = max(0, min(len(data), self._size - self._at))
        if count and self._file.read(count) != bytes(data[:count]):
            self._equal = False
        self._at += len(data)
        return len(data)

    def equal_up_to(self, length: int) -> bool:
        """Whether the file has this length and all its bytes were equal."""
        return self._equal and self._size == length
