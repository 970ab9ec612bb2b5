"""Results that belong to whoever writes them first: a picture, and its record and seals beside it if they are there."""

from __future__ import annotations

import os
import time
from pathlib import Path

from .. import Record
from ..files.atomic import write_once
from ..files.header import Bytes
from ..files.reading import record_beside, seals_beside

_SECONDS = 1.0  # between the names of the first file and of the last there are microseconds


def write_first(path: Path, parts: list[Bytes], record: Record | None, *, beside: bool = False) -> bool:
    """Writes a picture that is not there yet, after its seals and its record, where these lie beside it.

    Args:
        path: of the picture; its folder is made.
        parts: its bytes.
        record: its record, if it has one; seals that are beside go to NAME.seal, which only its owner may read.
        beside: put the record into NAME.json.

    Returns:
        Whether it was written; False if another was quicker.

    Raises:
        FileExistsError: seals or a record are there without their picture: another was killed between the two names,
            or the picture was moved away, and then they must not be replaced.
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    seals = b"" if record is None else record.beside_bytes()
    files: list[tuple[Path, list[Bytes], int]] = [(seals_beside(path), [seals], 0o600)] if seals else []
    if beside and record is not None:
        files.append((record_beside(path), [record.to_json(indent=1).encode("ascii"), b"\n"], 0o666))
    try:
        write_once([*files, (path, parts, 0o666)])
    except FileExistsError as error:
        deadline = time.monotonic() + _SECONDS
        while not os.path.lexists(path):
            if time.monotonic() > deadline:
                why = "it is there without its picture; remove it, unless the picture is in use elsewhere"
                raise FileExistsError(17, why, error.filename) from None
            time.sleep(0.01)
        return False
    return True
