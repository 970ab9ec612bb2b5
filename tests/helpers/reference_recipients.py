"""Recipients of record version 2, after docs/format-2.md: who takes the secret out, and who can have put it in."""

import struct

import reference_hpke as hpke
import reference_seal_keys as keys
from reference_record import Refused, require

MASTER, PUBLIC = 1, 2
KEM = 0x647A
INFO = b"fastperturb record 2"
PURPOSES = {"key": b"fp2 wrap", "recipients": b"fp2 wrap shared", "anyone": b"fp2 wrap public"}


def is_key(key: bytes) -> bool:
    return len(key) == 32 and key != key[:1] * 32


def private_half(key: bytes) -> tuple[bytes, bytes]:
    """ML-KEM's seed and X25519's key."""
    return keys.keyed(key, b"fp2 mlkem", b"\0") + keys.keyed(key, b"fp2 mlkem", b"\1"), keys.keyed(key, b"fp2 x25519")


def public_half(key: bytes) -> bytes:
    return hpke.public_key(*private_half(key))


def info_of(nonce: bytes, commit: bytes) -> bytes:
    return INFO + nonce + commit


def is_envelope(kind: int, body: bytes) -> bool:
    return kind == PUBLIC and len(body) == 1170 and struct.unpack("<H", body[:2])[0] == KEM


def fits(record: dict, secret: bytes | None) -> bool:
    return secret is not None and keys.commitment(secret, record["core"], record["nonce"]) == record["commit"]


def by_purpose(record: dict, key: bytes, body: bytes) -> tuple[bytes | None, str]:
    """What one of the three wrapping keys takes out of a stanza."""
    for origin, purpose in PURPOSES.items():
        try:
            wrapping = keys.wrap_key(key, record["nonce"], record["commit"], purpose)
            return keys.gcm_open(wrapping, bytes(12), body[8:]), origin
        except Refused:
            continue
    return None, ""


def by_envelope(record: dict, key: bytes, kind: int, body: bytes) -> bytes | None:
    if not is_envelope(kind, body):
        return None
    return hpke.open_sealed(*private_half(key), info_of(record["nonce"], record["commit"]), body[2:])


def origin_of(origin: str, recipients: int) -> str:
    return "recipients" if origin == "key" and recipients > 1 else origin


def unwrap(record: dict, key: bytes) -> tuple[bytes, str]:
    """The record's secret, and who can have made the record: "key", "recipients" or "anyone"."""
    require(is_key(key), "a key")
    hint = keys.hint(key, record["nonce"])
    hinted = [body for kind, body in record["stanzas"] if kind == MASTER and body[:8] == hint]
    for body in hinted:
        secret, origin = by_purpose(record, key, body)
        if fits(record, secret):
            return secret, origin_of(origin, len(record["stanzas"]))
    require(not hinted, "the secret of a recipient")
    for kind, body in record["stanzas"]:
        secret = by_envelope(record, key, kind, body)
        if fits(record, secret):
            return secret, "anyone"
    raise Refused("no recipient of this key")
