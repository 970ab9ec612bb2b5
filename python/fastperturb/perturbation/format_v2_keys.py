"""The key schedule of record version 2: every value that docs/format-2.md derives, one function each.

All of it is HMAC-SHA256 (RFC 2104) of a purpose and of parts, each with its length in front, so that no two messages
are the same bytes. R is the record's secret, F a face key, K a master key: 32 bytes each.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterable

from ..key import LENGTHS, Key, message
from .record_v2_parts import IV_BYTES, MAC_BYTES, NONCE_BYTES, SALT_BYTES

SECRET_BYTES = 32
_U32 = struct.Struct("<I").pack


def keyed(key: bytes, *parts: bytes) -> bytes:
    """H(key, parts): 32 bytes. The first part is the purpose."""
    return hmac.digest(key, message(*parts), "sha256")


# Purposes, with the length of the part of fixed size that follows: half of the bytes of short messages, joined once.
_FACE = message(b"fp2 face") + LENGTHS[MAC_BYTES]
_SEAL = message(b"fp2 seal") + LENGTHS[SALT_BYTES]
_TAG, _PERMUTATION = message(b"fp2 tag"), message(b"fp2 perm")
_ENTRY = message(b"fp2 entry") + LENGTHS[MAC_BYTES]
_INDEX = LENGTHS[4]
_COMMIT, _BINDING, _RECORD = message(b"fp2 commit"), message(b"fp2 binding"), message(b"fp2 record")
_NONCE, _MAC = LENGTHS[NONCE_BYTES], LENGTHS[MAC_BYTES]


def sized_nonce(nonce: bytes) -> bytes:
    """A record's nonce as a part of a message."""
    return _NONCE + nonce


def bound_nonce(nonce: bytes, commit: bytes) -> bytes:
    """Nonce and commitment of a record as parts of a message."""
    return _NONCE + nonce + _MAC + commit


def digest(blocks: Iterable[bytes | memoryview]) -> bytes:
    """SHA-256 of what may be long: 32 bytes."""
    total = hashlib.sha256()
    for block in blocks:
        total.update(block)
    return total.digest()


def commitment(secret: bytes, core: bytes, nonce: bytes) -> bytes:
    """COMMIT: who has it can be shown one R for one CORE and nonce only."""
    return hmac.digest(secret, _COMMIT + message(core) + _NONCE + nonce, "sha256")


def binding(core: bytes, nonce: bytes, commit: bytes) -> bytes:
    """A digest of all that never changes, which goes into each entry's MAC; not secret."""
    return hashlib.sha256(_BINDING + message(core) + bound_nonce(nonce, commit)).digest()


def face_secret(secret: bytes, commit: bytes, index: int) -> bytes:
    """F, the face key of one region."""
    return hmac.digest(secret, _FACE + commit + _INDEX + _U32(index), "sha256")


def seal_key(face: bytes, salt: bytes) -> bytes:
    """The key of one seal."""
    return hmac.digest(face, _SEAL + salt, "sha256")


def tag_key(face: bytes) -> bytes:
    """The key of the tag of a region's shown pixels."""
    return hmac.digest(face, _TAG, "sha256")


def permutation_key(face: bytes) -> bytes:
    """The ChaCha20 key of a region's windows, or of the ties of its camouflage."""
    return hmac.digest(face, _PERMUTATION, "sha256")


def entry_mac(face: bytes, bound: bytes, index: int, entry: bytes) -> bytes:
    """The MAC of a region's entry, which commits to its face key; ``bound`` is :func:`binding`."""
    return hmac.digest(face, _ENTRY + bound + _INDEX + _U32(index) + message(entry), "sha256")


def record_mac(secret: bytes, before: bytes) -> bytes:
    """The MAC of all that stands before it in a record."""
    return hmac.digest(secret, _RECORD + message(before), "sha256")


def scene_key(secret: bytes, commit: bytes) -> bytes:
    """The key of the tag of the surroundings."""
    return keyed(secret, b"fp2 scene", commit)


def rest_key(secret: bytes, commit: bytes, salt: bytes) -> bytes:
    """The key of the sealed metadata."""
    return keyed(secret, b"fp2 rest", commit, salt)


def reproducible_secret(key: Key, core: bytes, options: bytes, pixels: bytes) -> bytes:
    """R where equal images shall give equal records; ``pixels`` is the digest of all pixels of the image."""
    return key.mac(message(b"fp2 once", core, options, pixels))


def reproducible_nonce(secret: bytes) -> bytes:
    """The nonce that goes with it."""
    return keyed(secret, b"fp2 nonce")[:NONCE_BYTES]


def reproducible_salt(secret: bytes, purpose: bytes, plain: bytes) -> bytes:
    """The salt of a seal in reproducible mode: another plaintext, another key."""
    return keyed(secret, purpose, hashlib.sha256(plain).digest())[:SALT_BYTES]


def reproducible_iv(secret: bytes, purpose: bytes, pixels: bytes) -> bytes:
    """The initialisation vector of a tag in reproducible mode; ``pixels`` is the digest of what is authenticated."""
    return keyed(secret, purpose, pixels)[:IV_BYTES]
