"""Public keys and several recipients: who protects, who restores, who can have made a record, and what is refused."""

import pickle
import sys

import numpy as np
import pytest

import fastperturb as fp
from fastperturb import hpke
from fastperturb.errors import MissingExtra, RecordError, UnknownOrigin
from fastperturb.perturbation.format_v2_open import Opened
from fastperturb.perturbation.record_v2_parts import Stanza

pytest.importorskip("cryptography.hazmat.primitives.hpke")

BOX = (8, 6, 30, 34)
PROTECTIONS = [fp.Surrogate(), fp.Mosaic(cells=4), fp.Camouflage(), fp.Strength(cells=3)]


@pytest.fixture
def image():
    return np.random.default_rng(3).integers(0, 256, (50, 60, 3), dtype=np.uint8)


@pytest.fixture
def key():
    return fp.Key(bytes(range(40, 72)))


@pytest.fixture
def other():
    return fp.Key(bytes(range(80, 112)))


def opens(image, hidden, record, key):
    return np.array_equal(fp.restore(hidden, record, key), image)


@pytest.mark.parametrize("protection", PROTECTIONS, ids=lambda p: type(p).__name__)
def test_whoever_has_the_public_key_protects_and_only_the_private_half_restores(image, key, other, protection):
    hidden, record = fp.perturb(image, BOX, key.public(), protection)
    record = fp.Record.from_json(record.to_json())
    assert not np.array_equal(hidden, image)
    assert opens(image, hidden, record, key)
    assert record.opens_with(key)
    assert not record.opens_with(other)
    with pytest.raises(fp.WrongKey):
        fp.restore(hidden, record, other)
    with pytest.raises(TypeError, match="got a PublicKey, which protects and cannot restore"):
        fp.restore(hidden, record, key.public())


def test_each_of_several_recipients_restores(image):
    keys = [fp.Key.generate() for _ in range(16)]
    recipients = [one if i % 2 else one.public() for i, one in enumerate(keys)]
    hidden, record = fp.perturb(image, BOX, recipients, fp.Surrogate())
    assert all(opens(image, hidden, record, one) for one in keys)
    with pytest.raises(ValueError, match="key must name 1 to 16 recipients, got 17"):
        fp.perturb(image, BOX, [*recipients, fp.Key.generate()], fp.Surrogate())


def test_perturb_many_takes_public_keys_and_gives_back_what_an_interrupt_left(image, key):
    images = [image, image[:, ::-1].copy()]
    results = fp.perturb_many(images, [BOX, BOX], [key.public(), fp.Key.generate()], fp.Surrogate(), threads=2)
    hidden, records = zip(*results, strict=True)
    restored = fp.restore_many(list(hidden), list(records), key)
    assert all(np.array_equal(a, b) for a, b in zip(restored, images, strict=True))
    with pytest.raises(fp.errors.BatchError, match="may be anyone's"):
        fp.restore_many(list(hidden), list(records), key, origin="key")


@pytest.mark.parametrize(
    ("recipients", "said"),
    [
        (lambda k, o: k, "key"),
        (lambda k, o: [k], "key"),
        (lambda k, o: [o, k], "recipients"),
        (lambda k, o: [k, o.public()], "recipients"),
        (lambda k, o: k.public(), "anyone"),
        (lambda k, o: [k.public(), o], "anyone"),
    ],
)
def test_restoring_says_who_can_have_made_a_record(image, key, other, recipients, said):
    hidden, record = fp.perturb(image, BOX, recipients(key, other), fp.Surrogate())
    assert fp.examine(hidden, record, key).origin == said
    assert fp.examine(hidden, record, key.face_key(record, 0)).origin is None
    if said == "anyone":
        with pytest.raises(UnknownOrigin, match="may be anyone's"):
            fp.restore(hidden, record, key, origin="key")
    else:
        assert np.array_equal(fp.restore(hidden, record, key, origin="key"), image)
    with pytest.raises(UnknownOrigin, match="a face key cannot tell"):
        fp.restore(hidden, record, key.face_key(record, 0), origin="key")
    with pytest.raises(ValueError, match="origin must be one of any, key"):
        fp.restore(hidden, record, key, origin="mine")


def test_a_recipient_who_drops_himself_does_not_become_the_key(image, key, other):
    """He has the record's secret and can sign it anew; how it was wrapped for the key gives him away."""
    hidden, record = fp.perturb(image, BOX, [key, other], fp.Surrogate())
    alone = pickle.loads(pickle.dumps(record))  # noqa: S301
    forged = Opened(alone, other).for_recipients([record.stanzas[0]])
    assert len(forged.stanzas) == 1
    assert fp.examine(hidden, forged, key).record is True
    assert fp.examine(hidden, forged, key).origin == "recipients"


def test_rekeying_never_makes_a_record_more_trusted(image, key, other):
    for first, said in ((key, "key"), ([key, other], "recipients"), (key.public(), "anyone")):
        hidden, record = fp.perturb(image, BOX, first, fp.Surrogate())
        new = fp.Key.generate()
        again = fp.rekey(fp.rekey(record, key, new), new, [new])
        assert fp.examine(hidden, again, new).origin == said
        assert opens(image, hidden, again, new)
        with pytest.raises(fp.WrongKey):
            fp.restore(hidden, again, key)
        both = fp.rekey(record, key, [key, new])
        assert fp.examine(hidden, both, new).origin == ("anyone" if said == "anyone" else "recipients")
        assert again.entries == record.entries
        assert again.seals == record.seals
        assert again.commitment == record.commitment
        assert fp.restore(hidden, again, key.face_key(record, 0)).tobytes() == image.tobytes()


def test_a_record_for_others_opens_for_none_of_its_bytes(image, key):
    hidden, record = fp.perturb(image, BOX, key.public(), fp.Surrogate())
    stanza = record.stanzas[0]
    assert len(stanza.body) == 1170
    for at in (0, 1, 2, 1000, 1100, 1130, 1169):
        body = bytearray(stanza.body)
        body[at] ^= 1
        changed = fp.Record.from_json(record.to_json())
        object.__setattr__(changed, "stanzas", (Stanza(2, bytes(body)),))
        with pytest.raises(fp.WrongKey, match="none of the keys at hand"):
            fp.restore(hidden, changed, key)


def test_an_envelope_of_another_record_is_refused(image, key):
    hidden, record = fp.perturb(image, BOX, key.public(), fp.Surrogate())
    _, twin = fp.perturb(image, BOX, key.public(), fp.Surrogate())
    changed = fp.Record.from_json(record.to_json())
    object.__setattr__(changed, "stanzas", twin.stanzas)
    with pytest.raises(fp.WrongKey):
        fp.restore(hidden, changed, key)


def test_face_keys_can_be_handed_out_only_while_protecting_to_a_public_key(image, key):
    faces = [BOX, (30, 10, 24, 30)]
    for protection in (fp.Surrogate(), fp.Strength(cells=3)):
        handed = ["kept"]
        hidden, record = fp.perturb(image, faces, key.public(), protection, face_keys=handed)
        assert handed.pop(0) == "kept"
        assert handed == [key.face_key(record, i) for i in range(2)]
        for i, face in enumerate(handed):
            one = fp.restore(hidden, record, face)
            assert np.array_equal(one, fp.restore(hidden, record, key, only=[i]))


def test_face_keys_from_a_key(image, key, other):
    hidden, record = fp.perturb(image, [BOX, (30, 10, 24, 30)], key, fp.Surrogate())
    face = key.face_key(record, 1)
    assert isinstance(face, fp.FaceKey)
    assert (face.index, face.record_id) == (1, record.nonce[:8])
    with pytest.raises(fp.WrongKey):
        other.face_key(record, 1)
    for wrong in (2, -1, True, 1.0, "1", None):
        with pytest.raises(ValueError, match="index must be a whole number from 0 to 1"):
            key.face_key(record, wrong)
    with pytest.raises(TypeError, match="record must be a Record, got int"):
        key.face_key(3, 0)
    with pytest.raises(fp.WrongKey, match="the face key opens region 1, got region 0"):
        fp.restore(hidden, record, face, only=[0])


def test_forgetting_a_face(image, key):
    hidden, record = fp.perturb(image, [BOX, (40, 20, 18, 26)], key, fp.Mosaic(cells=4))
    less = fp.Record.from_json(fp.forget(record, key, [1]).to_json())
    assert [entry.state for entry in less.entries] == ["here", "erased"]
    assert less.seals[1] is None
    with pytest.raises(RecordError, match="the seal of region 1 was erased"):
        fp.restore(hidden, less, key)
    assert np.array_equal(fp.restore(hidden, less, key, only=[0]), fp.restore(hidden, record, key, only=[0]))
    assert all(entry.state == "erased" for entry in fp.forget(record, key).entries)
    with pytest.raises(RecordError, match="region 1 has no seal to erase"):
        fp.forget(less, key, [1])
    with pytest.raises(fp.WrongKey, match="a face key opens one face; it cannot write the record"):
        fp.forget(record, key.face_key(record, 0), [0])
    with pytest.raises(ValueError, match="regions must hold numbers of regions from 0 to 1, got 2"):
        fp.forget(record, key, [2])
    _, windows = fp.perturb(image, BOX, key)
    with pytest.raises(RecordError, match="no region has a seal to erase"):
        fp.forget(windows, key)


def test_bad_recipients(image, key):
    for wrong, said in (
        (key.public().to_text(), "got str"),
        ([key, "k"], "got str in the sequence"),
        (bytes(32), "got bytes"),
        (None, "got NoneType"),
    ):
        with pytest.raises(TypeError, match=f"key must be a Key, a PublicKey or a sequence of them, {said}"):
            fp.perturb(image, BOX, wrong)
    with pytest.raises(ValueError, match="1 to 16 recipients, got 0"):
        fp.perturb(image, BOX, [])
    with pytest.raises(ValueError, match="each recipient once"):
        fp.perturb(image, BOX, [key.public(), key.public()])
    for recipients in (key.public(), [key, key.public()]):
        for protection in (fp.Surrogate(), fp.Strength()):
            with pytest.raises(ValueError, match="reproducible needs secret keys"):
                fp.perturb(image, BOX, recipients, protection, reproducible=True)
    with pytest.raises(ValueError, match="1 to 16 recipients"):
        fp.rekey(fp.perturb(image, BOX, key)[1], key, [])


def test_reproducible_with_several_keys_derives_from_the_first(image, key, other):
    first, second = (fp.perturb(image, BOX, [key, other], fp.Surrogate(), reproducible=True)[1].to_json() for _ in "ab")
    assert first == second
    assert first != fp.perturb(image, BOX, [other, key], fp.Surrogate(), reproducible=True)[1].to_json()


def test_an_old_cryptography_is_named(image, key, monkeypatch):
    public = key.public()
    hidden, record = fp.perturb(image, BOX, public, fp.Surrogate())
    fresh = fp.Key(bytes(range(40, 72)))
    hpke._load.cache_clear()
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.hpke", None)
    try:
        for call in (
            lambda: fresh.public(),
            lambda: fp.PublicKey.from_text(public.to_text()).encrypt(b"1", b""),
            lambda: fp.restore(hidden, record, fresh),
            lambda: fp.perturb(image, BOX, fp.PublicKey.from_text(public.to_text())),
        ):
            with pytest.raises(MissingExtra, match=r"public keys need cryptography 48 or newer.*fastperturb\[public\]"):
                call()
        plain, master = fp.perturb(image, BOX, fresh)
        assert opens(image, plain, master, fresh)
    finally:
        hpke._load.cache_clear()
