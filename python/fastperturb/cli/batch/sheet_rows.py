"""What a contact sheet says of one picture: what was done where, what is still to be seen, small copies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...bounded_files import digest_of
from ...checks import Image
from ...errors import FastperturbError, RecordError, VideoFileError
from ...files import FORMATS, Picture
from ...files.atomic import mode_of
from ...files.reading import decode, find_record, read_bytes, read_header
from ...orientation import upright_shape
from ...perturbation.record_v2 import RecordV2
from ...record import Record
from ...region import Face, Region
from ...video.track_file import VideoTracks
from ..errors import describe
from ..options.boxes import Boxes
from .done_marks import COPIED, MARK_TEXT
from .partners import PartnerFinder, Partners
from .paths import Source
from .sheet_videos import VIDEO_ENDINGS, track_pictures
from .small_copies import changed_areas, small_copy
from .targets import Targets
from .video_names import can_read_videos, is_video_name


@dataclass(slots=True)
class Row:
    """One picture of a sheet.

    Attributes:
        name: of the picture, within what was named.
        verdict: what became of it, in words.
        problem: a person has to look; such rows come first.
        size: width and height in pixels; None if nothing could be read.
        regions: what was done where: (region, words).
        spared: what was left on purpose.
        outside: faces that a detector finds in the result where nothing was done.
        before: the original as a small JPEG, if it is wanted.
        after: the result as one; None if there is none.
        digest: SHA-256 of the result's file, its first 16 digits.
        strips: of a video: (words, JPEG in base64) of its tracks in some frames.
        mode: who may read all that the row shows.
    """

    name: str
    verdict: str = ""
    problem: bool = False
    size: tuple[int, int] | None = None
    regions: list[tuple[Region, str]] = field(default_factory=list)
    spared: list[Region] = field(default_factory=list)
    outside: list[Face] = field(default_factory=list)
    before: str | None = None
    after: str | None = None
    digest: str = ""
    strips: list[tuple[str, str]] = field(default_factory=list)
    mode: int = 0o666


@dataclass(frozen=True, slots=True)
class Rows:
    """Makes rows, from any thread.

    Attributes:
        output: the folder of results, or the one result.
        is_file: whether it is the one.
        inputs: what was named as originals.
        before: show originals.
        boxes: which were given, with what was to be left; None if there were none.
        detect: finds faces in results; None if nobody is to look again.
        max_pixels: the most pixels of a picture.
        followed: by video, the tracks that the run found, where no boxes name any.
        targets: where the run put its results, if this is of a run.
    """

    output: Path
    is_file: bool
    inputs: Sequence[Path]
    before: bool
    boxes: Boxes | None
    detect: Callable[[Image], list[Face]] | None
    max_pixels: int
    followed: Mapping[Path, VideoTracks] = field(default_factory=dict)
    targets: Targets | None = None
    _pictures: PartnerFinder = field(init=False)
    _videos: PartnerFinder = field(init=False)

    def __post_init__(self) -> None:
        for name, endings in (("_pictures", FORMATS), ("_videos", VIDEO_ENDINGS)):
            object.__setattr__(self, name, PartnerFinder(self.output, endings, self.inputs, self.targets))

    def make(self, source: Source) -> Row:
        """The row of one original; whatever is wrong with it is said in the row."""
        row = Row(source.relative.as_posix())
        if is_video_name(source.path):
            self._fill_video(row, source)
            return row
        places = self._places(source, self._pictures)
        if source.problem is not None or not places.found:
            row.problem, row.verdict = True, source.problem or _missed(places)
            self._show_missed(row, source)
            return row
        try:
            row.mode &= mode_of(places.found[0])
            data = read_bytes(places.found[0])
            self._fill(row, source, places.found[0], decode(data, max_pixels=self.max_pixels))
        except (OSError, FastperturbError) as error:
            row.problem, row.verdict = True, f"the result cannot be read: {describe(error)}"
            return row
        _tell_of_more(row, places)
        row.digest = hashlib.sha256(data).hexdigest()[:16]
        return row

    def _places(self, source: Source, finder: PartnerFinder) -> Partners:
        if self.is_file:
            return Partners([self.output] if self.output.is_file() else [])
        return finder.find(source)

    def _fill_video(self, row: Row, source: Source) -> None:
        if not can_read_videos():
            row.verdict = "a video, of which this sheet shows nothing: the extra video is not installed"
            return
        places = self._places(source, self._videos)
        if not places.found:
            row.problem, row.verdict = True, _missed(places)
            return
        place = places.found[0]
        try:
            row.digest = digest_of(place)[:16]
            tracks = None if self.boxes is None else self.boxes.tracks(source)
            tracks = tracks or self.followed.get(source.path)
            if tracks is None:
                row.verdict = "a video with a result; --boxes names its tracks, to show frames of them"
                _tell_of_more(row, places)
                return
            try:
                tracks.check_file(source.path)
            except ValueError as error:
                raise VideoFileError(str(error)) from None
            row.size = tracks.width, tracks.height
            row.mode &= mode_of(place, *([source.path] if self.before else []))
            if self.before:
                row.strips += [("before", picture) for picture in track_pictures(source.path, tracks, self.max_pixels)]
            row.strips += [("after", picture) for picture in track_pictures(place, tracks, self.max_pixels)]
        except (OSError, FastperturbError) as error:
            row.problem, row.verdict = True, f"the video cannot be shown: {describe(error)}"
            return
        spared = sum(track.spared for track in tracks.tracks)
        count = len(tracks.tracks) - spared
        left = f", {spared} left on purpose" if spared else ""
        row.verdict = f"a video: {count} {'face' if count == 1 else 'faces'} followed and hidden{left}"
        _tell_of_more(row, places)

    def _show_missed(self, row: Row, source: Source) -> None:
        if not self.before or source.problem is not None:
            return
        try:
            row.mode &= mode_of(source.path)
            pixels = decode(read_bytes(source.path), max_pixels=self.max_pixels).pixels
        except (OSError, FastperturbError) as error:
            row.verdict = f"MISSED: it cannot be read: {describe(error)}"
            return
        row.size, row.before = (pixels.shape[1], pixels.shape[0]), small_copy(pixels)

    def _fill(self, row: Row, source: Source, place: Path, result: Picture) -> None:
        pixels = result.pixels
        height, width = pixels.shape[:2]
        row.size, row.after = (width, height), small_copy(pixels)
        try:
            record = find_record(place, result.texts)
        except RecordError:
            record = None
        if self.boxes is not None:
            row.spared = self.boxes.spared(source)
        original = None
        try:
            row.mode &= mode_of(source.path) if self.before else 0o666
            data = read_bytes(source.path)
            header = read_header(data)
            shape = upright_shape((header.height, header.width), header.orientation)
            if shape == pixels.shape[:2] and (self.before or record is None):
                original = decode(data, max_pixels=self.max_pixels).pixels
                row.before = small_copy(original) if self.before else None
        except (OSError, FastperturbError) as error:
            row.problem, row.verdict = True, f"the original cannot be read: {describe(error)}"
            return
        if shape != pixels.shape[:2]:
            row.problem, row.verdict = True, "the result is of another size: it is not of this picture"
            return
        if record is not None:
            row.regions = [(item.region, words) for item, words in zip(record.regions, _held(record), strict=True)]
        elif original is not None:
            row.regions = [(region, "changed") for region in changed_areas(original, pixels)]
        row.verdict, row.problem = _verdict(row.regions, record, result.texts.get(MARK_TEXT, ""))
        self._look_again(row, pixels)

    def _look_again(self, row: Row, pixels: Image) -> None:
        if self.detect is None:
            return
        known = [region for region, _ in row.regions] + row.spared
        row.outside = [face for face in self.detect(pixels) if not any(_holds(region, face) for region in known)]
        if row.outside:
            count = len(row.outside)
            row.verdict += f"; LOOK: {count} {'face' if count == 1 else 'faces'} found outside of all regions"
            row.problem = True


def _missed(places: Partners) -> str:
    if places.shared is None:
        return "MISSED: there is no result"
    return f"MISSED: no result is its own; {places.shared.name} can be of {', '.join(places.others)} too"


def _tell_of_more(row: Row, places: Partners) -> None:
    """Says which other files can be the result too: this row does not show them."""
    more = [path.name for path in (*places.found[1:], *([places.shared] if places.shared else ()))]
    if more and not row.problem:
        row.problem = True
        row.verdict += f"; LOOK: {', '.join(more)} can be its result too, and is not shown"


def _held(record: Record) -> list[str]:
    if not isinstance(record, RecordV2):
        return [f"windows of {item.window}" for item in record.regions]
    seals = {"none": "no seal", "here": "sealed inside", "beside": "sealed beside", "erased": "seal erased"}
    return [
        f"windows of {item.window}" if item.window else f"{item.method_name}, {seals[entry.state]}"
        for item, entry in zip(record.regions, record.entries, strict=True)
    ]


def _verdict(regions: Sequence[Any], record: Record | None, mark: str) -> tuple[str, bool]:
    """In words, and whether a person has to look."""
    count = f"{len(regions)} {'region' if len(regions) == 1 else 'regions'}"
    if mark.endswith(COPIED):
        return "COPIED in the clear: no face was found", True
    if record is not None:
        return f"{count} hidden", False
    if regions:
        return f"{count} changed, for good: there is no record", False
    return "NOTHING CHANGED: the result shows what the original shows", True


def _holds(region: Region, face: Face) -> bool:
    x, y = face.region.x + face.region.width / 2, face.region.y + face.region.height / 2
    return region.x <= x <= region.x + region.width and region.y <= y <= region.y + region.height
