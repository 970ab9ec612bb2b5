"""``fastperturb demo``: a real photograph to try the other commands on."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from ..._optional import import_extra
from ...files.atomic import write_atomically
from ..errors import say


@click.command(short_help="Write a photograph to try the others on.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    default=Path("astronaut.png"),
    metavar="FILE",
    help="Where to write it.  [default: astronaut.png]",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def demo(output: Path, force: bool) -> int:
    """Write a photograph of a face: astronaut Eileen Collins, by NASA, in the public domain.

    It comes out of the installed scikit-image, which the extra 'demo' installs; nothing is downloaded.
    """
    import_extra("skimage", "demo")
    photograph = resources.files("skimage") / "data" / "astronaut.png"
    try:
        write_atomically(output, [photograph.read_bytes()], overwrite=force)
    except FileExistsError:
        raise click.ClickException(f"{output} exists; name another file with -o, or --force replaces it") from None
    say(f"{output} written")
    return 0
