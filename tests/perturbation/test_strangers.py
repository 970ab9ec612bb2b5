"""Records that strangers make for a public key: whatever their seals hold costs little and ends in a clear error."""

import zlib

import numpy as np
import pytest
from bounds import bounded

import fastperturb as fp
from fastperturb.errors import RecordError
from fastperturb.perturbation import seal_coding
from fastperturb.perturbation.record_v2_parts import Stanza, seal_step

pytest.importorskip("cryptography.hazmat.primitives.hpke")

BOX = (20, 20, 200, 200)
RAW = 200 * 200 * 3
MOST = {"seconds": 0.05, "mebibytes": 50}


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(3).integers(0, 256, (240, 260, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def key():
    key = fp.Key(bytes(range(40, 72)))
    key.public()
    return key


def bomb(size):
    coder = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join([*(coder.compress(bytes(2**20)) for _ in range(size)), coder.flush()])


def deflated(data):
    coder = zlib.compressobj(1, zlib.DEFLATED, -15)
    return coder.compress(data) + coder.flush()


def plain(codec, body, length=None, padding=None):
    data = bytes([codec]) + (len(body) if length is None else length).to_bytes(8, "little") + body
    return data + (bytes(-len(data) % seal_step(RAW)) if padding is None else padding)


SWOLLEN = bomb(100)
HOSTILE = {
    "a bomb of 100 MiB": (plain(1, SWOLLEN), "must hold exactly 120000 bytes of pixels"),
    "a length of 2^63": (plain(1, b"x", 2**63), "must hold 9223372036854775808 bytes and zeros"),
    "codec 255": (plain(255, b"x"), "got 1 coded as 255"),
    "a stream that goes on": (plain(1, deflated(bytes(RAW)) + b"more"), "bytes of pixels"),
    "a stream that does not end": (plain(1, deflated(bytes(RAW))[:-3]), "bytes of pixels"),
    "a byte too many": (plain(1, deflated(bytes(RAW + 1))), "must hold exactly 120000 bytes of pixels"),
    "stored pixels too few": (plain(0, bytes(RAW - 1)), "got 119999 coded as 0"),
    "padding that says something": (
        plain(0, bytes(10), padding=b"\x01" * (seal_step(RAW) - 19)),
        "must hold 10 bytes and zeros",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_seals(image, key, monkeypatch, case):
    content, said = HOSTILE[case]
    assert len(content) % seal_step(RAW) == 0
    assert len(content) <= 9 * seal_step(RAW)
    monkeypatch.setattr(seal_coding, "encode", lambda *_, **__: content)
    hidden, record = fp.perturb(image, BOX, key.public(), fp.Mosaic(cells=4))
    monkeypatch.undo()
    kept = hidden.copy()
    out = np.zeros_like(hidden)
    with bounded(**MOST), pytest.raises(RecordError, match=said):
        fp.restore(hidden, record, key, out=out)
    assert np.array_equal(hidden, kept)
    assert not out.any()
    for verdict in (fp.examine(hidden, record, key), fp.examine(hidden, fp.rekey(record, key, key), key)):
        assert (verdict.record, verdict.origin) == (True, "anyone")


def test_sixteen_envelopes_for_nobody(image, key):
    hidden, record = fp.perturb(image, BOX, key.public(), fp.Mosaic(cells=4))
    wrong = [
        tuple(Stanza(2, b"\x7a\x64" + bytes([i]) * 1168) for i in range(16)),
        tuple(Stanza(2, b"\x7a\x64" + bytes([i]) * 4094) for i in range(16)),
        tuple(Stanza(2, bytes([i, 0]) + bytes(32)) for i in range(16)),
        tuple(Stanza(3, bytes(4) + bytes([i]) * 4092) for i in range(16)),
    ]
    for stanzas in wrong:
        changed = fp.Record.from_json(record.to_json())
        object.__setattr__(changed, "stanzas", stanzas)
        again = fp.Record.from_json(changed.to_json())
        with bounded(**MOST), pytest.raises(fp.WrongKey):
            fp.restore(hidden, again, key)


def test_a_hint_of_the_key_does_not_hide_a_record_of_a_stranger(image, key):
    """A stanza copied from a picture of the key fits no other record."""
    hidden, record = fp.perturb(image, BOX, key, fp.Mosaic(cells=4))
    _, strangers = fp.perturb(image, BOX, key.public(), fp.Mosaic(cells=4))
    mixed = fp.Record.from_json(strangers.to_json())
    object.__setattr__(mixed, "stanzas", (record.stanzas[0], *strangers.stanzas))
    with pytest.raises(fp.Tampered):  # its MAC does not hold, and the key's own hint is another
        fp.restore(hidden, mixed, key)
