"""``fastperturb restore``: the originals back, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import click

from ...checks import Image
from ...errors import RecordError, Tampered, UnknownOrigin
from ...face_key import FaceKey
from ...files import Picture
from ...files.reading import find_record, record_beside, seals_beside
from ...key import Key
from ...perturbation.single import restore as restore_image
from ...perturbation.verdicts import examine, say_verdicts
from ...record import Record
from ..batch.done_marks import COPIED, Marks
from ..batch.job import Writer, plan_output, read_picture, run_job
from ..batch.live import Live
from ..batch.paths import Source, VideoTargets
from ..batch.progress import Outcome
from ..batch.restore_videos import VideoRestoring
from ..batch.video_names import VIDEOS
from ..options.common import Job, job_options
from ..options.keys import opening_key
from ..options.sections import SectionCommand, option, shared

ANYONE = "restored; anyone who has the public key can have made its record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What else ``restore`` leaves to its user; the options say what each means."""

    on_no_record: str
    no_verify: bool
    origin: str
    faces: tuple[int, ...]


_choices = shared(
    "choices",
    Choices,
    option(
        "--on-no-record",
        type=click.Choice(["fail", "skip", "copy"]),
        default="fail",
        section="Files",
        help="A picture without a record: count it as failed, skip it, or copy its pixels.  [default: fail]",
    ),
    option(
        "--no-verify",
        is_flag=True,
        section="Key",
        help="Restore pictures that were changed since, as well as can be; they will not be the originals.",
    ),
    option(
        "--origin",
        type=click.Choice(["any", "key"]),
        default="any",
        section="Key",
        help="key: refuse what anyone can have made who has the public key.  [default: any]",
    ),
    option(
        "--face",
        "faces",
        type=click.IntRange(0),
        multiple=True,
        metavar="N",
        section="Faces",
        help="Restore this region alone, by the number that 'inspect' gives it; may be given several times. The result "
        "has no record: keep the protected file for the others.",
    ),
)


@click.command(cls=SectionCommand, short_help="Bring back what was hidden, bit for bit.")
@job_options("png", "webp", "tiff", "bmp", "pnm", "jpg")
@opening_key
@_choices
def restore(job: Job, key: Key | FaceKey, choices: Choices) -> int:
    """Bring back what 'perturb' hid, bit for bit.

    The record is read from inside each file, or from NAME.json beside it, and seals that are not in it from NAME.seal.
    It is checked with the key first: another key, or pixels or a record that were changed, are errors and nothing is
    written. Sealed faces come back exactly all the same, if only what is shown was changed: out of a JPEG, say.

    A video's original comes out of the sealed file in it, or out of NAME.age beside it, byte for byte; that of lossless
    windows frame for frame.
    """
    inputs, targets = plan_output(job, VideoTargets(tuple(sorted(VIDEOS))))
    if isinstance(key, FaceKey) and choices.faces not in ((), (key.index,)):
        raise click.UsageError(f"the face key opens face {key.index}, got --face {choices.faces[0]}")
    settings: list[Any] = [choices.no_verify, choices.faces, choices.origin]
    if isinstance(key, FaceKey):
        settings += [key.record_id.hex(), key.index]
        choices = replace(choices, faces=(key.index,))
    marks = Marks("restore", settings, key if isinstance(key, Key) else None)
    writer, live = Writer(job, targets, marks), Live()
    videos = VideoRestoring(key, choices.on_no_record, writer, live)
    return run_job(job, _Restoring(job, key, choices, writer, videos), inputs, targets, live=live)


def check_seals(path: Path, record: Record, faces: Sequence[int] = ()) -> None:
    """Raises RecordError if a seal is not at hand that these regions need; none named means all."""
    missing = [index for index in record.missing if index in (faces or range(len(record.regions)))]
    if missing:
        raise RecordError(
            f"the face{'s' * (len(missing) > 1)} cannot come back without {seals_beside(path).name}, which is not there"
        )


class Restored(NamedTuple):
    """What became of a picture.

    Attributes:
        pixels: the original, or the picture with some of its regions restored.
        message: what to say if not all is as it was written.
        origin: who can have made the record, see :class:`fastperturb.perturbation.Verdicts`.
    """

    pixels: Image
    message: str | None
    origin: str | None


def bring_back(
    pixels: Image,
    record: Record,
    key: Key | FaceKey,
    faces: Sequence[int] = (),
    *,
    verify: bool = True,
    origin: str = "any",
) -> Restored:
    """Restores a picture, or some of its regions.

    Sealed regions come back exactly whatever is shown, so a change of what they show is said and is no error.

    Args:
        pixels: of the protected picture.
        record: with the seals that are needed.
        key: it was made with, or the key of one face.
        faces: the numbers of the regions; none named means all, or the face key's.
        verify: refuse regions that would not come back exactly.
        origin: whose records to take, as for :func:`fastperturb.restore`.

    Raises:
        WrongKey, Tampered, RecordError, ValueError: as :func:`fastperturb.restore`.
    """
    only = tuple(faces) or None
    verdicts = examine(pixels, record, key)
    said = "; ".join(say_verdicts(verdicts, only))
    how: dict[str, Any] = {"only": only, "origin": origin}
    try:
        shown = restore_image(pixels, record, key, **how)
        return Restored(shown, f"{said}; the faces are exact" if said else None, verdicts.origin)
    except UnknownOrigin as error:
        raise UnknownOrigin(str(error).replace("origin='key'", "--origin key")) from None
    except Tampered as error:
        if verdicts.record is False or (verify and not record.sealed):
            why = str(error).replace("verify=False", "--no-verify")
            raise Tampered(f"{said}: {why}" if said else why) from None
    shown = restore_image(pixels, record, key, verify=False, **how)
    if record.sealed:
        message = f"{said}; the faces come from their seals and are exact"
    else:
        message = f"{said or 'picture or record were changed since'}; what is restored is not the original"
    return Restored(shown, message, verdicts.origin)


@dataclass(frozen=True, slots=True)
class _Restoring:
    """What is done to one file, from any thread."""

    job: Job
    key: Key | FaceKey
    choices: Choices
    writer: Writer
    videos: VideoRestoring

    def __call__(self, source: Source) -> Outcome:
        if source.video:
            return self.videos(source)
        mark = self.writer.marks.mark(source.path)
        marks = (mark, mark + COPIED) if self.choices.on_no_record == "copy" else (mark,)
        before = self.writer.done_before(source, marks)
        if before is not None:
            return before
        picture = read_picture(source, self.job)
        record = find_record(source.path, picture.texts)
        if record is None:
            return self._without_record(source, picture, mark + COPIED)
        choices = self.choices
        check_seals(source.path, record, choices.faces)
        done = bring_back(
            picture.pixels, record, self.key, choices.faces, verify=not choices.no_verify, origin=choices.origin
        )
        path = self.writer.write(source, done.pixels, picture.icc, mark)
        facts = {"verified": done.message is None, "origin": done.origin}
        if done.message is None and done.origin == "anyone":
            return Outcome(source.path, "restored", path, ANYONE, facts, cause=ANYONE)
        return Outcome(source.path, "restored", path, done.message, facts)

    def _without_record(self, source: Source, picture: Picture, mark: str) -> Outcome:
        what = f"no record inside, and no {record_beside(source.path).name} beside it"
        if self.choices.on_no_record == "copy":
            path = self.writer.write(source, picture.pixels, picture.icc, mark)
            return Outcome(source.path, "copied", path, f"{what}; copied as it is")
        if self.choices.on_no_record == "skip":
            return Outcome(source.path, "skipped", message=f"{what}; skipped")
        return Outcome(source.path, "no record", message=f"{what}; nothing written", facts={"error": "RecordError"})
