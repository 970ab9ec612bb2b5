"""``fastperturb compare``: how far pictures are from each other: PSNR, SSIM and mean squared error, file by file."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import numpy as np

from ...checks import Image
from ...errors import ImageFileError, RecordError
from ...files import Picture
from ...files.atomic import mode_of, write_atomically
from ...files.header import Bytes
from ...files.reading import find_record
from ...files.writing import encode, format_for
from ...metrics.measures import mse, psnr, ssim, ssim_map
from ...region import Region
from ..batch.job import read_picture, run_job
from ..batch.partners import PartnerFinder
from ..batch.paths import READABLE, Inputs, Source
from ..batch.progress import Outcome
from ..batch.targets import Targets
from ..errors import printable
from ..options.boxes import Boxes
from ..options.common import Job, job_options
from ..options.sections import SectionCommand, option, shared
from ..real_paths import real_path

_HEAD = "    PSNR dB       SSIM          MSE  file\n"
_PLACE, _WHERE = "SSIM map", "What counts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """What to score, and the map.

    Attributes:
        map: file or folder for pictures of SSIM; ``None`` for none.
        boxes: regions by file; only what they hold counts.
        inside: only the regions of the record count.
        force: replace maps that are there.
    """

    map: Path | None
    boxes: Boxes | None
    inside: bool
    force: bool


@dataclass(slots=True)
class _Means:
    """Sums for the last line of the table."""

    rows: list[tuple[float, float, float]] = field(default_factory=list)

    def text(self) -> str:
        """The last line, if there is more than one file. The mean of decibels leaves out equal pairs."""
        if len(self.rows) < 2:
            return ""
        decibels = [row[0] for row in self.rows if math.isfinite(row[0])]
        mean = math.fsum(decibels) / len(decibels) if decibels else math.inf
        rest = [math.fsum(column) / len(self.rows) for column in zip(*self.rows, strict=True)]
        return _line(mean, rest[1], rest[2], f"mean of {len(self.rows)}")


def _scoring(map: Path | None, boxes: Path | None, inside: bool, force: bool) -> Scoring:  # noqa: A002
    if boxes is not None and inside:
        raise ValueError("--boxes is instead of --inside")
    try:
        return Scoring(map=map, boxes=None if boxes is None else Boxes(boxes, "box"), inside=inside, force=force)
    except OSError as error:
        raise ValueError(f"the boxes cannot be read: {boxes}: {error.strerror}") from None


scoring_options = shared(
    "scoring",
    _scoring,
    option(
        "--boxes",
        type=click.Path(path_type=Path),
        metavar="FILE",
        section=_WHERE,
        help="Score only inside the boxes of a JSON or CSV file, as for perturb.",
    ),
    option("--inside", is_flag=True, section=_WHERE, help="Score only inside the regions of either file's record."),
    option(
        "--map",
        type=click.Path(path_type=Path),
        metavar="PATH",
        section=_PLACE,
        help="Write SSIM around every pixel as a grey picture: white is 1, black 0 or less.",
    ),
    option("--force", is_flag=True, section=_PLACE, help="Write maps anew that are there already."),
)


@click.command(cls=SectionCommand, short_help="Tell how far pictures are from each other.")
@job_options()
@scoring_options
def compare(job: Job, scoring: Scoring) -> int:
    """Tell how far two files, or the files of two folders, are from each other.

    Two names: the originals, and what became of them. In folders, files belong together whose paths agree, whatever
    their extensions: photo.jpg and photo.png, or photo.jpg.png. A file that is another's, or can be, is not taken. PSNR
    and SSIM are those of docs/metrics.md.
    """
    if len(job.inputs) != 2:
        raise click.UsageError(f"compare takes two files or two folders, got {len(job.inputs)}")
    first, second = job.inputs
    if first.is_dir() and second.is_file():
        raise click.UsageError(f"{first} is a folder and {second} is a file")
    if scoring.map is not None and second.is_dir() and real_path(scoring.map) == real_path(second):
        raise click.UsageError(f"the folder of maps is the input folder {second}; choose another")
    inputs, means = Inputs((first,), scoring.map), _Means()
    finder = PartnerFinder(second, READABLE, (first,))
    maps = None if scoring.map is None else Targets(scoring.map, inputs, ".png", full_names=True)

    def step(source: Source) -> Outcome:
        other = _partner(source, second, finder)
        target = None if maps is None else _place_of_map(maps.path_for(source), (source.path, other), scoring.force)
        one, two = read_picture(source, job), read_picture(Source(other, source.relative), job)
        region = _region(source, other, (one, two), scoring)
        facts = _facts(one.pixels, two.pixels, region)
        if target is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            mode = mode_of(source.path, other)
            write_atomically(target, _map(one.pixels, two.pixels, target), overwrite=scoring.force, mode=mode)
        row = (math.inf if facts["psnr"] is None else facts["psnr"], facts["ssim"], facts["mse"])
        means.rows.append(row)
        text = _line(*row, printable(str(source.path)))
        return Outcome(source.path, "compared", target, facts={"with": str(other), **facts}, text=text)

    if not job.json:
        click.echo(_HEAD, nl=False)
    code = run_job(job, step, inputs, prints=True)
    if not job.json:
        click.echo(means.text(), nl=False)
    return code


def _line(decibels: float, similarity: float, error: float, name: str) -> str:
    return f"{decibels:11.4f} {similarity:10.6f} {error:12.4f}  {name}\n"


def _partner(source: Source, second: Path, finder: PartnerFinder) -> Path:
    """The file that belongs to a source.

    Raises:
        ImageFileError: there is none, or more than one.
    """
    if not second.is_dir():
        return second
    found, shared, others = finder.find(source)
    if found[:1] == [second / source.relative]:
        return found[0]
    if len(found) > 1:
        names = ", ".join(sorted(path.name for path in found))
        raise ImageFileError(f"{second} has more than one file for it: {names}")
    if shared is not None:
        raise ImageFileError(f"{second} has {shared.name}, which can be of {', '.join(others)} too")
    if not found:
        raise ImageFileError(f"{second} has no file for it")
    return found[0]


def _region(source: Source, other: Path, pictures: tuple[Picture, Picture], scoring: Scoring) -> list[Region] | None:
    if scoring.boxes is not None:
        found = scoring.boxes.find(source)
        if not found:
            raise ImageFileError("no boxes for it")
        return found
    if not scoring.inside:
        return None
    for path, picture in zip((other, source.path), reversed(pictures), strict=True):
        try:
            record = find_record(path, picture.texts)
        except RecordError:  # photo.jpg.json of some other program
            continue
        if record is not None:
            return [item.region for item in record.regions]
    raise ImageFileError("neither file has a record")


def _facts(a: Image, b: Image, region: list[Region] | None) -> dict[str, Any]:
    """Scores as JSON can hold them: there is no infinity in it."""
    decibels = psnr(a, b, region=region)
    return {
        "psnr": None if math.isinf(decibels) else decibels,
        "ssim": ssim(a, b, region=region),
        "mse": mse(a, b, region=region),
        "equal": math.isinf(decibels),
    }


def _place_of_map(target: Path, inputs: tuple[Path, Path], force: bool) -> Path:
    """Where a map goes.

    Raises:
        FileExistsError: something is there, and ``force`` does not say that it may go.
        ImageFileError: one of the two pictures is there.
    """
    if any(target.exists() and path.exists() and target.samefile(path) for path in inputs):
        raise ImageFileError("the map would be the input itself")
    if os.path.lexists(target) and not force:
        raise FileExistsError(17, "it exists; --force writes it anew", str(target))
    return target


def _map(a: Image, b: Image, target: Path) -> list[Bytes]:
    scores = ssim_map(a, b)
    if scores.ndim == 3:
        scores = scores.mean(axis=2)
    return encode(np.rint(np.clip(scores, 0, 1) * 255).astype(np.uint8), format_for(target))
