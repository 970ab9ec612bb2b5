"""The keys of the service by id: one is current and protects new images, all restore; removing one erases its images.

From a folder, which is looked at again while the service runs, or from the environment.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .. import Key, PublicKey, Record
from ..bounded_files import read_regular_file

KEY_SUFFIX = ".key"
CURRENT_FILE = "current"
KEYS_VARIABLE = "FASTPERTURB_KEYS"
KEY_VARIABLE = "FASTPERTURB_KEY"
TO_VARIABLE = "FASTPERTURB_TO"
_MAX_FILE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class _Content:
    keys: Mapping[str, Key] = field(default_factory=dict)
    current: Key | None = None
    problems: tuple[str, ...] = ()


class KeyRing:
    """Keys by id. May be used and reloaded from any thread; prints as the ids alone.

    Make one with :meth:`from_folder`, :meth:`from_environment` or :meth:`empty`.
    """

    def __init__(self, load: Callable[[], _Content] | None) -> None:
        """Wraps what loads the keys; ``None`` for a ring that never holds any. See the class methods."""
        self._load = load
        self._content = _Content() if load is None else load()

    @classmethod
    def empty(cls) -> KeyRing:
        """No keys: each image gets a one-time key, and can never be restored."""
        return cls(None)

    @classmethod
    def from_folder(cls, folder: str | os.PathLike[str]) -> KeyRing:
        """The key files ``*.key`` of a folder.

        The current key is the one whose id stands in the file ``current``; without that file it is the only key, if
        there is only one. A file that holds no key is left out and reported by :attr:`problems`.

        Raises:
            OSError: the folder cannot be read.
        """
        path = Path(folder)
        next(path.iterdir(), None)  # a folder that is missing at the start is a mistake; later it is an erasure
        return cls(lambda: _load_folder(path))

    @classmethod
    def from_environment(cls) -> KeyRing:
        """The keys whose texts stand in ``FASTPERTURB_KEYS``, the current one first, white space or commas between.

        Without that variable, the one key in ``FASTPERTURB_KEY``; without both, an empty ring.

        Raises:
            ValueError: one is no key's text. The message names its place and never holds it.
        """
        name = KEYS_VARIABLE if KEYS_VARIABLE in os.environ else KEY_VARIABLE
        texts = os.environ.get(name, "").replace(",", " ").split()
        keys = []
        for index, text in enumerate(texts, 1):
            try:
                keys.append(Key.from_text(text))
            except ValueError as error:
                raise ValueError(f"{name}, key {index}: {error}") from None
        return cls.of(*keys)

    @classmethod
    def of(cls, *keys: Key) -> KeyRing:
        """A ring of these keys, the current one first; empty without any."""
        if not keys:
            return cls.empty()
        content = _Content({key.id: key for key in keys}, keys[0])
        return cls(lambda: content)

    @property
    def configured(self) -> bool:
        """Whether the operator gave keys. If so, an image is never given a one-time key unless that is asked for."""
        return self._load is not None

    @property
    def current(self) -> Key | None:
        """The key for new images; ``None`` if there is none, or if nothing says which it is."""
        return self._content.current

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the ring, one line each, without any key's content."""
        return self._content.problems

    def get(self, key_id: str) -> Key | None:
        """The key with this id, if it is in the ring."""
        return self._content.keys.get(key_id)

    def find(self, record: Record) -> Key | None:
        """The key that restores this record's image, if it is in the ring."""
        if record.key_id is not None:
            return self.get(record.key_id)
        return next((key for key in self._content.keys.values() if record.opens_with(key)), None)

    def reload(self) -> bool:
        """Looks at the keys again; those that are gone are forgotten at once.

        Returns:
            Whether anything changed.
        """
        if self._load is None:
            return False
        before, self._content = self._content, self._load()
        return before != self._content

    def __len__(self) -> int:
        return len(self._content.keys)

    def __repr__(self) -> str:
        content = self._content
        return f"KeyRing({sorted(content.keys)}, current={content.current and content.current.id!r})"


def recipients_from_environment() -> tuple[PublicKey, ...]:
    """The public keys in ``FASTPERTURB_TO``: their texts, or paths of their files, white space or commas between.

    Raises:
        ValueError: one is none. The message names its place and never holds its text.
    """
    return read_recipients(os.environ.get(TO_VARIABLE, "").replace(",", " ").split(), TO_VARIABLE)


def read_recipients(texts: Iterable[str | os.PathLike[str]], name: str) -> tuple[PublicKey, ...]:
    """Public keys out of their texts, or the paths of their files.

    Args:
        texts: of each.
        name: where they come from, for errors.

    Raises:
        ValueError: one is none. The message names its place and never holds its text.
    """
    found = []
    for index, text in enumerate(texts, 1):
        plain = os.fspath(text)
        try:
            if plain.startswith(("fpkey1_", "fpface2_")):
                raise ValueError("a secret key, which a service that only protects must not have")
            found.append(PublicKey.from_text(plain) if plain.startswith("fppub2_") else PublicKey.from_file(plain))
        except OSError as error:
            raise ValueError(f"{name}, recipient {index}: {error.strerror}") from None
        except ValueError as error:
            raise ValueError(f"{name}, recipient {index}: {error}") from None
    return tuple(found)


def _load_folder(folder: Path) -> _Content:
    keys: dict[str, Key] = {}
    problems: list[str] = []
    try:
        names = sorted(path.name for path in folder.iterdir() if path.suffix == KEY_SUFFIX and path.name[0] != ".")
    except OSError as error:
        return _Content(problems=(f"the key folder cannot be read: {error.strerror}",))
    for name in names:
        path = folder / name
        try:
            mode = path.stat().st_mode
            key = Key.from_text(read_regular_file(path, _MAX_FILE_BYTES).decode("ascii"))
        except OSError as error:
            problems.append(f"{name}: {error.strerror}")
        except ValueError:
            problems.append(f"{name}: not a key file")
        else:
            keys[key.id] = key
            if os.name == "posix" and mode & (stat.S_IRWXO | stat.S_IWGRP):
                problems.append(f"{name}: others can read or change this key (chmod 600 would stop that)")
    current = _current(folder, keys, problems)
    return _Content(keys, current, tuple(problems))


def _current(folder: Path, keys: Mapping[str, Key], problems: list[str]) -> Key | None:
    try:
        named = read_regular_file(folder / CURRENT_FILE, _MAX_FILE_BYTES).decode("utf-8", "replace").strip()
    except FileNotFoundError:
        if len(keys) == 1:
            return next(iter(keys.values()))
        problems.append(f"{len(keys)} keys and no file '{CURRENT_FILE}' with the id of one of them")
        return None
    except OSError as error:
        problems.append(f"{CURRENT_FILE}: {error.strerror}")
        return None
    if named not in keys:
        problems.append(f"{CURRENT_FILE}: it must hold the id of a key of this folder, and does not")
        return None
    return keys[named]
