"""Makes vectors of version 2 for what version_2.json leaves open: ``python tests/vectors/make_version_2_more.py``.

version_2_more.json has what a reader opens, version_2_more_refused.json what it refuses, version_2_taken.json records
and JSON texts that it takes or refuses as they stand, without a key. All are frozen, as those of version_2.json are.
"""

import base64
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import make_version_2 as make
import numpy as np
import reference_hpke as hpke
import reference_recipients as recipients
import reference_record as form
import reference_reproducible as reproducible
import reference_residuals as residuals
import reference_seal as seal
import reference_seal_keys as keys
import reference_seal_writer as writer
from make_version_2 import BESIDE, BOX, ELLIPSE, ERASED, HERE, NONE, case, fixed, region

WIDEST = 2**31 - 1


def wrapped(purpose: str, number: int = 0) -> Callable[[dict, bytes], bytes]:
    """A recipient of kind 1 under that purpose, for key ``number``."""
    return lambda made, commit: writer.key_stanza(
        made["all keys"][number], made["secret"], made["nonce"], commit, purpose.encode()
    )


def wrapped_other(made: dict, commit: bytes) -> bytes:
    """A recipient of kind 1 with the right hint and another secret, rightly wrapped."""
    other = fixed("another secret", 32)
    return writer.key_stanza(made["all keys"][0], other, made["nonce"], commit)


def hinted(made: dict, commit: bytes) -> bytes:
    """A recipient of kind 1 with the right hint, whose rest is noise."""
    return writer.stanza(1, keys.hint(made["all keys"][0], made["nonce"]) + fixed("x", 32) + fixed("y", 16))


def enveloped(number: int = 0, label: str = "coins", secret: bytes = b"") -> Callable[[dict, bytes], bytes]:
    """A recipient of kind 2."""

    def make_it(made: dict, commit: bytes) -> bytes:
        public = recipients.public_half(made["all keys"][number])
        coins, info = fixed(label, 32) + fixed(label + " 2", 32), recipients.info_of(made["nonce"], commit)
        body = hpke.seal(public, coins, info, secret or made["secret"])
        return writer.stanza(2, struct.pack("<H", recipients.KEM) + body)

    return make_it


def noise_stanza(kind: int, size: int, first: bytes = b"") -> Callable[[dict, bytes], bytes]:
    body = first + b"".join(fixed(f"{kind} {size} {i}", 32) for i in range(size // 32 + 1))
    return lambda made, commit: writer.stanza(kind, body[:size])


KEM_BYTES = struct.pack("<H", recipients.KEM)
GREY = ([12, 13], "uint8", [region(2, 1, 9, 8, ELLIPSE, 3, 1)], [(NONE, 0, 0)])


def grey(name: str, to: list, number_of_keys: int = 1) -> dict:
    return case(name, *GREY, to=to, recipients=number_of_keys)


def full(x, y, width, height, shape, window, image):
    """A region of windows all of whose pixels move; ``image`` is height and width, for what is clipped."""
    area = int(np.prod(form.clipped({"x": x, "y": y, "width": width, "height": height}, image)))
    return region(x, y, width, height, shape, 1, 1, window, area)


RIMS = [72, 60]
CASES = [
    case(
        "windows of 4,096 pixels and one more row",
        [65, 129],
        "uint8",
        [region(0, 0, 64, 64, BOX, 1, 1, 64, 700), region(64, 0, 65, 65, BOX, 1, 1, 65, 600)],
        [(NONE, 0, 0)] * 2,
        moved=True,
    ),
    case(
        "windows with rims of 0 to 3 pixels, and boxes narrower than a window and a rim",
        RIMS,
        "uint16",
        [
            full(0, 0, 23, 22, BOX, 5, RIMS),
            full(24, 0, 21, 24, BOX, 5, RIMS),
            full(46, 0, 4, 31, BOX, 4, RIMS),
            full(51, 0, 2, 13, BOX, 5, RIMS),
            full(54, 0, 1, 9, BOX, 4, RIMS),
            full(-4, 32, 16, 19, BOX, 5, RIMS),
            full(20, 32, 27, 23, BOX, WIDEST, RIMS),
            full(50, 60, 30, 20, BOX, 9, RIMS),
        ],
        [(NONE, 0, 0)] * 8,
        moved=True,
    ),
    case(
        "windows that own nothing, or single pixels",
        [34, 40, 2],
        "float32",
        [
            region(6, 0, 8, 30, BOX, 3),
            region(0, 0, 31, 33, ELLIPSE, 1, 0, 4, 260),
            region(6, 0, 8, 30, BOX, 1, 1, 4, 0),
            region(33, 2, 7, 31, ELLIPSE, 1, 0, 4, 60),
        ],
        [(NONE, 0, 0)] * 4,
        moved=True,
    ),
    case(
        "ellipses of 65,535 pixels, which need 65 bits and more",
        [20, 22],
        "uint8",
        [region(-55927, -55927, 65535, 65535, ELLIPSE, 3), region(5, -65000, 65535, 65534, ELLIPSE, 4)],
        [(HERE, 1, 0), (HERE, 1, 0)],
    ),
    case(
        "small boxes and ellipses across each other",
        [19, 21],
        "uint8",
        [
            region(1, 1, 14, 3, BOX, 2),
            region(5, -2, 3, 20, BOX, 4),
            region(-3, 2, 17, 11, ELLIPSE, 5),
            region(7, 4, 11, 17, ELLIPSE, 6),
            region(3, 3, 12, 12, BOX, 8),
            region(15, 15, 1, 9, ELLIPSE, 9),
            region(14, 8, 9, 1, ELLIPSE, 200),
        ],
        [(HERE, 1, 0)] * 7,
    ),
    case(
        "two seals beside",
        [9, 13],
        "uint8",
        [region(1, 1, 5, 6, BOX, 3), region(6, 2, 6, 7, ELLIPSE, 4)],
        [(BESIDE, 1, 0), (BESIDE, 0, 0)],
    ),
    case("one pixel", [1, 1, 3], "uint16", [region(0, 0, 1, 1, ELLIPSE, 255, 9)], [(HERE, 1, 0)]),
    case(
        "any deflate stream",
        [16, 30, 3],
        "uint8",
        [region(0, 0, 10, 16, BOX, 3), region(10, 0, 10, 16, BOX, 3), region(20, 0, 10, 16, BOX, 3)],
        [(HERE, 1, 0)] * 3,
        streams=["stored", "fixed", "many blocks"],
    ),
    case(
        "pixels shown that were changed",
        [14, 15, 3],
        "uint8",
        [region(1, 1, 5, 6, BOX, 3), region(7, 2, 6, 9, BOX, 4)],
        [(HERE, 1, 0), (HERE, 0, 0)],
        touched=[[1, 1], [13, 14]],
    ),
    case("metadata of no byte", *GREY, rest=(HERE, 0)),
    case("metadata that were erased", *GREY, rest=(ERASED, 0)),
    case(
        "reproducible with metadata",
        [21, 23, 3],
        "uint16",
        [region(2, 3, 9, 10, ELLIPSE, 3, 2), region(8, 5, 12, 13, BOX, 6), region(-5, 14, 13, 13, BOX, 4)],
        [(HERE, 1, 9), (NONE, 0, 0), (HERE, 0, 0)],
        rest=(HERE, 20),
        reproducible=b"level 9",
    ),
    grey(
        "recipients of every kind and length, hints that meet",
        [
            hinted,
            noise_stanza(2, 34),
            wrapped_other,
            noise_stanza(3, 36, bytes(4)),
            noise_stanza(3, 4096, bytes(4)),
            noise_stanza(2, 1171, KEM_BYTES),
            noise_stanza(2, 1170, KEM_BYTES),
            wrapped("fp2 wrap"),
            wrapped("fp2 wrap public"),
            *[noise_stanza(1, 56, bytes([i])) for i in range(7)],
        ],
    ),
    grey("alone, wrapped as shared", [wrapped("fp2 wrap shared")]),
    grey("alone, wrapped as of a public key", [wrapped("fp2 wrap public")]),
    grey("a public key", [enveloped()]),
    grey(
        "a master key and a public key, whose first secret is another",
        [enveloped(1, "others", fixed("another secret", 32)), wrapped("fp2 wrap shared"), enveloped(1)],
        2,
    ),
]


def images_of(spec: dict) -> tuple[np.ndarray, np.ndarray]:
    image, shown = make.images_of(spec)
    for y, x in spec.get("touched", []):
        shown[y, x] ^= 1
    return image, shown


def streamed(image: np.ndarray, owned: np.ndarray, kind: str) -> bytes:
    """The residuals in one of the ways that deflate has."""
    data = residuals.encode(image, owned)
    if kind == "many blocks":
        coder, parts = zlib.compressobj(9, zlib.DEFLATED, -15), []
        for start in range(0, len(data), 100):
            parts += [coder.compress(data[start : start + 100]), coder.flush(zlib.Z_FULL_FLUSH)]
        return b"".join(parts) + coder.flush()
    level, strategy = {"stored": (0, zlib.Z_DEFAULT_STRATEGY), "fixed": (9, zlib.Z_FIXED)}[kind]
    coder = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
    return coder.compress(data) + coder.flush()


def ingredients(spec: dict, image: np.ndarray, shown: np.ndarray) -> dict:
    made = make.ingredients(spec, image, shown)
    made["all keys"] = made["keys"]
    owner = seal.owners(spec["shape"], spec["regions"])
    for index, kind in enumerate(spec.get("streams", [])):
        body = streamed(image, owner == index, kind)
        made["entries"][index]["plain"] = seal.padded(1, body, len(residuals.encode(image, owner == index)))
    if "reproducible" in spec:
        reproducible.replace(made, made["keys"][0], spec["reproducible"], image, shown)
    if "to" in spec:
        core = form.core_bytes(made["shape"], made["sample"], made["regions"])
        commit = keys.commitment(made["secret"], core, made["nonce"])
        made["stanzas"] = [recipient(made, commit) for recipient in spec["to"]]
        made["keys"] = []
    return made


def vector_of(spec: dict) -> dict:
    image, shown = images_of(spec)
    made = ingredients(spec, image, make.images_of(spec)[1])
    record, beside = writer.write(made, make.images_of(spec)[1])
    owner = seal.owners(spec["shape"], spec["regions"])
    parsed = form.parse(record)
    return {
        "name": spec["name"],
        "keys": [key.hex() for key in made["all keys"]],
        "origins": [recipients.unwrap(parsed, key)[1] for key in made["all keys"]],
        "image_sha256": seal.sha256(image.tobytes()),
        "shown_sha256": seal.sha256(shown.tobytes()),
        "owned": [int((owner == index).sum()) for index in range(len(spec["regions"]))],
        "options": "",
        "reproducible": spec.get("reproducible", b"").decode(),
        "touched": spec.get("touched", []),
        "record": base64.b64encode(record).decode(),
        "beside": base64.b64encode(beside).decode(),
        "opened": seal.open_all(record, made["all keys"][0], shown, beside),
    }


def write(name: str, content: object) -> None:
    Path(__file__).with_name(name).write_text(json.dumps(content, indent=1) + "\n")


def main() -> None:
    import refused_version_2_more
    import taken_version_2

    write("version_2_more.json", [vector_of(spec) for spec in CASES])
    write("version_2_more_refused.json", refused_version_2_more.refused())
    write("version_2_taken.json", taken_version_2.taken())


if __name__ == "__main__":
    main()
