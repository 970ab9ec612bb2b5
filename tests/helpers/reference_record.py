"""The bytes of record version 2, after docs/format-2.md: parsed into plain dictionaries, and what a reader refuses."""

import base64
import json
import struct

import numpy as np

CHUNK = 65_536
SAMPLES = {1: np.dtype("u1"), 2: np.dtype("<u2"), 3: np.dtype("<f4")}

STANZAS = {1: (56, 56), 2: (34, 4096), 3: (36, 4096)}
"""The fewest and the most bytes of each kind of recipient."""


class Refused(Exception):
    """What came is not a record, not whole, or not for this key."""


def require(condition: bool, reason: str) -> None:
    if not condition:
        raise Refused(reason)


def sealed_length(plain: int) -> int:
    return plain + 16 * -(-plain // CHUNK)


def plain_length(sealed: int) -> int:
    plain = sealed - 16 * -(-sealed // (CHUNK + 16))
    return plain if plain > 0 and sealed_length(plain) == sealed else -1


def step_of(raw: int) -> int:
    return max(256, -(-raw // 8))


def is_short(plain: int, most: int) -> bool:
    """Whether it can be that long if its pixels have up to ``most`` bytes."""
    return 0 < plain <= 9 * step_of(most)


def is_length(plain: int, raw: int) -> bool:
    """Whether the plaintext of a seal of ``raw`` bytes can be that long."""
    return plain > 0 and plain % step_of(raw) == 0 and plain <= 9 * step_of(raw)


def core_bytes(shape: list[int], sample: int, regions: list[dict]) -> bytes:
    channels = shape[2] if len(shape) == 3 else 0
    data = b"fastperturb\x02" + struct.pack("<BBIIBH", 0, sample, *shape[:2], channels, len(regions))
    for r in regions:
        data += struct.pack("<iiII", r["x"], r["y"], r["width"], r["height"])
        data += struct.pack("<BBHIII", r["shape"], r["method"], r["revision"], r["window"], r["pixels"], 0)
    return data


def parse(data: bytes) -> dict:
    at = 0

    def take(size: int) -> bytes:
        nonlocal at
        require(at + size <= len(data), "the record ends too early")
        at += size
        return data[at - size : at]

    def unpack(form: str) -> tuple:
        return struct.unpack("<" + form, take(struct.calcsize("<" + form)))

    require(take(12) == b"fastperturb\x02", "magic")
    carrier, sample, height, width, channels, count = unpack("BBIIBH")
    require(carrier == 0 and sample in SAMPLES and channels <= 4 and count >= 1, "kind of image")
    require(1 <= height < 2**31 and 1 <= width < 2**31, "size of image")
    names = ("x", "y", "width", "height", "shape", "method", "revision", "window", "pixels", "zero")
    regions = [dict(zip(names, unpack("iiIIBBHIII"), strict=True)) for _ in range(count)]
    record = {"shape": [height, width, channels] if channels else [height, width], "sample": sample}
    record.update(regions=regions, core=data[:at], nonce=take(24), commit=take(32))
    entry_names = ("state", "length", "salt", "iv", "tag")
    record["entries"] = []
    for _ in range(count):
        start = at
        entry = dict(zip(entry_names, unpack("BQ16s12s16s"), strict=True))
        entry["mac"] = take(32)
        entry["bytes"] = data[start:at]
        record["entries"].append(entry)
    flag = take(1)[0]
    require(flag <= 1, "scene flag")
    record["scene"] = unpack("12s16s") if flag else None
    rest = {"state": take(1)[0], "length": 0, "salt": bytes(16)}
    require(rest["state"] <= 3, "state")
    if rest["state"] in (1, 2):
        rest["length"], rest["salt"] = unpack("Q16s")
    record["rest"] = rest
    record["stanzas"] = []
    stanza_count = take(1)[0]
    require(stanza_count <= 16, "recipients")
    for _ in range(stanza_count):
        kind, length = unpack("BH")
        record["stanzas"].append((kind, take(length)))
    record["before"] = data[:at]
    record["mac"] = take(32)
    record["seals"] = [take(e["length"]) if e["state"] == 1 else None for e in [*record["entries"], rest]]
    require(at == len(data), "bytes after the record")
    check(record)
    return record


def clipped(region: dict, shape: list[int]) -> tuple[int, int]:
    """Height and width of the part of a box inside an image."""
    right, bottom = min(region["x"] + region["width"], shape[1]), min(region["y"] + region["height"], shape[0])
    return max(0, bottom - max(region["y"], 0)), max(0, right - max(region["x"], 0))


def pixel_bytes(record: dict) -> int:
    return SAMPLES[record["sample"]].itemsize * [*record["shape"], 1][2]


def check(record: dict) -> None:
    shape, covered = record["shape"], 0
    for region, entry in zip(record["regions"], record["entries"], strict=True):
        check_region(region)
        area = int(np.prod(clipped(region, shape)))
        require(area > 0, "a region outside the image")
        covered += area
        require(covered // 16 <= shape[0] * shape[1] + 2**20, "regions that cover too much")
        check_entry(region, entry)
        if entry["length"]:
            most = area * pixel_bytes(record)
            require(is_short(plain_length(entry["length"]), most), "the length of a seal")
    rest = record["rest"]
    if rest["state"] in (1, 2):
        plain = plain_length(rest["length"])
        require(0 < plain <= 2**24 and plain % 4096 == 0, "the length of the metadata")
    for kind, body in record["stanzas"]:
        least, most = STANZAS.get(kind, (1, 0))
        require(least <= len(body) <= most, "a recipient")
        require(kind != 3 or face_of(body) < len(record["regions"]), "a recipient's face")


def face_of(body: bytes) -> int:
    return int.from_bytes(body[:4], "little")


def check_region(region: dict) -> None:
    require(-(2**31) < region["x"] < 2**31 and -(2**31) < region["y"] < 2**31, "place")
    require(1 <= region["width"] < 2**31 and 1 <= region["height"] < 2**31, "size")
    require(region["shape"] == 0 or (region["shape"] == 1 and region["width"] < 2**16 > region["height"]), "shape")
    require(region["method"] > 0 and region["zero"] == 0, "method")
    window, pixels = region["window"], region["pixels"]
    if region["method"] == 1:
        require(4 <= window < 2**31 and pixels < 2**31, "window")
    else:
        require(window == 0 and pixels == 0, "window of another method")


def check_entry(region: dict, entry: dict) -> None:
    require(entry["state"] <= 3 and entry["length"] < 2**63, "state")
    require(region["method"] != 1 or entry["state"] == 0, "a seal of windows")
    if entry["state"] in (0, 3):
        require(entry["length"] == 0 and entry["salt"] == bytes(16), "a seal that is not there")
    else:
        require(entry["length"] > 0, "an empty seal")


def is_binary(data: bytes) -> bool:
    return data[:11] == b"fastperturb"


def as_text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("UTF-8") from None


def unwrapped(data: bytes) -> bytes:
    """The binary record of what came, which may be JSON."""
    return data if is_binary(data) else from_json(as_text(data))


def from_json(text: str) -> bytes:
    require(text.count('"') <= 10 and text.count("{") == text.count("}") == 1 and "[" not in text, "one flat object")
    try:
        pairs = json.loads(text, object_pairs_hook=list)
    except ValueError:
        raise Refused("JSON") from None
    require(isinstance(pairs, list) and len(pairs) == 3, "three fields")
    fields = dict(pairs)
    require(fields.keys() == {"format", "version", "data"}, "three fields, none twice")
    require(fields["format"] == "fastperturb-record" and is_two(fields["version"]), "format and version")
    require(isinstance(fields["data"], str), "data")
    return decoded(fields["data"])


def is_two(version: object) -> bool:
    return type(version) is int and version == 2


def decoded(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused("base64") from None
    require(base64.b64encode(data).decode() == text, "base64")
    return data
