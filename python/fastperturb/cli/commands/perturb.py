"""``fastperturb perturb``: photographs in, protected photographs out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from ...checks import Image
from ...errors import ImageFileError
from ...files import FORMATS, Picture
from ...files.jpeg_open import OpenJpeg
from ...files.metadata_choice import DEFAULT_KEEP
from ...files.metadata_sealed import SealedFile
from ...files.reading import RECORD_TEXT, decode, has_record_beside, read_bytes
from ...key import Key
from ...perturbation.formats import WRITTEN
from ...perturbation.record_v2 import RecordV2
from ...perturbation.single import perturb as perturb_image
from ...protections.method import Method, make_method
from ...recipients import Recipient
from ...record import Record
from ...region import Face, Region
from ...video.track_file import VideoTracks
from ...video.writing import FORMATS as VIDEO_FORMATS
from ...video_names import KEPT, VIDEOS
from ..batch.done_marks import COPIED, Marks
from ..batch.file_metadata import hide_metadata
from ..batch.job import plan_output, run_job
from ..batch.jpeg_job import Opened, open_to_keep
from ..batch.live import Live
from ..batch.paths import Source
from ..batch.progress import Outcome
from ..batch.protect_videos import VideoStep
from ..batch.targets import VideoTargets
from ..batch.video_wishes import Wishes, refused_faces
from ..batch.writer import Writer
from ..errors import say
from ..options.common import Job, job_options
from ..options.faces import Finder, finder_options
from ..options.keys import key_among_results, missing_key, recipients_or_one_time
from ..options.metadata import MetadataChoices, metadata_options
from ..options.protection import (
    PROTECT_OPTIONS,
    check_lossy,
    check_reproducible,
    choose_method,
    identify_method,
    say_what_it_means,
)
from ..options.sections import SectionCommand, option, shared
from ..options.strength import Aim, aim_options
from ..options.video import VideoChoices, video_options
from .sheet import add_sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What else ``perturb`` leaves to its user; the options say what each means."""

    on_no_face: str
    record_beside: bool
    allow_lossy: bool
    reproducible: bool
    purpose: str | None
    seals: str | None
    protect: Method | None
    exact_file: bool
    sheet: Path | None


def _build(protect: str | None, **rest: Any) -> Choices:
    return Choices(protect=None if protect is None else make_method(protect), **rest)


_choices = shared(
    "choices",
    _build,
    option(
        "--on-no-face",
        type=click.Choice(["fail", "skip", "copy"]),
        default="fail",
        section="Faces",
        help="A picture without a face: count it as failed, skip it, or copy its pixels.  [default: fail]",
    ),
    option("--record-beside", is_flag=True, section="Files", help="Write records to NAME.json, not inside the files."),
    option(
        "--allow-lossy",
        is_flag=True,
        section="Files",
        help="Allow JPEG for windows with a key: the originals can then never be restored exactly.",
    ),
    option(
        "--exact-file",
        is_flag=True,
        section="Files",
        help="Seal the rest of each file too, all of it if need be, so that 'restore' brings back its very bytes.",
    ),
    option(
        "--reproducible",
        is_flag=True,
        section="Key",
        help="The same input, key and options give the same output; shows which inputs were equal. Not for videos.",
    ),
    option(
        "--sheet",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE.html",
        section="Running and reporting",
        help="Make a contact sheet of the run, as 'fastperturb sheet' does.",
    ),
    *PROTECT_OPTIONS,
)


@click.command(cls=SectionCommand, short_help="Hide the faces of photographs and videos.")
@job_options("same", "png", "webp", "tiff", "bmp", "pnm", "jpg")
@recipients_or_one_time
@aim_options
@finder_options
@video_options
@metadata_options
@_choices
def perturb(
    job: Job,
    recipients: tuple[Recipient, ...] | None,
    aim: Aim,
    finder: Finder,
    video: VideoChoices,
    metadata: MetadataChoices,
    choices: Choices,
) -> int:
    """Hide the faces of photographs and videos.

    Another face is drawn over each head, and the original is sealed under a key; 'restore' brings it back bit for bit.
    With --to, it is sealed to somebody else's public key: then whoever protects cannot restore. With --one-time-key
    nothing is sealed: then nobody can. Results hold the record which restoring needs. Of the original's metadata only
    colours stay in the clear, or what --keep names; all of them, name and time are sealed and come back. A JPEG stays a
    JPEG, and only the blocks under its faces change; windows make it a PNG.

    In videos, faces are followed through all frames. The sound stays (--no-audio leaves it out). A video becomes MP4,
    or what it was if that is Matroska, WebM, QuickTime or GIF; its sealed original lies in it, or beside as NAME.age.

    What is done already is not done again, so a run that was interrupted goes on where it stopped.
    """
    kept = dict.fromkeys(VIDEOS, ".mkv") if video.coding.lossless else KEPT
    method = choose_method(choices.protect, choices.purpose, choices.seals, aim, finder, bool(recipients))
    inputs, targets = plan_output(job, VideoTargets(tuple(VIDEO_FORMATS), kept), jpeg=method.sealed)
    if choices.reproducible:
        check_reproducible(method, recipients)
    if finder.boxes is not None and video.every is not None:
        raise click.UsageError("--boxes are taken as they are: no --every")
    if recipients == ():
        raise click.UsageError(missing_key(job.inputs))
    if choices.exact_file and not recipients:
        raise click.UsageError("--exact-file seals what the file's bytes need, and for that there must be a key")
    ending = job.output.suffix.lower() if targets.is_file and job.output else f".{job.format}"
    check_lossy(method, recipients, FORMATS.get(ending) == "JPEG", choices.allow_lossy)
    if not job.quiet:
        say_what_it_means(method, recipients)
        for said in (metadata.said(), finder.said(), None if targets.is_file else key_among_results(job.output)):
            if said is not None:
                say(said)
    aim = replace(aim, strength=finder.with_window(aim.strength))
    beside = choices.record_beside and recipients is not None
    settings = [aim.identity(), choices.reproducible, WRITTEN, beside, identify_method(method), choices.exact_file]
    settings += metadata.identity()
    key = next((item for item in recipients or () if isinstance(item, Key)), None)
    if len(recipients or ()) > 1 or (recipients is not None and key is None):
        settings += [len(recipients or ())]  # not who they are, which nobody may be able to try
    marks = Marks("perturb", settings, key)
    writer = Writer(job, targets, marks, beside, records=recipients is not None, published=True)
    live, followed = Live(), dict[Path, VideoTracks]()
    asked = None if choices.sheet is None else followed
    wishes = _wishes(method, aim, finder, metadata, choices)
    videos = VideoStep(recipients, method, aim.strength, finder, video, choices.on_no_face, writer, live, wishes, asked)
    step = _Perturbing(recipients, method, aim, finder, metadata, choices, writer, videos)
    code = run_job(job, step, inputs, targets, live=live)
    return code if choices.sheet is None else add_sheet(choices.sheet, job, finder, targets, followed, code)


def _wishes(method: Method, aim: Aim, finder: Finder, metadata: MetadataChoices, choices: Choices) -> Wishes:
    """What was asked for, of what videos may be refused for."""
    return Wishes(
        faces=tuple(refused_faces(finder)),
        sealed=method.sealed,
        reproducible=choices.reproducible,
        exact_file=choices.exact_file,
        record_beside=choices.record_beside,
        threshold=aim.threshold is not None,
        drop_metadata=metadata.drop,
        keep=bool(metadata.keep - DEFAULT_KEEP),
        inside=choices.seals == "inside",
        archive=choices.purpose == "archive",
    )


@dataclass(frozen=True, slots=True)
class _Perturbing:
    """What is done to one file, from any thread."""

    recipients: tuple[Recipient, ...] | None
    method: Method
    aim: Aim
    finder: Finder
    metadata: MetadataChoices
    choices: Choices
    writer: Writer
    videos: VideoStep

    def __call__(self, source: Source) -> Outcome:
        if source.video:
            return self.videos(source)
        mark = self.writer.marks.mark(source.path, self.finder.identity(source))
        marks = (mark, mark + COPIED) if self.choices.on_no_face == "copy" else (mark,)
        done = self.writer.done_before(source, marks)
        if done is not None:
            return done
        data = read_bytes(source.path)
        picture = decode(data, max_pixels=self.writer.job.max_pixels)
        _refuse_perturbed(source, picture.texts)
        found = self.finder.find(picture, source)
        jpeg = Opened(None, None)
        if picture.format == "JPEG" and self.method.sealed and self.writer.is_jpeg(source):
            jpeg = open_to_keep(source, data, self.writer)
        if not found:
            return self._without_face(source, data, picture, jpeg, mark + COPIED)
        return self._hide_found(source, data, picture, found, jpeg, mark)

    def _hide_found(
        self,
        source: Source,
        data: bytes,
        picture: Picture,
        found: list[Face] | list[Region],
        jpeg: Opened,
        mark: str,
    ) -> Outcome:
        exact = picture if self.choices.exact_file and jpeg.file is None else None  # a JPEG that stays one has its way
        about = hide_metadata(source, data, self.metadata, sealing=self.recipients is not None, exact=exact)
        record: Record | None
        if jpeg.file is not None:
            record, regions = self._hide_blocks(jpeg.file, picture, found, about.sealed)
            kept = about.segments(jpeg.file.header.orientation)
            written = self.writer.write_jpeg(source, jpeg.file, mark, record, kept=kept)
        else:
            hidden, record = self._hide(picture.pixels, found, about.rest)
            regions = len(found) if record is None else len(record.regions)
            inside = record if self.recipients is not None else None
            written = self.writer.write(source, hidden, about.profile(picture), mark, inside, blocks=about.blocks)
        facts: dict[str, Any] = {"method": self.method.name, "regions": regions}
        facts |= {"moved": record.moved} if record is not None and not self.method.sealed else {}
        facts |= {"reversible": self.recipients is not None, "sealed": record is not None and record.sealed}
        pixels = jpeg.file is None and self.recipients is not None and self.writer.targets.keeps_formats
        facts |= about.facts() | about.notes(source, picture, exact=self.choices.exact_file, pixels=pixels)
        if jpeg.why is not None:
            facts["not_as_jpeg"] = jpeg.why
        return Outcome(source.path, "perturbed", written.path, facts=facts | written.facts(source))

    def _hide_blocks(
        self, file: OpenJpeg, picture: Picture, found: list[Face] | list[Region], sealed: SealedFile | None
    ) -> tuple[RecordV2 | None, int]:
        """Changes the blocks under faces; the record, if there is a way back, and the number of regions."""
        drawing = self.method.drawing
        if self.recipients is None:
            return None, len(file.replace(picture, found, drawing))
        sealing = self.method.sealing(self.choices.reproducible)
        how: dict[str, Any] = {"sealed": sealed, "exact_file": self.choices.exact_file}
        record = file.protect(picture, found, self.recipients, drawing, sealing, **how)
        return record, len(record.regions)

    def _hide(self, pixels: Image, found: list[Face] | list[Region], rest: bytes | None) -> tuple[Image, Record | None]:
        how: dict[str, Any] = {"reproducible": self.choices.reproducible, "metadata": rest}
        if self.method.protection is not None:
            return self.method.hide(pixels, found, self.recipients, **how)
        strength, key = self.aim.strength_for(pixels, found), self.recipients or Key.generate()
        return perturb_image(pixels, found, key, strength, surroundings=True, out=pixels, **how)

    def _without_face(self, source: Source, data: bytes, picture: Picture, jpeg: Opened, mark: str) -> Outcome:
        what = "no face found" if self.finder.boxes is None else "no boxes given"
        if self.choices.on_no_face == "copy":
            about = hide_metadata(source, data, self.metadata, sealing=False)
            if jpeg.file is not None:
                kept = about.segments(jpeg.file.header.orientation)
                written = self.writer.write_jpeg(source, jpeg.file, mark, kept=kept)
            else:
                icc = about.profile(picture)
                written = self.writer.write(source, picture.pixels, icc, mark, blocks=about.blocks)
            return Outcome(source.path, "copied", written.path, f"{what}; copied in the clear", written.facts(source))
        if self.choices.on_no_face == "skip":
            return Outcome(source.path, "skipped", message=f"{what}; skipped")
        return Outcome(source.path, "no face", message=f"{what}; nothing written", facts={"error": "NoFaceFound"})


def _refuse_perturbed(source: Source, texts: Mapping[str, str]) -> None:
    if RECORD_TEXT in texts or has_record_beside(source.path):  # not photo.jpg.json of some other program
        raise ImageFileError("it is perturbed already and has a record; restore it first")
