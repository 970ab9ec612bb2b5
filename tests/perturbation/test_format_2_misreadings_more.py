"""More deliberate misreadings of docs/format-2.md, which version_2.json alone did not catch or was not asked about."""

import hashlib
import json
import struct

import numpy as np
import pytest
import reference_hpke as hpke
import reference_recipients as recipients
import reference_record as form
import reference_reproducible as reproducible
import reference_seal as seal
import reference_seal_keys as keys
from misread_areas import AREAS
from reading_2 import first_misread

right = {
    "check_region": form.check_region,
    "check_entry": form.check_entry,
    "clipped": form.clipped,
    "unwrap": recipients.unwrap,
}


def first_hint_alone(record, key):
    hint = keys.hint(key, record["nonce"])
    hinted = [number for number, (kind, body) in enumerate(record["stanzas"]) if kind == 1 and body[:8] == hint]
    stanzas = [stanza for number, stanza in enumerate(record["stanzas"]) if number not in hinted[1:]]
    return right["unwrap"]({**record, "stanzas": stanzas}, key)


def first_stanza_alone(record, key):
    return right["unwrap"]({**record, "stanzas": record["stanzas"][:1]}, key)


def public_after_a_hint(record, key):
    try:
        return right["unwrap"](record, key)
    except form.Refused:
        return right["unwrap"]({**record, "stanzas": [s for s in record["stanzas"] if s[0] != 1]}, key)


def public_before_hints(record, key):
    for kind, body in record["stanzas"]:
        secret = recipients.by_envelope(record, key, kind, body)
        if secret is not None:
            form.require(recipients.fits(record, secret), "commitment")
    return right["unwrap"](record, key)


def without(field, value):
    """``check_region`` for which that field always has a value that is allowed."""
    return lambda region: right["check_region"]({**region, field: value})


def one_check_fewer(field, values):
    """``check_entry`` for which that field has this value in these states."""
    return lambda region, entry: right["check_entry"](
        region, {**entry, field: values.get(entry["state"], entry[field])}
    )


def loose_json(text):
    fields = json.loads(text)
    form.require(isinstance(fields, dict) and fields["format"] == "fastperturb-record", "format")
    form.require(form.is_two(fields["version"]), "version")
    return form.decoded(fields["data"])


def loose_base64(text):
    import base64

    return base64.b64decode(text)


def rest_with_more(plain):
    (length,) = struct.unpack("<Q", plain[:8])
    form.require(8 + length <= len(plain) and not any(plain[8 + length :]), "padding")
    return plain[8 : 8 + length]


def digest(data):
    return hashlib.sha256(data).digest()


def combined_without(part):
    def combined(of_mlkem, of_x25519, ephemeral, public):
        parts = {"mlkem": of_mlkem, "x25519": of_x25519, "ephemeral": ephemeral, "public": public, "label": hpke.XWING}
        return hashlib.sha3_256(b"".join(data for name, data in parts.items() if name != part)).digest()

    return combined


def raw_of_boxes(kind):
    """``clipped`` without the image's edges: what a box could hold."""
    return lambda region, shape: (
        (region["height"], region["width"]) if min(right["clipped"](region, shape)) > 0 else (0, 0)
    )


RECIPIENTS = {
    "the first hint alone": [(recipients, "unwrap", first_hint_alone)],
    "the first recipient alone": [(recipients, "unwrap", first_stanza_alone)],
    "a public key after a hint that fails": [(recipients, "unwrap", public_after_a_hint)],
    "an envelope believed without its commitment": [(recipients, "unwrap", public_before_hints)],
    "kind 2 of one length alone": [(form, "STANZAS", {**form.STANZAS, 2: (1170, 1170)})],
    "kind 3 of one length alone": [(form, "STANZAS", {**form.STANZAS, 3: (36, 36)})],
    "recipients of any length": [(form, "STANZAS", dict.fromkeys((1, 2, 3), (0, 65_535)))],
    "kind 2 from 33 bytes": [(form, "STANZAS", {**form.STANZAS, 2: (33, 4096)})],
    "kind 3 from 35 bytes": [(form, "STANZAS", {**form.STANZAS, 3: (35, 4096)})],
    "kind 0": [(form, "STANZAS", {**form.STANZAS, 0: (56, 56)})],
    "kind 255": [(form, "STANZAS", {**form.STANZAS, 255: (56, 56)})],
    "kinds 2 and 3 refused": [(form, "STANZAS", {1: (56, 56)})],
    "faces of recipients as u16": [(form, "face_of", lambda body: int.from_bytes(body[:2], "little"))],
    "faces of recipients from 1": [(form, "face_of", lambda body: int.from_bytes(body[:4], "little") - 1)],
    "the KEM big-endian": [
        (recipients, "is_envelope", lambda kind, body: kind == 2 and body[:2] == struct.pack(">H", recipients.KEM))
    ],
    "any KEM": [(recipients, "is_envelope", lambda kind, body: kind == 2 and len(body) == 1170)],
    "one purpose": [(recipients, "PURPOSES", {"key": b"fp2 wrap"})],
    "no purpose of public keys": [(recipients, "PURPOSES", {"key": b"fp2 wrap", "recipients": b"fp2 wrap shared"})],
    "shared and public exchanged": [
        (recipients, "PURPOSES", {"key": b"fp2 wrap", "anyone": b"fp2 wrap shared", "recipients": b"fp2 wrap public"})
    ],
    "alone beside others": [(recipients, "origin_of", lambda origin, count: origin)],
    "shared alone as the key's": [(recipients, "origin_of", lambda o, count: "key" if count == 1 else o)],
    "info without the commitment": [(recipients, "info_of", lambda nonce, commit: recipients.INFO + nonce)],
    "info without the nonce": [(recipients, "info_of", lambda nonce, commit: recipients.INFO + commit)],
    "info without its text": [(recipients, "info_of", lambda nonce, commit: nonce + commit)],
    "info with lengths": [(recipients, "info_of", lambda n, c: keys.message(recipients.INFO, n, c))],
    "ML-KEM's seed z first": [
        (
            recipients,
            "private_half",
            lambda k: (
                keys.keyed(k, b"fp2 mlkem", b"\1") + keys.keyed(k, b"fp2 mlkem", b"\0"),
                keys.keyed(k, b"fp2 x25519"),
            ),
        )
    ],
    "ML-KEM's seed without numbers": [
        (recipients, "private_half", lambda k: (keys.keyed(k, b"fp2 mlkem") * 2, keys.keyed(k, b"fp2 x25519")))
    ],
    **{
        f"the combiner without {part}": [(hpke, "combined", combined_without(part))]
        for part in ("mlkem", "x25519", "ephemeral", "public", "label")
    },
    "HPKE for another suite": [(hpke, "SUITE", b"HPKE" + bytes.fromhex("647a00010001"))],
    "X-Wing's older label": [(hpke, "XWING", b"X-Wing")],
    "keys of 32 equal bytes": [(recipients, "is_key", lambda key: True)],
}

REFUSALS = {
    **{
        f"{field} not checked": [(form, "check_region", without(field, value))]
        for field, value in {"width": 1, "height": 1, "shape": 0, "zero": 0}.items()
    },
    "windows' bounds not checked": [
        (form, "check_region", lambda r: right["check_region"]({**r, "window": 4 * (r["method"] == 1)}))
    ],
    "pixels' bound not checked": [
        (form, "check_region", lambda r: right["check_region"]({**r, "pixels": r["pixels"] if r["method"] != 1 else 0}))
    ],
    "ten methods": [(form, "check_region", lambda r: [right["check_region"](r), form.require(r["method"] < 10, "")])],
    "sides of windows up to the image": [
        (form, "check_region", lambda r: [right["check_region"](r), form.require(r["window"] < 2**16, "")])
    ],
    "places and sizes in the image": [
        (form, "check_region", lambda r: [right["check_region"](r), form.require(r["x"] >= 0, "")])
    ],
    "a length in state 0": [(form, "check_entry", one_check_fewer("length", {0: 0}))],
    "a length in state 3": [(form, "check_entry", one_check_fewer("length", {3: 0}))],
    "a salt in state 0": [(form, "check_entry", one_check_fewer("salt", {0: bytes(16)}))],
    "a salt in state 3": [(form, "check_entry", one_check_fewer("salt", {3: bytes(16)}))],
    "windows with erased seals": [
        (
            form,
            "check_entry",
            lambda r, e: right["check_entry"]({**r, "method": r["method"] if e["state"] != 3 else 2}, e),
        )
    ],
    "a seal's length by the unclipped box": [
        (form, "is_short", lambda plain, most: 0 < plain <= 12 * form.step_of(most))
    ],
    "nine steps refused": [(form, "is_short", lambda plain, most: 0 < plain <= 8 * form.step_of(most))],
    "empty last chunks": [(form, "plain_length", lambda n: n - 16 * -(-n // 65_552))],
    "areas in 64 bits": [
        (form, "clipped", lambda r, s: tuple(v % 2**16 if max(s) > 2**30 else v for v in right["clipped"](r, s)))
    ],
    "boxes counted before clipping": [(form, "clipped", raw_of_boxes("box"))],
    "images of any shape": [(seal, "check_image", lambda record, image: None)],
    "floats that are no numbers": [(seal, "is_finite", lambda image: True)],
    "floats not infinite": [(seal, "is_finite", lambda image: not np.isnan(image).any())],
    "owned pixels not compared": [(seal, "check_owned", lambda record: None)],
    "metadata with more padding": [(seal, "unpack_rest", rest_with_more)],
    "face keys of any length": [(seal, "is_face_text", lambda text: True)],
    "unused bits in face keys": [(seal, "is_face_text", lambda text: len(text) == 70 and text[:8] == "fpface2_")],
    "face keys unchecked": [(seal, "face_check", lambda data: AnyBytes())],
    "loose JSON": [(form, "from_json", loose_json)],
    "loose base64": [(form, "decoded", loose_base64)],
    "version 2.0": [(form, "is_two", lambda version: version == 2)],
    "a byte order mark": [(form, "as_text", lambda data: data.decode("utf-8-sig", "ignore").removeprefix("\ufeff"))],
    "text that is not UTF-8": [(form, "as_text", lambda data: data.decode("utf-8", "ignore"))],
    "all is JSON": [(form, "is_binary", lambda data: False)],
}

REPRODUCIBLE = {
    "once without options": [
        (reproducible, "secret_of", lambda k, c, o, i: keys.keyed(k, b"fp2 once", c, digest(i.tobytes())))
    ],
    "once over the pixels themselves": [
        (reproducible, "secret_of", lambda k, c, o, i: keys.keyed(k, b"fp2 once", c, o, i.tobytes()))
    ],
    "once with big-endian samples": [
        (
            reproducible,
            "secret_of",
            lambda k, c, o, i: keys.keyed(k, b"fp2 once", c, o, digest(i.astype(i.dtype.newbyteorder(">")).tobytes())),
        )
    ],
    "nonce out of the last bytes": [(reproducible, "nonce_of", lambda r: keys.keyed(r, b"fp2 nonce")[8:])],
    "salts over plaintexts without padding": [
        (reproducible, "salt_of", lambda f, p: keys.keyed(f, b"fp2 salt", digest(p.rstrip(b"\0")))[:16])
    ],
    "salts over plaintexts themselves": [(reproducible, "salt_of", lambda f, p: keys.keyed(f, b"fp2 salt", p)[:16])],
    "one iv": [(reproducible, "iv_of", lambda face, shown: keys.keyed(face, b"fp2 iv")[:12])],
    "the iv of the surroundings under another purpose": [
        (reproducible, "scene_iv_of", lambda r, around: keys.keyed(r, b"fp2 iv", digest(around))[:12])
    ],
    "the metadata's salt under another purpose": [
        (reproducible, "rest_salt_of", lambda r, plain: keys.keyed(r, b"fp2 salt", digest(plain))[:16])
    ],
}

MISREADINGS = {**AREAS, **RECIPIENTS, **REFUSALS, **REPRODUCIBLE}


class AnyBytes(bytes):
    """What compares equal to any bytes: a check that was forgotten."""

    def __eq__(self, other):
        return True

    __hash__ = None


@pytest.mark.parametrize("name", MISREADINGS)
def test_a_misreading_is_caught(name, monkeypatch):
    for module, attribute, wrong in MISREADINGS[name]:
        monkeypatch.setattr(module, attribute, wrong)
    assert first_misread() is not None
