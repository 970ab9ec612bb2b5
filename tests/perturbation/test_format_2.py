"""Records of version 2: made, written, read, opened, kept beside, erased, made for others; by the reference too."""

import dataclasses
import pickle

import numpy as np
import pytest
import reference_seal
from hypothesis import given, settings
from hypothesis import strategies as st
from records_2 import WINDOWS, make, owned_pixels, region, restored, textured
from strategies import images, several_regions

import fastperturb as fp
from fastperturb.errors import RecordError
from fastperturb.perturbation import format_v2, seal_coding
from fastperturb.perturbation import record_v2_bytes as form
from fastperturb.perturbation import record_v2_reading as reading
from fastperturb.perturbation.format_v2_open import Opened
from fastperturb.perturbation.record_v2_parts import RegionV2, Stanza

MASTER = bytes(range(32))


@st.composite
def protected(draw):
    """Any image, with up to three regions of any kind."""
    image = draw(images(16))
    where = draw(several_regions(image, 3))
    methods = st.sampled_from([1, 2, 3, 255])
    items = []
    for item in where:
        method = draw(methods)
        items.append(RegionV2(item, method, draw(st.integers(0, 65535)), 4 if method == 1 else 0))
    owned = owned_pixels(image.shape, items)
    items = [
        dataclasses.replace(item, pixels=min(7, count)) if item.window else item
        for item, count in zip(items, owned, strict=True)
    ]
    options = format_v2.SealOptions(
        beside=draw(st.booleans()), full=draw(st.booleans()), rest=draw(st.none() | st.binary(max_size=50))
    )
    reproducible = (fp.Key(MASTER), b"x") if draw(st.booleans()) else None
    return make(image, items, [fp.Key(MASTER)], reproducible=reproducible, scene=draw(st.booleans()), options=options)


@settings(max_examples=60)
@given(protected())
def test_everything_comes_back_and_the_reference_agrees(made):
    record, key = made.record, fp.Key(MASTER)
    data, beside = form.to_bytes(record), record.beside_bytes()
    again = reading.from_bytes(data)
    assert again == record == fp.Record.from_json(form.to_json(record, indent=2).encode())
    assert form.to_bytes(again) == data
    assert again.missing == tuple(i for i, place in enumerate(record.places) if place.state == "beside")
    if beside:
        again = again.with_beside(beside)
    assert again.seals == record.seals
    sealed = [i for i, entry in enumerate(again.entries) if entry.length]
    out = restored(made, key, again, sealed)
    expected = np.where(
        np.isin(made.owner, sealed).reshape(*made.owner.shape, *[1] * (made.image.ndim - 2)), made.image, made.shown
    )
    assert out.tobytes() == expected.tobytes()
    opened = Opened(again, key)
    told = reference_seal.open_all(data, MASTER, made.shown, beside)
    assert told["scene"] is opened.is_scene(made.scene())
    rest = opened.read_rest()
    assert told["rest"] == (None if rest is None else rest.hex())
    for index, item in enumerate(told["regions"]):
        assert item["shown"]
        assert opened.is_shown(index, made.shown, made.owned(index))
        assert item["face_key"] == opened.face_key(index).to_text()
        own = made.image[made.owned(index)].tobytes()
        assert item["pixels"] == (reference_seal.sha256(own) if index in sealed else None)


@pytest.fixture
def made(key):
    items = [region(3, 4, 24, 28, "ellipse"), region(19, 6, 24, 28, method=WINDOWS, window=5, pixels=90)]
    items += [region(40, 30, 12, 9), region(0, 38, 20, 6, "ellipse")]
    return make(textured((44, 56, 3), 5), items, [key], options=format_v2.SealOptions(rest=b"taken in May"))


def test_all_orders_of_restoring_one_by_one_are_exact(made, key):
    opened = Opened(made.record, key)
    keys = {i: opened.face_key(i) for i in (0, 2, 3)}
    for order in ((0, 2, 3), (0, 3, 2), (2, 0, 3), (2, 3, 0), (3, 0, 2), (3, 2, 0)):
        out = made.shown.copy()
        for index in order:
            one = Opened(made.record, keys[index])
            assert one.is_shown(index, out, made.owned(index)), "a neighbour's face does not touch the tag"
            one.read_seal(index, int(made.owned(index).sum())).put(out, made.owned(index))
            assert not one.is_shown(index, out, made.owned(index))
        assert (out[made.owner != 1] == made.image[made.owner != 1]).all()


def test_a_face_key_says_what_it_cannot_tell(made, key):
    one = Opened(made.record, Opened(made.record, key).face_key(1))
    assert (one.whole, one.is_scene(made.scene()), one.read_rest()) == (None, None, None)
    assert one.permutation_key(1) == Opened(made.record, key).permutation_key(1)
    with pytest.raises(RecordError, match="the seal of region 1 was never made"):
        one.read_seal(1, 5)
    for call in (lambda: one.without_seals([1]), one.without_rest, lambda: one.for_recipients([key])):
        with pytest.raises(fp.WrongKey, match="a face key opens one face"):
            call()


def test_a_draft_hands_out_the_face_keys_of_its_record(key):
    image, items = textured((30, 30), 5), [region(2, 2, 20, 20), region(8, 8, 20, 20)]
    draft = format_v2.Draft(image, items)
    record = format_v2.seal_record(draft, [format_v2.RegionPixels(None, image, None)] * 2, [key])
    assert [draft.face_key(i) for i in (0, 1)] == [Opened(record, key).face_key(i) for i in (0, 1)]
    assert draft.permutation_keys() == [Opened(record, key).permutation_key(i) for i in (0, 1)]


def test_the_surroundings_are_a_verdict_of_their_own(made, key):
    opened = Opened(made.record, key)
    for changed, expected in (((0, 0), (True, False)), ((10, 10), (False, True))):
        other = made.shown.copy()
        other[changed] ^= 1
        assert (opened.is_shown(0, other, made.owned(0)), opened.is_scene(made.scene(other))) == expected
    assert opened.is_scene(made.scene()) is True


def test_large_surroundings_are_authenticated_in_parts(key):
    """Over a megabyte, with the labels of a part of the image only."""
    image = textured((900, 700, 3), 3)
    labels = np.zeros((90, 80), np.uint16)
    labels[20:60, 10:70] = 1
    scene = seal_coding.Surroundings(image, 333, 404, labels)
    mask = np.ones(image.shape[:2], bool)
    mask[404:494, 333:413] = labels == 0
    blocks = list(scene.blocks())
    assert len(blocks) > 1
    assert b"".join(blocks) == image[mask].tobytes()
    owned = list(seal_coding.Owned(image, mask).blocks())
    assert len(owned) > 1
    assert b"".join(owned) == image[mask].tobytes()


def test_erasing_a_seal_leaves_the_others_and_their_keys(made, key):
    opened = Opened(made.record, key)
    face = opened.face_key(0)
    record = opened.without_seals([2])
    assert len(form.to_bytes(record)) == len(form.to_bytes(made.record)) - made.record.entries[2].length
    assert record.entries[2].state == "erased"
    assert record.seals[2] is None
    after = Opened(reading.from_bytes(form.to_bytes(record)), key)
    with pytest.raises(RecordError, match="the seal of region 2 was erased"):
        after.read_seal(2, int(made.owned(2).sum()))
    assert after.is_shown(2, made.shown, made.owned(2))
    assert after.read_rest() == b"taken in May"
    assert (restored(made, face, record, [0])[made.owner == 0] == made.image[made.owner == 0]).all()
    with pytest.raises(RecordError, match="region 1 has no seal to erase"):
        opened.without_seals([1])
    bare = Opened(after.without_rest(), key)
    assert (bare.whole, bare.read_rest(), bare.record.rest.state) == (True, None, "erased")
    assert reading.from_bytes(form.to_bytes(bare.record)) == bare.record


def test_other_recipients_change_nothing_but_themselves(made, key):
    other, stranger = fp.Key(bytes(range(7, 39))), Stanza(2, bytes(1170))
    record = Opened(made.record, key).for_recipients([other, stranger])
    assert dataclasses.replace(record, stanzas=made.record.stanzas, mac=made.record.mac) == made.record
    assert record.seals == made.record.seals
    assert Opened(record, other).face_key(0) == Opened(made.record, key).face_key(0)
    assert Opened(record, [fp.Key(bytes(range(1, 33))), other]).whole
    with pytest.raises(fp.WrongKey, match="none of the keys at hand"):
        Opened(record, key)
    with pytest.raises(ValueError, match="must name at least one"):
        Opened(record, other).for_recipients([])
    with pytest.raises(RecordError, match="up to 16 recipients, got 17"):
        Opened(record, other).for_recipients([other] * 17)
    assert not record.stanzas[0].body.startswith(Opened(record, other).record.stanzas[1].body[:8])


def test_two_pictures_of_one_key_have_nothing_in_common(key):
    """No id of the key: what stands in both records are sizes and regions."""
    image, items = textured((30, 30), 5), [region(2, 2, 20, 20)]
    first, second = (form.to_bytes(make(image, items, [key]).record) for _ in range(2))
    assert first[:57] == second[:57]
    for start in range(57, min(len(first), len(second)) - 8):
        same = first[start : start + 8]
        assert same not in second[57:] or same.count(0) >= 4


def test_without_recipients_no_seal_is_made(key):
    image, items = textured((30, 30), 5), [region(2, 2, 20, 20)]
    with pytest.raises(ValueError, match="a seal must have a recipient"):
        make(image, items, [])
    draft = format_v2.Draft(image, items)
    mask = np.ones((20, 20), bool)
    pixels = [format_v2.RegionPixels(None, image[2:22, 2:22], mask)]
    record = format_v2.seal_record(draft, pixels, [])
    assert (record.stanzas, record.entries[0].state) == ((), "none")
    with pytest.raises(ValueError, match="a seal must have a recipient"):
        format_v2.seal_record(draft, pixels, [], options=format_v2.SealOptions(rest=b""))
    with pytest.raises(ValueError, match="pixels must name 1 regions, got 0"):
        format_v2.seal_record(draft, [], [key])
    with pytest.raises(fp.WrongKey):
        Opened(record, key)


def test_a_file_beside_belongs_to_one_record(key):
    image, items = textured((40, 44, 3), 5), [region(2, 2, 20, 20), region(20, 9, 20, 20, "ellipse")]
    options = format_v2.SealOptions(beside=True, rest=bytes(9000))
    first, second = (make(image, items, [key], options=options) for _ in range(2))
    record = reading.from_bytes(form.to_bytes(first.record))
    assert record.missing == (0, 1, 2)
    opened = Opened(record, key)
    assert opened.is_shown(0, first.shown, first.owned(0))
    with pytest.raises(RecordError, match="seal of region 0 is missing"):
        opened.read_seal(0, 400)
    with pytest.raises(RecordError, match="metadata are missing"):
        opened.read_rest()
    with pytest.raises(RecordError, match="not at hand"):
        record.beside_bytes()
    beside = first.record.beside_bytes()
    assert (restored(first, key, record.with_beside(beside)) == image).all()
    with pytest.raises(RecordError, match="seals are those of another picture"):
        record.with_beside(second.record.beside_bytes())
    for wrong in (beside[:-1], beside + b"x", beside[:32]):
        with pytest.raises(RecordError, match=f"must have {len(beside)} bytes, got {len(wrong)}"):
            record.with_beside(wrong)
    swapped = record.with_beside(beside[:32] + second.record.beside_bytes()[32:])
    with pytest.raises(fp.Tampered, match="or it is another seal"):
        Opened(swapped, key).read_seal(0, 400)
    assert pickle.loads(pickle.dumps(first.record)) == first.record  # noqa: S301


WRONG_VALUES = [
    (lambda: region(0, 0, 9, 9, method=0), "method must be"),
    (lambda: region(0, 0, 9, 9, method=1, window=3), "window must be a whole number from 4"),
    (lambda: region(0, 0, 9, 9, window=8), "window must be a whole number from 0 to 0"),
    (lambda: region(0, 0, 9, 9, revision=65_536), "revision must be"),
    (lambda: RegionV2((0, 0, 9, 9), 3), "region must be a Region"),
    (lambda: Stanza(4, bytes(60)), "kind of a recipient must be"),
    (lambda: Stanza(1, bytes(57)), "must have 56 to 56 bytes"),
    (lambda: Stanza(2, bytes(4097)), "must have 34 to 4096 bytes"),
]


@pytest.mark.parametrize(("make_it", "message"), WRONG_VALUES)
def test_values_out_of_range(make_it, message):
    with pytest.raises(RecordError, match=message):
        make_it()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shape": (44,)}, "shape must have 2 or 3"),
        ({"shape": (0, 56, 3)}, "length of shape must be"),
        ({"shape": (44, 56, 5)}, "length of shape must be"),
        ({"dtype": "float64"}, "dtype must be one of"),
        ({"regions": ()}, "1 to 65535 regions"),
        ({"entries": ()}, "an entry a region"),
        ({"mac": bytes(31)}, "mac must be 32 bytes"),
        ({"stanzas": (Stanza(3, (4).to_bytes(4, "little") + bytes(60)),)}, "names face 4 of 4"),
        ({"seals": (None,) * 4}, "seals must name 5"),
        ({"seals": (b"x", None, None, None, None)}, "seal 0 must have"),
    ],
)
def test_parts_that_do_not_belong_together(made, change, message):
    with pytest.raises(RecordError, match=message):
        dataclasses.replace(made.record, **change)


def test_boxes_that_cover_too_much_are_refused(made):
    items = (region(0, 0, 2**31 - 1, 2**31 - 1),) * 6809
    form.core_bytes((44, 56), "uint8", items)
    with pytest.raises(RecordError, match="must not cover more than 16 images"):
        format_v2.Draft(made.image, items + items)
    with pytest.raises(RecordError, match="region 0 must touch the image"):
        format_v2.Draft(made.image, [region(56, 0, 4, 4)])


def test_metadata_of_every_size(key):
    image, items = textured((12, 12), 5), [region(2, 2, 8, 8)]
    for size in (0, 1, 4087, 4088, 4089, 70_000):
        data = bytes(i % 251 for i in range(size))
        made = make(image, items, [key], options=format_v2.SealOptions(rest=data))
        assert Opened(made.record, key).read_rest() == data
        assert (made.record.rest.length - 16 * -(-made.record.rest.length // 65_552)) % 4096 == 0
    with pytest.raises(RecordError, match="up to 16 MiB"):
        make(image, items, [key], options=format_v2.SealOptions(rest=bytes(2**24 - 7)))
