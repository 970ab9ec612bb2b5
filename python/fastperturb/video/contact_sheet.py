"""Contact sheets: of every track its first, middle, last and least sure frame, to look at before it is hidden."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._optional import import_opencv
from ..checks import Image, is_finite
from ..region import Region
from .tracks import Track

PICTURE = 176  # pixels along the sides of a picture
MOST_ROWS = 12  # tracks on a sheet
_WORDS = 34  # pixels of height for what stands below a picture
_GAP = 6
_AROUND = 1.5  # what a picture shows, to the longer side of the region
_PAPER, _INK, _SPARED = (250, 250, 250), (20, 20, 20), (200, 30, 30)
_LIGHT, _DARK = (255, 220, 0), (0, 0, 0)
_NAMES = ("first", "middle", "last", "least sure")


class _Wanted(NamedTuple):
    row: int
    column: int
    track: Track
    frame: int


def frames_to_show(track: Track) -> tuple[int, int, int, int]:
    """The first, the middle, the last and the least sure frame of a track.

    Least sure is the middle of the longest run of frames that were filled in between sightings; without any, the frame
    of the lowest score; without a sighting the middle.
    """
    seen = np.flatnonzero(~np.isnan(track.scores))
    middle = (track.first + track.last) // 2
    if not len(seen):
        return track.first, middle, track.last, middle
    gaps = np.diff(seen)
    if len(gaps) and gaps.max() > 1:
        longest = int(gaps.argmax())
        least = int(seen[longest] + gaps[longest] // 2)
    else:
        least = int(seen[np.nanargmin(track.scores[seen])])
    return track.first, middle, track.last, track.first + least


def contact_sheets(
    tracks: Sequence[Track],
    frames: Iterable[tuple[int, float, Image]],
    *,
    scale: float = 1.0,
    rows: int = MOST_ROWS,
    stretched: tuple[float, float] = (1.0, 1.0),
) -> Iterator[Image]:
    """Draws the sheets of a video's tracks, in one pass over its frames.

    Args:
        tracks: of the video, spared ones too.
        frames: (index, seconds, image) in order, as for :func:`find_tracks`; they may be others than those in which the
            tracks were found.
        scale: pixels of the video to one of the images.
        rows: tracks on a sheet.
        stretched: pixels as they are shown to one of the video, across and down; other than 1 where they are not
            square.

    Yields:
        RGB images, uint8, a row for each track; none if there are no tracks. Pictures wait compressed in memory, about
        20 kB for each track. Frames that did not come are left grey.

    Raises:
        ValueError: ``rows`` or ``scale`` is not over 0.
    """
    if rows < 1 or not (is_finite(scale) and scale > 0):
        raise ValueError(f"rows and scale must be over 0, got {rows!r} and {scale!r}")
    kept, seconds = _collect(tracks, frames, (scale / stretched[0], scale / stretched[1]))
    for start in range(0, len(tracks), rows):
        part = tracks[start : start + rows]
        sheet = np.full((_GAP + len(part) * (PICTURE + _WORDS + _GAP), _GAP + 4 * (PICTURE + _GAP), 3), 250, np.uint8)
        for number, track in enumerate(part):
            for column, frame in enumerate(frames_to_show(track)):
                picture = kept.get((start + number, column))
                corner = (_GAP + number * (PICTURE + _WORDS + _GAP), _GAP + column * (PICTURE + _GAP))
                _place(sheet, corner, picture)
                _write(sheet, corner, track, column, frame, seconds.get(frame))
        yield sheet


def _collect(
    tracks: Sequence[Track], frames: Iterable[tuple[int, float, Image]], scales: tuple[float, float]
) -> tuple[dict[tuple[int, int], NDArray[np.uint8]], dict[int, float]]:
    """The pictures as JPEG, by row and column, and the times of their frames."""
    cv2 = import_opencv()
    wanted: dict[int, list[_Wanted]] = {}
    for row, track in enumerate(tracks):
        for column, frame in enumerate(frames_to_show(track)):
            wanted.setdefault(frame, []).append(_Wanted(row, column, track, frame))
    kept: dict[tuple[int, int], NDArray[np.uint8]] = {}
    seconds: dict[int, float] = {}
    for index, time, image in frames:
        for item in wanted.get(index, ()):
            region = item.track.region(index)
            if region is None:
                continue
            seconds[index] = time
            picture = cv2.cvtColor(picture_of(image, region, scales), cv2.COLOR_RGB2BGR)
            kept[item.row, item.column] = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return kept, seconds


def picture_of(image: Image, region: Region, scales: tuple[float, float]) -> Image:
    """The surroundings of a region, with its outline; ``scales`` are pixels of the video to one of the image."""
    cv2 = import_opencv()
    across, down = region.width / scales[0], region.height / scales[1]
    side = _AROUND * max(across, down)
    middle = region.x / scales[0] + across / 2, region.y / scales[1] + down / 2
    zoom = PICTURE / side
    places = np.array([[zoom, 0, PICTURE / 2 - zoom * middle[0]], [0, zoom, PICTURE / 2 - zoom * middle[1]]])
    if zoom < 0.5:  # by areas first: large faces would show their noise
        rows, columns = Region(
            math.floor(middle[0] - side / 2), math.floor(middle[1] - side / 2), math.ceil(side), math.ceil(side)
        ).clipped(*image.shape[:2])
        part = image[rows, columns]
        if part.size:
            smaller = (max(1, round(part.shape[1] * zoom)), max(1, round(part.shape[0] * zoom)))
            places = np.array(
                [[1.0, 0, places[0, 2] + zoom * columns.start], [0, 1.0, places[1, 2] + zoom * rows.start]]
            )
            image = cv2.resize(part, smaller, interpolation=cv2.INTER_AREA)
    shown: Image = cv2.warpAffine(image, places, (PICTURE, PICTURE), borderValue=(128, 128, 128))
    half = (zoom * across / 2, zoom * down / 2)
    for colour, line in ((_DARK, 3), (_LIGHT, 1)):
        centre = (PICTURE // 2, PICTURE // 2)
        cv2.ellipse(shown, centre, (round(half[0]), round(half[1])), 0, 0, 360, colour, line, cv2.LINE_AA)
    return shown


def _place(sheet: Image, corner: tuple[int, int], picture: NDArray[np.uint8] | None) -> None:
    cv2 = import_opencv()
    part = sheet[corner[0] : corner[0] + PICTURE, corner[1] : corner[1] + PICTURE]
    if picture is None:
        part[...] = 128
        return
    part[...] = cv2.cvtColor(cv2.imdecode(picture, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def _write(sheet: Image, corner: tuple[int, int], track: Track, column: int, frame: int, seconds: float | None) -> None:
    """Two lines below a picture: which frame it is, and how sure."""
    score = track.scores[frame - track.first]
    when = "" if seconds is None else f" {_clock(seconds)}"
    sure = "filled in" if math.isnan(score) else f"score {score:.2f}"
    head = f"{track.id}{' spared' if track.spared else ''}: " if column == 0 else ""
    lines = (f"{head}{_NAMES[column]}, {sure}", f"frame {frame}{when}")
    ink = _SPARED if track.spared else _INK
    for number, text in enumerate(lines):
        _text(sheet, text, (corner[1], corner[0] + PICTURE + 13 + 15 * number), ink)


def _text(sheet: Image, text: str, place: tuple[int, int], ink: Any) -> None:
    cv2 = import_opencv()
    cv2.putText(sheet, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, ink, 1, cv2.LINE_AA)


def _clock(seconds: float) -> str:
    """Minutes and seconds, hours where there are any: 1:02.50."""
    hundredths = max(0, round(seconds * 100))
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    shown = f"{rest // 100:02d}.{rest % 100:02d}"
    return f"{hours}:{minutes:02d}:{shown}" if hours else f"{minutes}:{shown}"
