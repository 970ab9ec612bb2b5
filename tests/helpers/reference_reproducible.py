"""What stands for random values in reproducible records of version 2, after docs/format-2.md."""

import hashlib

import numpy as np
import reference_record as form
import reference_seal as seal
import reference_seal_keys as keys


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def secret_of(key: bytes, core: bytes, options: bytes, image: np.ndarray) -> bytes:
    return keys.keyed(key, b"fp2 once", core, options, digest(image.tobytes()))


def nonce_of(secret: bytes) -> bytes:
    return keys.keyed(secret, b"fp2 nonce")[:24]


def salt_of(face: bytes, plain: bytes) -> bytes:
    return keys.keyed(face, b"fp2 salt", digest(plain))[:16]


def iv_of(face: bytes, shown: bytes) -> bytes:
    return keys.keyed(face, b"fp2 iv", digest(shown))[:12]


def rest_salt_of(secret: bytes, plain: bytes) -> bytes:
    return keys.keyed(secret, b"fp2 rest salt", digest(plain))[:16]


def scene_iv_of(secret: bytes, around: bytes) -> bytes:
    return keys.keyed(secret, b"fp2 scene iv", digest(around))[:12]


def replace(made: dict, key: bytes, options: bytes, image: np.ndarray, shown: np.ndarray) -> None:
    """Replaces all that would be random among what the reference's writer takes."""
    owner = seal.owners(made["shape"], made["regions"])
    core = form.core_bytes(made["shape"], made["sample"], made["regions"])
    made["secret"] = secret_of(key, core, options, image)
    made["nonce"] = nonce_of(made["secret"])
    commit = keys.commitment(made["secret"], core, made["nonce"])
    for index, entry in enumerate(made["entries"]):
        face = keys.face_secret(made["secret"], commit, index)
        if entry["plain"] is not None:
            entry["salt"] = salt_of(face, entry["plain"])
        entry["iv"] = iv_of(face, seal.pixels_of(shown, owner == index))
    if made["rest"] is not None:
        made["rest"]["salt"] = rest_salt_of(made["secret"], made["rest"]["plain"])
    made["scene_iv"] = scene_iv_of(made["secret"], seal.pixels_of(shown, owner == -1))
