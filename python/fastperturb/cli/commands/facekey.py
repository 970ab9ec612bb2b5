"""``fastperturb facekey``: the key of one face of one picture, for the person it shows."""

from __future__ import annotations

from pathlib import Path

import click

from ...files import read_record
from ...key import Key
from ..errors import say
from ..options.keys import key_needed


@click.command(short_help="Make the key of one face of one picture.")
@click.argument("picture", type=click.Path(path_type=Path))
@click.option("--face", type=click.IntRange(0), required=True, metavar="N", help="Its number, as 'inspect' gives it.")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The new file. Needed."
)
@key_needed
def facekey(picture: Path, face: int, output: Path, key: Key) -> int:
    """Make the key of one face of one picture, to be handed to the person it shows.

    'restore --face-key FILE' brings that face back and nothing else. The key cannot be taken back from whoever has it
    and a copy of the picture. An existing file is never overwritten.
    """
    try:
        one = key.face_key(read_record(picture), face)
    except ValueError as error:
        if type(error) is not ValueError:
            raise
        raise click.UsageError(f"--face: {error}") from None
    try:
        one.to_file(output)
    except FileExistsError:
        raise click.ClickException(f"{output} exists; a key file is never overwritten") from None
    say(f"key of face {face} of {picture} written to {output}; it cannot be taken back once it is handed out")
    return 0
