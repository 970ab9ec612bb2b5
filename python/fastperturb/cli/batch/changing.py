"""Commands that change the records of protected files where they lie, and no pixel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ...files.reading import find_record, read_bytes, read_header, record_beside
from ...files.replacing import replace_record
from ...record import Record
from ...video.restoring import has_sealed
from ...video.sealed_file import ENDING
from ..options.common import Job
from .job import run_job
from .paths import Inputs, Source
from .progress import Outcome
from .video_names import is_video_name


def change_records(job: Job, change: Callable[[Record], Record], status: str, videos: str) -> int:
    """Does ``change`` to the record of every file; each file is whole, the old one or the new one.

    A record that comes back itself is not written. Protected videos have none, and fail: ``videos`` says what that
    means, and what to do.

    Returns:
        The exit code.
    """

    def step(source: Source) -> Outcome:
        record = find_record(source.path, read_header(read_bytes(source.path)).texts)
        if record is None:
            what = f"no record inside, and no {record_beside(source.path).name} beside it"
            return Outcome(source.path, "no record", message=what, facts={"error": "RecordError"})
        changed = change(record)
        if changed is record:
            return Outcome(source.path, "unchanged", source.path)
        replace_record(source.path, changed)
        return Outcome(source.path, status, source.path)

    return run_job(job, step, Inputs(job.inputs, refuse=lambda path: videos if holds_sealed_video(path) else None))


def holds_sealed_video(path: Path) -> bool:
    """Whether a file is a protected video, or the sealed file of one that is not beside it."""
    if is_video_name(path):
        return has_sealed(path)
    video = path.with_suffix("")
    return path.suffix == ENDING and is_video_name(video) and not video.is_file() and has_sealed(path)
