"""Options for keys: the secret that protects and restores, public keys of recipients, the key of one face."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from ...face_key import FaceKey
from ...key import Key
from ...public_key import PublicKey
from ...recipients import Recipient, check_recipients
from ..errors import say
from ..real_paths import real_path
from .sections import option, shared

T = TypeVar("T")
KEY_VARIABLE = "FASTPERTURB_KEY"
SECTION = "Key"
_PATH = click.Path(path_type=Path)
KEY_FILE = option(
    "--key-file",
    type=_PATH,
    metavar="FILE",
    section=SECTION,
    help=f"File that 'keygen' wrote; otherwise the key's text is taken from the environment, {KEY_VARIABLE}.",
)
TO = option(
    "--to",
    "to",
    type=_PATH,
    multiple=True,
    metavar="FILE",
    section=SECTION,
    help="Public key of somebody who can restore (keygen --public); may be given several times. Then the key of the "
    "environment is not used: without --key-file, whoever protects cannot restore.",
)
FACE_KEY_FILE = option(
    "--face-key",
    "face_key_file",
    type=_PATH,
    metavar="FILE",
    section=SECTION,
    help="Instead: the key of one face, as 'facekey' wrote it. It brings that face back and nothing else.",
)


def read_key(key_file: Path | None) -> Key | None:
    """The key that was given, if any: the file's, else the environment's.

    Raises:
        ValueError: there is one and it cannot be read. It never holds the key.
    """
    if key_file is None:
        try:
            return Key.from_environment(KEY_VARIABLE) if KEY_VARIABLE in os.environ else None
        except ValueError as error:
            raise ValueError(f"{KEY_VARIABLE}: {error}") from None
    return _read_secret(key_file, Key.from_file)


def _read_secret(path: Path, read: Callable[[Path], T]) -> T:
    """A secret out of a file; says so if others can read it."""
    try:
        secret = read(path)
        mode = path.stat().st_mode
    except OSError as error:
        raise ValueError(f"the key file cannot be read: {path}: {error.strerror}") from None
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        say(f"{path}: others can read this key (chmod 600 would stop that)")
    return secret


def read_public_keys(paths: tuple[Path, ...]) -> list[PublicKey]:
    """The public keys of files.

    Raises:
        ValueError: one cannot be read, or is none.
    """
    try:
        return [PublicKey.from_file(path) for path in paths]
    except OSError as error:
        raise ValueError(f"the public key cannot be read: {error.filename}: {error.strerror}") from None


def _needed_key(key_file: Path | None) -> Key:
    key = read_key(key_file)
    if key is None:
        raise ValueError(f"a key is needed: --key-file, or {KEY_VARIABLE} in the environment")
    return key


def _opening_key(key_file: Path | None, face_key_file: Path | None) -> Key | FaceKey:
    if face_key_file is None:
        return _needed_key(key_file)
    if key_file is not None:
        raise ValueError("--face-key is instead of --key-file")
    return _read_secret(face_key_file, FaceKey.from_file)


def _recipients(key_file: Path | None, to: tuple[Path, ...], one_time_key: bool) -> tuple[Recipient, ...] | None:
    """None for results that are for good, nobody where nothing was said."""
    if one_time_key:
        if key_file is not None or to:
            raise ValueError(f"--one-time-key is instead of {'--to' if to else '--key-file'}")
        return None
    key = read_key(key_file) if key_file is not None or not to else None
    named: list[Recipient] = [*([] if key is None else [key]), *read_public_keys(to)]
    return check_recipients(named) if named else ()


def missing_key(named: Sequence[Path] = ()) -> str:
    """What to say where no key is at hand and nobody asked for results that are for good; ``named`` are the inputs."""
    taken = "".join(f"; {path} was taken for a picture: --key-file {path}" for path in named if path.suffix == ".key")
    return (
        f"a key is needed: --key-file FILE, or {KEY_VARIABLE} in the environment, or --to PUBLIC_KEY; "
        f"with --one-time-key (or --irreversible) the originals can never be restored{taken}"
    )


def key_among_results(folder: Path | None) -> str | None:
    """What to say where the key file of the command lies in the folder that its results go to."""
    place: Path | None = click.get_current_context().params.get("key_file")
    if place is None or folder is None or real_path(folder) not in real_path(place).parents:
        return None
    return f"{place} lies among the results: who gets that folder gets the key, and with it the faces"


key_needed = shared("key", _needed_key, KEY_FILE)
key_if_any = shared("key", read_key, KEY_FILE)
opening_key = shared("key", _opening_key, KEY_FILE, FACE_KEY_FILE)
recipients_or_one_time = shared(
    "recipients",
    _recipients,
    KEY_FILE,
    TO,
    option(
        "--one-time-key",
        "--irreversible",
        "one_time_key",
        is_flag=True,
        section=SECTION,
        help="Seal nothing, and use a key that nobody will have: the results can never be restored.",
    ),
)
