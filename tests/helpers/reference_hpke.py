"""HPKE (RFC 9180, base mode) with MLKEM768-X25519, HKDF-SHA256 and AES-256-GCM, after docs/format-2.md."""

import hashlib
import hmac

import reference_mlkem as mlkem
from reference_gmac import gcm_crypt, gcm_tag

PRIME = 2**255 - 19
BASE = (9).to_bytes(32, "little")
SUITE = b"HPKE" + bytes.fromhex("647a00010002")
XWING = rb"\.//^" + b"\\"
ENC = 1088 + 32


def x25519(scalar: bytes, point: bytes) -> bytes:
    """RFC 7748, section 5."""
    k = (int.from_bytes(scalar, "little") & ~7 & (1 << 254) - 1) | 1 << 254
    x1 = int.from_bytes(point, "little") % 2**255 % PRIME
    x2, z2, x3, z3 = 1, 0, x1, 1
    for bit in reversed(range(255)):
        if k >> bit & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        e = a * a - b * b
        x3, z3 = (d * a + c * b) ** 2 % PRIME, x1 * (d * a - c * b) ** 2 % PRIME
        x2, z2 = a * a * b * b % PRIME, e * (a * a + 121665 * e) % PRIME
        if k >> bit & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, -1, PRIME) % PRIME if z2 else 0).to_bytes(32, "little")


def public_key(mlkem_seed: bytes, x25519_key: bytes) -> bytes:
    return mlkem.key_pair(mlkem_seed[:32])[1] + x25519(x25519_key, BASE)


def combined(of_mlkem: bytes, of_x25519: bytes, ephemeral: bytes, public: bytes) -> bytes:
    """The combiner of X-Wing."""
    return hashlib.sha3_256(of_mlkem + of_x25519 + ephemeral + public + XWING).digest()


def _extract(salt: bytes, label: bytes, data: bytes) -> bytes:
    return hmac.new(salt or bytes(32), b"HPKE-v1" + SUITE + label + data, hashlib.sha256).digest()


def _expand(key: bytes, label: bytes, context: bytes, size: int) -> bytes:
    data = size.to_bytes(2, "big") + b"HPKE-v1" + SUITE + label + context
    return hmac.new(key, data + b"\1", hashlib.sha256).digest()[:size]


def schedule(shared: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Key and initialisation vector of the first and only message."""
    context = b"\0" + _extract(b"", b"psk_id_hash", b"") + _extract(b"", b"info_hash", info)
    secret = _extract(shared, b"secret", b"")
    return _expand(secret, b"key", context, 32), _expand(secret, b"base_nonce", context, 12)


def seal(public: bytes, coins: bytes, info: bytes, plain: bytes) -> bytes:
    """enc and ciphertext; ``coins``: 64 bytes, random elsewhere, for ML-KEM's message and X25519's ephemeral key."""
    of_mlkem, ciphertext = mlkem.encapsulate(public[:1184], coins[:32])
    ephemeral, of_x25519 = x25519(coins[32:], BASE), x25519(coins[32:], public[1184:])
    key, iv = schedule(combined(of_mlkem, of_x25519, ephemeral, public[1184:]), info)
    text = gcm_crypt(key, iv, plain)
    return ciphertext + ephemeral + text + gcm_tag(key, iv, b"", text)


def open_sealed(mlkem_seed: bytes, x25519_key: bytes, info: bytes, data: bytes) -> bytes | None:
    """What :func:`seal` sealed for this private key under this ``info``, or None."""
    ciphertext, ephemeral, text, tag = data[:1088], data[1088:ENC], data[ENC:-16], data[-16:]
    public, of_x25519 = x25519(x25519_key, BASE), x25519(x25519_key, ephemeral)
    key, iv = schedule(combined(mlkem.decapsulate(mlkem_seed, ciphertext), of_x25519, ephemeral, public), info)
    return gcm_crypt(key, iv, text) if gcm_tag(key, iv, b"", text) == tag else None
