"""A second implementation of record version 2, after docs/format-2.md: slow, obvious, with a GCM of its own.

It and its helpers share no line with the package and import nothing of it. Functions are small and called through their
modules, so that a test can misread each of them.
"""

import base64
import hashlib
import re
import struct
import zlib

import numpy as np
import reference_recipients as recipients
import reference_record as form
import reference_residuals as residuals
import reference_seal_keys as keys
import reference_v2
from reference_gmac import gmac
from reference_record import Refused, require


def pixels_of(image: np.ndarray, owned: np.ndarray) -> bytes:
    return image[owned].tobytes()


def padded(codec: int, body: bytes, raw: int, steps: int = 0) -> bytes:
    plain = struct.pack("<BQ", codec, len(body)) + body
    step = form.step_of(raw)
    return plain + bytes((steps * step if steps else -(-len(plain) // step) * step) - len(plain))


def padding_is_right(padding: bytes) -> bool:
    return not any(padding)


def inflate(body: bytes, raw: int) -> bytes:
    stream = zlib.decompressobj(-15)
    try:
        data = stream.decompress(body, raw + 1)
    except zlib.error:
        raise Refused("the stream of a seal") from None
    require(len(data) == raw, "the length of a seal's pixels")
    require(stream.eof and not stream.unused_data, "the end of the stream")
    return data


def unpack_seal(plain: bytes, image: np.ndarray, owned: np.ndarray) -> None:
    """Writes the pixels of a seal's plaintext into an image."""
    raw = int(owned.sum()) * image.itemsize * (image.shape[2] if image.ndim == 3 else 1)
    codec, length = struct.unpack("<BQ", plain[:9])
    require(9 + length <= len(plain) and padding_is_right(plain[9 + length :]), "padding")
    body = plain[9 : 9 + length]
    if codec == 0:
        require(length == raw, "the length of a seal's pixels")
        image[owned] = np.frombuffer(body, image.dtype).reshape(image[owned].shape)
    else:
        require(codec == 1, "codec")
        residuals.decode(inflate(body, raw), image, owned)


def unpack_rest(plain: bytes) -> bytes:
    (length,) = struct.unpack("<Q", plain[:8])
    require(0 <= len(plain) - 8 - length < 4096 and padding_is_right(plain[8 + length :]), "padding")
    return plain[8 : 8 + length]


def record_mac(record: dict, secret: bytes) -> bytes:
    return keys.keyed(secret, b"fp2 record", record["before"])


def owned_by(record: dict, index: int) -> np.ndarray:
    if "owner" not in record:
        record["owner"] = owners(record["shape"], record["regions"])
    return record["owner"] == index


def named(regions: list[dict]) -> list[dict]:
    """Regions as reference_v2.py takes them; those of other methods with windows in which no pixel moves."""
    return [{**r, "shape": ("box", "ellipse")[r["shape"]], "window": r["window"] or 4} for r in regions]


def owners(shape: list[int], regions: list[dict]) -> np.ndarray:
    """For each pixel the number of the region that owns it, -1 for none."""
    return reference_v2.owners(*shape[:2], named(regions))


def tagged_pixels(record: dict, index: int, image: np.ndarray) -> bytes:
    return pixels_of(image, owned_by(record, index))


def scene_pixels(record: dict, image: np.ndarray) -> bytes:
    return pixels_of(image, owned_by(record, -1))


def face_text(nonce: bytes, index: int, face: bytes) -> str:
    data = nonce[:8] + struct.pack("<H", index) + face
    data += hashlib.sha256(data).digest()[:4]
    return "fpface2_" + base64.urlsafe_b64encode(data).decode().rstrip("=")


def is_face_text(text: str) -> bool:
    return re.fullmatch("fpface2_[A-Za-z0-9_-]{61}[AQgw]", text) is not None


def face_check(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:4]


def read_face_text(text: str) -> tuple[bytes, int, bytes]:
    require(is_face_text(text), "a face key's text")
    data = base64.urlsafe_b64decode(text.removeprefix("fpface2_") + "==")
    require(face_check(data[:-4]) == data[-4:], "a face key's check")
    return data[:8], struct.unpack("<H", data[8:10])[0], data[10:42]


def is_finite(image: np.ndarray) -> bool:
    return bool(np.isfinite(image).all())


def check_image(record: dict, image: np.ndarray) -> None:
    require(list(image.shape) == record["shape"], "the shape of the image")
    require(image.dtype == form.SAMPLES[record["sample"]], "the samples of the image")
    require(is_finite(image), "a sample that is not a number, or infinite")


def check_owned(record: dict) -> None:
    """What a reader refuses once it knows how many pixels each region owns."""
    for index, (region, entry) in enumerate(zip(record["regions"], record["entries"], strict=True)):
        owned = int(owned_by(record, index).sum())
        require(region["pixels"] <= owned, "more pixels than the region owns")
        raw = owned * form.pixel_bytes(record)
        require(not entry["length"] or form.is_length(form.plain_length(entry["length"]), raw), "the length of a seal")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def attach(record: dict, beside: bytes) -> None:
    places = [*record["entries"], record["rest"]]
    require(beside[:32] == record["commit"], "the seals of another picture")
    at = 32
    for index, place in enumerate(places):
        if place["state"] == 2:
            record["seals"][index] = beside[at : at + place["length"]]
            at += place["length"]
    require(at == len(beside), "the length of the seals beside")


def open_region(record: dict, index: int, face: bytes, image: np.ndarray, out: np.ndarray | None = None) -> dict:
    """Verdict, key and pixels of one region, which go into ``out``; ``image`` is as it is shown."""
    entry = record["entries"][index]
    bound = keys.binding(record["core"], record["nonce"], record["commit"])
    require(keys.entry_mac(face, bound, index, entry["bytes"]) == entry["mac"], f"entry {index}")
    shown = gmac(keys.tag_key(face), entry["iv"], tagged_pixels(record, index, image)) == entry["tag"]
    result = {"shown": shown, "permutation_key": keys.permutation_key(face).hex(), "pixels": None}
    if record["seals"][index] is not None:
        owned = owned_by(record, index)
        copy = image.copy()
        unpack_seal(keys.stream_open(keys.seal_key(face, entry["salt"]), record["seals"][index]), copy, owned)
        result["pixels"] = sha256(pixels_of(copy, owned))
        if out is not None:
            out[owned] = copy[owned]
    return result


def open_all(data: bytes, key: bytes, image: np.ndarray, beside: bytes = b"") -> dict:
    """All that the holder of a master key learns."""
    record = form.parse(data)
    if beside:
        attach(record, beside)
    check_image(record, image)
    check_owned(record)
    secret, _ = recipients.unwrap(record, key)
    require(record_mac(record, secret) == record["mac"], "record")
    result = {"secret": secret.hex(), "scene": None, "rest": None, "regions": []}
    out = image.copy()
    for index in range(len(record["regions"])):
        face = keys.face_secret(secret, record["commit"], index)
        opened = open_region(record, index, face, image, out)
        result["regions"].append({**opened, "face_key": face_text(record["nonce"], index, face)})
    permutation_keys = [bytes.fromhex(region["permutation_key"]) for region in result["regions"]]
    reference_v2.permute(out, named(record["regions"]), permutation_keys, inverse=True)
    result["restored"] = sha256(out.tobytes())
    if record["scene"] is not None:
        iv, tag = record["scene"]
        result["scene"] = gmac(keys.scene_key(secret, record["commit"]), iv, scene_pixels(record, image)) == tag
    if record["seals"][-1] is not None:
        plain = keys.stream_open(keys.rest_key(secret, record["commit"], record["rest"]["salt"]), record["seals"][-1])
        result["rest"] = unpack_rest(plain).hex()
    return result


def open_face(data: bytes, text: str, image: np.ndarray, beside: bytes = b"") -> dict:
    """All that the holder of a face key learns."""
    record = form.parse(data)
    if beside:
        attach(record, beside)
    check_image(record, image)
    check_owned(record)
    number, index, face = read_face_text(text)
    require(number == record["nonce"][:8] and index < len(record["regions"]), "a face key of another record")
    return open_region(record, index, face, image)
