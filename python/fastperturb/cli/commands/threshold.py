"""``fastperturb threshold``: how far the faces of a folder may move until a nearest neighbour loses them."""

from __future__ import annotations

import functools
import io
import json
import sys
from pathlib import Path
from typing import Any

import click

from ..._optional import import_extra, import_opencv
from ...checks import Image
from ...files import read_image
from ...files.atomic import mode_of, write_atomically
from ...strength.threshold import Threshold, fit_threshold
from ..batch.paths import Inputs
from ..options.sections import SectionCommand, SectionOption

_SUMMARY = ("theta", "recognition", "error", "false_acceptance", "kept", "dtype", "labelled")
_option = functools.partial(click.option, cls=SectionOption)


@click.command(cls=SectionCommand, short_help="Fit the threshold of a folder of faces; draw it.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="The new threshold file, for 'perturb --threshold'. Needed. Its picture is FILE with .png for its extension.",
)
@_option("--no-plot", is_flag=True, help="Draw no picture.")
@_option("--force", is_flag=True, help="Replace the files if they are there.")
@_option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
@_option(
    "--components", type=click.IntRange(1), metavar="K", help="Eigenfaces; the default keeps 95 % of the variance."
)
@_option("--size", metavar="WxH", help="Scale all pictures to this size; else they must all have one.")
@_option("--grey", is_flag=True, help="Take all pictures as grey ones.")
def threshold(folder: Path, output: Path, components: int | None, as_json: bool, **rest: Any) -> int:
    """Find eigenfaces of aligned faces, and the distance that a nearest neighbour among them still bridges.

    A folder for each person tells people apart; in a flat folder every picture counts as its own person.
    """
    picture = None if rest["no_plot"] else output.with_suffix(".png")
    if picture is not None:
        import_extra("matplotlib", "plot")  # before the work, not after it
    if picture == output:
        raise click.UsageError(f"the threshold file cannot be the picture too, got {output}")
    for path in (output, picture):
        if path is not None and path.exists() and not rest["force"]:
            raise click.ClickException(f"{path} exists; --force replaces it")
    mode = mode_of(*(source.path for source in Inputs((folder,)) if source.problem is None))
    images, people = _read(folder, _size(rest["size"]), rest["grey"])
    try:
        fitted = fit_threshold(images, people, components)
    except ValueError as error:
        raise click.ClickException(f"{folder}: {error}") from None
    write_atomically(output, [fitted.to_bytes()], overwrite=rest["force"], mode=mode)
    if picture is not None:
        drawing = io.BytesIO()
        fitted.plot().savefig(drawing, format="png")
        write_atomically(picture, [drawing.getvalue()], overwrite=rest["force"])
    sys.stdout.write(_as_json(fitted) if as_json else f"{fitted}\n")
    return 0


def _as_json(fitted: Threshold) -> str:
    facts = {name: getattr(fitted, name) for name in _SUMMARY}
    return json.dumps({**facts, "components": len(fitted.components), "shape": list(fitted.mean.shape)}) + "\n"


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        width = height = 0
    if min(width, height) < 1:
        raise click.UsageError(f"--size must be like 92x112, got {text!r}")
    return width, height


def _read(folder: Path, size: tuple[int, int] | None, grey: bool) -> tuple[list[Image], list[str] | None]:
    """The pictures of a folder and who each shows: the folder that it lies in; None if all lie in the folder itself."""
    images: list[Image] = []
    people: list[str] = []
    for source in Inputs((folder,)):
        if source.problem is not None:
            raise click.ClickException(f"{source.path}: {source.problem}")
        image = _prepared(read_image(source.path).pixels, size, grey)
        if images and (image.shape != images[0].shape or image.dtype != images[0].dtype):
            raise click.ClickException(
                f"{source.path}: {image.dtype} of shape {image.shape}, the others {images[0].dtype} of "
                f"{images[0].shape}; --size and --grey make pictures alike"
            )
        images.append(image)
        people.append(str(source.relative.parent))
    if not images:
        raise click.ClickException(f"no images found in {folder}")
    if set(people) == {"."}:
        return images, None
    if "." in people:
        raise click.ClickException(f"{folder} holds pictures and folders of pictures: it must be one or the other")
    return images, people


def _prepared(image: Image, size: tuple[int, int] | None, grey: bool) -> Image:
    cv2 = import_opencv()
    if grey and image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY if image.shape[2] == 3 else cv2.COLOR_RGBA2GRAY)
    if size is not None and image.shape[1::-1] != size:
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return image
