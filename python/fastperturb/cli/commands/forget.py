"""``fastperturb forget``: faces of protected files that shall never come back."""

from __future__ import annotations

import click

from ...errors import RecordError
from ...key import Key
from ...perturbation import forget as forget_faces
from ...perturbation.record_v2 import RecordV2
from ...record import Record
from ..batch.changing import change_records
from ..options.common import Job, job_options
from ..options.keys import key_needed
from ..options.sections import SectionCommand, option, shared

_VIDEOS = (
    "a protected video, which forget does not cover: nothing of it is erased. Delete its NAME.age; where its original "
    "lies inside, restore it, protect it with --one-time-key and delete this one"
)


def _faces(faces: tuple[int, ...], all_faces: bool, metadata: bool) -> tuple[int, ...] | None:
    if all_faces + bool(faces) + metadata != 1:
        raise ValueError("one of --face N, --all and --metadata is needed")
    return None if all_faces else faces


_chosen = shared(
    "faces",
    _faces,
    option(
        "--face",
        "faces",
        type=click.IntRange(0),
        multiple=True,
        metavar="N",
        section="Faces",
        help="A face by the number that 'inspect' gives it; may be given several times.",
    ),
    option("--all", "all_faces", is_flag=True, section="Faces", help="All faces of every picture."),
    option("--metadata", is_flag=True, section="Faces", help="No face: sealed names, times and metadata alone."),
)


@click.command(cls=SectionCommand, short_help="Erase the seals of faces for good.")
@job_options()
@key_needed
@_chosen
def forget(job: Job, key: Key, faces: tuple[int, ...] | None) -> int:
    """Erase the seals of faces, where the files lie: these faces never come back, whoever has the key.

    What is shown stays. Sealed metadata go with the first face, for a thumbnail in them shows all faces; so do name
    and time. Copies made before keep their seals.

    Videos are not covered: protected ones count as failed, and what restores them stays.
    """

    def change(record: Record) -> Record:
        if faces and max(faces) >= len(record.regions):
            raise RecordError(f"it has no face {max(faces)}: its faces are 0 to {len(record.regions) - 1}")
        if isinstance(record, RecordV2) and not (faces or faces is None):
            return forget_faces(record, key, (), rest=True) if record.rest.length else record
        if isinstance(record, RecordV2):
            chosen = range(len(record.regions)) if faces is None else faces
            if all(record.entries[index].state == "erased" for index in chosen):
                return record
        return forget_faces(record, key, faces)

    return change_records(job, change, "forgotten", _VIDEOS)
