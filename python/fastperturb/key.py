"""Secret keys: made at random, read from text or files, never shown.

A key is 32 random bytes. As text it is ``fpkey1_`` and 43 characters of URL-safe base64 (RFC 4648, section 5).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

from . import hpke
from .key_files import check_prefix, read_key_file, write_key_file
from .public_key import PublicKey

if TYPE_CHECKING:
    from .face_key import FaceKey
    from .record import Record

KEY_BYTES = 32
KEY_ID_BYTES = 8
_PREFIX = "fpkey1_"
LENGTHS = [size.to_bytes(8, "little") for size in range(256)]
"""What stands before parts of so many bytes in a message."""


def message(*parts: bytes) -> bytes:
    """Parts as one, so that no two lists of parts are the same bytes: the length of each as u64, and then the part."""
    pieces: list[bytes] = []
    for part in parts:
        size = len(part)
        pieces += (LENGTHS[size] if size < 256 else size.to_bytes(8, "little"), part)
    return b"".join(pieces)


class Key:
    """The master key of permutations and tags; make one with :meth:`generate`.

    Keep it safe: whoever has it can restore every image that it protected, and without it nobody can. Keys compare in
    constant time, hash by their public ``id``, and print as that id alone.
    """

    __slots__ = ("_pair", "_secret", "id")

    _pair: tuple[hpke.PrivateKey, bytes] | None
    _secret: bytes
    id: str

    def __init__(self, secret: bytes) -> None:
        """Wraps 32 secret bytes that the caller drew from a cryptographic source; see :meth:`generate` first.

        Raises:
            TypeError: not bytes; in particular no int, no str, no password.
            ValueError: not 32 bytes, or all 32 the same.
        """
        if not isinstance(secret, (bytes, bytearray, memoryview)):
            raise TypeError(f"secret must be {KEY_BYTES} random bytes, got {type(secret).__name__}; see Key.generate()")
        secret = bytes(secret)
        if len(secret) != KEY_BYTES:
            raise ValueError(f"secret must be {KEY_BYTES} bytes, got {len(secret)}")
        if len(set(secret)) == 1:
            raise ValueError("secret must be random, got 32 equal bytes; see Key.generate()")
        object.__setattr__(self, "_secret", secret)
        object.__setattr__(self, "_pair", None)
        digest = hashlib.blake2b(key=secret, person=b"fastperturb id", digest_size=KEY_ID_BYTES)
        object.__setattr__(self, "id", digest.hexdigest())

    @classmethod
    def generate(cls) -> Key:
        """A new key from the system's random source."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def from_text(cls, text: str) -> Key:
        """The key that :meth:`to_text` wrote. White space around it is ignored.

        Raises:
            ValueError: not a key's text. The message never repeats the text.
        """
        body = text.strip()
        check_prefix(body, _PREFIX, "a key's text")
        try:
            secret = base64.b64decode(body[len(_PREFIX) :] + "=", altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            secret = b""
        if len(secret) != KEY_BYTES or base64.urlsafe_b64encode(secret).decode().rstrip("=") != body[len(_PREFIX) :]:
            raise ValueError(f"a key's text must be {_PREFIX!r} and 43 base64 characters; what came is damaged")
        return cls(secret)

    def to_text(self) -> str:
        """The key as text. It is the secret itself: keep it out of logs, command lines and version control."""
        return _PREFIX + base64.urlsafe_b64encode(self._secret).decode().rstrip("=")

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Key:
        """Reads a key file: one line of text. It may be a pipe, as a shell's ``<(...)`` gives.

        Raises:
            OSError: the file cannot be read.
            ValueError: it holds no key.
        """
        return read_key_file(path, "a key file", cls.from_text)

    def to_file(self, path: str | os.PathLike[str]) -> None:
        """Writes a new key file that only its owner can read (mode 0600 where the system has modes).

        Raises:
            FileExistsError: never overwrites, for that would lose every image under the old key.
        """
        write_key_file(path, self.to_text())

    @classmethod
    def from_environment(cls, name: str = "FASTPERTURB_KEY") -> Key:
        """Reads the key's text from an environment variable.

        Raises:
            KeyError: the variable is not set.
            ValueError: it holds no key.
        """
        if name not in os.environ:
            raise KeyError(f"environment variable {name} is not set")
        return cls.from_text(os.environ[name])

    def derive(
        self, purpose: bytes, *parts: bytes, size: int = KEY_BYTES, more: Iterable[bytes | memoryview] = ()
    ) -> bytes:
        """A subkey or nonce of ``size`` bytes: keyed BLAKE2b (RFC 7693) of the parts, and then of ``more``.

        ``purpose``, at most 16 bytes, is its personalisation: values for different purposes are unrelated.
        """
        digest = hashlib.blake2b(key=self._secret, person=purpose, digest_size=size)
        for part in parts:
            digest.update(part)
        for block in more:
            digest.update(block)
        return digest.digest()

    def mac(self, message: bytes) -> bytes:
        """HMAC-SHA256 (RFC 2104) of a message under the key: what record version 2 derives its values from."""
        return hmac.digest(self._secret, message, "sha256")

    def public(self) -> PublicKey:
        """The key's public half: who has it protects, and only the holder of this key restores.

        Raises:
            MissingExtra: cryptography is older than 48; the extra ``public`` brings it.
        """
        return PublicKey(self._key_pair()[1])

    def private(self) -> hpke.PrivateKey:
        """The private half that goes with :meth:`public`; raises as it does."""
        return self._key_pair()[0]

    def x25519_seed(self) -> bytes:
        """The secret X25519 half of the pair of :meth:`public`, which videos are sealed to; keep it like the key."""
        return self._seed(b"fp2 x25519")

    def _seeds(self) -> tuple[bytes, bytes]:
        """What the pair is made of, as docs/format-2.md says."""
        halves = (self._seed(b"fp2 mlkem", b"\x00"), self._seed(b"fp2 mlkem", b"\x01"))
        return b"".join(halves), self.x25519_seed()

    def _seed(self, *parts: bytes) -> bytes:
        return self.mac(message(*parts))

    def _key_pair(self) -> tuple[hpke.PrivateKey, bytes]:
        if self._pair is None:
            object.__setattr__(self, "_pair", hpke.key_pair(*self._seeds()))
        assert self._pair is not None  # noqa: S101
        return self._pair

    def face_key(self, record: Record, index: int) -> FaceKey:
        """The key that brings one face of one picture back, and nothing else; it cannot be taken back.

        Args:
            record: what protected the picture.
            index: the number of the region, as ``record.regions`` has them.

        Raises:
            WrongKey: the record was made with another key.
            Tampered: it was changed since.
            RecordError: it is of version 1, which has no such keys.
            TypeError, ValueError: not a record and the number of one of its regions.
        """
        if not hasattr(record, "face_key"):
            raise TypeError(f"record must be a Record, got {type(record).__name__}")
        return record.face_key(self, index)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and hmac.compare_digest(self._secret, other._secret)

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"Key(id={self.id!r})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Key cannot be changed (tried to set {name!r})")

    def __reduce__(self) -> tuple[type[Key], tuple[bytes]]:
        """Keys can be sent to worker processes; a pickle holds the secret and is to be kept like one."""
        return (Key, (self._secret,))
