"""Bearer tokens (RFC 6750): random, kept as hashes only, each with a name and what it allows.

A token is ``fptok1_`` and 43 characters of URL-safe base64: 32 random bytes, so that one SHA-256 is hash enough.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from ..bounded_files import read_regular_file

SCOPES = ("perturb", "restore", "rekey", "forget", "metrics")
TOKENS_VARIABLE = "FASTPERTURB_TOKENS"
_PREFIX = "fptok1_"
_MAX_FILE_BYTES = 16 * 2**20
_LINE = re.compile(r"sha256:(?P<hash>[0-9a-f]{64})\s+(?P<scopes>[a-z,]+)\s+(?P<name>[A-Za-z0-9._-]{1,64})")
_NEED = "'sha256:HASH SCOPES NAME', as 'fastperturb token' prints it"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who a token belongs to.

    Attributes:
        name: for the log.
        scopes: what they may ask for, of :data:`SCOPES`.
        digest: SHA-256 of the token.
    """

    name: str
    scopes: frozenset[str]
    digest: bytes


class Tokens:
    """The tokens that the service takes. May be used and reloaded from any thread.

    Make one with :meth:`from_file`, :meth:`from_environment` or :meth:`from_text`.
    """

    def __init__(self, load: Callable[[], tuple[Holder, ...]]) -> None:
        """Wraps what loads the holders; see the class methods."""
        self._load = load
        self._holders = load()

    @classmethod
    def from_text(cls, text: str) -> Tokens:
        """Tokens out of lines ``sha256:HASH SCOPES NAME``; empty lines and those that start with # do not count.

        Raises:
            ValueError: a line is of another form, an unknown scope, or no line. Messages give a line's number
                alone, for what stands there by mistake may be a token.
        """
        holders = _parse(text)
        return cls(lambda: holders)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Tokens:
        """Tokens out of a file of such lines, which is looked at again while the service runs.

        Raises:
            OSError: it cannot be read.
            ValueError: as :meth:`from_text`; messages name the file.
        """
        return cls(partial(_read, path))

    @classmethod
    def from_environment(cls) -> Tokens | None:
        """Tokens out of such lines in ``FASTPERTURB_TOKENS``; ``None`` if it is not set.

        Raises:
            ValueError: as :meth:`from_text`.
        """
        if TOKENS_VARIABLE not in os.environ:
            return None
        try:
            return cls.from_text(os.environ[TOKENS_VARIABLE])
        except ValueError as error:
            raise ValueError(f"{TOKENS_VARIABLE}: {error}") from None

    def holder(self, token: str) -> Holder | None:
        """Whose token it is; ``None`` if it is nobody's. Takes the same time whichever line it is on."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        found = None
        for item in self._holders:
            if hmac.compare_digest(item.digest, digest):
                found = item
        return found

    def any_with(self, scope: str) -> bool:
        """Whether some token has a scope."""
        return any(scope in item.scopes for item in self._holders)

    def reload(self) -> bool:
        """Looks at the tokens again.

        Returns:
            Whether anything changed.

        Raises:
            OSError, ValueError: they cannot be read; then no token is valid any more until they can.
        """
        before = self._holders
        try:
            self._holders = self._load()
        except (OSError, ValueError):
            self._holders = ()
            raise
        return before != self._holders

    def __len__(self) -> int:
        return len(self._holders)

    def __repr__(self) -> str:
        return f"Tokens({[item.name for item in self._holders]})"


def new_token(name: str, scopes: Iterable[str]) -> tuple[str, str]:
    """A new random token.

    Returns:
        The token, which is shown to nobody but its holder, and the line for the token file.

    Raises:
        ValueError: the name has other characters than letters, digits, dots, dashes and underscores, or an unknown
            scope.
    """
    token = _PREFIX + secrets.token_urlsafe(32)
    line = f"sha256:{hashlib.sha256(token.encode('ascii')).hexdigest()} {','.join(scopes)} {name}"
    _parse(line)
    return token, line


def _read(path: str | os.PathLike[str]) -> tuple[Holder, ...]:
    try:
        return _parse(read_regular_file(path, _MAX_FILE_BYTES).decode("utf-8", "replace"))
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)}: {error}") from None


def _parse(text: str) -> tuple[Holder, ...]:
    holders = []
    for number, line in enumerate(text.splitlines(), 1):
        body = line.strip()
        if not body or body.startswith("#"):
            continue
        match = _LINE.fullmatch(body)
        if match is None:
            raise ValueError(f"line {number} must be {_NEED}")
        scopes = frozenset(match["scopes"].split(","))
        if not scopes <= set(SCOPES):
            raise ValueError(f"line {number}: scopes must be of {', '.join(SCOPES)}, got {match['scopes']!r}")
        holders.append(Holder(match["name"], scopes, bytes.fromhex(match["hash"])))
    if not holders:
        raise ValueError(f"there must be at least one line {_NEED}")
    return tuple(holders)
