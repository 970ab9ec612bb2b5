"""Our keys as the age format knows them (age-encryption.org/v1): X25519 identities and recipients, in Bech32 (BIP 173).

A key's age identity is the X25519 half of its key pair (docs/format-2.md), and a public key's recipient the public
half of that. So what is sealed to a key, or to its public key, opens with the one identity, in any age program.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..hpke import MLKEM_PUBLIC_BYTES
from ..key import Key
from ..public_key import PublicKey
from ..recipients import Recipients, check_recipients

_SIGNS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def age_identity(key: Key) -> str:
    """The secret identity of a key for age programs: whoever has it opens every video that was sealed to the key.

    Args:
        key: the secret key.

    Returns:
        ``AGE-SECRET-KEY-1`` and 58 signs; keep it like the key itself.

    Raises:
        TypeError: not a Key.
    """
    if not isinstance(key, Key):
        raise TypeError(f"key must be a Key, got {type(key).__name__}")
    return _bech32("age-secret-key-", key.x25519_seed()).upper()


def age_recipient(key: Key | PublicKey) -> str:
    """What a key or a public key is to age programs that encrypt: ``age1`` and 58 signs, not secret.

    Raises:
        TypeError: neither.
    """
    if isinstance(key, PublicKey):
        return _bech32("age", key.to_bytes()[MLKEM_PUBLIC_BYTES:])
    if not isinstance(key, Key):
        raise TypeError(f"key must be a Key or a PublicKey, got {type(key).__name__}")
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return _bech32("age", X25519PrivateKey.from_private_bytes(key.x25519_seed()).public_key().public_bytes_raw())


def age_recipients(keys: Recipients) -> list[str]:
    """The recipients of several keys; raises as :func:`.recipients.check_recipients`."""
    return [age_recipient(key) for key in check_recipients(keys)]


def _bech32(prefix: str, data: bytes) -> str:
    """Bytes in Bech32, in small letters."""
    number, length = int.from_bytes(data, "big"), -(-8 * len(data) // 5)
    number <<= 5 * length - 8 * len(data)
    values = [number >> 5 * (length - 1 - index) & 31 for index in range(length)]
    spread = [ord(sign) >> 5 for sign in prefix] + [0] + [ord(sign) & 31 for sign in prefix]
    check = _checksum([*spread, *values, 0, 0, 0, 0, 0, 0]) ^ 1
    values += [check >> 5 * (5 - index) & 31 for index in range(6)]
    return prefix + "1" + "".join(_SIGNS[value] for value in values)


def _checksum(values: Sequence[int]) -> int:
    check = 1
    for value in values:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate(_GENERATOR):
            if top >> bit & 1:
                check ^= term
    return check
