"""More records of version 2 that a reader refuses; make_version_2_more.py writes them into a file.

"bytes": refused from the record alone. "owned": as soon as ownership is known, without a key. "key": with the vector's
first key, or with "key" where it is given. "face": with the face key in "face_key". "beside": for the file beside it.
"image": for the image, zeros of "shape" and "dtype", or ones with "value" as their last sample.
"""

import base64
import copy
import struct
from collections.abc import Callable, Iterator

import make_version_2 as make
import make_version_2_more as more
import reference_record as form
import reference_seal as seal
import reference_seal_keys as keys
import reference_seal_writer as writer
from make_version_2 import BOX, ELLIPSE, HERE, NONE, case, fixed, region
from refused_version_2 import CORE, ENTRY, changed

FACES, FLOATS, ASIDE, ALONE = "one grey ellipse", "windows that own nothing", "two seals beside", "a public key"
Item = tuple[str, str, str, bytes, dict]


def refused() -> list[dict]:
    """Each with the name of the vector whose image and keys it takes."""
    result = []
    for vector, name, when, record, extra in [*by_bytes(), *by_owned(), *by_key(), *by_face(), *by_image(), *aside()]:
        data = {"vector": vector, "name": name, "when": when, **extra}
        result.append({**data, "record": base64.b64encode(record).decode()})
    return result


def spec_of(begin: str) -> dict:
    return next(spec for spec in [*make.CASES, *more.CASES] if spec["name"].startswith(begin))


def made_of(spec: dict, change: Callable[[dict], None] = lambda made: None) -> tuple[bytes, bytes]:
    """Record and file beside of a case, after ``change`` has had its way with the ingredients."""
    image, shown = make.images_of(spec)
    made = copy.deepcopy(more.ingredients(spec, image, shown))
    change(made)
    return writer.write(made, shown)


def u32(value: int) -> bytes:
    return struct.pack("<I", value)


def i32(value: int) -> bytes:
    return struct.pack("<i", value)


def by_bytes() -> Iterator[Item]:
    name = spec_of(FACES)["name"]
    for what, data in [*of_image(), *of_regions(), *of_entries(), *of_recipients()]:
        yield name, what, "bytes", data, {}


def of_image() -> Iterator[tuple[str, bytes]]:
    whole = made_of(spec_of(FACES))[0]
    yield "no byte", b""
    yield "twelve bytes", whole[:12]
    yield "25 bytes that promise a region", whole[:25]
    yield "version 1 in binary", changed(whole, 11, b"\x01")
    yield "carrier 2", changed(whole, 12, b"\x02")
    yield "height 2^31", changed(whole, 14, u32(2**31))
    yield "width 0", changed(whole, 18, bytes(4))
    yield "255 channels", changed(whole, 22, b"\xff")


def of_regions() -> Iterator[tuple[str, bytes]]:
    whole = made_of(spec_of(FACES))[0]
    table = CORE + 32 + 56
    box = changed(whole, CORE + 16, b"\0")
    yield "y is -2^31", changed(box, CORE + 4, i32(-(2**31)))
    yield "a region's height 0", changed(box, CORE + 12, bytes(4))
    yield "a region's width 2^31", changed(box, CORE + 8, u32(2**31))
    yield "a region's height 2^31", changed(box, CORE + 12, u32(2**31))
    yield "an ellipse 65,536 high", changed(whole, CORE + 12, u32(65_536))
    yield "a region that ends where the image begins", changed(box, CORE, i32(-20))
    yield "a region below the image", changed(box, CORE + 4, i32(30))
    yield "a region above the image", changed(box, CORE + 4, i32(-24))
    bare = {"shape": [9, 9], "sample": 1}
    for what, window, pixels in (
        ("windows of 2^31", 2**31, 0),
        ("2^32 - 1 pixels", 4, 2**32 - 1),
        ("windows of 0", 0, 0),
    ):
        yield what, unsealed({**bare, "regions": [region(0, 0, 9, 9, BOX, 1, 0, window, pixels)]})
    for what, side, count in (
        ("boxes that cover 17 / 16 of the image and too much", [4096, 4097], 17),
        ("boxes whose areas need 66 bits", [2**31 - 1, 2**31 - 1], 17),
    ):
        yield what, unsealed({**bare, "shape": side, "regions": [region(0, 0, side[1], side[0], BOX, 6)] * count})
    windows = {**bare, "regions": [region(0, 0, 9, 9, BOX, 1, 0, 4, 9)]}
    for state in (2, 3):
        line = bytes([state]) + struct.pack("<Q", 272 if state == 2 else 0)
        yield f"windows with a seal of state {state}", changed(unsealed(windows), table, line)


def unsealed(made: dict) -> bytes:
    """A record without a seal or a recipient whose MACs are zeros: for what is refused before they are looked at."""
    core = form.core_bytes(made["shape"], made["sample"], made["regions"])
    return core + bytes(56 + ENTRY * len(made["regions"]) + 3 + 32)


def of_entries() -> Iterator[tuple[str, bytes]]:
    """Lengths and salts: of seals beside, so that no byte of them is missing."""
    spec = case("wide", [300, 300], "uint8", [region(-100, 0, 400, 300, BOX, 3)], [(NONE, 0, 0)])
    bare = made_of(spec)[0]
    at, most = CORE + 32 + 56, 9 * form.step_of(300 * 300)

    def entry(state: int, length: int, salt: bytes = bytes(16)) -> bytes:
        return changed(bare, at, struct.pack("<BQ", state, length) + salt)

    yield "no seal, with a length", entry(0, 272)
    yield "no seal, with a salt", entry(0, 0, bytes(15) + b"\1")
    yield "an erased seal with a length", entry(3, 272)
    yield "an erased seal whose salt ends in 1", entry(3, 0, bytes(15) + b"\1")
    yield "a seal beside of length 0", entry(2, 0)
    yield "a seal beside whose last chunk is empty", entry(2, 65_552 + 16)
    yield "a seal beside whose last chunk has no whole tag", entry(2, 65_552 + 1)
    yield "a seal beside of nine steps and a byte", entry(2, form.sealed_length(most + 1))
    yield "a seal beside of 2^64 - 1 bytes", entry(2, 2**64 - 1)
    yield "nine steps of the box and not of its part in the image", entry(2, form.sealed_length(most + 256))
    rest = at + ENTRY + 29

    def metadata(state: int, length: int) -> bytes:
        return bare[:rest] + struct.pack("<BQ", state, length) + bytes(16) + bare[rest + 1 :]

    yield "metadata beside of length 0", metadata(2, 0)
    yield "metadata beside off the steps", metadata(2, 4096 + 16 + 256)
    yield "metadata beside of 2^64 - 16 bytes", metadata(2, 2**64 - 16)
    yield "metadata beside of 16 MiB and a step", metadata(2, form.sealed_length(2**24 + 4096))
    yield "metadata of 4,096 bytes with their tag", metadata(2, 4096)


def of_recipients() -> Iterator[tuple[str, bytes]]:
    for kind, size, first in (
        (0, 56, b""),
        (255, 56, b""),
        (1, 57, b""),
        (1, 0, b""),
        (2, 33, b""),
        (2, 4097, b""),
        (3, 35, bytes(4)),
        (3, 4097, bytes(4)),
    ):
        stanza = more.noise_stanza(kind, size, first)({}, b"")
        yield f"a recipient of kind {kind} with {size} bytes", with_stanza(stanza)
    for face in (1, 65_536, 2**32 - 1):
        stanza = more.noise_stanza(3, 40, u32(face))({}, b"")
        yield f"a recipient for face {face} of one", with_stanza(stanza)
    cut = with_stanza(struct.pack("<BH", 2, 4000) + bytes(40))
    yield "a recipient longer than the record", cut


def with_stanza(stanza: bytes) -> bytes:
    return made_of(spec_of("alone, wrapped as shared"), lambda made: made.update(stanzas=[*made["stanzas"], stanza]))[0]


def by_owned() -> Iterator[Item]:
    """All else of them is right, and for the key of the vector."""
    vector = spec_of(FACES)["name"]
    spec = case(vector, [12, 13], "uint8", [region(0, 0, 9, 8, ELLIPSE, 1, 0, 4, 61)], [(NONE, 0, 0)])
    yield vector, "windows with a pixel more than the region owns", "owned", made_of(spec)[0], {}
    boxes = [region(0, 0, 60, 60, BOX, 3), region(0, 0, 60, 60, BOX, 4)]
    spec = case(vector, [60, 60], "uint8", boxes, [(NONE, 0, 0)] * 2)
    long = {"state": 2, "length": form.sealed_length(4050)}
    data = made_of(spec, lambda made: made["entries"][1].update(long))[0]
    yield vector, "nine steps of the box and not of what the region owns", "owned", data, {}


def by_key() -> Iterator[Item]:
    alone = spec_of(ALONE)["name"]
    same = bytes([7]) * 32
    grey = spec_of("alone, wrapped as shared")
    data = made_of({**grey, "to": []}, lambda made: made.update(keys=[same]))[0]
    yield grey["name"], "a key of 32 equal bytes", "key", data, {"key": same.hex()}
    yield grey["name"], "no recipient", "key", made_of({**grey, "to": []})[0], {}
    for purpose in ("fp2 wrapped", "fp2 wrap public\0", ""):
        data = made_of({**grey, "to": [more.wrapped(purpose)]})[0]
        yield grey["name"], f"wrapped under the purpose {purpose!r}", "key", data, {}
    data = made_of({**grey, "to": [more.wrapped_other, more.hinted, more.enveloped()]})[0]
    yield grey["name"], "a hint that fits, and a secret that comes by a public key alone", "key", data, {}
    for what, change in envelopes().items():
        yield alone, what, "key", made_of({**spec_of(ALONE), "to": [change]})[0], {}
    spec = spec_of("metadata of no byte")
    rest = {"state": HERE, "salt": fixed("rest", 16), "plain": writer.rest_plain(b"") + bytes(4096)}
    yield (
        spec["name"],
        "metadata with a step too many",
        "key",
        made_of(spec, lambda made: made.update(rest=rest))[0],
        {},
    )
    yield two_regions()


def two_regions() -> Item:
    spec = spec_of("pixels shown")
    image, shown = make.images_of(spec)
    made = more.ingredients(spec, image, shown)
    record = form.parse(writer.write(made, shown)[0])
    secret, commit = made["secret"], record["commit"]
    bound = keys.binding(record["core"], record["nonce"], commit)
    face = keys.face_secret(secret, commit, 1)
    mac = keys.entry_mac(face, bound, 0, record["entries"][1]["bytes"])
    data = made_of(spec, lambda made: made["entries"][1].update(mac=mac))[0]
    return spec["name"], "an entry's MAC with the number of another region", "key", data, {}


def envelopes() -> dict[str, Callable[[dict, bytes], bytes]]:
    """Recipients of kind 2 that the key does not open."""

    def altered(change: Callable[[bytes], bytes]) -> Callable[[dict, bytes], bytes]:
        return lambda made, commit: writer.stanza(2, change(more.enveloped()(made, commit)[3:]))

    def of_another_record(made: dict, commit: bytes) -> bytes:
        return more.enveloped()({**made, "nonce": fixed("another nonce", 24)}, commit)

    def flip(at: int) -> Callable[[bytes], bytes]:
        return lambda body: changed(body, at, bytes([body[at] ^ 1]))

    return {
        "the number of a KEM big-endian": altered(lambda body: body[1::-1] + body[2:]),
        "a bit of ML-KEM's ciphertext": altered(flip(2)),
        "a bit of X25519's ephemeral key": altered(flip(2 + 1088)),
        "the last bit for a public key": altered(flip(1169)),
        "for a public key, of another record": of_another_record,
        "another secret for a public key": more.enveloped(0, "coins", fixed("another secret", 32)),
    }


def by_face() -> Iterator[Item]:
    spec = spec_of("two seals beside")
    record = made_of(spec)[0]
    parsed = form.parse(record)
    secret = fixed(spec["name"] + " secret", 32)
    face = keys.face_secret(secret, parsed["commit"], 1)
    right = seal.face_text(parsed["nonce"], 1, face)
    last = chr(ord(right[-1]) + 1)
    texts = {
        "unused bits that are not 0": right[:-1] + last,
        "padding": right + "==",
        "another prefix": "fpface1_" + right[8:],
        "a character too few": right[:-1],
        "another check": seal.face_text(parsed["nonce"], 1, face)[:-3] + "AAA",
        "another picture": seal.face_text(fixed("another", 24), 1, face),
        "a face that is not there": seal.face_text(parsed["nonce"], 2, face),
        "the key of another face": seal.face_text(parsed["nonce"], 0, face),
        "the key of no face": seal.face_text(parsed["nonce"], 1, fixed("no face", 32)),
    }
    for name, text in texts.items():
        yield spec["name"], f"a face key: {name}", "face", record, {"face_key": text}


def by_image() -> Iterator[Item]:
    grey, floats = spec_of(FACES), spec_of(FLOATS)
    for what, shape, dtype in (
        ("turned", [26, 30], "uint8"),
        ("a row more", [31, 26], "uint8"),
        ("a column fewer", [30, 25], "uint8"),
        ("one channel where there was no such axis", [30, 26, 1], "uint8"),
        ("other samples", [30, 26], "uint16"),
    ):
        yield grey["name"], f"an image: {what}", "image", made_of(grey)[0], {"shape": shape, "dtype": dtype}
    for value in ("nan", "inf", "-inf"):
        extra = {"shape": floats["shape"], "dtype": floats["dtype"], "value": value}
        yield floats["name"], f"an image that ends in {value}", "image", made_of(floats)[0], extra


def aside() -> Iterator[Item]:
    spec = spec_of(ASIDE)
    record, beside = made_of(spec)
    first, second = (entry["length"] for entry in form.parse(record)["entries"])
    swapped = beside[:32] + beside[32 + first :] + beside[32 : 32 + first]
    assert len(swapped) == 32 + first + second
    for name, data in {
        "another commitment": bytes([beside[0] ^ 1]) + beside[1:],
        "a byte too few": beside[:-1],
        "a byte too many": beside + b"\0",
        "nothing after the commitment": beside[:32],
        "two seals swapped": swapped,
    }.items():
        extra = {"beside": base64.b64encode(data).decode()}
        yield spec["name"], f"a file beside: {name}", "beside", record, extra
