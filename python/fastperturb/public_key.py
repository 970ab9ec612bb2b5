"""Public keys: who has one protects pictures, and cannot restore them. :meth:`fastperturb.Key.public` makes them.

As text it is ``fppub2_`` and 1,627 characters of URL-safe base64 (RFC 4648, section 5).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os

from . import hpke
from .key_files import check_prefix, read_key_file, write_key_file

ID_BYTES = 8
_PREFIX = "fppub2_"
_CHECK_BYTES = 4


class PublicKey:
    """The public half of a :class:`fastperturb.Key`. Not secret; whoever gets it must know that it is the right one.

    Attributes:
        id: 16 hexadecimal digits, a hash of the key, to be compared over another channel. No record names it.
    """

    __slots__ = ("_data", "_loaded", "id")

    _data: bytes
    _loaded: hpke.PublicKeys | None
    id: str

    def __init__(self, data: bytes) -> None:
        """Wraps 1,216 bytes: 1,184 of ML-KEM-768 and 32 of X25519.

        Raises:
            TypeError, ValueError: not bytes, not so many.
        """
        if not isinstance(data, bytes):
            raise TypeError(f"a public key must be made of bytes, got {type(data).__name__}; see Key.public()")
        if len(data) != hpke.PUBLIC_BYTES:
            raise ValueError(f"a public key must have {hpke.PUBLIC_BYTES} bytes, got {len(data)}")
        object.__setattr__(self, "_data", data)
        object.__setattr__(self, "_loaded", None)
        object.__setattr__(self, "id", hashlib.sha256(data).hexdigest()[: 2 * ID_BYTES])

    @classmethod
    def from_text(cls, text: str) -> PublicKey:
        """The public key that :meth:`to_text` wrote. White space around it is ignored.

        Raises:
            ValueError: not a public key's text. The message never repeats the text, which may be a secret.
        """
        body = text.strip()
        check_prefix(body, _PREFIX, "a public key's text")
        try:
            data = base64.b64decode(body[len(_PREFIX) :] + "=" * (-len(body[len(_PREFIX) :]) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            data = b""
        values, check = data[: hpke.PUBLIC_BYTES], data[hpke.PUBLIC_BYTES :]
        if len(values) != hpke.PUBLIC_BYTES or check != _check(values) or _text(data) != body:
            raise ValueError(f"a public key's text must be {_PREFIX!r} and 1627 characters; what came is damaged")
        return cls(values)

    def to_text(self) -> str:
        """The public key as text."""
        return _text(self._data + _check(self._data))

    def to_bytes(self) -> bytes:
        """The 1,216 bytes that it is made of."""
        return self._data

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> PublicKey:
        """Reads a public key's file: one line of text.

        Raises:
            OSError: the file cannot be read.
            ValueError: it holds no public key.
        """
        return read_key_file(path, "a public key's file", cls.from_text)

    def to_file(self, path: str | os.PathLike[str]) -> None:
        """Writes a new file.

        Raises:
            FileExistsError: there is one already.
        """
        write_key_file(path, self.to_text(), mode=0o666)

    def encrypt(self, secret: bytes, info: bytes) -> bytes:
        """A secret for the holder of the private half, bound to ``info``: as long as the secret, and 1,136 bytes.

        Raises:
            MissingExtra: cryptography is older than 48; the extra ``public`` brings it.
            ValueError: the key is not one: its bytes are out of range.
        """
        try:
            if self._loaded is None:
                object.__setattr__(self, "_loaded", hpke.public_key(self._data))
            assert self._loaded is not None  # noqa: S101
            return hpke.encrypt(self._loaded, secret, info)
        except ValueError as error:  # out of range, or a point of small order, under which anybody knows the secret
            raise ValueError(f"the public key {self.id} is not one: {error}") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self._data == other._data

    def __hash__(self) -> int:
        return hash(self._data)

    def __repr__(self) -> str:
        return f"PublicKey(id={self.id!r})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a PublicKey cannot be changed (tried to set {name!r})")

    def __reduce__(self) -> tuple[type[PublicKey], tuple[bytes]]:
        return (PublicKey, (self._data,))


def _check(values: bytes) -> bytes:
    return hashlib.sha256(values).digest()[:_CHECK_BYTES]


def _text(data: bytes) -> str:
    return _PREFIX + base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")
