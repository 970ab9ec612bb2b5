"""Recipients of records of version 2: a record's secret wrapped for master keys and public keys, and taken out again.

Who takes it out learns who can have made the record. A master key wraps it in one of three ways: for itself alone, for
itself among others, who know the secret and could have sealed something else, or as one that came by a public key,
under which anyone could have sealed anything.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Sequence
from typing import Literal, TypeAlias

from .. import hpke
from ..key import Key, message
from ..recipients import Recipient
from . import aes_gcm
from . import format_v2_keys as keys
from .record_v2_parts import Stanza, unchecked

MASTER_KEY, PUBLIC_KEY, PUBLIC_KEY_OF_FACE = 1, 2, 3
"""The kinds of recipients."""
HINT_BYTES = 8
Origin: TypeAlias = Literal["key", "recipients", "anyone"]
"""Who can have made a record: the holder of the key; one of its recipients, too; whoever has a public key."""
_PURPOSES: dict[Origin, bytes] = {
    "key": message(b"fp2 wrap"),
    "recipients": message(b"fp2 wrap shared"),
    "anyone": message(b"fp2 wrap public"),
}
_HINT = message(b"fp2 hint")
_INFO = b"fastperturb record 2"
_KEM = struct.Struct("<H")
_ENVELOPE_BYTES = _KEM.size + keys.SECRET_BYTES + hpke.OVERHEAD_BYTES


def wrap(
    recipients: Sequence[Recipient | Stanza], secret: bytes, nonce: bytes, commit: bytes, origin: Origin = "key"
) -> tuple[Stanza, ...]:
    """A record's secret for each of those who shall open it; stanzas stay as they are.

    Args:
        recipients: who.
        secret: of the record.
        nonce: of the record.
        commit: of the record.
        origin: of a record that was there before. It stays what it is, whoever else gets the secret now.

    Raises:
        MissingExtra: there is a public key, and cryptography is too old.
        ValueError: one of them is no public key.
    """
    if origin == "key" and len(recipients) > 1:
        origin = "recipients"
    return tuple(
        item if isinstance(item, Stanza) else _wrap_for(item, secret, nonce, commit, origin) for item in recipients
    )


def _wrap_for(recipient: Recipient, secret: bytes, nonce: bytes, commit: bytes, origin: Origin) -> Stanza:
    if isinstance(recipient, Key):
        wrapping_key = recipient.mac(_PURPOSES[origin] + keys.bound_nonce(nonce, commit))
        return unchecked(Stanza, MASTER_KEY, _hint(recipient, nonce) + aes_gcm.wrap(wrapping_key, secret))
    envelope = recipient.encrypt(secret, _INFO + nonce + commit)
    return Stanza(PUBLIC_KEY, _KEM.pack(hpke.KEM) + envelope)


def unwrap(key: Key, stanza: Stanza, nonce: bytes, commit: bytes) -> tuple[bytes, Origin] | None:
    """The secret in a stanza that is for that key and whole, and who can have put it there.

    Raises:
        MissingExtra: it is for a public key, and cryptography is too old.
    """
    if stanza.kind == MASTER_KEY and has_hint(key, stanza, nonce):
        for origin, purpose in _PURPOSES.items():
            secret = aes_gcm.unwrap(key.mac(purpose + keys.bound_nonce(nonce, commit)), stanza.body[HINT_BYTES:])
            if secret is not None:
                return secret, origin
    elif _is_envelope(stanza):
        secret = hpke.decrypt(key.private(), stanza.body[_KEM.size :], _INFO + nonce + commit)
        if secret is not None:
            return secret, "anyone"
    return None


def has_hint(key: Key, stanza: Stanza, nonce: bytes) -> bool:
    """Whether a stanza says that it is for that master key; a chance of 2^-64 that it is not."""
    return stanza.kind == MASTER_KEY and hmac.compare_digest(stanza.body[:HINT_BYTES], _hint(key, nonce))


def is_for(key: Key, stanza: Stanza, nonce: bytes, commit: bytes) -> bool:
    """Whether a stanza is for that key: by its hint, or by opening it with the private half; raises as ``unwrap``."""
    return has_hint(key, stanza, nonce) or (
        stanza.kind == PUBLIC_KEY and unwrap(key, stanza, nonce, commit) is not None
    )


def find_secret(
    candidates: Sequence[Key], stanzas: Sequence[Stanza], core: bytes, nonce: bytes, commit: bytes
) -> tuple[bytes, Origin] | None:
    """The record's secret, by the first of the keys that has it, and who can have made the record.

    Hints of master keys are looked at before anything is tried with a public key, which costs a tenth of a millisecond.

    Returns:
        None: a hint fits, or none does; :func:`has_hint` tells.

    Raises:
        MissingExtra: no hint fits, there are public keys, and cryptography is too old.
    """
    for kind in (MASTER_KEY, PUBLIC_KEY):
        for key in candidates:
            for stanza in stanzas:
                found = unwrap(key, stanza, nonce, commit) if stanza.kind == kind else None
                if found and hmac.compare_digest(keys.commitment(found[0], core, nonce), commit):
                    secret, origin = found
                    return secret, "recipients" if origin == "key" and len(stanzas) > 1 else origin
        if kind == MASTER_KEY and any(has_hint(key, stanza, nonce) for key in candidates for stanza in stanzas):
            return None
    return None


def _is_envelope(stanza: Stanza) -> bool:
    return (
        stanza.kind == PUBLIC_KEY
        and len(stanza.body) == _ENVELOPE_BYTES
        and _KEM.unpack_from(stanza.body)[0] == hpke.KEM
    )


def _hint(key: Key, nonce: bytes) -> bytes:
    return key.mac(_HINT + keys.sized_nonce(nonce))[:HINT_BYTES]
