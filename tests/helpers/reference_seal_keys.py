"""The key schedule of record version 2 and its encryption, after docs/format-2.md, one small function each."""

import hashlib
import hmac
import struct

from reference_gmac import gcm_crypt, gcm_tag
from reference_record import CHUNK, require


def part(data: bytes) -> bytes:
    return struct.pack("<Q", len(data)) + data


def message(*parts: bytes) -> bytes:
    return b"".join(part(p) for p in parts)


def keyed(key: bytes, *parts: bytes) -> bytes:
    return hmac.new(key, message(*parts), hashlib.sha256).digest()


def commitment(secret: bytes, core: bytes, nonce: bytes) -> bytes:
    return keyed(secret, b"fp2 commit", core, nonce)


def binding(core: bytes, nonce: bytes, commit: bytes) -> bytes:
    return hashlib.sha256(message(b"fp2 binding", core, nonce, commit)).digest()


def region_number(index: int) -> bytes:
    return struct.pack("<I", index)


def face_secret(secret: bytes, commit: bytes, index: int) -> bytes:
    return keyed(secret, b"fp2 face", commit, region_number(index))


def entry_mac(face: bytes, bound: bytes, index: int, entry: bytes) -> bytes:
    return keyed(face, b"fp2 entry", bound, region_number(index), entry[:53])


def tag_key(face: bytes) -> bytes:
    return keyed(face, b"fp2 tag")


def seal_key(face: bytes, salt: bytes) -> bytes:
    return keyed(face, b"fp2 seal", salt)


def permutation_key(face: bytes) -> bytes:
    return keyed(face, b"fp2 perm")


def scene_key(secret: bytes, commit: bytes) -> bytes:
    return keyed(secret, b"fp2 scene", commit)


def rest_key(secret: bytes, commit: bytes, salt: bytes) -> bytes:
    return keyed(secret, b"fp2 rest", commit, salt)


def hint(key: bytes, nonce: bytes) -> bytes:
    return keyed(key, b"fp2 hint", nonce)[:8]


def wrap_key(key: bytes, nonce: bytes, commit: bytes, purpose: bytes = b"fp2 wrap") -> bytes:
    return keyed(key, purpose, nonce, commit)


def gcm_seal(key: bytes, iv: bytes, plain: bytes) -> bytes:
    text = gcm_crypt(key, iv, plain)
    return text + gcm_tag(key, iv, b"", text)


def gcm_open(key: bytes, iv: bytes, sealed: bytes) -> bytes:
    text, tag = sealed[:-16], sealed[-16:]
    require(len(sealed) >= 16 and gcm_tag(key, iv, b"", text) == tag, "the tag of a seal")
    return gcm_crypt(key, iv, text)


def chunk_iv(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def stream_seal(key: bytes, plain: bytes) -> bytes:
    starts = range(0, len(plain), CHUNK)
    return b"".join(
        gcm_seal(key, chunk_iv(i, i == len(starts) - 1), plain[start : start + CHUNK]) for i, start in enumerate(starts)
    )


def stream_open(key: bytes, sealed: bytes) -> bytes:
    starts = range(0, len(sealed), CHUNK + 16)
    return b"".join(
        gcm_open(key, chunk_iv(i, i == len(starts) - 1), sealed[start : start + CHUNK + 16])
        for i, start in enumerate(starts)
    )
