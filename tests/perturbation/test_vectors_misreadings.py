"""Deliberate misreadings of version 1 that its first vectors let pass, each caught by a further one.

And records to refuse.
"""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
import reference

import fastperturb as fp

VECTORS = Path(__file__).parents[1] / "vectors"
vector_image = runpy.run_path(str(VECTORS / "make.py"))["vector_image"]
MORE = json.loads((VECTORS / "version_1_more.json").read_text())


def shares_by(second, room=lambda size: size if size >= 2 else 0):
    """The rule of shares with another second pass, or another room."""

    def shares(sizes, pixels):
        total, seen, given, carry, result = max(sum(sizes), 1), 0, 0, 0, []
        for size in sizes:
            seen += size
            want = carry + pixels * seen // total - given
            given = pixels * seen // total
            k = 0 if want < 2 else min(want, room(size))
            carry = want - k
            result.append(k)
        second(sizes, result, carry)
        return result

    return shares


def from_the_end(sizes, result, carry):
    for w in reversed(range(len(sizes))):
        if carry and sizes[w] >= 2 and result[w] + carry >= 2:
            more = min(carry, sizes[w] - result[w])
            result[w], carry = result[w] + more, carry - more


def with_small_ones(sizes, result, carry):
    for w, size in enumerate(sizes):
        more = min(carry, size - result[w])
        result[w], carry = result[w] + more, carry - more


def first_only(sizes, result, carry):
    for w, size in enumerate(sizes):
        if carry and size >= 2 and result[w] + carry >= 2 and size > result[w]:
            result[w] += min(carry, size - result[w])
            return


def draws_without_rejection(subkey, region, window, size, count):
    bits = 16 if size <= 4096 else 32
    blocks = range(-(-count * bits // 512))
    stream = b"".join(
        reference.chacha20_block(subkey, b, np.array([window, region, 0], "<u4").tobytes()) for b in blocks
    )
    words = np.frombuffer(stream, f"<u{bits // 8}").tolist()
    rejects = bits == 16 and any(words[i] * (size - i) % 2**bits < 2**bits % (size - i) for i in range(count))
    if rejects:
        return RIGHT["draws"](subkey, region, window, size, count)
    return [words[i] * (size - i) >> bits for i in range(count)]


def owners_by(covered_by, first_wins=False):
    def owners(height, width, regions):
        owner = np.full((height, width), -1)
        ys, xs = np.mgrid[:height, :width]
        for index, r in enumerate(regions):
            i, j = xs - r["x"], ys - r["y"]
            covered = (i >= 0) & (i < r["width"]) & (j >= 0) & (j < r["height"])
            if r["shape"] == "ellipse":
                covered &= np.asarray(covered_by(i, j, r["width"], r["height"]), bool)
            owner[covered & (owner < 0) if first_wins else covered] = index
        return owner

    return owners


def exactly(i, j, w, h):
    i, j = i.astype(object), j.astype(object)
    return ((2 * i + 1 - w) * h) ** 2 + ((2 * j + 1 - h) * w) ** 2 <= (w * h) ** 2


def in_64_bits(i, j, w, h):
    i, j = i.astype(np.uint64), j.astype(np.uint64)
    w, h, one = np.uint64(w), np.uint64(h), np.uint64(1)
    with np.errstate(over="ignore"):
        a, b = (i + i + one - w) * h, (j + j + one - h) * w
        return a * a + b * b <= w * h * w * h


def ellipses_first(height, width, regions):
    """Boxes drawn over ellipses or under them, whatever their order."""
    order = sorted(range(len(regions)), key=lambda n: regions[n]["shape"] == "box")
    owner = RIGHT["owners"](height, width, [regions[n] for n in order])
    return np.where(owner < 0, -1, np.array(order)[owner])


RIGHT = {name: getattr(reference, name) for name in ("owners", "draws", "shares")}
MISREADINGS = {
    "no second pass": ("shares", shares_by(lambda *_: None)),
    "the second pass from the end": ("shares", shares_by(from_the_end)),
    "the second pass into single pixels": ("shares", shares_by(with_small_ones)),
    "the second pass into one window": ("shares", shares_by(first_only)),
    "single pixels take a share": ("shares", shares_by(first_only, room=lambda size: size)),
    "no rejection at 32 bits": ("draws", draws_without_rejection),
    "the first one listed owns": ("owners", owners_by(exactly, first_wins=True)),
    "boxes over ellipses": ("owners", ellipses_first),
    "ellipses in 64 bits": ("owners", owners_by(in_64_bits)),
}


def matches(vector) -> bool:
    record = vector["record"]
    image = vector_image(record["shape"], record["dtype"])
    regions = [{k: v for k, v in r.items() if k != "moved"} for r in record["regions"]]
    made = reference.perturb(image, regions, bytes.fromhex(vector["key"]), bytes.fromhex(record["nonce"]))[1]
    return made == record


def test_the_misread_functions_are_otherwise_right():
    sizes = [1, 4, 4, 3, 2, 1, 4]
    assert owners_by(exactly)(20, 20, AS_READ).tolist() == RIGHT["owners"](20, 20, AS_READ).tolist()
    assert shares_by(first_only)(sizes, 12) == RIGHT["shares"](sizes, 12)


AS_READ = [{"x": 2, "y": -3, "width": 15, "height": 18, "shape": shape} for shape in ("box", "ellipse")]


@pytest.mark.parametrize("name", MISREADINGS)
def test_a_misreading_of_version_1_is_caught(name, monkeypatch):
    attribute, wrong = MISREADINGS[name]
    monkeypatch.setattr(reference, attribute, wrong)
    for vector in MORE["vectors"]:
        try:
            if not matches(vector):
                return
        except IndexError:
            return
    pytest.fail("no vector catches it")


@pytest.mark.parametrize("item", [pytest.param(r, id=r["name"]) for r in MORE["refused"]])
def test_records_that_a_reader_refuses(item):
    with pytest.raises(fp.errors.RecordError):
        fp.Record.from_json(json.dumps(item["record"]))


def test_what_the_refused_records_differ_from_is_read():
    assert fp.Record.from_json(json.dumps(MORE["vectors"][0]["record"])).regions[0].pixels == 3
