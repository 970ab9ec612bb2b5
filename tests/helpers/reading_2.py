"""Reads every frozen vector of record version 2 with the slow reference: what is misread there is told."""

import struct
import zlib

import numpy as np
import reference_recipients as recipients
import reference_record as form
import reference_reproducible as reproducible
import reference_seal as seal
import reference_seal_keys as keys
import reference_seal_writer as writer
from vectors_2 import content

WRONG = (form.Refused, struct.error, zlib.error, IndexError, ValueError, OverflowError, TypeError, KeyError)
"""What a wrong reader may raise instead of reading."""


CONTENT = content()
"""Read now, before anything is misread: the images are made with the reference's own ownership."""


def first_misread() -> str | None:
    """The name of the first record that is not read as its vector says, or None."""
    vectors = sorted(CONTENT["vectors"], key=lambda vector: len(vector["record"]))
    for check, items in (
        (is_refused, CONTENT["refused"]),
        (is_taken_rightly, CONTENT["taken"]),
        (is_opened_rightly, vectors),
    ):
        for item in items:
            if not told(check, item):
                return item["name"]
    return None


def told(check, item) -> bool:
    try:
        return check(item)
    except WRONG:
        return False


def is_taken_rightly(item: dict) -> bool:
    try:
        form.parse(form.unwrapped(item["bytes"]))
    except form.Refused:
        return not item["taken"]
    return item["taken"]


def is_refused(item: dict) -> bool:
    try:
        if item["when"] == "bytes":
            form.parse(item["record"])
            return False
        if item["when"] == "owned":
            seal.check_owned(form.parse(item["record"]))
            return False
        if item["when"] == "image":
            seal.check_image(form.parse(item["record"]), item["shown"])
            return False
        if item["when"] == "face":
            seal.open_face(item["record"], item["face_key"], item["shown"])
            return False
        opened = seal.open_all(item["record"], item["keys"][0], item["shown"], item["beside"])
    except form.Refused:
        return True
    return opened["scene"] is False or not all(region["shown"] for region in opened["regions"])


def is_opened_rightly(vector: dict) -> bool:
    record, shown, beside = vector["record"], vector["shown"], vector["beside"]
    opened = seal.open_all(record, vector["keys"][-1], shown, beside)
    if opened != vector["opened"] or not has_origins(vector):
        return False
    for expected in opened["regions"]:
        face = seal.open_face(record, expected["face_key"], shown, beside)
        if {**face, "face_key": expected["face_key"]} != expected:
            return False
    return not vector.get("reproducible") or is_reproduced(vector)


def has_origins(vector: dict) -> bool:
    record = form.parse(vector["record"])
    origins = [recipients.unwrap(record, key)[1] for key in vector["keys"]]
    return origins == vector.get("origins", origins)


def is_reproduced(vector: dict) -> bool:
    """Whether the reference's writer gives the same record out of image, regions, options and key."""
    record = form.parse(vector["record"])
    made = {"shape": record["shape"], "sample": record["sample"], "regions": record["regions"], "stanzas": []}
    secret = bytes.fromhex(vector["opened"]["secret"])
    made["entries"] = [
        {"state": entry["state"], "plain": plain_of(record, index, secret), "salt": entry["salt"]}
        for index, entry in enumerate(record["entries"])
    ]
    key = keys.rest_key(secret, record["commit"], record["rest"]["salt"])
    made["rest"] = {"state": record["rest"]["state"], "plain": keys.stream_open(key, record["seals"][-1])}
    made["keys"] = vector["keys"]
    image = np.ascontiguousarray(vector["image"])
    reproducible.replace(made, vector["keys"][0], vector["reproducible"].encode(), image, vector["shown"])
    return writer.write(made, vector["shown"])[0] == vector["record"]


def plain_of(record: dict, index: int, secret: bytes) -> bytes | None:
    if record["seals"][index] is None:
        return None
    face = keys.face_secret(secret, record["commit"], index)
    return keys.stream_open(keys.seal_key(face, record["entries"][index]["salt"]), record["seals"][index])
