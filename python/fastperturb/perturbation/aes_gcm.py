"""AES-256-GCM (NIST SP 800-38D) of cryptography, as the records use it: tags of pixels, and seals in chunks.

It is loaded with the first image, not with the package. Seals are STREAM (Hoang, Reyhanitabar, Rogaway, Vizar 2015,
"Online authenticated-encryption and its nonce-reuse misuse-resistance"): no chunk can be cut off, dropped or moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from .._forks import apart_from_forks
from .record_v2_parts import CHUNK_BYTES, IV_BYTES, TAG_BYTES, plain_length

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import AEADEncryptionContext
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ZERO_IV = bytes(IV_BYTES)

Gcm: TypeAlias = "tuple[type[AESGCM], Callable[[bytes, bytes], AEADEncryptionContext], type[Exception]]"


@cache
def load() -> Gcm:
    """AES-GCM of cryptography for bytes in one piece and for more, and its error.

    Both are used once, for OpenSSL sets itself up then; from there on it takes no lock but to read, and keeps nothing
    for each thread.
    """
    with apart_from_forks:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        def in_parts(key: bytes, iv: bytes) -> AEADEncryptionContext:
            return Cipher(algorithms.AES(key), modes.GCM(iv)).encryptor()

        AESGCM(bytes(32)).encrypt(ZERO_IV, b"", b"")
        gmac_of_nothing = in_parts(bytes(32), ZERO_IV)
        gmac_of_nothing.authenticate_additional_data(b"")
        gmac_of_nothing.finalize()
        return AESGCM, in_parts, InvalidTag


def gmac(key: bytes, iv: bytes, blocks: Iterable[bytes | memoryview]) -> bytes:
    """The tag of the blocks, one after the other, as additional data without plaintext: 16 bytes."""
    in_one, in_parts, _ = load()
    rest = iter(blocks)
    first, second = next(rest, b""), next(rest, None)
    if second is None:
        return in_one(key).encrypt(iv, b"", first)
    context = in_parts(key, iv)
    for block in chain((first, second), rest):
        context.authenticate_additional_data(block)
    context.finalize()
    return context.tag


def wrap(key: bytes, secret: bytes) -> bytes:
    """A secret encrypted under a key that encrypts nothing else: as long as the secret, and 16 bytes."""
    return load()[0](key).encrypt(ZERO_IV, secret, None)


def unwrap(key: bytes, data: bytes) -> bytes | None:
    """What :func:`wrap` encrypted, or None if it was not this."""
    cipher, _, invalid = load()
    try:
        return cipher(key).decrypt(ZERO_IV, data, None)
    except invalid:
        return None


def seal(key: bytes, plain: bytes) -> bytes:
    """Bytes, at least one, encrypted in chunks under a key that encrypts nothing else."""
    cipher = load()[0](key)
    if len(plain) <= CHUNK_BYTES:
        return cipher.encrypt(_nonce(0, True), plain, None)
    view = memoryview(plain)
    starts = range(0, len(plain), CHUNK_BYTES)
    last = len(starts) - 1
    return b"".join(
        cipher.encrypt(_nonce(i, i == last), view[start : start + CHUNK_BYTES], None) for i, start in enumerate(starts)
    )


def open_seal(key: bytes, sealed: bytes) -> bytes | None:
    """What :func:`seal` encrypted, or None if it was not this, whole and in order."""
    if not plain_length(len(sealed)):
        return None
    aes_gcm, _, invalid = load()
    cipher = aes_gcm(key)
    size = CHUNK_BYTES + TAG_BYTES
    try:
        if len(sealed) <= size:
            return cipher.decrypt(_nonce(0, True), sealed, None)
        view = memoryview(sealed)
        starts = range(0, len(sealed), size)
        last = len(starts) - 1
        return b"".join(
            cipher.decrypt(_nonce(i, i == last), view[start : start + size], None) for i, start in enumerate(starts)
        )
    except invalid:
        return None


def _nonce(chunk: int, last: bool) -> bytes:
    return chunk.to_bytes(IV_BYTES - 1, "big") + bytes((last,))
