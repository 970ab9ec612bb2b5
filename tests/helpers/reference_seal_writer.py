"""Writes records of version 2 byte by byte, after docs/format-2.md, with every random value given: vectors, and records
that no honest writer makes.
"""

import struct
import zlib

import numpy as np
import reference_record as form
import reference_residuals as residuals
import reference_seal as seal
import reference_seal_keys as keys
from reference_gmac import gmac

NO_SALT = bytes(16)


def deflated(image: np.ndarray, owned: np.ndarray) -> bytes:
    coder = zlib.compressobj(9, zlib.DEFLATED, -15)
    return coder.compress(residuals.encode(image, owned)) + coder.flush()


def seal_plain(image: np.ndarray, owned: np.ndarray, codec: int, steps: int = 0) -> bytes:
    """The plaintext of a seal: stored (0) or deflated residuals (1), padded to so many steps or as few as it takes."""
    body = seal.pixels_of(image, owned) if codec == 0 else deflated(image, owned)
    return seal.padded(codec, body, len(seal.pixels_of(image, owned)), steps)


def rest_plain(data: bytes) -> bytes:
    plain = struct.pack("<Q", len(data)) + data
    return plain + bytes(-len(plain) % 4096)


def stanza(kind: int, body: bytes) -> bytes:
    return struct.pack("<BH", kind, len(body)) + body


def key_stanza(key: bytes, secret: bytes, nonce: bytes, commit: bytes, purpose: bytes = b"fp2 wrap") -> bytes:
    wrapped = keys.gcm_seal(keys.wrap_key(key, nonce, commit, purpose), bytes(12), secret)
    return stanza(1, keys.hint(key, nonce) + wrapped)


def write(case: dict, shown: np.ndarray) -> tuple[bytes, bytes]:
    """The record and the file beside it.

    ``case`` has shape, sample, regions (as the reference parses them), secret, nonce, keys, other stanzas, scene_iv (or
    None), and for each region an entry of state, salt, iv and plain (the seal's plaintext or None); rest likewise (or
    None). ``commit``, an entry's ``length``, ``mac`` and ``text`` (the ciphertext), the rest's ``length``: to lie.
    """
    secret, nonce = case["secret"], case["nonce"]
    core = form.core_bytes(case["shape"], case["sample"], case["regions"])
    commit = case.get("commit", keys.commitment(secret, core, nonce))
    bound = keys.binding(core, nonce, commit)
    record = {"shape": case["shape"], "regions": case["regions"], "sample": case["sample"]}
    data, here, beside = core + nonce + commit, b"", b""
    for index, entry in enumerate(case["entries"]):
        face = keys.face_secret(secret, commit, index)
        text = b""
        if entry["plain"] is not None:
            text = keys.stream_seal(keys.seal_key(face, entry["salt"]), entry["plain"])
        text = entry.get("text", text)
        tag = gmac(keys.tag_key(face), entry["iv"], seal.tagged_pixels(record, index, shown))
        salt = entry["salt"] if entry["state"] in (1, 2) else NO_SALT
        line = struct.pack("<BQ16s12s16s", entry["state"], entry.get("length", len(text)), salt, entry["iv"], tag)
        data += line + entry.get("mac", keys.entry_mac(face, bound, index, line))
        here, beside = here + text * (entry["state"] == 1), beside + text * (entry["state"] == 2)
    if case["scene_iv"] is None:
        data += b"\0"
    else:
        tag = gmac(keys.scene_key(secret, commit), case["scene_iv"], seal.scene_pixels(record, shown))
        data += b"\1" + case["scene_iv"] + tag
    rest = case.get("rest")
    data += bytes([rest["state"] if rest else 0])
    if rest and rest["state"] in (1, 2):
        text = keys.stream_seal(keys.rest_key(secret, commit, rest["salt"]), rest["plain"])
        data += struct.pack("<Q16s", rest.get("length", len(text)), rest["salt"])
        here, beside = here + text * (rest["state"] == 1), beside + text * (rest["state"] == 2)
    stanzas = [key_stanza(key, secret, nonce, commit) for key in case["keys"]] + case.get("stanzas", [])
    data += bytes([len(stanzas)]) + b"".join(stanzas)
    data += keys.keyed(secret, b"fp2 record", data)
    return data + here, commit + beside if beside else b""
