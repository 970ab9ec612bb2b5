"""Makes version_1_more.json: vectors that catch misreadings which version_1.json does not, and records to refuse.

``python tests/vectors/make_version_1_more.py``. Frozen as the other file is.
"""

import json
import runpy
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
import reference

FIRST = runpy.run_path(str(Path(__file__).with_name("make.py")))
vector_image, region = FIRST["vector_image"], FIRST["region"]

# (name, number of the key, shape, dtype, regions)
CASES = [
    (
        "shares: a second pass that skips full windows and single pixels",
        1,
        [12, 13],
        "uint8",
        [region(0, -1, 8, 14, "ellipse", 2, 3)],
    ),
    ("shares: a second pass over two windows", 2, [12, 13, 3], "uint8", [region(0, 1, 6, 13, "ellipse", 2, 45)]),
    ("shares: windows of one pixel, one row high", 3, [1, 25], "uint16", [region(0, 0, 25, 1, "box", 4, 24)]),
    ("shares: windows of one pixel at a corner", 4, [9, 9], "uint8", [region(0, 0, 9, 9, "box", 2, 77)]),
    ("draws of 32 bits that are rejected", None, [280, 250], "uint8", [region(0, 0, 250, 280, "box", 280, 70000)]),
    (
        "a box over an ellipse",
        6,
        [20, 22, 3],
        "uint8",
        [region(1, 1, 18, 17, "ellipse", 5, 100), region(9, 8, 9, 9, "box", 4, 60)],
    ),
    (
        "an ellipse over a box",
        7,
        [20, 22],
        "float32",
        [region(9, 8, 9, 9, "box", 4, 5), region(1, 1, 18, 17, "ellipse", 5, 150)],
    ),
    (
        "the largest ellipse, at its corner",
        8,
        [40, 44],
        "uint8",
        [region(-9577, -9577, 65535, 65535, "ellipse", 7, 500)],
    ),
    (
        "the largest ellipse, at its top",
        9,
        [16, 1000],
        "uint8",
        [region(-32500, -1, 65535, 65535, "ellipse", 11, 5000)],
    ),
]


def key_of(number: int) -> bytes:
    return bytes((number + i) % 256 for i in range(32))


def with_rejection(image, regions, nonce) -> int:
    """The first number of a key under which a draw is rejected."""
    for number in range(256):
        subkey = reference.keyed(key_of(number), b"fastperturb perm", 32, reference.header(nonce, image, regions))
        size = regions[0]["pixels"]
        blocks = range(-(-size // 16))
        stream = b"".join(reference.chacha20_block(subkey, block, bytes(12)) for block in blocks)
        words = struct.unpack(f"<{16 * len(blocks)}L", stream)[:size]
        if any(word * (size - i) % 2**32 < 2**32 % (size - i) for i, word in enumerate(words)):
            return number
    raise AssertionError("no key rejects")


def refused(records: list[dict]) -> list[dict]:
    """Records that differ from the first in what is named."""
    first = records[0]
    one = first["regions"][0]

    def changed(name: str, **fields) -> dict:
        return {"name": name, "record": {**first, **fields}}

    def other(name: str, **fields) -> dict:
        return {"name": name, "record": {**first, "regions": [{**one, **fields}]}}

    return [
        changed("version 0", version=0),
        changed("version 2", version=2),
        changed("version true", version=True),
        changed("another format", format="fastperturb"),
        changed("key id in capitals", key_id=first["key_id"].upper()),
        changed("a nonce too short", nonce=first["nonce"][:-2]),
        changed("a tag too long", tag=first["tag"] + "00"),
        changed("one length", shape=[12]),
        changed("four lengths", shape=[12, 13, 3, 1]),
        changed("five channels", shape=[12, 13, 5]),
        changed("height 0", shape=[0, 13]),
        changed("height 2^31", shape=[2**31, 13]),
        changed("a length that is no whole number", shape=[12.0, 13]),
        changed("another dtype", dtype="float64"),
        changed("no region", regions=[]),
        changed("a field more", note=""),
        {"name": "a field missing", "record": {k: v for k, v in first.items() if k != "tag"}},
        other("x is -2^31", x=-(2**31)),
        other("y is 2^31", y=2**31),
        other("width 0", width=0),
        other("width 2^31", width=2**31, shape="box"),
        other("an ellipse of 65,536", width=65_536),
        other("another shape", shape="circle"),
        other("windows of 1", window=1),
        other("windows of 2^31", window=2**31),
        other("pixels below 0", pixels=-1),
        other("more moved than pixels", moved=4),
        other("pixels as text", pixels="3"),
        other("a field of a region more", score=0.9),
    ]


def main() -> None:
    vectors = []
    for number, (name, chosen, shape, dtype, regions) in enumerate(CASES):
        nonce = bytes(range(100 + number, 124 + number))
        image = vector_image(shape, dtype)
        key = key_of(with_rejection(image, regions, nonce) if chosen is None else chosen)
        vectors.append(FIRST["vector_of"](name, key, nonce, image, regions))
    content = {"vectors": vectors, "refused": refused([vector["record"] for vector in vectors])}
    Path(__file__).with_name("version_1_more.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
