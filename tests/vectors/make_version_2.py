"""Makes the vectors of version 2 out of the slow reference: ``python tests/vectors/make_version_2.py``.

version_2.json has what a reader opens, version_2_chunks.json the same for seals of a whole chunk and more (65,536 bytes
each), version_2_refused.json what it refuses. They are frozen: they may gain cases, but a case that changes is a new
record version.
"""

import base64
import hashlib
import json
import runpy
import struct
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
import reference_record as form
import reference_seal as seal
import reference_seal_keys as keys
import reference_seal_writer as writer
import reference_v2

noise = runpy.run_path(str(Path(__file__).with_name("make.py")))["vector_image"]


def fixed(label: str, size: int) -> bytes:
    """What would be random, by formula."""
    return hashlib.sha256(label.encode()).digest()[:size]


def random_bytes(shape: list[int], dtype: str) -> np.ndarray:
    """Bytes that do not compress, by formula; uint8 only."""
    size = int(np.prod(shape))
    data = b"".join(hashlib.sha256(struct.pack("<I", i)).digest() for i in range(size // 32 + 1))
    return np.frombuffer(data[:size], dtype).reshape(shape)


def smooth(shape: list[int], dtype: str) -> np.ndarray:
    """An image by formula that compresses."""
    y, x, c = np.indices([*shape, 1][:3]).astype(np.int64)
    value = (5 * x + 3 * y + 60 * c + (2654435761 * (x + 41 * y + 1013 * c) % 2**32 >> 30)).reshape(shape)
    if dtype == "float32":
        return (value / 64 - 1.5).astype(np.float32)
    return (value * (1 if dtype == "uint8" else 131)).astype(dtype)


def region(x, y, width, height, shape, method, revision=0, window=0, pixels=0):
    return locals()


BOX, ELLIPSE = 0, 1
NONE, HERE, BESIDE, ERASED = 0, 1, 2, 3
SAMPLES = {"uint8": 1, "uint16": 2, "float32": 3}
FAR, SIDE = -2147483000, 2147483647


def case(name, shape, dtype, regions, entries, **more):
    """``entries``: (state, codec, steps) of each region's seal, steps 0 for as few as it takes."""
    return {"name": name, "shape": shape, "dtype": dtype, "regions": regions, "entries": entries, **more}


CASES = [
    case("one grey ellipse", [30, 26], "uint8", [region(3, 2, 20, 24, ELLIPSE, 3, 1)], [(HERE, 1, 0)]),
    case(
        "regions that overlap and tie, one of windows, one erased",
        [66, 82, 3],
        "uint8",
        [
            region(2, 3, 41, 40, BOX, 2),
            region(22, 3, 41, 40, BOX, 4, 7),
            region(30, 30, 37, 31, ELLIPSE, 1, 0, 9, 400),
            region(60, 40, 30, 40, ELLIPSE, 8),
            region(10, 30, 9, 30, BOX, 6),
        ],
        [(HERE, 1, 0), (HERE, 0, 0), (NONE, 0, 0), (ERASED, 0, 0), (NONE, 0, 0)],
    ),
    case(
        "sixteen bits and alpha, beyond the edge, two keys, other recipients, metadata",
        [25, 31, 4],
        "uint16",
        [region(-7, -4, 24, 23, ELLIPSE, 5), region(12, 9, 40, 33, BOX, 7, 65535)],
        [(HERE, 1, 0), (HERE, 1, 9)],
        recipients=2,
        stanzas=[(2, 1170), (3, 84)],
        rest=(HERE, 5000),
    ),
    case(
        "floats, huge boxes of nearly the same depth",
        [17, 23, 3],
        "float32",
        [region(FAR, FAR, SIDE, SIDE, BOX, 255), region(FAR + 1, FAR, SIDE, SIDE, BOX, 3), region(4, 3, 12, 11, 1, 9)],
        [(HERE, 1, 0), (HERE, 0, 0), (HERE, 1, 0)],
    ),
    case("one row of one channel, not sealed", [1, 90, 1], "uint8", [region(5, -3, 70, 9, BOX, 6)], [(NONE, 0, 0)]),
    case(
        "seals and metadata beside, without surroundings",
        [40, 33, 2],
        "uint8",
        [region(1, 1, 20, 20, BOX, 3), region(9, 12, 22, 27, ELLIPSE, 3), region(0, 0, 5, 4, ELLIPSE, 3)],
        [(BESIDE, 1, 0), (HERE, 1, 0), (BESIDE, 0, 9)],
        rest=(BESIDE, 4088),
        scene=False,
    ),
    case(
        "reproducible", [27, 29], "uint8", [region(4, 5, 19, 18, ELLIPSE, 3, 2)], [(HERE, 0, 0)], options=b"an option"
    ),
    case(
        "windows, moved",
        [37, 43, 3],
        "uint8",
        [
            region(3, -2, 30, 28, BOX, 1, 1, 9, 500),
            region(15, 9, 31, 27, ELLIPSE, 1, 1, 7, 401),
            region(0, 30, 9, 7, BOX, 3),
        ],
        [(NONE, 0, 0), (NONE, 0, 0), (NONE, 0, 0)],
        moved=True,
    ),
    case(
        "large boxes whose depths tie by rounding, one that owns nothing",
        [17, 23],
        "uint16",
        [
            region(-149991, -149992, 300000, 300000, BOX, 3),
            region(-149987, -149993, 300000, 300000, BOX, 3),
            region(-149991, -149992, 300000, 300000, BOX, 3),
        ],
        [(HERE, 1, 0), (HERE, 1, 0), (HERE, 0, 0)],
    ),
    case("a seal of two chunks", [128, 256, 2], "uint8", [region(0, 0, 256, 128, BOX, 3)], [(HERE, 0, 0)]),
    case("a seal of one whole chunk", [128, 256, 2], "uint8", [region(0, 0, 256, 128, BOX, 3)], [(HERE, 1, 8)]),
]


def images_of(spec: dict) -> tuple[np.ndarray, np.ndarray]:
    """The original, and what is shown: another image where regions own pixels, or their pixels moved."""
    is_noise = "options" in spec or "two chunks" in spec["name"]
    image = (random_bytes if is_noise else smooth)(spec["shape"], spec["dtype"])
    owner = seal.owners(spec["shape"], spec["regions"])
    shown = image.copy()
    if spec.get("moved"):
        core = form.core_bytes(spec["shape"], SAMPLES[spec["dtype"]], spec["regions"])
        secret, nonce = fixed(spec["name"] + " secret", 32), fixed(spec["name"] + " nonce", 24)
        commit = keys.commitment(secret, core, nonce)
        faces = [keys.face_secret(secret, commit, index) for index in range(len(spec["regions"]))]
        reference_v2.permute(shown, seal.named(spec["regions"]), [keys.permutation_key(face) for face in faces])
    else:
        shown[owner >= 0] = noise([2, *spec["shape"]], spec["dtype"])[1][owner >= 0]
    return image, shown


def ingredients(spec: dict, image: np.ndarray, shown: np.ndarray) -> dict:
    """What the reference's writer takes."""
    name, code = spec["name"], SAMPLES[spec["dtype"]]
    made = {"shape": spec["shape"], "sample": code, "regions": spec["regions"], "stanzas": [], "rest": None}
    made["secret"], made["nonce"] = fixed(name + " secret", 32), fixed(name + " nonce", 24)
    made["keys"] = [fixed(f"{name} key {i}", 32) for i in range(spec.get("recipients", 1))]
    made["scene_iv"] = fixed(name + " scene", 12) if spec.get("scene", True) else None
    for kind, size in spec.get("stanzas", []):
        body = (struct.pack("<I", 1) if kind == 3 else b"") + b"".join(fixed(f"{name} {i}", 32) for i in range(size))
        made["stanzas"].append(writer.stanza(kind, body[:size]))
    owner = seal.owners(spec["shape"], spec["regions"])
    made["entries"] = []
    for index, (state, codec, steps) in enumerate(spec["entries"]):
        sealed = state in (HERE, BESIDE)
        plain = writer.seal_plain(image, owner == index, codec, steps) if sealed else None
        entry = {"state": state, "salt": fixed(f"{name} salt {index}", 16), "iv": fixed(f"{name} iv {index}", 12)}
        made["entries"].append({**entry, "plain": plain})
    if "rest" in spec:
        state, size = spec["rest"]
        data = b"".join(fixed(f"{name} rest {i}", 32) for i in range(size))[:size]
        made["rest"] = {"state": state, "salt": fixed(name + " rest", 16), "plain": writer.rest_plain(data)}
    if "options" in spec:
        make_reproducible(made, spec, image, shown, owner)
    return made


def make_reproducible(made: dict, spec: dict, image: np.ndarray, shown: np.ndarray, owner: np.ndarray) -> None:
    """Replaces all that would be random."""
    core = form.core_bytes(made["shape"], made["sample"], made["regions"])
    pixels = hashlib.sha256(image.tobytes()).digest()
    made["secret"] = keys.keyed(made["keys"][0], b"fp2 once", core, spec["options"], pixels)
    made["nonce"] = keys.keyed(made["secret"], b"fp2 nonce")[:24]
    commit = keys.commitment(made["secret"], core, made["nonce"])
    for index, entry in enumerate(made["entries"]):
        face = keys.face_secret(made["secret"], commit, index)
        entry["salt"] = keys.keyed(face, b"fp2 salt", hashlib.sha256(entry["plain"]).digest())[:16]
        own = hashlib.sha256(seal.pixels_of(shown, owner == index)).digest()
        entry["iv"] = keys.keyed(face, b"fp2 iv", own)[:12]
    around = hashlib.sha256(seal.pixels_of(shown, owner == -1)).digest()
    made["scene_iv"] = keys.keyed(made["secret"], b"fp2 scene iv", around)[:12]


def vector_of(spec: dict) -> dict:
    image, shown = images_of(spec)
    made = ingredients(spec, image, shown)
    record, beside = writer.write(made, shown)
    owner = seal.owners(spec["shape"], spec["regions"])
    expected = seal.open_all(record, made["keys"][0], shown, beside)
    for index, opened in enumerate(expected["regions"]):
        if opened["pixels"] is not None:
            assert opened["pixels"] == seal.sha256(seal.pixels_of(image, owner == index)), spec["name"]
    return {
        "name": spec["name"],
        "keys": [key.hex() for key in made["keys"]],
        "image_sha256": seal.sha256(image.tobytes()),
        "shown_sha256": seal.sha256(shown.tobytes()),
        "owned": [int((owner == index).sum()) for index in range(len(spec["regions"]))],
        "options": spec.get("options", b"").decode(),
        "record": base64.b64encode(record).decode(),
        "beside": base64.b64encode(beside).decode(),
        "opened": expected,
    }


def main() -> None:
    import refused_version_2

    vectors = [vector_of(spec) for spec in CASES]
    refused = refused_version_2.refused(vectors)
    whole = [vector for vector in vectors if "chunk" in vector["name"]]
    write("version_2.json", [vector for vector in vectors if vector not in whole])
    write("version_2_chunks.json", whole)
    write("version_2_refused.json", refused)


def write(name: str, content: list[dict]) -> None:
    Path(__file__).with_name(name).write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
