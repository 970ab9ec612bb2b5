"""Keys of jobs: objects, or the places where each process finds them, so that no secret is an argument or a pickle.

A place holds the text of a secret key or of a public one; what it is, its text says.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias

from .. import Key, PublicKey
from ..bounded_files import read_file_or_pipe
from ..recipients import Recipient, check_recipients

_MAX_FILE_BYTES = 4096
_PUBLIC = "fppub2_"
_FACE = "fpface2_"
_TEXTS = ("fpkey1_", _PUBLIC, _FACE)


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where each process finds a key, so that the key itself is never an argument, a pickle or a line of a log.

    Attributes:
        file: path of a file of a secret or of a public key on the machine that protects; ``None`` for the environment.
        variable: environment variable that holds the key's text, read if there is no ``file``.
        key_id: the public id that the key must have, so that a machine with another key stops instead of going on.
    """

    file: str | None = None
    variable: str = "FASTPERTURB_KEY"
    key_id: str | None = None

    def load(self) -> Recipient:
        """The key.

        Raises:
            OSError, KeyError, ValueError: it is not there, is not a key, or has another id; the key is never shown.
        """
        place = self.variable if self.file is None else self.file
        key = _key_of(self._text(), place, self.file is not None)
        if self.key_id is not None and key.id != self.key_id:
            raise ValueError(f"{place} must hold the key {self.key_id}, got the key {key.id}")
        return key

    def _text(self) -> str:
        if self.file is None:
            if self.variable not in os.environ:
                raise KeyError(f"environment variable {self.variable} is not set")
            return os.environ[self.variable]
        try:
            return read_file_or_pipe(self.file, _MAX_FILE_BYTES).decode("ascii")
        except UnicodeDecodeError:
            raise ValueError(f"{self.file}: not a key file: it is not text") from None


KeyLike: TypeAlias = "Key | PublicKey | KeyPlace | str | os.PathLike[str] | None"
KeysLike: TypeAlias = "KeyLike | Sequence[KeyLike]"
Holder: TypeAlias = "Key | PublicKey | KeyPlace"


def load_keys(keys: Any) -> tuple[tuple[Recipient, ...], tuple[Holder, ...]]:
    """The recipients that an argument names.

    Args:
        keys: one of these, or a sequence of up to 16: a Key, a PublicKey, a :class:`KeyPlace`, the path of a file of
            either kind of key, or ``None`` for the environment variable FASTPERTURB_KEY.

    Returns:
        The recipients, and what to keep in a pickle: places with the id of their key, public keys as they are, for
        they are no secret, and ``Key`` objects where they were given.

    Raises:
        OSError, KeyError, ValueError: a key cannot be read, or there are none, more than 16, or one twice.
        TypeError: something else, as a FaceKey, which protects nothing.
    """
    several = isinstance(keys, Sequence) and not isinstance(keys, (str, bytes))
    recipients: list[Any] = []
    holders: list[Holder] = []
    for item in keys if several else (keys,):
        if isinstance(item, (Key, PublicKey)) or _is_foreign(item):
            recipients.append(item)
            holders.append(item)
            continue
        if isinstance(item, str) and item.startswith(_TEXTS):
            raise ValueError("key must be the path of a key's file, got a key's text (not shown here): Key.from_text")
        place = item if isinstance(item, KeyPlace) else KeyPlace(None if item is None else os.fspath(item))
        key = place.load()
        recipients.append(key)
        holders.append(key if isinstance(key, PublicKey) else replace(place, key_id=key.id))
    return check_recipients(recipients), tuple(holders)


def plain_keys(holders: Sequence[Holder]) -> list[dict[str, Any]]:
    """What :func:`load_keys` keeps as plain values: a Key object becomes a place in the environment with its id."""
    plain = []
    for item in holders:
        if isinstance(item, PublicKey):
            plain.append({"public": item.to_text()})
        else:
            plain.append(asdict(item if isinstance(item, KeyPlace) else KeyPlace(key_id=item.id)))
    return plain


def read_plain_keys(keys: Any) -> Any:
    """Reads what :func:`plain_keys` gave, also one item of it; anything else stays as it is."""
    if isinstance(keys, Mapping):
        return PublicKey.from_text(keys["public"]) if "public" in keys else KeyPlace(**keys)
    if isinstance(keys, (list, tuple)):
        return [read_plain_keys(item) for item in keys]
    return keys


def _is_foreign(item: Any) -> bool:
    """Whether it is neither a path nor a place, and to be named in an error as what it is."""
    return item is not None and not isinstance(item, (str, os.PathLike, KeyPlace))


def _key_of(text: str, place: str, is_file: bool) -> Recipient:
    kind = text.strip()[: len(_FACE)]
    if kind.startswith(_FACE):
        raise ValueError(f"{place} must hold a key, got a face key, which restores one face and protects nothing")
    try:
        return PublicKey.from_text(text) if kind.startswith(_PUBLIC) else Key.from_text(text)
    except ValueError as error:
        if not is_file:
            raise
        raise ValueError(f"{place}: not a key file: {error}") from None
