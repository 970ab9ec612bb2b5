"""``fastperturb keygen``: a new key, in a file that only its owner can read."""

from __future__ import annotations

from pathlib import Path

import click

from ...key import Key
from ..errors import say
from ..options.common import KEY_VARIABLE


@click.command(short_help="Make a new random key.")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The new key file. Needed."
)
def keygen(output: Path) -> int:
    """Make a new random key.

    Whoever has the file can restore all that it protected, and without it nobody can: keep a copy in a safe place.
    An existing file is never overwritten.
    """
    key = Key.generate()
    try:
        key.to_file(output)
    except FileExistsError:
        raise click.ClickException(f"{output} exists; a key file is never overwritten") from None
    say(
        f"key {key.id} written to {output}; give it with --key-file {output}, "
        f"or its text in the environment as {KEY_VARIABLE}"
    )
    return 0
