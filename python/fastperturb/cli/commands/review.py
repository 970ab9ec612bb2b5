"""``fastperturb review``: a local page on which a person looks at the faces that were found, and mends them."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import click

from ..._optional import import_extra, import_opencv
from ...checks import Image
from ...faces import Find, finder, locate
from ...faces.presets import PRESETS
from ...faces.registry import make_united
from ...region import Face
from ..batch.paths import Inputs
from ..batch.review_file import InUse, ReviewFile
from ..errors import printable, say
from ..options.common import MAX_PIXELS_OPTION
from ..options.numbers import Number
from ..options.sections import SectionCommand, option, shared
from ..options.video import follow_rules
from ..real_paths import real_path

_LOW = 0.3
"""Lowest score of what is shown as "perhaps a face"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the options say; their help says what each means."""

    boxes: Path | None
    threshold: float | None
    turned: Literal["no", "quarters", "diagonals"] | None
    preset: Find
    names: str | None
    port: int
    no_browser: bool
    max_pixels: int


_wish = shared(
    "wish",
    Wish,
    option("--boxes", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
           help="Read and written: boxes by picture, as 'perturb --boxes' takes them and 'locate' prints them.  "
           "[default: FOLDER.boxes.jsonl here]"),
    option("--min-score", "threshold", type=Number(0, 1), metavar="SCORE",
           help="From which score on a find is a face, as for 'perturb'; what only a look for lower ones shows, from "
           f"{_LOW}, is 'perhaps' a face.  [default: as for 'perturb']"),
    option("--find", "preset", type=click.Choice(PRESETS), default="fast",
           help="How hard to look, as for 'perturb': fast, careful or everything.  [default: fast]"),
    option("--detectors", "names", metavar="NAME+NAME...",
           help="Detectors whose faces are united, such as yunet+centerface; where they disagree you look first."),
    option("--turned", type=click.Choice(["no", "quarters", "diagonals"]),
           help="Look for faces that lie on their side or upside down.  [default: quarters; else diagonals]"),
    option("--port", type=click.IntRange(0, 65_535), default=0, metavar="N",
           help="Port on 127.0.0.1.  [default: any that is free]"),
    option("--no-browser", is_flag=True, help="Only print the address; open no browser."),
    MAX_PIXELS_OPTION,
)  # fmt: skip


@click.command(cls=SectionCommand, short_help="Look at the faces that were found, and mend them, on a local page.")
@click.argument("folder", type=click.Path(exists=True, path_type=Path), metavar="FOLDER")
@_wish
def review(folder: Path, wish: Wish) -> int:
    """Look at the faces that were found in a folder, and mend them, on a page that this machine alone can open.

    Of videos the tracks are shown: left as they are, deleted, made longer or shorter, moved, added. Boxes can be
    added, moved, resized, deleted, or marked as to be left as they are. The least sure pictures come first. Each
    change is saved at once; started again, the review goes on where it was. Then 'perturb FOLDER --boxes
    FOLDER.boxes.jsonl' protects the pictures that are done, and refuses those that are not, or that changed since.
    Ctrl-C ends it.
    """
    import_extra("starlette", "server")
    import_extra("uvicorn", "server")
    import_opencv().setNumThreads(1)
    path = Path(f"{real_path(folder).name}.boxes.jsonl") if wish.boxes is None else wish.boxes
    context = click.get_current_context()
    try:
        file = ReviewFile(path)
    except InUse:
        raise click.UsageError(f"another review has {path} open; end it, or name another file", context) from None
    except ValueError as error:
        raise click.UsageError(str(error), context) from None
    except OSError as error:
        where = f"{path.parent}: {error.strerror}; --boxes FILE names a place that can be written to"
        raise click.UsageError(f"the boxes cannot be kept in {where}", context) from None
    try:
        return _run(folder, file, wish)
    finally:
        file.close()


def _run(folder: Path, file: ReviewFile, wish: Wish) -> int:
    from ...server.review.clips import Clip
    from ...server.review.items import Item
    from ...server.review.pictures import Pictures
    from ...server.review.running import run
    from ...server.review.session import Review
    from ...server.review.videos import Videos, follower

    try:
        items, clips = file.take(Inputs([folder], videos=True, tell_unread=True))
        detect = _detector(wish)
    except ValueError as error:
        raise click.UsageError(str(error), click.get_current_context()) from None
    if not items and not clips:
        say(f"no images found in {folder}")
        return 1
    session = Review(items, printable(str(folder)), file.write, printable(str(file.path)), clips)
    pictures = Pictures(session, detect, wish.max_pixels)
    videos = Videos(
        session,
        follower(_finder(wish, wish.threshold), follow_rules(None, wish.threshold)),
        file.tracks.read,
        wish.max_pixels,
    )
    run(session, pictures, wish.port, partial(_announce, opens=not wish.no_browser), videos)
    every: Sequence[Item | Clip] = [*items, *clips]
    done, broken = (sum(item.state == state for item in every) for state in ("done", "broken"))
    for item in every:
        if item.state == "broken":
            say(f"{item.path}: {item.problem}")
    what = "pictures and videos" if clips else "pictures"
    say(f"{done} of {len(every)} {what} reviewed" + (f", {broken} cannot be read" if broken else ""))
    if not session.save():
        say(f"NOT SAVED: {session.saving.message}")
        return 1
    say(f"saved in {file.path}")
    return 0


def _announce(address: str, opens: bool) -> None:
    """Prints the address alone on standard output, and opens it."""
    click.echo(address)
    say("the address holds a secret: whoever has it, on this machine, sees these pictures; Ctrl-C ends the review")
    if opens:
        webbrowser.open(address)


def _detector(wish: Wish) -> Callable[[Image], tuple[list[Face], list[Face]]]:
    """Finds what ``perturb`` would with these options; and what a look for lower scores does, maybe more."""
    detector = _finder(wish, wish.threshold)
    low = None if wish.names is not None else _finder(wish, min(wish.threshold or _LOW, _LOW))

    def detect(pixels: Image) -> tuple[list[Face], list[Face]]:
        found = locate(pixels, detector)
        sure = [face for face in found if face.score >= (wish.threshold or 0.0)]
        return sure, found if low is None else locate(pixels, low)

    return detect


def _finder(wish: Wish, threshold: float | None) -> Any:
    several: Any = None if wish.names is None else make_united(wish.names)
    return finder(wish.preset, several, threshold=threshold, turned=wish.turned)
