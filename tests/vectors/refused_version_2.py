"""Records of version 2 that a reader refuses, each with the reason; make_version_2.py writes them into a file.

"bytes": refused from the record alone. "key": only with the key, or with the face key of a region, can one tell.
"""

import base64
import copy
import struct
import zlib
from collections.abc import Callable, Iterator

import make_version_2 as make
import reference_record as form
import reference_residuals as residuals
import reference_seal as seal
import reference_seal_writer as writer

CORE, ENTRY = 25, 85
"""Bytes of CORE before its regions of 32 bytes, and of an entry."""


def changed(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def flipped(data: bytes, at: int) -> bytes:
    return changed(data, at, bytes([data[at] ^ 1]))


def rewritten(spec: dict, change: Callable[[dict], None]) -> bytes:
    """What a writer with the right key makes of a case after ``change`` has had its way with the ingredients."""
    image, shown = make.images_of(spec)
    made = copy.deepcopy(make.ingredients(spec, image, shown))
    change(made)
    return writer.write(made, shown)[0]


def refused(vectors: list[dict]) -> list[dict]:
    result = []
    for number, name, when, data in [*by_bytes(vectors), *by_key(vectors), *by_content()]:
        result.append({"vector": number, "name": name, "when": when, "record": base64.b64encode(data).decode()})
    return result


def by_bytes(vectors: list[dict]) -> Iterator[tuple[int, str, str, bytes]]:
    """Refused from the record alone, though the key may say that it is whole."""
    grey, many = (base64.b64decode(vectors[i]["record"]) for i in (0, 1))
    table = CORE + 32 + 56
    yield 0, "a byte is missing", "bytes", grey[:-1]
    yield 0, "a byte is left", "bytes", grey + b"\0"
    yield 0, "version 3", "bytes", changed(grey, 11, b"\x03")
    yield 0, "carrier 1", "bytes", changed(grey, 12, b"\x01")
    yield 0, "samples 0", "bytes", changed(grey, 13, b"\x00")
    yield 0, "samples 4", "bytes", changed(grey, 13, b"\x04")
    yield 0, "height 0", "bytes", changed(grey, 14, bytes(4))
    yield 0, "width 2^31", "bytes", changed(grey, 18, struct.pack("<I", 2**31))
    yield 0, "5 channels", "bytes", changed(grey, 22, b"\x05")
    bare = grey[: -len(form.parse(grey)["seals"][0])]
    yield 0, "no region", "bytes", changed(bare, 23, bytes(2))[:CORE] + bare[CORE + 32 : table] + bare[table + ENTRY :]
    yield 0, "more regions than there are bytes", "bytes", changed(grey, 23, b"\xff\xff")
    yield 0, "x is -2^31", "bytes", changed(grey, CORE, struct.pack("<i", -(2**31)))
    yield 0, "a region outside the image", "bytes", changed(grey, CORE, struct.pack("<i", 26))
    yield 0, "width 0", "bytes", changed(grey, CORE + 8, bytes(4))
    yield 0, "an ellipse of 65,536", "bytes", changed(grey, CORE + 8, struct.pack("<I", 65_536))
    yield 0, "shape 2", "bytes", changed(grey, CORE + 16, b"\x02")
    yield 0, "method 0", "bytes", changed(grey, CORE + 17, b"\x00")
    yield 0, "a window where there are no windows", "bytes", changed(grey, CORE + 20, b"\x08")
    yield 0, "pixels where there are no windows", "bytes", changed(grey, CORE + 24, b"\x08")
    yield 0, "reserved bytes that are not 0", "bytes", changed(grey, CORE + 31, b"\x01")
    yield 1, "windows of 3", "bytes", changed(many, CORE + 2 * 32 + 20, b"\x03")
    yield 1, "pixels 2^31", "bytes", changed(many, CORE + 2 * 32 + 24, struct.pack("<I", 2**31))
    yield 0, "state 4", "bytes", changed(grey, table, b"\x04")
    yield 0, "a seal of 2^63 bytes", "bytes", changed(grey, table + 1, struct.pack("<Q", 2**63))
    yield 0, "an erased seal with a salt", "bytes", changed(bare, table, b"\x03" + bytes(8))
    yield 0, "a seal of length 0", "bytes", changed(bare, table + 1, bytes(8))
    yield 0, "scene flag 2", "bytes", changed(grey, table + ENTRY, b"\x02")
    yield 0, "state 4 of the metadata", "bytes", changed(grey, table + ENTRY + 29, b"\x04")
    yield 0, "17 recipients", "bytes", changed(grey, table + ENTRY + 30, b"\x11")
    yield 0, "a recipient of kind 4", "bytes", changed(grey, table + ENTRY + 31, b"\x04")
    yield 0, "a recipient of kind 1 with 55 bytes", "bytes", changed(grey, table + ENTRY + 32, b"\x37")


def by_key(vectors: list[dict]) -> Iterator[tuple[int, str, str, bytes]]:
    """One bit of everything that is authenticated, and seals in the wrong place."""
    grey, many = (base64.b64decode(vectors[i]["record"]) for i in (0, 1))
    table = CORE + 32 + 56
    places = {
        "the image's width": 18,
        "the region's x": CORE,
        "the region's method revision": CORE + 18,
        "the nonce": CORE + 32,
        "the commitment": CORE + 32 + 24,
        "the salt": table + 9,
        "the entry's initialisation vector": table + 25,
        "the entry's tag": table + 37,
        "the entry's MAC": table + 53,
        "the scene's tag": table + ENTRY + 13,
        "the hint": table + ENTRY + 34,
        "the wrapped secret": table + ENTRY + 42,
        "the record's MAC": table + ENTRY + 90,
        "the first byte of the seal": table + ENTRY + 122,
        "the last byte of the seal": len(grey) - 1,
    }
    for name, at in places.items():
        yield 0, f"a bit of {name}", "key", flipped(grey, at)
    record = form.parse(many)
    first, second = record["seals"][0], record["seals"][1]
    table = CORE + 5 * 32 + 56
    entries = [many[table + i * ENTRY : table + (i + 1) * ENTRY] for i in range(5)]
    swapped = many[:table] + entries[1] + entries[0] + b"".join(entries[2:]) + many[table + 5 * ENTRY :]
    head = len(many) - len(first) - len(second)
    yield 1, "two entries and their seals swapped", "key", swapped[:head] + second + first


def by_content() -> Iterator[tuple[int, str, str, bytes]]:
    """Written under the right key: all MACs hold, and what is sealed is hostile."""
    spec = make.CASES[0]
    image, _ = make.images_of(spec)
    owned = seal.owners(spec["shape"], spec["regions"]) == 0
    raw, body = int(owned.sum()), writer.deflated(image, owned)
    right = seal.padded(1, body, raw)

    def plain(data: bytes) -> Callable[[dict], None]:
        return lambda made: made["entries"][0].update(plain=data)

    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = bomb.compress(bytes(300_000)) + bomb.flush()
    contents = {
        "codec 2": changed(right, 0, b"\x02"),
        "a body longer than the seal": changed(right, 1, struct.pack("<Q", len(right) - 8)),
        "a body of 2^63 bytes": changed(right, 1, struct.pack("<Q", 2**63)),
        "a body of 2^64 - 9 bytes": changed(right, 1, struct.pack("<Q", 2**64 - 9)),
        "padding that is not zero": right[:-1] + b"\x01",
        "pixels stored with a byte too many": seal.padded(0, bytes(raw + 1), raw),
        "pixels stored with a byte too few": seal.padded(0, bytes(raw - 1), raw),
        "a stream that swells": seal.padded(1, packed, raw),
        "a stream of a byte too few": seal.padded(1, zlib_raw(residuals.encode(image, owned)[:-1]), raw),
        "a stream of a byte too many": seal.padded(1, zlib_raw(residuals.encode(image, owned) + b"\0"), raw),
        "a stream without its end": seal.padded(1, unfinished(residuals.encode(image, owned)), raw),
        "bytes after the stream": seal.padded(1, body + b"\0", raw),
        "a stream with zlib's header": seal.padded(1, zlib.compress(residuals.encode(image, owned)), raw),
        "no stream": seal.padded(1, b"\xff" * 40, raw),
        "an empty stream": seal.padded(1, b"", raw),
    }
    for name, data in contents.items():
        yield 0, name, "key", rewritten(spec, plain(data))
    yield 0, "a plaintext off the steps", "key", rewritten(spec, plain(right[:9] + right[9:] + bytes(13)))
    yield 0, "a plaintext of ten steps", "bytes", rewritten(spec, plain(right + bytes(256 * 10 - len(right))))
    yield 0, "a seal of a byte", "bytes", rewritten(spec, lambda m: m["entries"][0].update(text=b"x"))
    yield 0, "an empty seal", "bytes", rewritten(spec, lambda m: m["entries"][0].update(text=b""))
    yield (
        1,
        "a seal of windows",
        "bytes",
        rewritten(make.CASES[1], lambda m: m["entries"][2].update(state=1, plain=right)),
    )
    yield 0, "metadata off the steps", "bytes", rewritten(spec, lambda m: m.update(rest=rest_of(bytes(100))))
    yield (
        0,
        "metadata over 16 MiB",
        "bytes",
        rewritten(
            spec, lambda m: m.update(rest={**rest_of(b""), "state": 2, "length": form.sealed_length(2**24 + 4096)})
        ),
    )
    yield 0, "metadata longer than they are", "key", rewritten(spec, lambda m: m.update(rest=rest_of(b"\xff" * 4096)))
    trailing = struct.pack("<Q", 5) + bytes(4087) + b"\x01"
    yield 0, "metadata whose padding is not zero", "key", rewritten(spec, lambda m: m.update(rest=rest_of(trailing)))
    yield (
        0,
        "a commitment to another secret",
        "key",
        rewritten(spec, lambda m: m.update(commit=make.fixed("other", 32))),
    )
    yield 0, "an entry of another face key", "key", rewritten(spec, lambda m: m["entries"][0].update(mac=bytes(32)))
    yield 0, "a seal whose tag does not hold", "key", rewritten(spec, lambda m: m["entries"][0].update(text=bytes(272)))
    face = keys_of_a_face(3)
    yield 0, "a recipient's face that is not there", "bytes", rewritten(spec, lambda m: m["stanzas"].append(face))
    yield 0, "a recipient who is not of this key", "key", rewritten(spec, lambda m: m.update(keys=[bytes(range(32))]))


def rest_of(plain: bytes) -> dict:
    return {"state": 1, "salt": make.fixed("rest", 16), "plain": plain or bytes(4096)}


def keys_of_a_face(index: int) -> bytes:
    return writer.stanza(3, struct.pack("<I", index) + bytes(60))


def zlib_raw(data: bytes) -> bytes:
    coder = zlib.compressobj(9, zlib.DEFLATED, -15)
    return coder.compress(data) + coder.flush()


def unfinished(data: bytes) -> bytes:
    coder = zlib.compressobj(9, zlib.DEFLATED, -15)
    return coder.compress(data) + coder.flush(zlib.Z_SYNC_FLUSH)
