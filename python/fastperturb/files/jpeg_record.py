"""The record of a JPEG's coefficients inside the file: JUMBF boxes, one with the record and one for each seal.

The box ``fastperturb.record`` is JSON; a seal is a protection box whose description names that one (method 0,
external), since the standard knows no authenticated encryption. docs/jpeg.md shows them.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import json
from collections.abc import Sequence

from ..errors import RecordError
from ..perturbation.record_v2 import RecordV2
from ..perturbation.record_v2_bytes import FORMAT, authenticated_bytes
from .header import damaged
from .jumbf import JSON_CONTENT, PROTECTION_CONTENT, Packets, Superbox, segments

PREFIX = "fastperturb."
RECORD_LABEL = PREFIX + "record"
_SEAL_LABEL = PREFIX + "seal."
_EXTERNAL = b"\0" + RECORD_LABEL.encode("ascii") + b"\0"
MOST_BOXES = 65_536


def record_segments(record: RecordV2, first: int = 1) -> list[bytes]:
    """The bodies of the APP11 segments of a record with the seals that belong inside it.

    Args:
        record: of a JPEG.
        first: the instance number of the first box; no other box of the file may have it or a higher one.

    Raises:
        RecordError: such a seal is not at hand.
    """
    head = authenticated_bytes(record) + record.mac
    text = {"format": FORMAT, "version": record.version, "data": base64.b64encode(head).decode("ascii")}
    boxes = [Superbox(JSON_CONTENT, RECORD_LABEL, ((b"json", json.dumps(text).encode("ascii")),))]
    for number, (place, seal) in enumerate(zip(record.places, record.seals, strict=True)):
        if place.state != "here":
            continue
        if seal is None:
            raise RecordError("a seal that belongs in the record is not at hand")
        boxes.append(Superbox(PROTECTION_CONTENT, f"{_SEAL_LABEL}{number}", ((b"pspd", _EXTERNAL), (b"bidb", seal))))
    if first + len(boxes) > MOST_BOXES:
        raise RecordError(f"a JPEG holds up to {MOST_BOXES - 2} seals, got {len(boxes) - 1}; they can lie beside")
    return segments(boxes, first)


def record_text(packets: Packets) -> str | None:
    """The record's JSON text, with its seals, out of the boxes of a file; None if there is none.

    Raises:
        ImageFileError: a box of ours is cut, out of order or double, or not what it must be.
    """
    boxes = packets.boxes(PREFIX)
    records = [box for box in boxes if box.label == RECORD_LABEL]
    if len(records) > 1:
        raise damaged("it holds two records, and nobody could tell which of them counts")
    if not records:
        if boxes:
            raise damaged("it holds seals without their record")
        return None
    head = _decoded(_only(records[0], b"json"))
    seals = [box for box in boxes if box.label.startswith(_SEAL_LABEL)]
    numbers = [_number(box.label) for box in seals]
    if any(one >= other for one, other in itertools.pairwise(numbers)):
        raise damaged("its seals are out of order or double")
    body = b"".join([head, *(_only(box, b"bidb") for box in seals)])
    return json.dumps({"format": FORMAT, "version": 2, "data": base64.b64encode(body).decode("ascii")})


def _only(box: Superbox, kind: bytes) -> bytes:
    found: Sequence[bytes] = [payload for one, payload in box.boxes if one == kind]
    if len(found) != 1:
        raise damaged(f"the box {box.label:.40} must hold one {kind.decode('ascii')!r}, got {len(found)}")
    return found[0]


def _number(label: str) -> int:
    text = label[len(_SEAL_LABEL) :]
    if not text.isascii() or not text.isdecimal() or len(text) > 5 or str(int(text)) != text:
        raise damaged(f"the box {label:.40} has no number")
    return int(text)


def _decoded(text: bytes) -> bytes:
    """The record's bytes without seals; that they are a record is for its reader to say."""
    try:
        if [text.count(sign) for sign in (b'"', b"{", b"[")] != [10, 1, 0]:  # what is more could fill the memory
            raise ValueError
        data = json.loads(text)
        if not isinstance(data, dict) or data.keys() != {"format", "version", "data"}:
            raise ValueError
        if (data["format"], data["version"]) != (FORMAT, 2) or type(data["version"]) is not int:
            raise ValueError
        return base64.b64decode(data["data"], validate=True)
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise damaged(f"the box {RECORD_LABEL} holds no record") from None
