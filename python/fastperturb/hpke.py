"""HPKE (RFC 9180) with ML-KEM-768 and X25519 together, all of it from cryptography: for holders of public keys.

Two key exchanges are combined, so that what is encrypted today stays shut unless both are broken: X25519, and
ML-KEM-768 (FIPS 203), which no known algorithm of a quantum computer breaks.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

from ._forks import apart_from_forks
from .errors import MissingExtra

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hpke import (
        MLKEM768X25519PrivateKey,
        MLKEM768X25519PublicKey,
        Suite,
    )

PrivateKey: TypeAlias = "MLKEM768X25519PrivateKey"
PublicKeys: TypeAlias = "MLKEM768X25519PublicKey"

KEM = 0x647A
"""The number of the key exchange in IANA's registry of HPKE: MLKEM768-X25519."""
MLKEM_SEED_BYTES = 64
MLKEM_PUBLIC_BYTES = 1184
X25519_BYTES = 32
PUBLIC_BYTES = MLKEM_PUBLIC_BYTES + X25519_BYTES
OVERHEAD_BYTES = 1088 + 32 + 16
"""What a message grows by: the two exchanges and a tag."""


@cache
def _load() -> tuple[ModuleType, Suite]:
    """The module of cryptography, and the suite.

    Raises:
        MissingExtra: cryptography is older than 48, or its OpenSSL cannot do ML-KEM.
    """
    try:
        with apart_from_forks:
            return _rehearsed()
    except (ImportError, AttributeError) as error:
        raise MissingExtra(
            f"public keys need cryptography 48 or newer with ML-KEM ({error}); "
            "install it with: pip install 'fastperturb[public]'",
            name="cryptography.hazmat.primitives.hpke",
        ) from error


def _rehearsed() -> tuple[ModuleType, Suite]:
    """Both, used once, for then OpenSSL looks up what they need."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    hpke = import_module("cryptography.hazmat.primitives.hpke")
    try:
        suite = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
        halves = (MLKEM768PrivateKey.from_seed_bytes(bytes(64)), X25519PrivateKey.from_private_bytes(bytes(32)))
        private = hpke.MLKEM768X25519PrivateKey(*halves)
        public = hpke.MLKEM768X25519PublicKey(*(half.public_key() for half in halves))
        suite.decrypt(suite.encrypt(b"", public, b""), private, b"")
    except UnsupportedAlgorithm as error:
        raise ImportError(str(error)) from None
    return hpke, suite


def key_pair(mlkem_seed: bytes, x25519_seed: bytes) -> tuple[PrivateKey, bytes]:
    """The private key that 64 and 32 secret bytes give, and the bytes of its public half, see :func:`public_key`.

    Raises:
        MissingExtra: cryptography is too old.
    """
    hpke, _ = _load()
    from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    mlkem = MLKEM768PrivateKey.from_seed_bytes(mlkem_seed)
    x25519 = X25519PrivateKey.from_private_bytes(x25519_seed)
    public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
    return hpke.MLKEM768X25519PrivateKey(mlkem, x25519), public


def public_key(data: bytes) -> PublicKeys:
    """The public key of 1,184 bytes of ML-KEM-768 and 32 of X25519.

    Raises:
        MissingExtra: cryptography is too old.
        ValueError: they are not a key.
    """
    hpke, _ = _load()
    from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    made: PublicKeys = hpke.MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(data[:MLKEM_PUBLIC_BYTES]),
        X25519PublicKey.from_public_bytes(data[MLKEM_PUBLIC_BYTES:]),
    )
    return made


def encrypt(public: PublicKeys, secret: bytes, info: bytes) -> bytes:
    """A secret for the private half's holder, who needs the same ``info``: as long as the secret, and 1,136 bytes."""
    return _load()[1].encrypt(secret, public, info)


def decrypt(private: PrivateKey, data: bytes, info: bytes) -> bytes | None:
    """What :func:`encrypt` encrypted for this key, or None if it was not this."""
    from cryptography.exceptions import InvalidTag

    try:
        return _load()[1].decrypt(data, private, info)
    except (InvalidTag, ValueError):
        return None
