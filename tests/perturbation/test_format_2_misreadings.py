"""Deliberate misreadings of docs/format-2.md: each is caught by a frozen vector, so that whoever passes them has not
made it.
"""

import hashlib
import struct
import zlib
from fractions import Fraction

import pytest
import reference
import reference_record as form
import reference_residuals as residuals
import reference_seal as seal
import reference_seal_keys as keys
import reference_v2 as areas
from reading_2 import first_misread


def boxed(record, index, image):
    r = record["regions"][index]
    box = image[max(r["y"], 0) : max(r["y"] + r["height"], 0), max(r["x"], 0) : max(r["x"] + r["width"], 0)]
    return box.tobytes()


def exact_depth(offset, length):
    return Fraction(2 * offset + 1 - length, length) ** 2


def cycle_on(image, regions, permutation_keys, inverse=False):
    """Windows whose pixels go along one cycle, as in version 1."""
    owner = areas.owners(*image.shape[:2], regions)
    for index, (region, key) in enumerate(zip(regions, permutation_keys, strict=True)):
        parts = areas.windows(owner, regions, index)
        counts = reference.shares([len(part) for part in parts], region["pixels"])
        for number, (part, count) in enumerate(zip(parts, counts, strict=True)):
            there = [part[place] for place in reference.cycle(key, index, number, len(part), count)]
            here = there[1:] + there[:1]
            for position, value in zip(there, [image[position].copy() for position in here], strict=True):
                image[position] = value


def with_rims(length, window):
    return [range(start, min(start + window, length)) for start in range(0, length, window)]


def permute_by_the_first_key(image, regions, permutation_keys, inverse=False):
    right["permute"](image, regions, permutation_keys[:1] * len(regions), inverse)


def repeated_edges(values, y, x):
    left = values.get((y, x - 1), values.get((y - 1, x), 0))
    above = values.get((y - 1, x), left)
    corner = values.get((y - 1, x - 1), above)
    return max(min(left, above), min(max(left, above), left + above - corner))


def plane_guess(values, y, x):
    return values.get((y, x - 1), 0) + values.get((y - 1, x), 0) - values.get((y - 1, x - 1), 0)


def index_as_big_endian(text):
    number, index, face = right["read_face_text"](text)
    return number, index << 8, face


def trusting_inflate(body, raw):
    return zlib.decompressobj(-15).decompress(body)[:raw].ljust(raw, b"\0")


def stream_with_header(body, raw):
    return zlib.decompress(body)


right = {"read_face_text": seal.read_face_text, "chunk_iv": keys.chunk_iv, "permute": areas.permute}

MISREADINGS = {
    "parts without their lengths": [(keys, "part", lambda data: data)],
    "lengths of parts big-endian": [(keys, "part", lambda data: struct.pack(">Q", len(data)) + data)],
    "lengths of parts as u32": [(keys, "part", lambda data: struct.pack("<I", len(data)) + data)],
    "number of the region as u16": [(keys, "region_number", lambda i: struct.pack("<H", i))],
    "number of the region big-endian": [(keys, "region_number", lambda i: struct.pack(">I", i))],
    "commitment without the nonce": [(keys, "commitment", lambda r, c, n: keys.keyed(r, b"fp2 commit", c))],
    "commitment not compared": [(keys, "commitment", lambda r, c, n: AlwaysEqual())],
    "binding without the commitment": [(keys, "binding", lambda c, n, m: digest_of(b"fp2 binding", c, n))],
    "binding without a purpose": [(keys, "binding", lambda c, n, m: digest_of(c, n, m))],
    "entry with zeros for its MAC": [(keys, "entry_mac", lambda f, b, i, e: mac_with_zeros(f, b, i, e))],
    "entry's MAC not compared": [(keys, "entry_mac", lambda f, b, i, e: AlwaysEqual())],
    "record's MAC not compared": [(seal, "record_mac", lambda record, secret: AlwaysEqual())],
    "record's MAC over CORE alone": [(seal, "record_mac", lambda r, s: keys.keyed(s, b"fp2 record", r["core"]))],
    "wrapping key without the commitment": [(keys, "wrap_key", lambda k, n, c, p: keys.keyed(k, p, n))],
    "hint out of the last bytes": [(keys, "hint", lambda k, n: keys.keyed(k, b"fp2 hint", n)[-8:])],
    "last chunk not marked": [(keys, "chunk_iv", lambda number, last: right["chunk_iv"](number, False))],
    "every chunk marked as the last": [(keys, "chunk_iv", lambda number, last: right["chunk_iv"](number, True))],
    "chunks counted little-endian": [
        (keys, "chunk_iv", lambda number, last: number.to_bytes(11, "little") + bytes([last]))
    ],
    "chunks counted from 1": [(keys, "chunk_iv", lambda number, last: right["chunk_iv"](number + 1, last))],
    "chunks of 65,536 with their tags": [(keys, "CHUNK", 65_520), (form, "CHUNK", 65_520)],
    "a last chunk that may be empty": [
        (form, "plain_length", lambda n: n - 16 * (1 + (n - 16) // 65_552)),
        (form, "sealed_length", lambda n: n + 16 * (1 + n // 65_536)),
        (keys, "stream_open", lambda key, text: open_with_empty_end(key, text)),
    ],
    "eighths rounded down": [(form, "step_of", lambda raw: max(256, raw // 8))],
    "no least step": [(form, "step_of", lambda raw: max(1, -(-raw // 8)))],
    "lengths off the steps taken": [(form, "is_length", lambda plain, raw: plain > 0)],
    "ten steps taken": [
        (form, "is_short", lambda plain, most: plain > 0),
        (form, "is_length", lambda plain, raw: plain > 0),
    ],
    "padding not looked at": [(seal, "padding_is_right", lambda padding: True)],
    "stream not looked at to its end": [(seal, "inflate", trusting_inflate)],
    "a stream with zlib's header": [(seal, "inflate", stream_with_header)],
    "the last one listed owns": [(areas, "deepest", lambda depths: depths[-1][1])],
    "the first one listed owns": [(areas, "deepest", lambda depths: depths[0][1])],
    "ties to the higher number": [(areas, "deepest", lambda depths: min((d, -i) for d, i in depths)[1] * -1)],
    "depth not rounded": [(areas, "depth", exact_depth)],
    "depth in pixels": [(areas, "depth", lambda offset, length: (2 * offset + 1 - length) ** 2)],
    "depth in doubles": [(areas, "depth", lambda offset, length: float(exact_depth(offset, length)))],
    "ellipses as boxes": [(seal, "named", lambda regions: [{**r, "shape": "box", "window": 4} for r in regions])],
    "windows along a cycle": [(areas, "permute", cycle_on)],
    "rims of one and two pixels": [(areas, "cuts", with_rims)],
    "one permutation key for all": [(areas, "permute", permute_by_the_first_key)],
    "arranged the other way": [
        (areas, "permute", lambda image, regions, ks, inverse: right["permute"](image, regions, ks, not inverse))
    ],
    "edges repeated": [(residuals, "guess", repeated_edges)],
    "the plane predicts": [(residuals, "guess", plane_guess)],
    "differences not signed": [(residuals, "channel_value", lambda value, bits, difference: value % 2**bits)],
    "no differences": [(residuals, "is_difference", lambda channel, channels: False)],
    "differences of two channels too": [(residuals, "is_difference", lambda c, n: n >= 2 and c in (0, 2))],
    "differences not for four channels": [(residuals, "is_difference", lambda c, n: n == 3 and c in (0, 2))],
    "alpha as a difference": [(residuals, "is_difference", lambda c, n: n >= 3 and c != 1)],
    "folded the other way": [(residuals, "unfold", lambda z: -(z // 2) if z % 2 == 0 else (z + 1) // 2)],
    "not folded": [(residuals, "unfold", lambda z: z)],
    "least significant planes first": [
        (residuals, "planes", lambda size, channels: [(b, c) for b in range(size) for c in range(channels)])
    ],
    "planes channel by channel": [
        (residuals, "planes", lambda size, channels: [(b, c) for c in range(channels) for b in reversed(range(size))])
    ],
    "tags over boxes": [(seal, "tagged_pixels", boxed)],
    "surroundings with the regions": [(seal, "scene_pixels", lambda record, image: image.tobytes())],
    "regions not checked": [(form, "check_region", lambda region: None)],
    "entries not checked": [(form, "check_entry", lambda region, entry: None)],
    "face key's number big-endian": [(seal, "read_face_text", index_as_big_endian)],
}


class AlwaysEqual:
    """What compares equal to anything: a check that was forgotten."""

    def __eq__(self, other):
        return True

    __hash__ = None


def mac_with_zeros(face, bound, index, entry):
    return keys.keyed(face, b"fp2 entry", bound, keys.region_number(index), entry[:53] + bytes(32))


def digest_of(*parts):
    return hashlib.sha256(keys.message(*parts)).digest()


def open_with_empty_end(key, text):
    """Full chunks, and one more that holds what is left, be it nothing."""
    ends = range(0, len(text) + 1, 65_552)
    last = len(ends) - 1
    return b"".join(
        keys.gcm_open(key, keys.chunk_iv(i, i == last), text[start : start + 65_552]) for i, start in enumerate(ends)
    )


def test_the_reference_reads_rightly():
    assert first_misread() is None


@pytest.mark.parametrize("name", MISREADINGS)
def test_a_misreading_is_caught(name, monkeypatch):
    for module, attribute, wrong in MISREADINGS[name]:
        monkeypatch.setattr(module, attribute, wrong)
    assert first_misread() is not None
