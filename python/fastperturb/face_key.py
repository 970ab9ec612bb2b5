"""Face keys: a key that opens one face of one record, and nothing else. Made by ``face_key`` of format_v2.py.

As text it is ``fpface2_`` and 62 characters of URL-safe base64 (RFC 4648, section 5), which begin with the record's
nonce and the number of the face, so that a key of another picture, and damaged text, are told before anything is tried.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import struct

from .key_files import check_prefix, read_key_file, write_key_file

RECORD_ID_BYTES = 8
FACE_KEY_BYTES = 32
_PREFIX = "fpface2_"
_FORM = struct.Struct(f"<{RECORD_ID_BYTES}sH{FACE_KEY_BYTES}s")
_CHECK_BYTES = 4


class FaceKey:
    """Opens one face of one record. It cannot be taken back from whoever has it and a copy of the picture.

    Attributes:
        record_id: the first 8 bytes of the record's nonce.
        index: the number of the region, from 0.
    """

    __slots__ = ("_secret", "index", "record_id")

    _secret: bytes
    index: int
    record_id: bytes

    def __init__(self, record_id: bytes, index: int, secret: bytes) -> None:
        """Wraps 32 secret bytes that were derived for that region of that record.

        Raises:
            TypeError, ValueError: not 8 bytes, a number of a region, and 32 bytes.
        """
        if not isinstance(record_id, bytes) or not isinstance(secret, bytes) or type(index) is not int:
            raise TypeError("a face key must be made of bytes, an int and bytes")
        if len(record_id) != RECORD_ID_BYTES or len(secret) != FACE_KEY_BYTES or not 0 <= index <= 65_534:
            raise ValueError(f"a face key must have {RECORD_ID_BYTES} bytes, 0 to 65534, and {FACE_KEY_BYTES} bytes")
        object.__setattr__(self, "record_id", record_id)
        object.__setattr__(self, "index", index)
        object.__setattr__(self, "_secret", secret)

    @classmethod
    def from_text(cls, text: str) -> FaceKey:
        """The face key that :meth:`to_text` wrote. White space around it is ignored.

        Raises:
            ValueError: not a face key's text. The message never repeats the text.
        """
        body = text.strip()
        check_prefix(body, _PREFIX, "a face key's text")
        try:
            data = base64.b64decode(body[len(_PREFIX) :] + "==", altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            data = b""
        values, check = data[: _FORM.size], data[_FORM.size :]
        if len(values) != _FORM.size or check != _check(values) or _text(data) != body:
            raise ValueError(f"a face key's text must be {_PREFIX!r} and 62 characters; what came is damaged")
        record_id, index, secret = _FORM.unpack(values)
        return cls(record_id, index, secret)

    def to_text(self) -> str:
        """The face key as text. It is the secret itself."""
        values = _FORM.pack(self.record_id, self.index, self._secret)
        return _text(values + _check(values))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> FaceKey:
        """Reads a face key's file: one line of text. It may be a pipe, as a shell's ``<(...)`` gives.

        Raises:
            OSError: the file cannot be read.
            ValueError: it holds no face key.
        """
        return read_key_file(path, "a face key's file", cls.from_text)

    def to_file(self, path: str | os.PathLike[str]) -> None:
        """Writes a new file that only its owner can read (mode 0600 where the system has modes).

        Raises:
            FileExistsError: there is one already.
        """
        write_key_file(path, self.to_text())

    def secret(self) -> bytes:
        """The 32 secret bytes, for opening a record."""
        return self._secret

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FaceKey):
            return False
        same = hmac.compare_digest(self._secret, other._secret)
        return same and (self.record_id, self.index) == (other.record_id, other.index)

    def __hash__(self) -> int:
        return hash((self.record_id, self.index))

    def __repr__(self) -> str:
        return f"FaceKey(record={self.record_id.hex()!r}, index={self.index})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a FaceKey cannot be changed (tried to set {name!r})")

    def __reduce__(self) -> tuple[type[FaceKey], tuple[bytes, int, bytes]]:
        """Face keys can be sent to worker processes; a pickle holds the secret and is to be kept like one."""
        return (FaceKey, (self.record_id, self.index, self._secret))


def _check(values: bytes) -> bytes:
    return hashlib.sha256(values).digest()[:_CHECK_BYTES]


def _text(data: bytes) -> str:
    return _PREFIX + base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")
