"""Options that several commands share: what to work on and how to report it, strength."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ...files import MAX_PIXELS
from ...strength.strength import DEFAULT_CELLS, Strength
from ...threads import available_cpus
from .sections import LAST_SECTION, Command, option, shared

_PATH = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to work on, and how.

    Attributes:
        inputs: files and folders.
        output: file or folder to write to; ``None`` for commands that need not write.
        format: extension of what goes into a folder, without its dot; "same" for the format that came in.
        full_names: keep the old extension: photo.jpg.png.
        force: replace what is there.
        dry_run: do all but write.
        jobs: how many files to work on at once.
        json: JSON Lines on standard output.
        quiet: problems only.
        verbose: a line for every file.
        max_pixels: the most pixels of a picture.
    """

    inputs: tuple[Path, ...]
    output: Path | None = None
    format: str = "png"
    full_names: bool = False
    force: bool = False
    dry_run: bool = False
    jobs: int | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    max_pixels: int = MAX_PIXELS

    @property
    def threads(self) -> int:
        """How many files to work on at once: one more than processors, for one of them mostly waits for the disk."""
        return self.jobs or available_cpus() + 1


_FILES, _REPORT = "Files", LAST_SECTION
_SAME = "; same: as they came, where that keeps what is needed, else PNG"
_INPUTS = click.Argument(["inputs"], nargs=-1, required=True, type=_PATH, metavar="FILE_OR_FOLDER...")
_OUTPUT_HELP = "Where to write: a folder, or for one input file also a file name."
MAX_PIXELS_OPTION = option(
    "--max-pixels",
    type=click.IntRange(1),
    default=MAX_PIXELS,
    metavar="N",
    section=_REPORT,
    help=f"Refuse larger pictures, and videos of larger frames (height x width).  [default: {MAX_PIXELS}]",
)
_RUNNING = (
    option(
        "--jobs",
        "-j",
        type=click.IntRange(1, 1024),
        metavar="N",
        section=_REPORT,
        help="Files to work on at once; the default is one more than processors.",
    ),
    option(
        "--json", is_flag=True, section=_REPORT, help="One JSON object a line on standard output, the last a summary."
    ),
    option("--quiet", "-q", is_flag=True, section=_REPORT, help="No progress and no summary; problems are still told."),
    option("--verbose", "-v", is_flag=True, section=_REPORT, help="A line for every file."),
    MAX_PIXELS_OPTION,
)


def job_options(*formats: str, output: bool = True) -> Callable[[Command], Command]:
    """The argument ``job``: inputs, and with ``formats`` all about output.

    Args:
        formats: extensions that a folder's files may get, the first being the default.
        output: whether an output must be named.
    """
    choices = [
        option(
            "--output",
            "-o",
            type=_PATH,
            required=output,
            metavar="PATH",
            section=_FILES,
            help=_OUTPUT_HELP + " Needed." * output,
        ),
        option(
            "--format",
            type=click.Choice(formats),
            default=formats[0] if formats else None,
            section=_FILES,
            help="Format of pictures in a folder"
            + _SAME * ("same" in formats)
            + ".  [default: "
            + "".join(formats[:1])
            + "]",
        ),
        option(
            "--full-names",
            is_flag=True,
            section=_FILES,
            help="Keep the old extension where another comes: photo.jpg becomes photo.jpg.png as a PNG, not photo.png.",
        ),
        option("--force", is_flag=True, section=_FILES, help="Write anew what is there already."),
        option(
            "--dry-run", is_flag=True, section=_FILES, help="Do all but write, and tell how large the results would be."
        ),
    ]
    parts: list[Any] = [_INPUTS, *(choices if formats else ()), *_RUNNING]
    return shared("job", Job, *parts)


def make_strength(window: str | None, **rest: Any) -> Strength:
    """A strength out of the values of its options, by name."""
    size: Any = window
    if window is not None and window != "region":
        try:
            size = int(window)
        except ValueError:
            raise ValueError(f"--window must be a whole number of pixels or 'region', got {window!r}") from None
    return Strength(window=size, **rest)


_STRENGTH = "Strength"
STRENGTH_OPTIONS = (
    option(
        "--window",
        metavar="N|region",
        section=_STRENGTH,
        help="Side of the windows that pixels stay in, in pixels; or one window for the whole region.",
    ),
    option(
        "--cells",
        type=int,
        metavar="N",
        section=_STRENGTH,
        help=f"Instead: windows across the shorter side of a region.  [default: {DEFAULT_CELLS}]",
    ),
    option(
        "--pixels",
        type=int,
        metavar="N",
        section=_STRENGTH,
        help="How many pixels of a region move; the default is all.",
    ),
    option(
        "--coverage",
        type=float,
        metavar="SHARE",
        section=_STRENGTH,
        help="Instead: the share of a region's pixels that move, over 0 and up to 1.",
    ),
)
strength_options = shared("strength", make_strength, *STRENGTH_OPTIONS)
