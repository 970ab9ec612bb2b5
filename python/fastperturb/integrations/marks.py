"""The marks by which a later attempt knows that a file is the result of the same input, options and keys.

They are keyed hashes, so that nobody else can find out by an original whether a file came from it: under a recipient's
secret key or, where all recipients are public, under a secret of the output folder. Each is salted by what is shown,
so that marks link no two files that differ.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from .. import Key
from ..bounded_files import read_regular_file
from ..files.header import Bytes
from ..recipients import Recipient

FOLDER_FILE = ".fastperturb-marks"
"""The file of the folder's secret. Whoever has it can try originals; it is not to be published with the pictures."""
_PURPOSE = b"fastperturb job"
_SALT_BYTES = 8
_SECRET_BYTES = 32


class Marks:
    """Makes and compares marks.

    Args:
        recipients: who can restore.
        identity: all else that results depend on besides the input.
        folder: of the results; made if there are no secret keys. ``None``: nothing is compared, and then there are no
            marks without a secret key.

    Raises:
        OSError, ValueError: the folder's secret cannot be made or read.
    """

    def __init__(self, recipients: Iterable[Recipient], identity: bytes, folder: str | None) -> None:
        keys = list(recipients)
        self._identity = b" ".join([identity, *(item.id.encode() for item in keys)])
        self._key = next((item for item in keys if isinstance(item, Key)), None)
        if self._key is None and folder is not None:
            self._key = _folder_secret(Path(folder))

    def mark(self, content: bytes) -> bytes:
        """What the result of ``content`` is known by, to be salted; empty if there is no key for it."""
        return b"" if self._key is None else self._key.derive(_PURPOSE, self._identity, content, size=16)

    def text(self, mark: bytes, shown: Iterable[Bytes]) -> str:
        """The text that a result which shows these bytes carries; empty without a mark."""
        if self._key is None:
            return ""
        salt = hashlib.blake2b(digest_size=_SALT_BYTES, person=_PURPOSE)
        for block in shown:
            salt.update(block)
        return self._salted(self._key, mark, salt.digest())

    def fits(self, text: str | None, mark: bytes) -> bool:
        """Whether a text is that of a result with this mark."""
        if self._key is None or text is None or len(text) != 2 * (_SALT_BYTES + 16):
            return False
        with contextlib.suppress(ValueError):
            return text == self._salted(self._key, mark, bytes.fromhex(text[: 2 * _SALT_BYTES]))
        return False

    @staticmethod
    def _salted(key: Key, mark: bytes, salt: bytes) -> str:
        return (salt + key.derive(_PURPOSE, salt, mark, size=16)).hex()


def _folder_secret(folder: Path) -> Key:
    """The secret of a folder, made by whoever is there first."""
    path = folder / FOLDER_FILE
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        hidden = folder / f"{FOLDER_FILE}.{secrets.token_hex(4)}"
        descriptor = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_hex(_SECRET_BYTES).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(hidden, path)
        finally:
            hidden.unlink(missing_ok=True)
    text = read_regular_file(path, 2 * _SECRET_BYTES + 1)
    try:
        return Key(bytes.fromhex(text.decode("ascii")))
    except ValueError as error:
        raise ValueError(f"{path}: not the secret of marks: remove it, and the results are another job's") from error
