"""``fastperturb train``: what a protection that learns takes from a folder of photographs."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from ...checks import Image
from ...files import read_image
from ...files.atomic import mode_of, write_atomically
from ...protections import FittedProtection, parse_protection
from ...region import Face
from ..batch.paths import Inputs
from ..errors import say
from ..options.faces import Finder, finder_options
from ..options.sections import SectionCommand, option, shared


def _protection(method: str) -> tuple[str, FittedProtection]:
    protection: Any = parse_protection(method)
    if not isinstance(protection, FittedProtection):
        raise ValueError(f"--method must be one that learns: cae, ksame or weighted, got {method!r}")
    if protection.fitted:
        raise ValueError(f"--method must name no file that was learnt already, got {method!r}")
    return method, protection


_method_option = shared(
    "learner",
    _protection,
    option(
        "--method",
        metavar="NAME[:SETTINGS]",
        default="cae",
        help="What learns: cae (code=32, epochs=100; needs the extra 'train'), ksame or weighted.  [default: cae]",
    ),
)


@click.command(cls=SectionCommand, short_help="Let a protection learn from a folder, for 'perturb --method'.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_method_option
@shared(
    "place",
    lambda output, force, as_json: (output, force, as_json),
    option(
        "--output",
        "-o",
        type=click.Path(dir_okay=False, path_type=Path),
        required=True,
        metavar="FILE",
        help="The new file: .onnx of cae, .npz of the others. Needed.",
    ),
    option("--force", is_flag=True, help="Replace the file if it is there."),
    option("--json", "as_json", is_flag=True, help="Print the result as one JSON object."),
)
@finder_options
def train(folder: Path, learner: tuple[str, FittedProtection], place: tuple[Path, bool, bool], finder: Finder) -> int:
    """Let a protection learn from the faces of a folder.

    What comes out holds these faces in the clear (ksame), or something of them (cae, weighted): keep it as you would
    keep the photographs. Use it as 'perturb --method cae:FILE', 'ksame:faces=FILE' or 'weighted:weights=FILE'.
    """
    text, protection = learner
    output, force, as_json = place
    if output.exists() and not force:
        raise click.ClickException(f"{output} exists; --force replaces it")
    mode = mode_of(*(source.path for source in Inputs((folder,)) if source.problem is None))
    counts = {"pictures": 0, "faces": 0, "without": 0}
    one, other = itertools.tee(_read(folder, finder, counts))
    try:
        protection.fit((image for image, _ in one), (faces for _, faces in other))
    except ValueError as error:
        raise click.ClickException(f"{folder}: {error}") from None
    write_atomically(output, [protection.to_bytes()], overwrite=force, mode=mode)
    if as_json:
        sys.stdout.write(json.dumps({"method": protection.name, "output": str(output), **counts}) + "\n")
    else:
        without = f", {counts['without']} without a face" if counts["without"] else ""
        say(f"{text} learnt from {counts['faces']} faces of {counts['pictures']} pictures{without}: {output}")
    return 0


def _read(folder: Path, finder: Finder, counts: dict[str, int]) -> Iterator[tuple[Image, Sequence[Face]]]:
    """The pictures of a folder with their faces, one after the other."""
    for source in Inputs((folder,)):
        if source.problem is not None:
            raise click.ClickException(f"{source.path}: {source.problem}")
        picture = read_image(source.path)
        faces = [item if isinstance(item, Face) else Face(item) for item in finder.find(picture, source)]
        counts["pictures"] += 1
        counts["faces"] += len(faces)
        counts["without"] += not faces
        yield picture.pixels, faces
