"""The likely mistakes of a sealed format, as far as the format itself can make them, and a test that catches each.

The numbers are those of the list that the format was designed against.
"""

import dataclasses
import json
import os
import tracemalloc
import zlib

import numpy as np
import pytest
from records_2 import make, region, restored, textured

import fastperturb as fp
from fastperturb.errors import FastperturbError, RecordError
from fastperturb.perturbation import aes_gcm, format_v2, seal_coding
from fastperturb.perturbation import record_v2_bytes as form
from fastperturb.perturbation import record_v2_reading as reading
from fastperturb.perturbation.format_v2_open import Opened
from fastperturb.perturbation.record_v2_parts import Stanza, plain_length, seal_step


@pytest.fixture
def two(key):
    """Two faces that overlap, and a third."""
    regions = [region(3, 4, 24, 28, "ellipse"), region(19, 6, 24, 28, "ellipse"), region(40, 30, 12, 9)]
    return make(textured((44, 56, 3), 5), regions, [key])


def test_mistake_2_a_seal_holds_no_pixel_of_a_neighbour(two, key):
    opened = Opened(two.record, key)
    first = opened.face_key(0)
    out = restored(two, first, indices=[0])
    assert (out[two.owner == 0] == two.image[two.owner == 0]).all()
    assert (out[two.owner != 0] == two.shown[two.owner != 0]).all()
    changed = two.image.copy()
    changed[two.owner != 0] = 255 - changed[two.owner != 0]
    plain = [seal_coding.encode(image, two.owner == 0) for image in (two.image, changed)]
    assert plain[0] == plain[1]
    outside = bytes(zlib.decompressobj(-15).decompress(plain[0][9:]))
    assert len(outside) == 3 * (two.owner == 0).sum()


def test_mistake_3_two_faces_differ_in_what_depends_on_the_secret_alone(key, monkeypatch):
    """With the same random numbers, all but the seal is the same for two different faces whose seals are as long."""
    full, records = format_v2.SealOptions(full=True), []
    for seed in (1, 2):
        monkeypatch.setattr(os, "urandom", Counter())
        image = textured((40, 40, 3), 0)
        image[4:36, 4:36] = textured((32, 32, 3), 4, seed)
        records.append(make(image, [region(4, 4, 32, 32)], [key], options=full).record)
    first, second = (form.to_bytes(record) for record in records)
    sealed = len(records[0].seals[0])
    assert len(first) == len(second)
    assert first[:-sealed] == second[:-sealed]
    assert first[-sealed:] != second[-sealed:]


SHORT = format_v2.SealOptions()


class Counter:
    """Counts instead of drawing at random."""

    def __init__(self):
        self.count = 0

    def __call__(self, size):
        self.count += 1
        return self.count.to_bytes(size, "little")


@pytest.mark.parametrize("shape", [(60, 60), (60, 60, 3)])
def test_mistake_4_lengths_say_little_and_lie_on_steps(shape, key):
    lengths = set()
    for seed in range(100):
        image = textured(shape, 1 + seed % 10 / 3, seed)
        plain = seal_coding.encode(image, None)
        assert len(plain) % seal_step(image.nbytes) == 0
        lengths.add(len(plain))
    assert len(lengths) <= 4
    full = {len(seal_coding.encode(textured(shape, seed, seed), None, full=True)) for seed in range(10)}
    assert full == {9 * seal_step(image.nbytes)}


def test_mistake_4_a_length_off_the_steps_is_refused_from_the_record_alone(two):
    owned = [int(two.owned(i).sum()) for i in range(3)]
    two.record.check_lengths(owned)
    for length in (plain_length(two.record.entries[0].length) + 15, 300, 17):
        entry = dataclasses.replace(two.record.entries[0], length=length, state="beside")
        record = dataclasses.replace(two.record, entries=(entry, *two.record.entries[1:]), seals=())
        with pytest.raises(RecordError, match=f"seal of region 0 cannot have {length} bytes"):
            record.check_lengths(owned)


def altered_cores(record):
    """The record with something of CORE changed."""
    items = record.regions
    moved = dataclasses.replace(items[1], region=dataclasses.replace(items[1].region, x=items[1].region.x + 1))
    other = dataclasses.replace(items[1], method=4)
    revised = dataclasses.replace(items[1], revision=1)
    yield "box moved", {"regions": (items[0], moved, items[2])}
    yield "method", {"regions": (items[0], other, items[2])}
    yield "revision", {"regions": (items[0], revised, items[2])}
    yield "order", {"regions": (items[1], items[0], items[2])}
    yield "a region less", {"regions": items[:2], "entries": record.entries[:2], "seals": (*record.seals[:2], None)}
    yield "width", {"shape": (44, 57, 3)}
    yield "dtype", {"dtype": "uint16"}
    yield "another box moved", {"regions": (moved_by_one(items[0]), *items[1:])}


def moved_by_one(item):
    return dataclasses.replace(item, region=dataclasses.replace(item.region, y=item.region.y + 1))


def test_mistake_5_a_face_key_is_bound_to_all_that_it_relies_on(two, key):
    face = Opened(two.record, key).face_key(1)
    assert (restored(two, face, indices=[1])[two.owner == 1] == two.image[two.owner == 1]).all()
    for _, change in altered_cores(two.record):
        with pytest.raises(fp.Tampered, match="region 1 of the record was changed"):
            Opened(dataclasses.replace(two.record, **change), face)
    entries, seals = two.record.entries, two.record.seals
    for change in (
        {"entries": (entries[1], entries[0], entries[2]), "seals": (seals[1], seals[0], *seals[2:])},
        {"entries": (entries[0], dataclasses.replace(entries[1], salt=bytes(16)), entries[2])},
        {"entries": (entries[0], dataclasses.replace(entries[1], tag=bytes(16)), entries[2])},
        {"entries": (entries[0], dataclasses.replace(entries[1], state="beside"), entries[2]), "seals": ()},
        {"commitment": bytes(32)},
        {"nonce": two.record.nonce[:-1] + b"x"},
    ):
        with pytest.raises(fp.Tampered, match="region 1 of the record was changed"):
            Opened(dataclasses.replace(two.record, **change), face)
    twin = make(two.image, two.record.regions, [key])
    with pytest.raises(fp.WrongKey, match="of another picture"):
        Opened(twin.record, face)
    with pytest.raises(fp.Tampered):
        Opened(twin.record, fp.face_key.FaceKey(twin.record.nonce[:8], 1, face.secret()))
    with pytest.raises(fp.Tampered):
        Opened(two.record, fp.face_key.FaceKey(face.record_id, 0, face.secret()))


def test_mistake_6_no_key_and_nonce_see_two_messages(key, monkeypatch):
    """Reproducible records of equal images, made by other coders, at other lengths, kept elsewhere."""
    log = {}
    real = aes_gcm.load()

    class Logged:
        def __init__(self, secret):
            self.secret, self.cipher = secret, real[0](secret)

        def encrypt(self, nonce, data, more):
            said = (bytes(data), bytes(more or b""))
            assert log.setdefault((self.secret, nonce), said) == said, "a key and a nonce with two messages"
            return self.cipher.encrypt(nonce, data, more)

        def decrypt(self, *arguments):
            return self.cipher.decrypt(*arguments)

    monkeypatch.setattr(aes_gcm, "load", lambda: (Logged, *real[1:]))
    image, regions = textured((40, 40, 3), 6), [region(4, 4, 32, 32, "ellipse")]
    records = {}

    def protect(name, options=SHORT, shade=77, said=b"options"):
        again = [make(image, regions, [key], reproducible=(key, said), options=options, shade=shade) for _ in range(2)]
        records[name] = again[0].record
        assert again[0].record == again[1].record
        assert (restored(again[0], key) == image).all()

    protect("first")
    protect("longer", format_v2.SealOptions(full=True))
    protect("another template", shade=78)
    protect("other options", said=b"other options")
    real_coder = zlib.compressobj
    monkeypatch.setattr(zlib, "compressobj", lambda *_: real_coder(9, zlib.DEFLATED, -15))
    protect("another level")
    salts = [record.entries[0].salt for record in records.values()]
    assert len(set(salts)) == len(salts) - 1, "the template is not sealed"
    assert records["first"].entries[0].iv != records["another template"].entries[0].iv
    assert records["first"].nonce != records["other options"].nonce
    assert len(log) == 2 + 2 + 3 + 4, "wrapped secrets, surroundings, regions, seals"


def test_mistake_6_a_flipped_pixel_changes_everything(key):
    image, regions = textured((40, 40, 3), 6), [region(4, 4, 32, 32, "ellipse")]
    other = image.copy()
    other[0, 0, 0] ^= 1
    first, second = (make(i, regions, [key], reproducible=(key, b"")).record for i in (image, other))
    a, b = form.to_bytes(first)[57:], form.to_bytes(second)[57:]
    same = np.mean(np.frombuffer(a, np.uint8) == np.frombuffer(b, np.uint8))
    assert same < 0.15  # lengths, states and flags are equal


@pytest.mark.parametrize("strict", [True, False])
def test_mistake_8_whatever_byte_is_flipped_nothing_is_released(two, key, strict):
    """Of record and seals; the caller's image is untouched. Without strictness what holds by itself may come back."""
    data = form.to_bytes(two.record)
    seals = sum(len(seal) for seal in two.record.seals if seal)
    places = [*range(len(data) - seals), *range(len(data) - seals, len(data), 41)]
    for at in places:
        damaged = data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]
        out = two.shown.copy()
        try:
            opened = Opened(reading.from_bytes(damaged), key, strict=strict)
            seals_read = [opened.read_seal(i, int(two.owned(i).sum())) for i in range(3)]
        except FastperturbError:
            assert (out == two.shown).all()
            continue
        assert not strict, f"byte {at} does not matter"
        assert opened.whole is False
        for index, seal in enumerate(seals_read):
            seal.put(out, two.owned(index))
        assert (out == two.image).all()
        with pytest.raises(fp.Tampered, match="the record was changed"):
            opened.for_recipients([key])


def test_mistake_8_one_bad_seal_of_three_leaves_all_as_they_are(two, key):
    broken = two.record.seals[2][:-1] + bytes([two.record.seals[2][-1] ^ 1])
    record = dataclasses.replace(two.record, seals=(*two.record.seals[:2], broken, None))
    with pytest.raises(fp.Tampered, match="seal of region 2 is damaged"):
        restored(two, key, record)
    assert (restored(two, key, record, [0, 1])[two.owner == 1] == two.image[two.owner == 1]).all()


def test_mistake_9_a_stream_that_swells_costs_no_memory():
    raw = 60_000
    coder = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = b"".join([*(coder.compress(bytes(2**20)) for _ in range(60)), coder.flush()])
    plain = b"".join((bytes([1]), len(body).to_bytes(8, "little"), body))
    assert len(plain) < 9 * seal_step(raw)
    plain += bytes(-len(plain) % seal_step(raw))
    tracemalloc.start()
    try:
        with pytest.raises(RecordError, match="must hold exactly 60000 bytes of pixels"):
            seal_coding.decode(plain, raw, "the seal")
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 2**64 - 9, 2**32])
def test_mistake_9_a_length_without_bytes_allocates_nothing(length):
    plain = bytes([1]) + length.to_bytes(8, "little") + bytes(256 - 9)
    with pytest.raises(RecordError, match=f"must hold {length} bytes and zeros"):
        seal_coding.decode(plain, 100, "the seal")
    rest = length.to_bytes(8, "little") + bytes(4088)
    with pytest.raises(RecordError, match=f"must hold {length} bytes and zeros"):
        seal_coding.decode_rest(rest)


def test_mistake_9_sixteen_recipients_who_are_somebody_else(two, key):
    hint = two.record.stanzas[0].body[:8]
    wrong = tuple(Stanza(1, hint + bytes([i]) * 48) for i in range(16))
    with pytest.raises(fp.Tampered, match="the record was changed"):
        Opened(dataclasses.replace(two.record, stanzas=wrong), key)
    with pytest.raises(fp.WrongKey, match="none of the keys at hand"):
        Opened(two.record, fp.Key(bytes(range(1, 33))))
    assert Opened(two.record, [fp.Key(bytes(range(i, i + 32))) for i in range(20)]).whole


def test_mistake_9_long_text_that_is_no_record_is_not_parsed(monkeypatch):
    """Nesting and lists that would take a parser seconds and half a gigabyte."""
    monkeypatch.setattr(json, "loads", lambda *_, **__: pytest.fail("parsed"))
    wrapper = '{"format": "fastperturb-record", "version": 2, "data": "AAAA"'
    for text in ("[" + "[]," * 6_000_000 + "[]]", wrapper + ', "x": [' + "1," * 9_000_000 + "1]}", wrapper * 300_000):
        for form_of_it in (text, text.encode()):
            with pytest.raises(RecordError, match="must be JSON text of up to 16777216 bytes"):
                fp.Record.from_json(form_of_it)


def test_mistake_9_text_as_long_as_its_seals_is_a_record(key):
    """Seals of a large image are more than 16 MiB, and their record is one string."""
    image = np.random.default_rng(1).integers(0, 256, (3600, 3600), np.uint8)
    draft = format_v2.Draft(image, [region(0, 0, 3600, 3600)])
    record = format_v2.seal_record(draft, [format_v2.RegionPixels(image, image, None)], [key])
    text = record.to_json()
    assert len(text) > 2**24
    again = fp.Record.from_json(text)
    assert again == record
    assert again.seals == record.seals


def test_mistake_9_more_regions_than_wanted_are_refused_before_they_are_read(two):
    data = form.to_bytes(two.record)
    with pytest.raises(RecordError, match="must have 1 to 2 regions, got 3"):
        reading.from_bytes(data[:25], max_regions=2)
    assert reading.from_bytes(data, max_regions=3) == two.record
