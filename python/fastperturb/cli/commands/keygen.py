"""``fastperturb keygen``: a new key, in a file that only its owner can read."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ...key import Key
from ..errors import say
from ..options.keys import KEY_VARIABLE, read_key


@click.command(short_help="Make a new random key.")
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="FILE", help="The new key file.")
@click.option(
    "--public",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the public half here: with --to FILE others protect what only the key restores.",
)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Make no new key: write the public half of this key file.",
)
def keygen(output: Path | None, public: Path | None, source: Path | None) -> int:
    """Make a new random key, and with --public its public half.

    Whoever has the key file can restore all that it protected, and without it nobody can: keep a copy in a safe place.
    The public half is no secret. Existing files are never overwritten.
    """
    if (output is None) == (source is None):
        raise click.UsageError("one of -o FILE, for a new key, and --from FILE, for a key that is there, is needed")
    if source is not None:
        if public is None:
            raise click.UsageError("--from FILE needs --public FILE, where to write the public half")
        return _write_public(read_key(source), public)
    assert output is not None  # noqa: S101
    for path in (output, public):
        if path is not None and os.path.lexists(path):
            raise click.ClickException(f"{path} exists; a key file is never overwritten")
    key = Key.generate()
    if public is not None:
        key.public()  # or its error, before anything is written
    try:
        key.to_file(output)
    except FileExistsError:
        raise click.ClickException(f"{output} exists; a key file is never overwritten") from None
    say(
        f"key {key.id} written to {output}; give it with --key-file {output}, "
        f"or its text in the environment as {KEY_VARIABLE}"
    )
    return 0 if public is None else _write_public(key, public)


def _write_public(key: Key | None, path: Path) -> int:
    assert key is not None  # noqa: S101
    half = key.public()
    try:
        half.to_file(path)
    except FileExistsError:
        raise click.ClickException(f"{path} exists; a key file is never overwritten") from None
    say(f"public key {half.id} written to {path}; whoever has it protects with --to {path}, and cannot restore")
    return 0
