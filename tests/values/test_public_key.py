"""Public keys as values: text, files, damage, equality, and the pair that a key gives."""

import hashlib
import hmac
import pickle
import struct

import pytest

import fastperturb as fp

pytest.importorskip("cryptography.hazmat.primitives.hpke")


@pytest.fixture(scope="module")
def key():
    return fp.Key(bytes(range(32)))


@pytest.fixture(scope="module")
def public(key):
    return key.public()


def seed(key, *parts):
    message = b"".join(struct.pack("<Q", len(part)) + part for part in parts)
    return hmac.new(key, message, hashlib.sha256).digest()


def test_the_pair_is_the_one_of_the_format_page(public):
    from cryptography.hazmat.primitives.asymmetric import mlkem, x25519

    secret = bytes(range(32))
    m = mlkem.MLKEM768PrivateKey.from_seed_bytes(seed(secret, b"fp2 mlkem", b"\0") + seed(secret, b"fp2 mlkem", b"\1"))
    x = x25519.X25519PrivateKey.from_private_bytes(seed(secret, b"fp2 x25519"))
    expected = m.public_key().public_bytes_raw() + x.public_key().public_bytes_raw()
    assert fp.PublicKey(expected) == public
    assert public.id == hashlib.sha256(expected).hexdigest()[:16]


def test_text_file_and_pickle_there_and_back(public, tmp_path):
    text = public.to_text()
    assert text.startswith("fppub2_")
    assert len(text) == 1634
    assert fp.PublicKey.from_text(f" {text}\n") == public
    assert pickle.loads(pickle.dumps(public)) == public  # noqa: S301
    path = tmp_path / "k.pub"
    public.to_file(path)
    assert fp.PublicKey.from_file(path) == public
    with pytest.raises(FileExistsError):
        public.to_file(path)
    assert repr(public) == f"PublicKey(id={public.id!r})"
    assert len({public, fp.PublicKey.from_text(text)}) == 1


def test_damaged_text_is_noticed_and_other_keys_are_not_taken(key, public, tmp_path):
    text = public.to_text()
    for at in (0, 7, 100, 1500, 1633):
        damaged = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        with pytest.raises(ValueError, match="a public key's text must"):
            fp.PublicKey.from_text(damaged)
    for wrong in (text[:-1], text + "A", "", "fppub2_", text + "="):
        with pytest.raises(ValueError, match="a public key's text must"):
            fp.PublicKey.from_text(wrong)
    with pytest.raises(ValueError, match="must start with 'fppub2_'") as caught:
        fp.PublicKey.from_text(key.to_text())
    assert key.to_text() not in str(caught.value)
    with pytest.raises(ValueError, match="must start with 'fpkey1_'"):
        fp.Key.from_text(text)
    key.to_file(tmp_path / "k.key")
    with pytest.raises(ValueError, match=r"k\.key: not a public key's file"):
        fp.PublicKey.from_file(tmp_path / "k.key")


def test_bad_values(public):
    with pytest.raises(TypeError, match="must be made of bytes, got str"):
        fp.PublicKey("fppub2_")
    with pytest.raises(ValueError, match="must have 1216 bytes, got 32"):
        fp.PublicKey(bytes(32))
    with pytest.raises(AttributeError, match="cannot be changed"):
        public.id = "other"
    for data in (b"\xff" * 1216, bytes(1216), bytes(1184) + b"\x01" + bytes(31)):  # out of range; small order
        with pytest.raises(ValueError, match="is not one"):
            fp.PublicKey(data).encrypt(b"secret", b"")


def test_a_key_keeps_its_pair_out_of_its_pickle(key):
    before = pickle.dumps(key)
    key.public()
    assert pickle.dumps(key) == before
