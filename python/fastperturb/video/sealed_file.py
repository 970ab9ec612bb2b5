"""Sealed files: the original, or what restores it, encrypted in the age format, its length padded.

What is encrypted is the content, zeros, and 64 bytes that say what it was. The padded length is one of Padmé's (at most
12 % more), so that the sealed file's own says little of the content. Any age program opens it with the key's identity.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from .._optional import import_extra
from ..errors import Tampered, VideoFileError, WrongKey
from ..key import Key
from ..recipients import Recipients
from ..video_names import ORIGINALS
from .age_keys import age_identity, age_recipients
from .reading import EXTRA

ENDING = ".age"
"""What is added to a video's name for the sealed file beside it."""
HEADER = b"age-encryption.org/v1\n"
ORIGINAL, WINDOWS = b"original", b"windows"
_MAGIC = b"fastperturb video seal 1\n"
_TRAILER = struct.Struct("<25s8s8sQ15x")
_CHUNK = 1 << 20

Watch = Callable[[int], None]
"""Told of bytes as they are read; it may raise to stop."""


@dataclass(frozen=True, slots=True)
class Unsealed:
    """What a sealed file held.

    Attributes:
        kind: :data:`ORIGINAL` or :data:`WINDOWS`.
        suffix: of the original's name, in small letters, with its dot; empty where it had none of a video, for whoever
            can seal to a key can write names too.
        length: in bytes.
    """

    kind: bytes
    suffix: str
    length: int


def seal(source: BinaryIO, target: Any, recipients: Recipients, content: Unsealed, watch: Watch | None = None) -> None:
    """Encrypts a content for recipients.

    Args:
        source: it is read from here.
        target: the sealed file is written here.
        recipients: who can open it.
        content: what it is.
        watch: is told of bytes.

    Raises:
        VideoFileError: the content is not as long as was said.
        OSError: it cannot be read or written.
        MissingExtra: pyrage is not installed.
    """
    pyrage = import_extra("pyrage", EXTRA)
    people = [pyrage.x25519.Recipient.from_str(text) for text in age_recipients(recipients)]
    suffix = content.suffix.lower().encode("ascii", "replace")
    ordinary = suffix if len(suffix) <= 8 and b"?" not in suffix else b""
    trailer = _TRAILER.pack(_MAGIC, content.kind, ordinary, content.length)
    reader = _Reader(_Padded(source, content.length, trailer), watch)
    writer = _Writer(target)
    try:
        pyrage.encrypt_io(reader, writer, people)
    except Exception as error:
        raise reader.error or writer.error or error from None
    if writer.error is not None:  # of the last bytes pyrage says nothing
        raise writer.error


def unseal(source: Any, target: Any, key: Key, watch: Watch | None = None) -> Unsealed:
    """Decrypts a sealed file, with its padding and what it says of itself at the end.

    Args:
        source: the sealed file is read from here.
        target: the content, padding and 64 bytes are written here; the first ``length`` bytes are the content.
        key: whose identity opens it.
        watch: is told of bytes.

    Returns:
        What it held. Not before this returns is what was written known to be whole.

    Raises:
        WrongKey: it was not sealed to this key.
        Tampered: it was changed, cut, or put together anew.
        OSError: it cannot be read or written.
    """
    pyrage = import_extra("pyrage", EXTRA)
    reader, writer = _Reader(source, watch), _Writer(target)
    try:
        pyrage.decrypt_io(reader, writer, [pyrage.x25519.Identity.from_str(age_identity(key))])
    except Exception as error:
        if reader.error or writer.error:
            raise reader.error or writer.error or error from None
        if "No matching keys" in str(error):
            raise WrongKey("the sealed file was made for another key") from None
        raise Tampered("the sealed file was changed or cut since it was written") from None
    if writer.error is not None:
        raise writer.error
    return _read_trailer(writer.last, writer.count)


def _read_trailer(data: bytes, count: int) -> Unsealed:
    if len(data) < _TRAILER.size:
        raise VideoFileError("the sealed file is not one of a video")
    magic, kind, suffix, length = _TRAILER.unpack(data[-_TRAILER.size :])
    kind, suffix = kind.rstrip(b"\0"), suffix.rstrip(b"\0").decode("ascii", "replace")
    if magic != _MAGIC or kind not in (ORIGINAL, WINDOWS) or count != padded_length(length):
        raise VideoFileError("the sealed file is not one of a video")
    return Unsealed(kind, suffix if suffix in ORIGINALS else "", length)


def padded_length(length: int) -> int:
    """How many bytes are encrypted for a content of ``length`` bytes: Padmé of it and its trailer."""
    whole = length + _TRAILER.size
    exponent = whole.bit_length() - 1
    free = max(0, exponent - exponent.bit_length())
    return (whole + (1 << free) - 1) >> free << free


class _Padded:
    """A content, zeros, and the trailer, to be read one after the other."""

    def __init__(self, source: BinaryIO, length: int, trailer: bytes) -> None:
        self._source, self._left, self._trailer = source, length, trailer
        self._zeros = padded_length(length) - length - len(trailer)

    def read(self, size: int = -1) -> bytes:
        size = _CHUNK if size < 0 else size
        if self._left:
            data = self._source.read(min(size, self._left))
            if not data:
                raise VideoFileError("the file became shorter while it was read")
            self._left -= len(data)
            return data
        if self._zeros:
            count = min(size, self._zeros)
            self._zeros -= count
            return bytes(count)
        data, self._trailer = self._trailer[:size], self._trailer[size:]
        return data


class _Reader:
    """Passes reads on; keeps the error that stopped them, which pyrage turns into text."""

    def __init__(self, source: Any, watch: Watch | None) -> None:
        self._source, self._watch = source, watch
        self.error: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            data: bytes = self._source.read(size)
            if self._watch is not None:
                self._watch(len(data))
        except BaseException as error:
            self.error = error
            raise
        return data


class _Writer:
    """Passes writes on; keeps the error that stopped them, the number of bytes, and the last of them."""

    def __init__(self, target: Any) -> None:
        self._target = target
        self.error: BaseException | None = None
        self.count, self.last = 0, b""

    def write(self, data: bytes) -> int:
        try:
            self._target.write(data)
        except BaseException as error:
            self.error = error
            raise
        self.count += len(data)
        self.last = (self.last + data[-_TRAILER.size :])[-_TRAILER.size :]
        return len(data)

    def flush(self) -> None:
        try:
            self._target.flush()
        except BaseException as error:
            self.error = error
            raise


def sealed_beside(path: Path) -> Path:
    """Where the sealed file of a video lies if it is not inside: NAME.age, NAME being the whole file name."""
    return path.with_name(path.name + ENDING)


class Nowhere(io.RawIOBase):
    """Takes bytes and forgets them: to see whether a sealed file is whole."""

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Nothing is kept."""
        return len(data)
