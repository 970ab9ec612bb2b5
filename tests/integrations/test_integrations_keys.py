"""Keys of pipelines: secret and public ones, places of both, several, and all that is no key for protecting."""

import json
import pickle

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.integrations.key_places import KeyPlace, load_keys, plain_keys, read_plain_keys
from fastperturb.integrations.protector import FaceOptions, Protector
from fastperturb.integrations.row_jobs import RowJob

pytest.importorskip("cryptography.hazmat.primitives.hpke")  # public keys

BOX = [fp.Region(8, 8, 30, 36)]
ARCHIVE = fp.Key(bytes(range(1, 33)))


@pytest.fixture
def picture():
    return np.random.default_rng(3).integers(0, 256, (60, 64, 3), np.uint8)


@pytest.fixture
def places(here):
    """A folder with my.key, archive.key and archive.pub."""
    ARCHIVE.to_file(here / "archive.key")
    ARCHIVE.public().to_file(here / "archive.pub")
    return here


def opens(record, picture, hidden, *keys):
    for key in keys:
        assert np.array_equal(fp.restore(hidden, record, key), picture)
    with pytest.raises(fp.WrongKey):
        fp.restore(hidden, record, fp.Key.generate())


@pytest.mark.parametrize("protection", [None, "windows", "mosaic:6"])
def test_a_public_key_protects_and_its_holder_restores(places, picture, protection):
    protector = Protector(places / "archive.pub", FaceOptions(protection=protection))
    assert protector.secret_key is None
    hidden, record = protector(picture, BOX)
    assert not np.array_equal(hidden, picture)
    opens(record, picture, hidden, ARCHIVE)
    assert fp.examine(hidden, record, ARCHIVE).origin == "anyone"


def test_a_strength_to_a_public_key(picture):
    hidden, record = Protector(ARCHIVE.public(), FaceOptions(protection=fp.Strength(cells=3)))(picture, BOX)
    assert [item.region for item in record.regions] == BOX
    opens(record, picture, hidden, ARCHIVE)


def test_several_recipients_of_every_kind(places, picture, monkeypatch):
    own, backup = fp.Key.from_file("my.key"), fp.Key.generate()
    monkeypatch.setenv("BACKUP", backup.public().to_text())
    keys = [places / "my.key", ARCHIVE.public(), KeyPlace(variable="BACKUP")]
    protector = Protector(keys)
    assert [item.id for item in protector.recipients] == [own.id, ARCHIVE.public().id, backup.public().id]
    assert protector.secret_key == own
    hidden, record = protector(picture, BOX)
    opens(record, picture, hidden, own, ARCHIVE, backup)
    again = pickle.loads(pickle.dumps(protector))  # noqa: S301
    assert again.recipients == protector.recipients
    assert own._secret not in pickle.dumps(protector)
    assert "fpkey1_" not in repr(protector)


def test_two_secret_keys_reproduce(picture):
    keys = [fp.Key(bytes(range(32))), ARCHIVE]
    first, second = Protector(keys)(picture, BOX), Protector(keys)(picture, BOX)
    assert np.array_equal(first[0], second[0])
    assert [item.nonce for item in (first[1], second[1])] == [first[1].nonce] * 2
    opens(first[1], picture, first[0], *keys)


def test_what_is_kept_is_plain_and_no_secret(places):
    _, holders = load_keys([places / "my.key", places / "archive.pub", fp.Key(bytes(range(2, 34)))])
    saved = json.loads(json.dumps(plain_keys(holders)))
    assert "fpkey1_" not in json.dumps(saved)
    first, second, third = read_plain_keys(saved)
    assert first == KeyPlace(str(places / "my.key"), key_id=fp.Key.from_file("my.key").id)
    assert second == ARCHIVE.public()
    assert third == KeyPlace(key_id=fp.Key(bytes(range(2, 34))).id)


def test_a_face_key_protects_nothing(places, picture):
    _, record = fp.perturb(picture, BOX, ARCHIVE)
    face_key = ARCHIVE.face_key(record, 0)
    with pytest.raises(TypeError, match="got a FaceKey, which restores one face and protects nothing"):
        Protector(face_key)
    (places / "hers.key").write_text(face_key.to_text())
    with pytest.raises(ValueError, match=r"hers\.key must hold a key, got a face key, which restores one face"):
        Protector("hers.key")
    with pytest.raises(TypeError, match="key must be a KeyPlace, or a PublicKey, got FaceKey"):
        RowJob(key=face_key)


def test_seventeen_recipients_and_other_numbers(places):
    many = [fp.Key(bytes([number] * 31 + [255])).public() for number in range(17)]
    assert len(Protector(many[:16]).recipients) == 16
    with pytest.raises(ValueError, match="key must name 1 to 16 recipients, got 17"):
        Protector(many)
    with pytest.raises(ValueError, match="key must name 1 to 16 recipients, got 17"):
        RowJob(key=many)
    for none in ([], ()):
        with pytest.raises(ValueError, match="key must name 1 to 16 recipients, got 0"):
            Protector(none)
        with pytest.raises(ValueError, match="key must name 1 to 16 recipients, got 0"):
            RowJob(key=none)
    with pytest.raises(ValueError, match="key must name each recipient once"):
        Protector(["my.key", KeyPlace("my.key")])


def test_nothing_is_reproducible_to_a_public_key(places):
    options = FaceOptions(reproducible=True)
    for keys in ("archive.pub", ["my.key", "archive.pub"]):
        with pytest.raises(ValueError, match="reproducible needs secret keys: with a PublicKey"):
            Protector(keys, options)
        assert not Protector(keys).reproducible
        places_of = [KeyPlace(name) for name in ([keys] if isinstance(keys, str) else keys)]
        with pytest.raises(ValueError, match="reproducible needs secret keys: with a PublicKey"):
            RowJob(key=places_of, options=options).with_key_id()
    assert Protector("my.key").reproducible
    assert not Protector("my.key", FaceOptions(reproducible=False)).reproducible
    with pytest.raises(TypeError, match="reproducible must be True, False or None, got 'yes'"):
        FaceOptions(reproducible="yes")


@pytest.mark.parametrize("text", ["fppub2_AAAA", "fpkey1_AAAA", "some words", ""])
def test_a_file_that_holds_no_key_is_not_shown(places, text):
    (places / "bad.key").write_text(text)
    with pytest.raises(ValueError, match=r"bad\.key: not a key file: a (public )?key's text must") as error:
        Protector("bad.key")
    assert "AAAA" not in str(error.value)


def test_a_keys_text_is_no_path_and_is_not_shown(places):
    for text in (ARCHIVE.to_text(), ARCHIVE.public().to_text()):
        with pytest.raises(ValueError, match="must be the path of a key's file, got a key's text") as error:
            Protector(text)
        assert text[8:] not in str(error.value)
    with pytest.raises(TypeError, match="got bytes"):
        Protector(b"my.key")


def test_a_place_of_a_public_key_has_its_id(places):
    assert KeyPlace("archive.pub", key_id=ARCHIVE.public().id).load() == ARCHIVE.public()
    with pytest.raises(ValueError, match=f"archive.pub must hold the key {ARCHIVE.id}, got the key"):
        KeyPlace("archive.pub", key_id=ARCHIVE.id).load()


def test_jobs_carry_public_keys_and_no_secret(places):
    job = RowJob(key=[KeyPlace("my.key"), KeyPlace("archive.pub"), fp.Key.generate().public()]).with_key_id()
    (places / "archive.pub").unlink()  # no other machine needs it
    first, second, third = job.keys
    assert first == KeyPlace(str(places / "my.key"), key_id=fp.Key.from_file("my.key").id)
    assert second == ARCHIVE.public()
    assert isinstance(third, fp.PublicKey)
    assert pickle.loads(pickle.dumps(job)) == job  # noqa: S301
    assert fp.Key.from_file("my.key")._secret not in pickle.dumps(job)
    with pytest.raises(TypeError, match="key must be a KeyPlace, for a key would travel in the clear, got Key"):
        RowJob(key=[KeyPlace("my.key"), ARCHIVE])
