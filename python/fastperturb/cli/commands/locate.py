"""``fastperturb locate``: the faces of photographs, as JSON or drawn into copies of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import click
import numpy as np

from ..._optional import import_opencv
from ...checks import Image
from ...region import Face, Region
from ...video import VideoOptions
from ...video_names import VIDEOS
from ..batch.done_marks import Marks
from ..batch.job import plan_output, read_picture, run_job
from ..batch.live import Live
from ..batch.locate_videos import TRACKS_SUFFIX, VideoLocating
from ..batch.paths import Inputs, Source
from ..batch.progress import Outcome
from ..batch.targets import VideoTargets
from ..batch.video_wishes import refused_faces
from ..batch.writer import Writer
from ..options.common import Job, job_options
from ..options.faces import Finder, finder_options
from ..options.sections import SectionCommand
from ..options.video import every_option, follow_rules

_YELLOW, _BLACK = (255, 220, 0), (0, 0, 0)


@click.command(cls=SectionCommand, short_help="Find faces; print or draw them.")
@job_options("png", "webp", "tiff", "bmp", "pnm", "jpg", output=False)
@finder_options
@every_option
def locate(job: Job, finder: Finder, every: int | None) -> int:
    """Find faces, and print them as JSON, one object a line for each file.

    The lines can be edited and given to 'perturb --boxes'. Boxes are in pixels of the upright picture, x to the right
    and y down; landmarks are right eye, left eye, nose tip, right and left mouth corner.

    With -o, copies of the pictures with boxes drawn into them are written too. A picture without a face is an answer
    too: it has "faces": [], and the exit code is 0.

    Of a video, the tracks of its faces are told; with -o they are written to NAME.tracks.json, which can be edited and
    given to 'perturb --boxes', and drawn on contact sheets beside it.
    """
    videos = VideoTargets((".json",), dict.fromkeys(VIDEOS, TRACKS_SUFFIX))
    planned = None if job.output is None else plan_output(job, videos)
    inputs, targets = planned or (Inputs(job.inputs, videos=True), None)
    # Outputs are made anew each time, for the faces are wanted each time.
    writer = None if targets is None else Writer(replace(job, force=True), targets, Marks("locate", None, None))
    checker = None if writer is None else Writer(job, writer.targets, writer.marks)

    live = Live()
    rules = follow_rules(every, finder.threshold)
    find_in_video = VideoLocating(
        finder, VideoOptions(rules=rules, max_pixels=job.max_pixels), checker, live, refused_faces(finder)
    )

    def step(source: Source) -> Outcome:
        if source.video:
            return find_in_video(source)
        if checker is not None:
            mark = checker.marks.mark(source.path, finder.identity(source))
            done = checker.done_before(source, (mark,))
            if done is not None and done.status != "unchanged":
                return done
        picture = read_picture(source, job)
        found = finder.find(picture, source)
        height, width = picture.pixels.shape[:2]
        facts = {"width": width, "height": height, "faces": [as_json(item) for item in found]}
        path = None
        if writer is not None:
            path = writer.write(source, _drawn(picture.pixels, found), picture.icc, mark).path
        line = json.dumps({"file": str(source.path), **facts}) + "\n"
        return Outcome(source.path, "located" if found else "without face", path, facts=facts, text=line)

    return run_job(job, step, inputs, targets, prints=True, live=live)


def as_json(item: Face | Region) -> dict[str, Any]:
    """A face or region as JSON can hold it."""
    region = item if isinstance(item, Region) else item.region
    data: dict[str, Any] = {"x": region.x, "y": region.y, "width": region.width, "height": region.height}
    if region.shape != "box":
        data["shape"] = region.shape
    if isinstance(item, Face):
        data["score"] = round(item.score, 4)
        data["landmarks"] = [[round(x, 1), round(y, 1)] for x, y in item.landmarks]
        if item.turn:
            data["turn"] = item.turn
        if item.found_by:
            data["found_by"] = list(item.found_by)
    return data


def _drawn(pixels: Image, found: list[Face] | list[Region]) -> Image:
    """The picture with outlines around what was found, in 8 or 16 bit RGB."""
    cv2 = import_opencv()
    canvas = np.dstack((pixels,) * 3) if pixels.ndim == 2 else pixels.copy()
    scale = 257 if canvas.dtype == np.uint16 else 1
    line = max(1, round(min(canvas.shape[:2]) / 250))
    for item in found:
        region = item if isinstance(item, Region) else item.region
        for colour, thickness in ((_BLACK, 3 * line), (_YELLOW, line)):
            paint = [value * scale for value in (*colour, 255)]
            corner = (region.x + region.width - 1, region.y + region.height - 1)
            if region.shape == "ellipse":
                middle = ((region.x + corner[0]) // 2, (region.y + corner[1]) // 2)
                cv2.ellipse(canvas, middle, (region.width // 2, region.height // 2), 0, 0, 360, paint, thickness)
            else:
                cv2.rectangle(canvas, (region.x, region.y), corner, paint, thickness)
            for x, y in item.landmarks if isinstance(item, Face) else ():
                cv2.circle(canvas, (round(x), round(y)), line + thickness // 2, paint, -1)
    return canvas
