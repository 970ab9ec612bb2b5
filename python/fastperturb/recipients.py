"""Who will be able to restore what is protected: holders of master keys, and of the private halves of public keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from .face_key import FaceKey
from .key import Key
from .public_key import PublicKey

Recipient: TypeAlias = Key | PublicKey
Recipients: TypeAlias = Key | PublicKey | Sequence[Key | PublicKey]
"""One or several, up to 16."""
MAX_RECIPIENTS = 16


def check_recipients(key: object, *, reproducible: bool = False) -> tuple[Recipient, ...]:
    """The recipients that ``key`` names.

    Args:
        key: a Key, a PublicKey or a sequence of them.
        reproducible: whether secrets are to be derived from a key.

    Raises:
        TypeError: anything else, a FaceKey above all.
        ValueError: none, more than 16, or one of them twice; a public key where results are to be reproducible.
    """
    if isinstance(key, Key):
        return (key,)
    several = isinstance(key, Sequence) and not isinstance(key, (str, bytes, bytearray, memoryview))
    found = tuple(key) if several and isinstance(key, Sequence) else (key,)
    for item in found:
        if not isinstance(item, (Key, PublicKey)):
            what = "a FaceKey, which restores one face and protects nothing" if isinstance(item, FaceKey) else None
            inside = " in the sequence" if several else ""
            raise TypeError(
                f"key must be a Key, a PublicKey or a sequence of them, got {what or type(item).__name__}{inside}; "
                "see Key.generate()"
            )
    if not 1 <= len(found) <= MAX_RECIPIENTS:
        raise ValueError(f"key must name 1 to {MAX_RECIPIENTS} recipients, got {len(found)}")
    if len(set(found)) != len(found):
        raise ValueError("key must name each recipient once, got one of them twice")
    if reproducible and not all(isinstance(item, Key) for item in found):
        raise ValueError(
            "reproducible needs secret keys: with a PublicKey, secrets made from the image alone would confirm guesses"
        )
    return found


def first_key(recipients: Sequence[Recipient]) -> Key:
    """The secret key that reproducible results are derived from, of recipients that were checked for it."""
    first = recipients[0]
    assert isinstance(first, Key)  # noqa: S101
    return first


def check_opening_key(key: object) -> Key | FaceKey:
    """Raises TypeError unless this is a key that restores."""
    if not isinstance(key, (Key, FaceKey)):
        what = "a PublicKey, which protects and cannot restore" if isinstance(key, PublicKey) else type(key).__name__
        raise TypeError(f"key must be a Key or a FaceKey, got {what}")
    return key
